// SPDX-License-Identifier: Apache-2.0
// What the SDK itself does around the operations, beyond the flows: documents, paginators at other sizes, many calls at once.
import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import * as sdk from '@aws-sdk/client-dynamodb'
import * as lib from '@aws-sdk/lib-dynamodb'
import { all, assertRefused, client, clientFor, createTable, endpoint, send } from './support.mjs'

const documents = lib.DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } })

describe('document client', () => {
  let TableName
  before(async () => (TableName = await createTable('indexed')))

  it('updates, queries, scans and deletes', async () => {
    for (const sk of ['a', 'b', 'c']) await documents.send(new lib.PutCommand({ TableName, Item: { pk: 'q', sk, g: 'only', l: sk.charCodeAt(0) } }))
    const update = { TableName, Key: { pk: 'q', sk: 'b' }, UpdateExpression: 'SET seen = if_not_exists(seen, :zero) + :one', ExpressionAttributeValues: { ':zero': 0, ':one': 1 }, ReturnValues: 'ALL_NEW' }
    assert.deepEqual((await documents.send(new lib.UpdateCommand(update))).Attributes, { pk: 'q', sk: 'b', g: 'only', l: 98, seen: 1 })
    const query = { TableName, KeyConditionExpression: 'pk = :p', FilterExpression: 'attribute_not_exists(seen)', ExpressionAttributeValues: { ':p': 'q' } }
    assert.deepEqual((await documents.send(new lib.QueryCommand(query))).Items.map(({ sk }) => sk), ['a', 'c'])
    const byIndex = { TableName, IndexName: 'global', KeyConditionExpression: 'g = :g', ExpressionAttributeValues: { ':g': 'only' }, ScanIndexForward: false }
    assert.deepEqual((await documents.send(new lib.QueryCommand(byIndex))).Items.map(({ sk }) => sk), ['c', 'b', 'a'])
    const old = await documents.send(new lib.DeleteCommand({ TableName, Key: { pk: 'q', sk: 'a' }, ReturnValues: 'ALL_OLD' }))
    assert.equal(old.Attributes.l, 97)
    const scan = { TableName, FilterExpression: 'pk = :p', ExpressionAttributeValues: { ':p': 'q' } }
    assert.equal((await documents.send(new lib.ScanCommand(scan))).Count, 2)
  })
})

describe('paginators', { concurrency: 4 }, () => {
  const ITEMS = 57
  let TableName
  before(async () => {
    TableName = await createTable('indexed')
    await Promise.all(
      Array.from({ length: ITEMS }, (_, i) => {
        const item = { pk: { S: `p${i % 3}` }, sk: { S: String(i).padStart(3, '0') }, l: { N: String(i % 7) }, g: { S: 'all' } }
        return send('PutItem', { TableName, Item: item })
      })
    )
  })
  const names = (items) => items.map(({ sk }) => sk.S)
  const everything = Array.from({ length: ITEMS }, (_, i) => String(i).padStart(3, '0'))

  for (const pageSize of [1, 2, 10, 57, 100]) {
    it(`Query in pages of ${pageSize}`, async () => {
      // A fresh object each time: the paginator leaves its last start key in the one it is given.
      const query = (more) => ({ TableName, KeyConditionExpression: 'pk = :p', ExpressionAttributeValues: { ':p': { S: 'p1' } }, ...more })
      const expected = everything.filter((_, i) => i % 3 === 1)
      const found = await all(sdk.paginateQuery({ client, pageSize }, query()), (page) => names(page.Items))
      assert.deepEqual(found, expected)
      const back = await all(sdk.paginateQuery({ client, pageSize }, query({ ScanIndexForward: false })), (page) => names(page.Items))
      assert.deepEqual(back, expected.reverse())
    })
    it(`Scan in pages of ${pageSize}`, async () => {
      const found = await all(sdk.paginateScan({ client, pageSize }, { TableName }), (page) => names(page.Items))
      assert.deepEqual(found.sort(), everything)
    })
    it(`Query of a global index with equal keys in pages of ${pageSize}`, async () => {
      const query = { TableName, IndexName: 'global', KeyConditionExpression: 'g = :g', ExpressionAttributeValues: { ':g': { S: 'all' } } }
      const items = await all(sdk.paginateQuery({ client, pageSize }, query), (page) => page.Items)
      assert.deepEqual(names(items).sort(), everything)
      const order = items.map(({ l }) => Number(l.N))
      assert.deepEqual(order, [...order].sort((a, b) => a - b))
    })
    it(`Scan of a local index in pages of ${pageSize}`, async () => {
      const found = await all(sdk.paginateScan({ client, pageSize }, { TableName, IndexName: 'local' }), (page) => names(page.Items))
      assert.deepEqual(found.sort(), everything)
    })
  }

  for (const TotalSegments of [1, 2, 5, 16]) {
    it(`parallel Scan in ${TotalSegments} segments`, async () => {
      const segments = await Promise.all(
        Array.from({ length: TotalSegments }, (_, Segment) =>
          all(sdk.paginateScan({ client, pageSize: 4 }, { TableName, Segment, TotalSegments }), (page) => names(page.Items))
        )
      )
      assert.deepEqual(segments.flat().sort(), everything)
    })
  }

  it('pages end at 1 MB', async () => {
    const table = await createTable('range')
    const v = { S: 'x'.repeat(100_000) }
    for (let i = 0; i < 25; i++) await send('PutItem', { TableName: table, Item: { pk: { S: 'p' }, sk: { S: String(i).padStart(2, '0') }, v } })
    const query = { TableName: table, KeyConditionExpression: 'pk = :p', ExpressionAttributeValues: { ':p': { S: 'p' } }, ProjectionExpression: 'sk' }
    const pages = []
    for await (const page of sdk.paginateQuery({ client }, query)) pages.push(page.Count)
    assert.deepEqual(pages, [11, 11, 3])
  })
})

