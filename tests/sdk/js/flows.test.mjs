// SPDX-License-Identifier: Apache-2.0
// ../cases/flows.json with the plain client, and with the document client where that does something else.
import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { ConfiguredRetryStrategy } from '@smithy/core/retry'
import * as sdk from '@aws-sdk/client-dynamodb'
import * as lib from '@aws-sdk/lib-dynamodb'
import { all, assertRefused, client, clientFor, createTable, endpoint, faulty, plain, send, tableKinds, uniqueName } from './support.mjs'

const documents = lib.DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } })
const exact = lib.DynamoDBDocumentClient.from(clientFor(endpoint), { unmarshallOptions: { wrapNumbers: true } })

const LEVELS = 31 // of lists and maps within an item, which is the first of 32 levels itself
const NUMBERS = ['12345678901234567890.123456789012345678', '-99999999999999999999999999999999999999', '1E-130', '9.9999999999999999999999999999999999999E+125', '0']
const digits = (text) => ({
  '1E-130': `0.${'0'.repeat(129)}1`,
  '9.9999999999999999999999999999999999999E+125': `${'9'.repeat(38)}${'0'.repeat(88)}`,
})[text] ?? text
const SCRIPTS = ['Ελληνικά', 'العربية', '日本語', '한국어', 'हिन्दी', 'ไทย', '👩‍👩‍👧‍👦🏳️‍🌈', 'e\u0301 é']
const BYTES = Uint8Array.from({ length: 256 }, (_, i) => i)

const chunks = (list, size) => Array.from({ length: Math.ceil(list.length / size) }, (_, i) => list.slice(i * size, (i + 1) * size))
const caught = (promise) => promise.then(() => assert.fail('answered'), (error) => error)
const range = (count) => Array.from({ length: count }, (_, i) => i)
const two = (i) => String(i).padStart(2, '0')

