// SPDX-License-Identifier: Apache-2.0
// OneTable (dynamodb-onetable), unchanged: it makes its table, then models, unique attributes, pages, batches, transactions.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { Table } from 'dynamodb-onetable'
import { Dynamo } from 'dynamodb-onetable/Dynamo'
import { client, uniqueName } from './support.mjs'

const schema = {
  format: 'onetable:1.1.0',
  version: '0.0.1',
  indexes: {
    primary: { hash: 'pk', sort: 'sk' },
    gs1: { hash: 'gs1pk', sort: 'gs1sk', project: 'all' },
    ls1: { sort: 'id', type: 'local' },
  },
  models: {
    Account: {
      pk: { type: String, value: 'account:${name}' },
      sk: { type: String, value: 'account:' },
      id: { type: String, generate: 'ulid' },
      name: { type: String, required: true },
      email: { type: String, unique: true },
    },
    User: {
      pk: { type: String, value: 'account:${account}' },
      sk: { type: String, value: 'user:${login}' },
      gs1pk: { type: String, value: 'user:${login}' },
      gs1sk: { type: String, value: 'user:' },
      id: { type: String, generate: 'ulid' },
      account: { type: String, required: true },
      login: { type: String, required: true },
      balance: { type: Number, default: 0 },
      since: { type: Date },
    },
  },
  queries: {},
  params: { isoDates: true, timestamps: true },
}

describe('onetable', () => {
  const table = new Table({ client: new Dynamo({ client }), name: uniqueName('onetable'), schema, partial: true, logger: false })
  const [Account, User] = [table.getModel('Account'), table.getModel('User')]
  before(() => table.createTable())
  after(() => table.deleteTable('DeleteTableForever'))

  it('makes its table', async () => {
    assert.equal(await table.exists(), true)
    const { Table: made } = await table.describeTable()
    assert.deepEqual([made.TableStatus, made.GlobalSecondaryIndexes[0].IndexName, made.LocalSecondaryIndexes[0].IndexName], ['ACTIVE', 'gs1', 'ls1'])
    await table.saveSchema()
    assert.equal((await table.readSchema()).version, '0.0.1')
  })

  it('keeps, changes and removes items', async () => {
    const since = new Date('2026-01-02T03:04:05.678Z')
    await User.create({ account: 'acme', login: 'ada', since })
    await assert.rejects(User.create({ account: 'acme', login: 'ada' }), /Conditional create failed/)
    const changed = await User.update({ account: 'acme', login: 'ada' }, { add: { balance: 5 } })
    assert.equal(changed.balance, 5)
    const refused = User.update({ account: 'acme', login: 'ada', balance: 9 }, { where: '${balance} > {100}' })
    await assert.rejects(refused, (error) => error.code === 'ConditionalCheckFailedException' || error.cause?.name === 'ConditionalCheckFailedException')
    const read = await User.get({ account: 'acme', login: 'ada' })
    assert.deepEqual([read.balance, read.since], [5, since])
    assert.equal((await User.get({ login: 'ada' }, { index: 'gs1', follow: true })).account, 'acme')
    await User.remove({ account: 'acme', login: 'ada' })
    assert.equal(await User.get({ account: 'acme', login: 'ada' }), undefined)
  })

  it('holds unique attributes by transactions', async () => {
    await Account.create({ name: 'first', email: 'a@example.com' })
    await assert.rejects(Account.create({ name: 'second', email: 'a@example.com' }), { code: 'UniqueError' })
    await Account.remove({ name: 'first' })
    await Account.create({ name: 'second', email: 'a@example.com' })
    assert.equal((await Account.get({ name: 'second' })).email, 'a@example.com')
  })

  it('reads and writes in batches, and pages through what there is', async () => {
    const logins = Array.from({ length: 25 }, (_, i) => `u${String(i).padStart(2, '0')}`)
    const writes = {}
    for (const [balance, login] of logins.entries()) await User.create({ account: 'many', login, balance }, { batch: writes })
    await table.batchWrite(writes)
    const reads = {}
    for (const login of logins) await User.get({ account: 'many', login }, { batch: reads })
    const read = await table.batchGet(reads, { parse: true, hidden: false })
    assert.deepEqual(read.map(({ login }) => login).sort(), logins)

    const paged = []
    let next
    do {
      const page = await User.find({ account: 'many' }, { limit: 7, next })
      paged.push(...page.map(({ login }) => login))
      next = page.next
    } while (next)
    assert.deepEqual(paged, logins)
    assert.equal((await User.find({ account: 'many', sk: { begins: 'user:u1' } })).length, 10)
    assert.deepEqual((await User.scan({}, { where: '${balance} >= {23}' })).map(({ login }) => login).sort(), ['u23', 'u24'])
    assert.equal((await User.find({ account: 'many' }, { count: true })).count, 25)
  })

  it('writes and gets in transactions', async () => {
    const transaction = {}
    await User.create({ account: 'tx', login: 'a', balance: 1 }, { transaction })
    await User.create({ account: 'tx', login: 'b', balance: 2 }, { transaction })
    await table.transact('write', transaction)
    const again = {}
    await User.create({ account: 'tx', login: 'c' }, { transaction: again })
    await User.create({ account: 'tx', login: 'a' }, { transaction: again })
    await assert.rejects(table.transact('write', again))
    assert.equal(await User.get({ account: 'tx', login: 'c' }), undefined)
    const gets = {}
    for (const login of ['a', 'b']) await User.get({ account: 'tx', login }, { transaction: gets })
    const read = await table.transact('get', gets, { parse: true, hidden: false })
    assert.deepEqual(read.map(({ balance }) => balance), [1, 2])
  })
})
