// SPDX-License-Identifier: Apache-2.0
// ElectroDB, unchanged: two entities in one table, a collection, conditions, pages, batches, transactions.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { CreateTableCommand, DeleteTableCommand, waitUntilTableExists } from '@aws-sdk/client-dynamodb'
import { Entity, Service } from 'electrodb'
import { client, uniqueName } from './support.mjs'

const table = uniqueName('electrodb')
const indexes = (own) => ({
  primary: { pk: { field: 'pk', composite: [own] }, sk: { field: 'sk', composite: [] } },
  byTeam: { index: 'gsi1', collection: 'members', pk: { field: 'gsi1pk', composite: ['team'] }, sk: { field: 'gsi1sk', composite: [own] } },
})
const Person = new Entity(
  {
    model: { entity: 'person', version: '1', service: 'company' },
    attributes: {
      person: { type: 'string', required: true },
      team: { type: 'string', required: true },
      visits: { type: 'number', default: 0 },
      tags: { type: 'set', items: 'string' },
      notes: { type: 'list', items: { type: 'string' } },
    },
    indexes: indexes('person'),
  },
  { table, client }
)
const Device = new Entity(
  {
    model: { entity: 'device', version: '1', service: 'company' },
    attributes: { device: { type: 'string', required: true }, team: { type: 'string', required: true } },
    indexes: indexes('device'),
  },
  { table, client }
)
const company = new Service({ Person, Device }, { table, client })

describe('electrodb', () => {
  before(async () => {
    const key = (hash, range) => [{ AttributeName: hash, KeyType: 'HASH' }, { AttributeName: range, KeyType: 'RANGE' }]
    await client.send(new CreateTableCommand({
      TableName: table,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: ['pk', 'sk', 'gsi1pk', 'gsi1sk'].map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
      KeySchema: key('pk', 'sk'),
      GlobalSecondaryIndexes: [{ IndexName: 'gsi1', KeySchema: key('gsi1pk', 'gsi1sk'), Projection: { ProjectionType: 'ALL' } }],
    }))
    await waitUntilTableExists({ client, maxWaitTime: 60, minDelay: 0.02, maxDelay: 0.1 }, { TableName: table })
  })
  after(() => client.send(new DeleteTableCommand({ TableName: table })))

  it('keeps, changes and removes items', async () => {
    await Person.create({ person: 'ada', team: 'one', tags: ['x', 'y'], notes: ['first'] }).go()
    await assert.rejects(Person.create({ person: 'ada', team: 'two' }).go(), (error) => error.cause?.name === 'ConditionalCheckFailedException')
    const changed = await Person.patch({ person: 'ada' }).add({ visits: 2 }).append({ notes: ['second'] }).delete({ tags: ['x'] }).go({ response: 'all_new' })
    assert.deepEqual([changed.data.visits, changed.data.notes, changed.data.tags], [2, ['first', 'second'], ['y']])
    const refused = Person.update({ person: 'ada' }).set({ visits: 9 }).where(({ visits }, { gt }) => gt(visits, 5)).go()
    await assert.rejects(refused, (error) => error.cause?.name === 'ConditionalCheckFailedException')
    await assert.rejects(Person.patch({ person: 'nobody' }).set({ visits: 1 }).go(), (error) => error.cause?.name === 'ConditionalCheckFailedException')
    assert.equal((await Person.get({ person: 'ada' }).go({ consistent: true })).data.visits, 2)
    assert.equal((await Person.remove({ person: 'ada' }).go({ response: 'all_old' })).data.person, 'ada')
    assert.equal((await Person.get({ person: 'ada' }).go()).data, null)
  })

  it('reads and writes in batches, and pages through what there is', async () => {
    const names = Array.from({ length: 40 }, (_, i) => `p${String(i).padStart(2, '0')}`)
    const { unprocessed } = await Person.put(names.map((person, visits) => ({ person, team: 'many', visits }))).go()
    assert.deepEqual(unprocessed, [])
    await Device.put([{ device: 'd1', team: 'many' }, { device: 'd2', team: 'few' }]).go()
    const read = await Person.get(names.map((person) => ({ person }))).go({ preserveBatchOrder: true })
    assert.deepEqual(read.data.map(({ person }) => person), names)

    const paged = []
    let cursor = null
    do {
      const page = await Person.query.byTeam({ team: 'many' }).go({ cursor, limit: 7 })
      paged.push(...page.data.map(({ person }) => person))
      cursor = page.cursor
    } while (cursor)
    assert.deepEqual(paged, names)
    const some = await Person.query.byTeam({ team: 'many' }).between({ person: 'p10' }, { person: 'p12' }).go()
    assert.deepEqual(some.data.map(({ person }) => person), ['p10', 'p11', 'p12'])
    const busy = await Person.scan.where(({ visits }, { gte }) => gte(visits, 38)).go({ pages: 'all' })
    assert.deepEqual(busy.data.map(({ person }) => person).sort(), ['p38', 'p39'])

    const { data } = await company.collections.members({ team: 'many' }).go({ pages: 'all' })
    assert.deepEqual([data.Person.length, data.Device.map(({ device }) => device)], [40, ['d1']])
  })

  it('writes and gets in transactions', async () => {
    const write = (visits) => company.transaction.write(({ Person: person, Device: device }) => [
      person.create({ person: 'tina', team: 'tx', visits }).commit(),
      device.upsert({ device: 'd9', team: 'tx' }).commit(),
    ]).go()
    assert.equal((await write(1)).canceled, false)
    const again = await write(2)
    assert.equal(again.canceled, true)
    assert.deepEqual(again.data.map(({ code }) => code), ['ConditionalCheckFailed', 'None'])
    const { data } = await company.transaction.get(({ Person: person, Device: device }) => [
      person.get({ person: 'tina' }).commit(), device.get({ device: 'd9' }).commit(),
    ]).go()
    assert.deepEqual(data.map(({ item }) => item.visits ?? item.device), [1, 'd9'])
  })
})