describe('flows of the client', { concurrency: 4 }, () => {
  it('flow: values', async () => {
    const TableName = await createTable('range')
    const nested = (leaf, i) => (i === 0 ? leaf : i % 2 ? { L: [nested(leaf, i - 1)] } : { M: { in: nested(leaf, i - 1) } })
    const Item = {
      pk: { S: 'κλειδί 🔑' }, sk: { S: SCRIPTS.join(' ') }, bytes: { B: BYTES }, emptyText: { S: '' }, emptyBytes: { B: new Uint8Array() },
      texts: { SS: SCRIPTS }, numbers: { NS: NUMBERS.map(digits) }, binaries: { BS: [BYTES, Uint8Array.from([0])] },
      yes: { BOOL: true }, no: { BOOL: false }, nothing: { NULL: true }, list: { L: [] }, map: { M: {} }, deep: nested({ S: 'leaf' }, LEVELS),
      ...Object.fromEntries(NUMBERS.map((text, i) => [`n${i}`, { N: text }])),
      ...Object.fromEntries(SCRIPTS.map((text) => [text, { M: { [text]: { S: text } } }])),
    }
    await send('PutItem', { TableName, Item })
    const read = (await send('GetItem', { TableName, Key: { pk: Item.pk, sk: Item.sk } })).Item
    NUMBERS.forEach((text, i) => assert.equal(read[`n${i}`].N, digits(text)))
    assert.deepEqual(plain(read), plain({ ...Item, ...Object.fromEntries(NUMBERS.map((text, i) => [`n${i}`, { N: digits(text) }])) }))
    assert.ok(read.bytes.B instanceof Uint8Array)
    const deeper = { pk: Item.pk, sk: Item.sk, deep: nested({ S: 'leaf' }, LEVELS + 1) }
    await assertRefused(send('PutItem', { TableName, Item: deeper }), 'ValidationException: Nesting Levels have exceeded supported limits...')
  })

  it('flow: big item', async () => {
    const TableName = await createTable('hash')
    const Item = (bytes) => ({ pk: { S: 'big' }, fill: { B: Buffer.alloc(bytes - 'pk'.length - 'big'.length - 'fill'.length, 0xa5) } })
    await send('PutItem', { TableName, Item: Item(409_600) })
    const read = (await send('GetItem', { TableName, Key: { pk: { S: 'big' } } })).Item
    assert.ok(Buffer.from(Item(409_600).fill.B).equals(read.fill.B))
    await assertRefused(send('PutItem', { TableName, Item: Item(409_601) }), 'ValidationException: Item size has exceeded the maximum allowed size')
  })

  it('flow: typed errors', async () => {
    const TableName = await createTable('hash')
    const Key = { pk: { S: 'k' } }
    const Item = { ...Key, v: { N: '1' } }
    await send('PutItem', { TableName, Item })

    const missing = await caught(send('GetItem', { TableName: uniqueName(), Key }))
    assert.ok(missing instanceof sdk.ResourceNotFoundException)
    assert.equal(missing.$metadata.httpStatusCode, 400)
    assert.match(missing.$metadata.requestId, /^[0-9A-Z]{52}$/)
    assert.ok((await caught(send('CreateTable', { TableName, BillingMode: 'PAY_PER_REQUEST', ...tableKinds.hash }))) instanceof sdk.ResourceInUseException)

    const condition = { TableName, ConditionExpression: 'attribute_not_exists(pk)' }
    for (const [operation, input] of [['PutItem', { Item: Key }], ['UpdateItem', { Key }], ['DeleteItem', { Key }]]) {
      const bare = await caught(send(operation, { ...condition, ...input }))
      assert.ok(bare instanceof sdk.ConditionalCheckFailedException, operation)
      assert.equal(bare.Item, undefined, operation)
      const asked = await caught(send(operation, { ...condition, ...input, ReturnValuesOnConditionCheckFailure: 'ALL_OLD' }))
      assert.deepEqual(plain(asked.Item), Item, operation)
    }

    const check = { ...condition, Key, ReturnValuesOnConditionCheckFailure: 'ALL_OLD' }
    const TransactItems = [{ Put: { TableName, Item: { pk: { S: 'absent' } } } }, { ConditionCheck: check }]
    const cancelled = await caught(send('TransactWriteItems', { TransactItems }))
    assert.ok(cancelled instanceof sdk.TransactionCanceledException)
    const reasons = cancelled.CancellationReasons.map(({ Code, Message }) => [Code, Message])
    assert.deepEqual(reasons, [['None', undefined], ['ConditionalCheckFailed', 'The conditional request failed']])
    assert.deepEqual(plain(cancelled.CancellationReasons[1].Item), Item)
    assert.equal((await send('GetItem', { TableName, Key: { pk: { S: 'absent' } } })).Item, undefined)

    const put = (v) => ({ ClientRequestToken: TableName, TransactItems: [{ Put: { TableName, Item: { pk: { S: 'token' }, v: { N: v } } } }] })
    await send('TransactWriteItems', put('1'))
    assert.ok((await caught(send('TransactWriteItems', put('2')))) instanceof sdk.IdempotentParameterMismatchException)

    const invalid = await caught(send('GetItem', { TableName, Key: {} }))
    assert.ok(invalid instanceof sdk.DynamoDBServiceException)
    assert.deepEqual([invalid.name, invalid.$fault], ['ValidationException', 'client'])
  })

  it('flow: paging', async () => {
    const TableName = await createTable('range')
    const names = range(100).map((i) => String(i).padStart(3, '0'))
    await Promise.all(names.map((name) => send('PutItem', { TableName, Item: { pk: { S: 'p' }, sk: { S: name } } })))
    const found = (page) => page.Items.map(({ sk }) => sk.S)
    const paging = { client, pageSize: 7 }
    const query = { TableName, KeyConditionExpression: 'pk = :p', ExpressionAttributeValues: { ':p': { S: 'p' } } }
    assert.deepEqual(await all(sdk.paginateQuery(paging, query), found), names)
    assert.deepEqual(await all(sdk.paginateScan(paging, { TableName }), found), names)
    const segments = await Promise.all(range(4).map((Segment) => all(sdk.paginateScan(paging, { TableName, Segment, TotalSegments: 4 }), found)))
    assert.deepEqual(segments.flat().sort(), names)

    const tables = (await Promise.all(range(5).map(() => createTable('hash')))).sort()
    const listed = await all(sdk.paginateListTables({ client, pageSize: 3 }, {}), (page) => page.TableNames)
    assert.deepEqual(listed.filter((name) => tables.includes(name)), tables)
    assert.deepEqual(listed, [...new Set(listed)].sort())
    const { TableNames, LastEvaluatedTableName } = await send('ListTables', { ExclusiveStartTableName: tables[1], Limit: 1 })
    assert.equal(TableNames.length, 1)
    assert.equal(LastEvaluatedTableName, TableNames[0])
  })

  it('flow: waiters', async () => {
    const TableName = uniqueName()
    const waiting = { client, maxWaitTime: 60, minDelay: 0.02, maxDelay: 0.1 }
    await send('CreateTable', { TableName, BillingMode: 'PAY_PER_REQUEST', ...tableKinds.indexed })
    assert.equal((await sdk.waitUntilTableExists(waiting, { TableName })).state, 'SUCCESS')
    assert.equal((await send('DescribeTable', { TableName })).Table.TableStatus, 'ACTIVE')
    await send('DeleteTable', { TableName })
    assert.equal((await sdk.waitUntilTableNotExists(waiting, { TableName })).state, 'SUCCESS')
  })

  it('flow: batches', async () => {
    const TableName = await createTable('range')
    const item = (i, more) => ({ pk: { S: 'batch' }, sk: { S: two(i) }, ...more })
    for (const some of chunks(range(60), 25)) {
      const requests = some.map((i) => ({ PutRequest: { Item: item(i, { n: { N: String(i) } }) } }))
      assert.deepEqual((await send('BatchWriteItem', { RequestItems: { [TableName]: requests } })).UnprocessedItems, {})
    }
    const Keys = range(100).map((i) => item(i))
    const { Responses, UnprocessedKeys } = await send('BatchGetItem', { RequestItems: { [TableName]: { Keys } } })
    assert.deepEqual(UnprocessedKeys, {})
    assert.deepEqual(Responses[TableName].map(({ n }) => Number(n.N)).sort((a, b) => a - b), range(60))

    const fill = { B: Buffer.alloc(390 * 1024) }
    for (const some of chunks(range(60), 6)) await Promise.all(some.map((i) => send('PutItem', { TableName, Item: item(i, { fill }) })))
    const read = []
    let asked = { [TableName]: { Keys: Keys.slice(0, 60) } }
    let rounds = 0
    for (; Object.keys(asked).length > 0 && rounds < 10; rounds++) {
      const answer = await send('BatchGetItem', { RequestItems: asked })
      read.push(...answer.Responses[TableName])
      asked = answer.UnprocessedKeys
    }
    assert.ok(rounds > 1, 'no keys were left unprocessed')
    assert.deepEqual(read.map(({ sk }) => sk.S).sort(), range(60).map(two))
    assert.ok(read.every((one) => one.fill.B.length === 390 * 1024))
  })

  it('flow: transactions', async () => {
    const TableName = await createTable('hash')
    const Key = (pk) => ({ pk: { S: pk } })
    await send('PutItem', { TableName, Item: { ...Key('counted'), n: { N: '1' } } })
    await send('PutItem', { TableName, Item: Key('old') })
    const input = {
      ClientRequestToken: TableName,
      TransactItems: [
        { Put: { TableName, Item: { ...Key('new'), v: { BOOL: true } } } },
        { Update: { TableName, Key: Key('counted'), UpdateExpression: 'ADD n :one', ExpressionAttributeValues: { ':one': { N: '1' } } } },
        { Delete: { TableName, Key: Key('old') } },
        { ConditionCheck: { TableName, Key: Key('never'), ConditionExpression: 'attribute_not_exists(pk)' } },
      ],
    }
    await send('TransactWriteItems', input)
    await send('TransactWriteItems', input)
    const TransactItems = ['new', 'counted', 'old'].map((pk) => ({ Get: { TableName, Key: Key(pk) } }))
    const { Responses } = await send('TransactGetItems', { TransactItems })
    assert.deepEqual(Responses.map(({ Item }) => Item), [{ ...Key('new'), v: { BOOL: true } }, { ...Key('counted'), n: { N: '2' } }, undefined])
  })

  it('flow: concurrent clients', async () => {
    const TableName = await createTable('hash')
    const add = { TableName, UpdateExpression: 'ADD n :one', ExpressionAttributeValues: { ':one': { N: '1' } }, ReturnValues: 'UPDATED_NEW' }
    const work = async (to, Key) => {
      const seen = []
      for (let i = 0; i < 25; i++) seen.push((await send('UpdateItem', { ...add, Key }, to)).Attributes.n.N)
      return seen
    }
    const count = async (pk, clients) => {
      const seen = (await Promise.all(clients.map((to) => work(to, { pk: { S: pk } })))).flat()
      assert.equal(new Set(seen).size, 400, `${pk}: every answer is another`)
      assert.equal((await send('GetItem', { TableName, Key: { pk: { S: pk } } })).Item.n.N, '400')
    }
    await count('one client', range(16).map(() => client))
    const four = range(4).map(() => clientFor(endpoint))
    await count('four clients', range(16).map((i) => four[i % 4]))
    four.forEach((each) => each.destroy())
  })
})