describe('ARNs', () => {
  it('a table may be named by its ARN', async () => {
    const TableName = await createTable('hash')
    const { TableArn } = (await send('DescribeTable', { TableName })).Table
    assert.match(TableArn, new RegExp(`^arn:aws:dynamodb:[a-z0-9-]+:[0-9]{12}:table/${TableName}$`))
    // Of a client with another region: the endpoint given counts, not the ARN's.
    await send('PutItem', { TableName: TableArn, Item: { pk: { S: 'k' } } })
    assert.deepEqual((await send('GetItem', { TableName: TableArn, Key: { pk: { S: 'k' } } })).Item, { pk: { S: 'k' } })
    assert.equal((await send('DescribeTable', { TableName: TableArn })).Table.TableName, TableName)
  })
})

describe('many calls at once', () => {
  it('moves amounts in transactions, and none is lost', async () => {
    const TableName = await createTable('hash')
    const names = ['a', 'b', 'c', 'd']
    await Promise.all(names.map((pk) => send('PutItem', { TableName, Item: { pk: { S: pk }, n: { N: '100' } } })))
    const add = (pk, n) => ({ Update: { TableName, Key: { pk: { S: pk } }, UpdateExpression: 'ADD n :n', ExpressionAttributeValues: { ':n': { N: String(n) } } } })
    const move = (i) => send('TransactWriteItems', { TransactItems: [add(names[i % 4], -1), add(names[(i + 1 + (i % 3)) % 4], 1)] })
    const sums = []
    const look = async () => {
      const { Responses } = await send('TransactGetItems', { TransactItems: names.map((pk) => ({ Get: { TableName, Key: { pk: { S: pk } } } })) })
      sums.push(Responses.reduce((sum, { Item }) => sum + Number(Item.n.N), 0))
    }
    await Promise.all(Array.from({ length: 200 }, (_, i) => (i % 4 === 3 ? look() : move(i))))
    assert.deepEqual(sums, sums.map(() => 400))
  })
  it('lets one of many conditional writers win', async () => {
    const TableName = await createTable('hash')
    const put = (i) => send('PutItem', { TableName, Item: { pk: { S: 'lock' }, owner: { N: String(i) } }, ConditionExpression: 'attribute_not_exists(pk)' })
    const results = await Promise.allSettled(Array.from({ length: 50 }, (_, i) => put(i)))
    const winners = results.flatMap(({ status }, i) => (status === 'fulfilled' ? [i] : []))
    assert.equal(winners.length, 1)
    assert.equal((await send('GetItem', { TableName, Key: { pk: { S: 'lock' } } })).Item.owner.N, String(winners[0]))
  })
  it('shares tables between any keys and regions', async () => {
    const TableName = await createTable('hash')
    await send('PutItem', { TableName, Item: { pk: { S: 'k' } } })
    const stranger = clientFor(endpoint, { region: 'local', credentials: { accessKeyId: 'x', secretAccessKey: 'y', sessionToken: 'z' } })
    assert.ok((await send('GetItem', { TableName, Key: { pk: { S: 'k' } } }, stranger)).Item)
  })
  it('refuses operations that are not there yet by name', () =>
    assertRefused(send('ListBackups', {}), 'ValidationException: The operation ListBackups is not supported by Stator yet'))
})
