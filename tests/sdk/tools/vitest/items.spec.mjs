// SPDX-License-Identifier: Apache-2.0
import { GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb'
import { beforeAll, expect, test } from 'vitest'
import { createTable, documents } from './table.mjs'

beforeAll(() => createTable('items'))

test('an item comes back', async () => {
  const Item = { id: 'one', tags: new Set(['a']), deep: { list: [1, null] } }
  await documents.send(new PutCommand({ TableName: 'items', Item }))
  expect((await documents.send(new GetCommand({ TableName: 'items', Key: { id: 'one' } }))).Item).toEqual(Item)
})

test('a condition fails', async () => {
  const put = new PutCommand({ TableName: 'items', Item: { id: 'one' }, ConditionExpression: 'attribute_not_exists(id)' })
  await expect(documents.send(put)).rejects.toMatchObject({ name: 'ConditionalCheckFailedException' })
})