describe('flows through faults', { skip: faulty ? false : 'STATOR_FAULTY names no go-between' }, () => {
  const ATTEMPTS = 4
  const retrying = clientFor(faulty, { maxAttempts: undefined, retryStrategy: new ConfiguredRetryStrategy(ATTEMPTS, () => 20) })
  const given = async (table) => Number(await (await fetch(`${faulty}/faults/${table}`)).text())
  const fail = async (kind, times) => {
    const TableName = `fail-${kind}-${times}-${uniqueName()}`
    await send('CreateTable', { TableName, BillingMode: 'PAY_PER_REQUEST', ...tableKinds.hash })
    await sdk.waitUntilTableExists({ client, maxWaitTime: 60, minDelay: 0.02, maxDelay: 0.1 }, { TableName })
    return TableName
  }

  it('flow: retries', async () => {
    for (const [kind, last] of [
      ['internal', sdk.InternalServerError],
      ['unavailable', sdk.DynamoDBServiceException],
      ['throughput', sdk.ProvisionedThroughputExceededException],
      ['throttling', sdk.ThrottlingException],
      ['drop', Error],
    ]) {
      const TableName = await fail(kind, 2)
      const Item = { pk: { S: kind }, n: { N: '1' } }
      const { $metadata } = await send('PutItem', { TableName, Item }, retrying)
      assert.equal($metadata.attempts, 3, kind)
      assert.equal(await given(TableName), 2, kind)
      assert.deepEqual((await send('GetItem', { TableName, Key: { pk: Item.pk } })).Item, Item)

      const never = await fail(kind, 1000)
      const error = await caught(send('GetItem', { TableName: never, Key: { pk: Item.pk } }, retrying))
      assert.ok(error instanceof last, `${kind} ends as ${error}`)
      assert.equal(error.$metadata.attempts, ATTEMPTS, kind)
      assert.equal(await given(never), ATTEMPTS, kind)
    }
    retrying.destroy()
  })
})

