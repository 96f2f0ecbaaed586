// SPDX-License-Identifier: Apache-2.0
// dynamodb-toolbox, unchanged: a table, an entity, conditions, pages, batches, transactions.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { CreateTableCommand, DeleteTableCommand, waitUntilTableExists } from '@aws-sdk/client-dynamodb'
import { Entity } from 'dynamodb-toolbox/entity'
import { BatchDeleteRequest } from 'dynamodb-toolbox/entity/actions/batchDelete'
import { BatchGetRequest } from 'dynamodb-toolbox/entity/actions/batchGet'
import { BatchPutRequest } from 'dynamodb-toolbox/entity/actions/batchPut'
import { DeleteItemCommand } from 'dynamodb-toolbox/entity/actions/delete'
import { GetItemCommand } from 'dynamodb-toolbox/entity/actions/get'
import { PutItemCommand } from 'dynamodb-toolbox/entity/actions/put'
import { ConditionCheck } from 'dynamodb-toolbox/entity/actions/transactCheck'
import { GetTransaction, execute as executeGet } from 'dynamodb-toolbox/entity/actions/transactGet'
import { PutTransaction } from 'dynamodb-toolbox/entity/actions/transactPut'
import { execute } from 'dynamodb-toolbox/entity/actions/transactWrite'
import { $add, $append, $remove, UpdateItemCommand } from 'dynamodb-toolbox/entity/actions/update'
import { anyOf, boolean, item, list, map, number, set, string } from 'dynamodb-toolbox/schema'
import { Table } from 'dynamodb-toolbox/table'
import { BatchGetCommand, execute as executeBatchGet } from 'dynamodb-toolbox/table/actions/batchGet'
import { BatchWriteCommand, execute as executeBatch } from 'dynamodb-toolbox/table/actions/batchWrite'
import { QueryCommand } from 'dynamodb-toolbox/table/actions/query'
import { ScanCommand } from 'dynamodb-toolbox/table/actions/scan'
import { client, documents, uniqueName } from './support.mjs'

const name = uniqueName('toolbox')
const Shop = new Table({
  documentClient: documents,
  name,
  partitionKey: { name: 'pk', type: 'string' },
  sortKey: { name: 'sk', type: 'number' },
  indexes: { byKind: { type: 'global', partitionKey: { name: 'kind', type: 'string' }, sortKey: { name: 'sk', type: 'number' } } },
})
const Order = new Entity({
  name: 'Order',
  table: Shop,
  schema: item({
    pk: string().key(),
    sk: number().key(),
    kind: string().optional(),
    paid: boolean().default(false),
    tags: set(string()).optional(),
    lines: list(map({ what: string(), count: anyOf(number(), string()) })).default([]),
    total: number().default(0),
  }),
})

