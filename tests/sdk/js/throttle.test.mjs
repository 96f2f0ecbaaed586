// SPDX-License-Identifier: Apache-2.0
// A throttled table as the SDK sees it: exceptions with their reasons, which the SDK itself takes for throttling.
import assert from 'node:assert/strict'
import { ProvisionedThroughputExceededException, ThrottlingException } from '@aws-sdk/client-dynamodb'
import { describe, it } from 'node:test'
import { binary, send, startServer } from './support.mjs'

const big = { S: 'x'.repeat(390 * 1024) }

async function table(client, TableName, billing) {
  const AttributeDefinitions = [{ AttributeName: 'pk', AttributeType: 'S' }]
  await send('CreateTable', { TableName, AttributeDefinitions, KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }], ...billing }, client)
  await send('PutItem', { TableName, Item: { pk: { S: 'big' }, fill: big } }, client)
}

describe('throttling', { skip: binary ? false : 'STATOR_BIN names no server' }, () => {
  it('names what was exceeded', async () => {
    const server = await startServer('--in-memory', '--enforce-throughput')
    try {
      await table(server.client, 'provisioned', { ProvisionedThroughput: { ReadCapacityUnits: 1, WriteCapacityUnits: 1 } })
      await table(server.client, 'demand', { BillingMode: 'PAY_PER_REQUEST', OnDemandThroughput: { MaxWriteRequestUnits: 1, MaxReadRequestUnits: 1 } })
      const put = (TableName) => send('PutItem', { TableName, Item: { pk: { S: 'small' } } }, server.client)
      await assert.rejects(put('provisioned'), (error) => {
        assert.ok(error instanceof ProvisionedThroughputExceededException)
        assert.equal(error.ThrottlingReasons[0].reason, 'TableWriteProvisionedThroughputExceeded')
        assert.match(error.ThrottlingReasons[0].resource, /:table\/provisioned$/)
        return true
      })
      await assert.rejects(put('demand'), (error) => {
        assert.ok(error instanceof ThrottlingException)
        assert.equal(error.throttlingReasons[0].reason, 'TableWriteMaxOnDemandThroughputExceeded')
        return true
      })
    } finally {
      assert.equal(await server.stop('SIGTERM'), 0)
    }
  })
})
