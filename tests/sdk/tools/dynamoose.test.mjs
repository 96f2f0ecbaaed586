// SPDX-License-Identifier: Apache-2.0
// Dynamoose, unchanged: a model's table and its updates, items, an index, conditions, batches, pages, transactions.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import dynamoose from 'dynamoose'
import * as sdk from '@aws-sdk/client-dynamodb'
import { client, options as connection, uniqueName } from './support.mjs'

const send = (operation, input) => client.send(new sdk[`${operation}Command`](input))

const options = (more) => ({
  create: true, throughput: 'ON_DEMAND', tags: { suite: 'dynamoose', stage: 'one' }, ...more,
  waitForActive: { enabled: true, check: { timeout: 60000, frequency: 20 } },
})

describe('dynamoose', () => {
  const name = uniqueName('dynamoose')
  const schema = new dynamoose.Schema(
    {
      id: { type: String, hashKey: true },
      at: { type: Number, rangeKey: true },
      kind: { type: String, index: { name: 'byKind', type: 'global', rangeKey: 'at' } },
      tags: { type: Set, schema: [String] },
      deep: { type: Object, schema: { list: { type: Array, schema: [Number] } } },
    },
    { timestamps: true }
  )
  const Event = dynamoose.model(name, schema)

  before(async () => {
    dynamoose.aws.ddb.set(new dynamoose.aws.ddb.DynamoDB(connection))
    await new dynamoose.Table(name, [Event], options({ initialize: false })).initialize()
    await Event.batchPut(Array.from({ length: 20 }, (_, i) => ({ id: 'batch', at: i, kind: i % 2 ? 'odd' : 'even' })))
  })
  after(() => send('DeleteTable', { TableName: name }))

  const tagsOf = async () => {
    const { Table } = await send('DescribeTable', { TableName: name })
    const { Tags } = await send('ListTagsOfResource', { ResourceArn: Table.TableArn })
    return Object.fromEntries(Tags.map(({ Key, Value }) => [Key, Value]))
  }

  it('makes a table with its index and tags, and changes the tags', async () => {
    const { Table } = await send('DescribeTable', { TableName: name })
    assert.deepEqual(Table.GlobalSecondaryIndexes.map(({ IndexName }) => IndexName), ['byKind'])
    assert.deepEqual(await tagsOf(), { suite: 'dynamoose', stage: 'one' })
    const changed = options({ tags: { suite: 'dynamoose', stage: 'two', more: 'x' }, update: ['tags'], initialize: false })
    await new dynamoose.Table(name, [dynamoose.model(`${name}-again`, schema)], changed).initialize()
    assert.deepEqual(await tagsOf(), { suite: 'dynamoose', stage: 'two', more: 'x' })
  })

  it('keeps items', async () => {
    await Event.create({ id: 'one', at: 1, kind: 'single', tags: new Set(['a', 'b']), deep: { list: [1, 2] } })
    const found = await Event.get({ id: 'one', at: 1 }, { consistent: true })
    assert.deepEqual([found.kind, [...found.tags].sort(), found.deep], ['single', ['a', 'b'], { list: [1, 2] }])
    assert.ok(found.createdAt)
    await assert.rejects(Event.create({ id: 'one', at: 1 }), { name: 'ConditionalCheckFailedException' })
    await Event.update({ id: 'one', at: 1 }, { $SET: { kind: 'changed' }, $REMOVE: ['deep'] })
    const changed = await Event.get({ id: 'one', at: 1 })
    assert.deepEqual([changed.kind, changed.deep], ['changed', undefined])
    await Event.delete({ id: 'one', at: 1 })
    assert.equal(await Event.get({ id: 'one', at: 1 }), undefined)
  })

  it('queries, scans and reads in batches', async () => {
    const some = await Event.query('id').eq('batch').where('at').between(5, 8).exec()
    assert.deepEqual(some.map(({ at }) => at), [5, 6, 7, 8])
    const odd = await Event.query('kind').eq('odd').using('byKind').sort('descending').limit(3).exec()
    assert.deepEqual(odd.map(({ at }) => at), [19, 17, 15])
    assert.equal((await Event.scan('kind').eq('even').count().exec()).count, 10)
    const read = await Event.batchGet([0, 3, 99].map((at) => ({ id: 'batch', at })))
    assert.deepEqual(read.map(({ at }) => at).sort(), [0, 3])
  })

  it('pages through a query, and writes in transactions', async () => {
    const paged = []
    let last
    do {
      const page = await Event.query('id').eq('batch').limit(7).startAt(last).exec()
      paged.push(...page.map(({ at }) => at))
      last = page.lastKey
    } while (last)
    assert.deepEqual(paged, Array.from({ length: 20 }, (_, i) => i))
    const create = (...ats) => dynamoose.transaction(ats.map((at) => Event.transaction.create({ id: 'tx', at })))
    await create(1, 2)
    await assert.rejects(create(3, 1), { name: 'TransactionCanceledException' })
    assert.deepEqual((await Event.query('id').eq('tx').exec()).map(({ at }) => at), [1, 2])
  })
})
