// SPDX-License-Identifier: Apache-2.0
import { UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { beforeAll, expect, test } from 'vitest'
import { createTable, documents } from './table.mjs'

beforeAll(() => createTable('counters'))

test.concurrent.each([1, 2, 3, 4])('adds of worker %i', async (worker) => {
  for (let n = 1; n <= 5; n++) {
    const add = { TableName: 'counters', Key: { id: `w${worker}` }, UpdateExpression: 'ADD n :one', ExpressionAttributeValues: { ':one': 1 }, ReturnValues: 'ALL_NEW' }
    expect((await documents.send(new UpdateCommand(add))).Attributes).toEqual({ id: `w${worker}`, n })
  }
})
