// SPDX-License-Identifier: Apache-2.0
// What the SDK itself does around the operations: documents, paginators, waiters, error classes, many calls at once.
import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import * as sdk from '@aws-sdk/client-dynamodb'
import * as lib from '@aws-sdk/lib-dynamodb'
import { assertRefused, client, createTable, endpoint, clientFor, plain, send, uniqueName } from './support.mjs'

const documents = lib.DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } })

async function all(pages, pick) {
  const found = []
  for await (const page of pages) found.push(...pick(page))
  return found
}

describe('document client', { concurrency: 4 }, () => {
  let TableName
  before(async () => (TableName = await createTable('indexed')))

  it('keeps JavaScript values', async () => {
    const Item = {
      pk: 'kinds', sk: '1', text: 'té😀', empty: '', number: -1.5, big: 2n ** 60n, yes: true, no: false, nothing: null,
      list: [1, 'two', { three: [3] }], map: { deep: { deeper: [] } },
      bytes: Uint8Array.from([0, 1, 255]), texts: new Set(['a', 'b']), numbers: new Set([1, 2.5]),
    }
    await documents.send(new lib.PutCommand({ TableName, Item: { ...Item, undef: undefined } }))
    const answer = await documents.send(new lib.GetCommand({ TableName, Key: { pk: 'kinds', sk: '1' } }))
    assert.deepEqual(answer.Item, { ...Item, big: answer.Item.big })
    assert.equal(BigInt(answer.Item.big), 2n ** 60n)
  })

  it('keeps 38 digits in a NumberValue', async () => {
    const exact = lib.DynamoDBDocumentClient.from(clientFor(endpoint), { unmarshallOptions: { wrapNumbers: true } })
    const text = '1234567890.1234567890123456789012345678'
    await exact.send(new lib.PutCommand({ TableName, Item: { pk: 'exact', sk: '1', n: lib.NumberValue.from(text) } }))
    const { Item } = await exact.send(new lib.GetCommand({ TableName, Key: { pk: 'exact', sk: '1' } }))
    assert.equal(Item.n.value, text)
  })

  it('writes and gets in batches', async () => {
    const requests = Array.from({ length: 25 }, (_, i) => ({ PutRequest: { Item: { pk: 'batch', sk: String(i), l: i } } }))
    const { UnprocessedItems } = await documents.send(new lib.BatchWriteCommand({ RequestItems: { [TableName]: requests } }))
    assert.deepEqual(UnprocessedItems, {})
    const Keys = Array.from({ length: 50 }, (_, i) => ({ pk: 'batch', sk: String(i) }))
    const { Responses } = await documents.send(new lib.BatchGetCommand({ RequestItems: { [TableName]: { Keys } } }))
    assert.deepEqual(Responses[TableName].map(({ l }) => l).sort((a, b) => a - b), requests.map((_, i) => i))
  })

  it('writes and gets in transactions', async () => {
    const item = (sk, more) => ({ Put: { TableName, Item: { pk: 'transact', sk, ...more } } })
    const key = { pk: 'transact', sk: 'a' }
    await documents.send(new lib.TransactWriteCommand({ TransactItems: [item('a', { n: 1 }), item('b', { tags: new Set(['x']) })] }))
    const add = { TableName, Key: key, UpdateExpression: 'SET n = n + :one', ExpressionAttributeValues: { ':one': 1 } }
    await documents.send(new lib.TransactWriteCommand({ TransactItems: [{ Update: add }, { Delete: { TableName, Key: { pk: 'transact', sk: 'b' } } }] }))
    const gets = ['a', 'b'].map((sk) => ({ Get: { TableName, Key: { pk: 'transact', sk } } }))
    const { Responses } = await documents.send(new lib.TransactGetCommand({ TransactItems: gets }))
    assert.deepEqual(Responses.map(({ Item }) => Item), [{ ...key, n: 2 }, undefined])
  })

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

  it('ListTables', async () => {
    const prefix = uniqueName()
    const mine = Array.from({ length: 5 }, (_, i) => `${prefix}-${i}`)
    for (const name of mine) {
      await send('CreateTable', { TableName: name, BillingMode: 'PAY_PER_REQUEST', AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }], KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }] })
    }
    const names = await all(sdk.paginateListTables({ client, pageSize: 3 }, {}), (page) => page.TableNames)
    assert.deepEqual(names.filter((name) => mine.includes(name)), mine)
    assert.deepEqual(names, [...names].sort())
    const { TableNames, LastEvaluatedTableName } = await send('ListTables', { ExclusiveStartTableName: mine[1], Limit: 1 })
    assert.deepEqual(TableNames, [mine[2]])
    assert.equal(LastEvaluatedTableName, mine[2])
  })
})