describe('flows of the document client', { concurrency: 4 }, () => {
  let TableName
  before(async () => (TableName = await createTable('range')))

  it('flow: values', async () => {
    const nested = (leaf, i) => (i === 0 ? leaf : i % 2 ? [nested(leaf, i - 1)] : { in: nested(leaf, i - 1) })
    const Item = {
      pk: 'κλειδί 🔑', sk: SCRIPTS.join(' '), text: 'té😀', emptyText: '', number: -1.5, yes: true, no: false, nothing: null,
      list: [1, 'two', { three: [3] }], map: { deep: { deeper: [] } }, deep: nested('leaf', LEVELS),
      bytes: BYTES, emptyBytes: new Uint8Array(), texts: new Set(SCRIPTS), numbers: new Set([1, 2.5]),
      ...Object.fromEntries(SCRIPTS.map((text) => [text, { [text]: text }])),
    }
    const Key = { pk: Item.pk, sk: Item.sk }
    const big = 2n ** 90n
    await documents.send(new lib.PutCommand({ TableName, Item: { ...Item, big, undef: undefined } }))
    assert.deepEqual((await documents.send(new lib.GetCommand({ TableName, Key }))).Item, { ...Item, big })

    const wrapped = Object.fromEntries(NUMBERS.map((text, i) => [`n${i}`, lib.NumberValue.from(text)]))
    await exact.send(new lib.PutCommand({ TableName, Item: { ...Key, ...wrapped, numbers: new Set(Object.values(wrapped)) } }))
    const read = (await exact.send(new lib.GetCommand({ TableName, Key }))).Item
    assert.deepEqual(NUMBERS.map((_, i) => read[`n${i}`].value), NUMBERS.map(digits))
    assert.deepEqual([...read.numbers].map(({ value }) => value).sort(), NUMBERS.map(digits).sort())
  })

  it('flow: typed errors', async () => {
    const Item = { pk: 'error', sk: '1', v: 1 }
    await documents.send(new lib.PutCommand({ TableName, Item }))
    const again = { TableName, Item, ConditionExpression: 'attribute_not_exists(pk)', ReturnValuesOnConditionCheckFailure: 'ALL_OLD' }
    const failed = await caught(documents.send(new lib.PutCommand(again)))
    assert.ok(failed instanceof sdk.ConditionalCheckFailedException)
    assert.deepEqual(plain(failed.Item), { pk: { S: 'error' }, sk: { S: '1' }, v: { N: '1' } }) // errors are not unmarshalled
    const cancelled = await caught(documents.send(new lib.TransactWriteCommand({ TransactItems: [{ Put: again }] })))
    assert.ok(cancelled instanceof sdk.TransactionCanceledException)
    assert.equal(cancelled.CancellationReasons[0].Code, 'ConditionalCheckFailed')
    const invalid = await caught(documents.send(new lib.GetCommand({ TableName, Key: { pk: 1, sk: '1' } })))
    assert.equal(invalid.name, 'ValidationException')
  })

  it('flow: paging', async () => {
    await Promise.all(range(100).map((n) => documents.send(new lib.PutCommand({ TableName, Item: { pk: 'paging', sk: two(n), n } }))))
    const found = (page) => page.Items.map(({ n }) => n)
    const paging = { client: documents, pageSize: 7 }
    const query = { TableName, KeyConditionExpression: 'pk = :p', ExpressionAttributeValues: { ':p': 'paging' } }
    assert.deepEqual(await all(lib.paginateQuery(paging, query), found), range(100))
    const scan = () => ({ TableName, FilterExpression: 'pk = :p', ExpressionAttributeValues: { ':p': 'paging' } })
    assert.deepEqual(await all(lib.paginateScan(paging, scan()), found), range(100))
    const segments = await Promise.all(range(4).map((Segment) => all(lib.paginateScan(paging, { ...scan(), Segment, TotalSegments: 4 }), found)))
    assert.deepEqual(segments.flat().sort((a, b) => a - b), range(100))
  })

  it('flow: batches', async () => {
    for (const some of chunks(range(60), 25)) {
      const requests = some.map((n) => ({ PutRequest: { Item: { pk: 'batch', sk: two(n), n } } }))
      const { UnprocessedItems } = await documents.send(new lib.BatchWriteCommand({ RequestItems: { [TableName]: requests } }))
      assert.deepEqual(UnprocessedItems, {})
    }
    const Keys = range(100).map((n) => ({ pk: 'batch', sk: two(n) }))
    const { Responses } = await documents.send(new lib.BatchGetCommand({ RequestItems: { [TableName]: { Keys } } }))
    assert.deepEqual(Responses[TableName].map(({ n }) => n).sort((a, b) => a - b), range(60))
  })

  it('flow: transactions', async () => {
    const Key = (sk) => ({ pk: 'transact', sk })
    await documents.send(new lib.PutCommand({ TableName, Item: { ...Key('counted'), n: 1 } }))
    await documents.send(new lib.PutCommand({ TableName, Item: Key('old') }))
    const input = () => ({
      ClientRequestToken: `d${TableName}`,
      TransactItems: [
        { Put: { TableName, Item: { ...Key('new'), tags: new Set(['x']) } } },
        { Update: { TableName, Key: Key('counted'), UpdateExpression: 'SET n = n + :one', ExpressionAttributeValues: { ':one': 1 } } },
        { Delete: { TableName, Key: Key('old') } },
        { ConditionCheck: { TableName, Key: Key('never'), ConditionExpression: 'attribute_not_exists(pk)' } },
      ],
    })
    await documents.send(new lib.TransactWriteCommand(input()))
    await documents.send(new lib.TransactWriteCommand(input()))
    const TransactItems = ['new', 'counted', 'old'].map((sk) => ({ Get: { TableName, Key: Key(sk) } }))
    const { Responses } = await documents.send(new lib.TransactGetCommand({ TransactItems }))
    assert.deepEqual(Responses.map(({ Item }) => Item), [{ ...Key('new'), tags: new Set(['x']) }, { ...Key('counted'), n: 2 }, undefined])
  })
})