describe('dynamodb-toolbox', () => {
  before(async () => {
    const key = (hash, range) => [{ AttributeName: hash, KeyType: 'HASH' }, { AttributeName: range, KeyType: 'RANGE' }]
    await client.send(new CreateTableCommand({
      TableName: name,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: Object.entries({ pk: 'S', sk: 'N', kind: 'S' }).map(([AttributeName, AttributeType]) => ({ AttributeName, AttributeType })),
      KeySchema: key('pk', 'sk'),
      GlobalSecondaryIndexes: [{ IndexName: 'byKind', KeySchema: key('kind', 'sk'), Projection: { ProjectionType: 'ALL' } }],
    }))
    await waitUntilTableExists({ client, maxWaitTime: 60, minDelay: 0.02, maxDelay: 0.1 }, { TableName: name })
  })
  after(() => client.send(new DeleteTableCommand({ TableName: name })))

  it('keeps, changes and removes items', async () => {
    const Key = { pk: 'one', sk: 1 }
    await Order.build(PutItemCommand).item({ ...Key, tags: new Set(['a']), lines: [{ what: 'pen', count: 2 }] }).send()
    const again = Order.build(PutItemCommand).item(Key).options({ condition: { attr: 'pk', exists: false } }).send()
    await assert.rejects(again, { name: 'ConditionalCheckFailedException' })
    const { Attributes } = await Order.build(UpdateItemCommand)
      .item({ ...Key, total: $add(3), lines: $append([{ what: 'ink', count: 'some' }]), tags: $remove(), paid: true })
      .options({ returnValues: 'ALL_NEW', condition: { attr: 'total', eq: 0 } })
      .send()
    assert.deepEqual([Attributes.total, Attributes.paid, Attributes.tags, Attributes.lines.length], [3, true, undefined, 2])
    const { Item } = await Order.build(GetItemCommand).key(Key).options({ consistent: true }).send()
    assert.deepEqual(Item.lines[1], { what: 'ink', count: 'some' })
    await Order.build(DeleteItemCommand).key(Key).send()
    assert.equal((await Order.build(GetItemCommand).key(Key).send()).Item, undefined)
  })

  it('reads and writes in batches, and pages through what there is', async () => {
    const put = (sk) => Order.build(BatchPutRequest).item({ pk: 'batch', sk, kind: sk % 2 ? 'odd' : 'even' })
    const write = (requests) => executeBatch({ maxAttempts: 3 }, Shop.build(BatchWriteCommand).requests(...requests))
    const numbers = Array.from({ length: 25 }, (_, i) => i - 5)
    await write(numbers.map(put))
    await write([Order.build(BatchDeleteRequest).key({ pk: 'batch', sk: 19 })])
    const { Responses } = await executeBatchGet(Shop.build(BatchGetCommand).requests(...[-5, 19, 0].map((sk) => Order.build(BatchGetRequest).key({ pk: 'batch', sk }))))
    assert.deepEqual(Responses[0].map((one) => one?.sk), [-5, undefined, 0])

    const query = (more) => Shop.build(QueryCommand).query({ partition: 'batch', ...more }).entities(Order)
    const paged = []
    let exclusiveStartKey
    do {
      const page = await query().options({ limit: 7, ...(exclusiveStartKey && { exclusiveStartKey }) }).send()
      paged.push(...page.Items.map(({ sk }) => sk))
      exclusiveStartKey = page.LastEvaluatedKey
    } while (exclusiveStartKey)
    assert.deepEqual(paged, numbers.slice(0, -1))
    const some = await query({ range: { between: [-2, 1] } }).options({ reverse: true }).send()
    assert.deepEqual(some.Items.map(({ sk }) => sk), [1, 0, -1, -2])
    const odd = await Shop.build(QueryCommand).query({ index: 'byKind', partition: 'odd', range: { gt: 10 } }).entities(Order).send()
    assert.deepEqual(odd.Items.map(({ sk }) => sk), [11, 13, 15, 17])
    const scan = await Shop.build(ScanCommand).entities(Order).options({ filters: { Order: { attr: 'sk', lt: -3 } }, maxPages: Infinity }).send()
    assert.deepEqual(scan.Items.map(({ sk }) => sk).sort(), [-4, -5])
  })

  it('writes and gets in transactions', async () => {
    const write = () => execute(
      Order.build(PutTransaction).item({ pk: 'tx', sk: 1, total: 5 }),
      Order.build(ConditionCheck).key({ pk: 'tx', sk: 2 }).condition({ attr: 'pk', exists: false }),
    )
    await write()
    await Order.build(PutItemCommand).item({ pk: 'tx', sk: 2 }).send()
    await assert.rejects(write(), (error) => {
      assert.equal(error.name, 'TransactionCanceledException')
      assert.deepEqual(error.CancellationReasons.map(({ Code }) => Code), ['None', 'ConditionalCheckFailed'])
      return true
    })
    const { Responses } = await executeGet(...[1, 2].map((sk) => Order.build(GetTransaction).key({ pk: 'tx', sk })))
    assert.deepEqual(Responses.map(({ Item }) => Item.total), [5, 0])
  })
})