describe('errors by class', () => {
  let TableName
  before(async () => {
    TableName = await createTable('hash')
    await send('PutItem', { TableName, Item: { pk: { S: 'k' }, v: { N: '1' } } })
  })
  const caught = (promise) => promise.then(() => assert.fail('answered'), (error) => error)

  it('ConditionalCheckFailedException with the item', async () => {
    const put = { TableName, Item: { pk: { S: 'k' } }, ConditionExpression: 'attribute_not_exists(pk)' }
    const bare = await caught(send('PutItem', put))
    assert.ok(bare instanceof sdk.ConditionalCheckFailedException)
    assert.equal(bare.Item, undefined)
    for (const [operation, input] of [
      ['PutItem', put],
      ['UpdateItem', { TableName, Key: { pk: { S: 'k' } }, ConditionExpression: 'attribute_not_exists(pk)' }],
      ['DeleteItem', { TableName, Key: { pk: { S: 'k' } }, ConditionExpression: 'attribute_not_exists(pk)' }],
    ]) {
      const error = await caught(send(operation, { ...input, ReturnValuesOnConditionCheckFailure: 'ALL_OLD' }))
      assert.ok(error instanceof sdk.ConditionalCheckFailedException, operation)
      assert.deepEqual(plain(error.Item), { pk: { S: 'k' }, v: { N: '1' } }, operation)
    }
  })
  it('TransactionCanceledException with its reasons', async () => {
    const absent = { pk: { S: 'absent' } }
    const TransactItems = [
      { Put: { TableName, Item: absent } },
      { ConditionCheck: { TableName, Key: { pk: { S: 'k' } }, ConditionExpression: 'v = :v', ExpressionAttributeValues: { ':v': { N: '2' } }, ReturnValuesOnConditionCheckFailure: 'ALL_OLD' } },
    ]
    const error = await caught(send('TransactWriteItems', { TransactItems }))
    assert.ok(error instanceof sdk.TransactionCanceledException)
    assert.deepEqual(error.CancellationReasons.map(({ Code, Message }) => [Code, Message]), [['None', undefined], ['ConditionalCheckFailed', 'The conditional request failed']])
    assert.deepEqual(plain(error.CancellationReasons[1].Item), { pk: { S: 'k' }, v: { N: '1' } })
    assert.equal((await send('GetItem', { TableName, Key: absent })).Item, undefined)
  })
  it('IdempotentParameterMismatchException', async () => {
    const put = (v) => ({ ClientRequestToken: uniqueName().slice(-36), TransactItems: [{ Put: { TableName, Item: { pk: { S: 'token' }, v: { N: v } } } }] })
    const first = put('1')
    await send('TransactWriteItems', first)
    await send('TransactWriteItems', first)
    const error = await caught(send('TransactWriteItems', { ...put('2'), ClientRequestToken: first.ClientRequestToken }))
    assert.ok(error instanceof sdk.IdempotentParameterMismatchException)
  })
  it('ResourceNotFoundException', async () => {
    const error = await caught(send('GetItem', { TableName: uniqueName(), Key: { pk: { S: 'k' } } }))
    assert.ok(error instanceof sdk.ResourceNotFoundException)
    assert.equal(error.$metadata.httpStatusCode, 400)
    assert.match(error.$metadata.requestId, /^[0-9A-Z]{52}$/)
  })
  it('ResourceInUseException', async () => {
    const again = { TableName, BillingMode: 'PAY_PER_REQUEST', AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }], KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }] }
    assert.ok((await caught(send('CreateTable', again))) instanceof sdk.ResourceInUseException)
  })
  it('ValidationException is a DynamoDBServiceException', async () => {
    const error = await caught(send('GetItem', { TableName, Key: {} }))
    assert.ok(error instanceof sdk.DynamoDBServiceException)
    assert.equal(error.name, 'ValidationException')
    assert.equal(error.$fault, 'client')
  })
})

describe('waiters', { concurrency: 2 }, () => {
  it('table exists, and no longer', async () => {
    const TableName = await createTable('range') // waits for it
    assert.equal((await send('DescribeTable', { TableName })).Table.TableStatus, 'ACTIVE')
    await send('DeleteTable', { TableName })
    const { state } = await sdk.waitUntilTableNotExists({ client, maxWaitTime: 20, minDelay: 0.02, maxDelay: 0.1 }, { TableName })
    assert.equal(state, 'SUCCESS')
  })
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
  it('counts every ADD once', async () => {
    const TableName = await createTable('hash')
    const add = { TableName, Key: { pk: { S: 'counter' } }, UpdateExpression: 'ADD n :one', ExpressionAttributeValues: { ':one': { N: '1' } }, ReturnValues: 'UPDATED_NEW' }
    const answers = await Promise.all(Array.from({ length: 300 }, () => send('UpdateItem', add)))
    assert.equal(new Set(answers.map(({ Attributes }) => Attributes.n.N)).size, 300)
    assert.equal((await send('GetItem', { TableName, Key: add.Key })).Item.n.N, '300')
  })
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
