// SPDX-License-Identifier: Apache-2.0
// Conditions, filters, updates, projections, key conditions and numbers of ../cases.
import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { assertRefused, createTable, loadCases, placeholders, plain, send, toSdk } from './support.mjs'

const pk = (text) => ({ pk: { S: text } })

describe('conditions and filters', { concurrency: 8 }, () => {
  const { item, names, values, errors, ...outcomes } = loadCases('conditions')
  let TableName, Item
  before(async () => {
    TableName = await createTable('hash')
    Item = toSdk({ ...pk('k'), ...item }, '')
    await send('PutItem', { TableName, Item })
  })
  const parts = (expression) => placeholders(expression, names, values)
  const condition = (expression) =>
    send('PutItem', { TableName, Item, ConditionExpression: expression, ...parts(expression) })
  const filter = (expression) => send('Scan', { TableName, FilterExpression: expression, ...parts(expression) })

  for (const expression of outcomes.true) {
    it(`holds: ${expression}`, async () => {
      await condition(expression)
      assert.equal((await filter(expression)).Count, 1, 'as a filter')
    })
  }
  for (const expression of outcomes.false) {
    it(`does not hold: ${expression}`, async () => {
      await assertRefused(condition(expression), 'ConditionalCheckFailedException: The conditional request failed')
      assert.equal((await filter(expression)).Count, 0, 'as a filter')
    })
  }
  for (const [expression, message] of errors) {
    it(`refused: ${expression}`, async () => {
      const text = (kind) => `ValidationException: ${message.replace('{kind}', kind)}`
      await assertRefused(condition(expression), text('ConditionExpression'))
      await assertRefused(filter(expression), text('FilterExpression'))
    })
  }
})

describe('updates', { concurrency: 8 }, () => {
  const { names, values, done, refused } = loadCases('updates')
  let TableName
  before(async () => (TableName = await createTable('hash')))
  const stored = async (Key) => (await send('GetItem', { TableName, Key, ConsistentRead: true })).Item
  const update = (Key, expression) =>
    send('UpdateItem', { TableName, Key, UpdateExpression: expression, ReturnValues: 'ALL_NEW', ...placeholders(expression, names, values) })

  for (const [i, [from, expression, to]] of done.entries()) {
    it(`${expression} on ${JSON.stringify(from)}`, async () => {
      const Key = pk(`done ${i}`)
      if (from) await send('PutItem', { TableName, Item: toSdk({ ...Key, ...from }, '') })
      const { Attributes } = await update(Key, expression)
      assert.deepEqual(plain(Attributes), plain(toSdk({ ...Key, ...to }, '')), 'ALL_NEW')
      assert.deepEqual(plain(await stored(Key)), plain(Attributes), 'stored')
    })
  }
  for (const [i, [from, expression, message]] of refused.entries()) {
    it(`refused: ${expression} on ${JSON.stringify(from)}`, async () => {
      const Key = pk(`refused ${i}`)
      const Item = toSdk({ ...Key, ...from }, '')
      await send('PutItem', { TableName, Item })
      const before = plain(await stored(Key))
      await assertRefused(update(Key, expression), `ValidationException: ${message}`)
      assert.deepEqual(plain(await stored(Key)), before, 'nothing may have changed')
    })
  }
})

describe('projections', { concurrency: 8 }, () => {
  const { item, names, shown, errors } = loadCases('projections')
  let TableName
  before(async () => {
    TableName = await createTable('hash')
    await send('PutItem', { TableName, Item: toSdk({ ...pk('k'), ...item }, '') })
  })
  const parts = (expression) => ({ ProjectionExpression: expression, ...placeholders(expression, names) })
  const get = (expression) => send('GetItem', { TableName, Key: pk('k'), ...parts(expression) })

  for (const [expression, part] of shown) {
    it(expression, async () => {
      const expected = part.pk === true ? pk('k') : part
      assert.deepEqual(plain((await get(expression)).Item ?? {}), plain(expected), 'GetItem')
      assert.deepEqual(plain((await send('Scan', { TableName, ...parts(expression) })).Items), [plain(expected)], 'Scan')
    })
  }
  for (const [expression, message] of errors) {
    it(`refused: ${expression}`, () => assertRefused(get(expression), `ValidationException: ${message}`))
  }
})

describe('key conditions', { concurrency: 8 }, () => {
  const cases = loadCases('keys')
  const names = { '#sk': 'sk' }
  const shuffled = (list) => list.map((_, i) => list[(i * 5 + 2) % list.length])

  for (const [type, { sorted, conditions, values }] of Object.entries(cases.types)) {
    describe(`on a sort key of type ${type}`, () => {
      const sortKeys = toSdk(sorted, '')
      let TableName
      before(async () => {
        TableName = await createTable(type === 'S' ? 'range' : `range${type}`)
        assert.equal(new Set(shuffled(sorted)).size, sorted.length)
        for (const [place, sk] of shuffled(sortKeys.map((sk, i) => [i, sk]))) {
          await send('PutItem', { TableName, Item: { ...pk('p'), sk, place: { N: String(place) } } })
        }
      })
      const query = async (expression, more = {}) => {
        const parts = placeholders(expression, names, { ...values, ':p': { S: 'p' } })
        const { Items } = await send('Query', { TableName, KeyConditionExpression: expression, ...parts, ...more })
        return Items.map(({ place }) => Number(place.N))
      }
      it('gives the order of the values, both ways', async () => {
        const places = sorted.map((_, i) => i)
        assert.deepEqual(await query('pk = :p'), places)
        assert.deepEqual(await query('pk = :p', { ScanIndexForward: false }), places.reverse())
      })
      it('finds each by its key', async () => {
        for (const [i, sk] of sortKeys.entries()) {
          assert.equal((await send('GetItem', { TableName, Key: { ...pk('p'), sk } })).Item?.place.N, String(i))
        }
      })
      for (const [condition, places] of conditions) {
        it(condition, async () => assert.deepEqual(await query(`pk = :p AND ${condition}`), places))
        it(`${condition}, written before`, async () => assert.deepEqual(await query(`(${condition}) and (:p = pk)`), places))
      }
    })
  }

  describe('refused', () => {
    let TableName
    before(async () => (TableName = await createTable('range')))
    for (const [expression, message] of cases.errors) {
      it(expression, () =>
        assertRefused(
          send('Query', { TableName, KeyConditionExpression: expression, ...placeholders(expression, {}, cases.error_values) }),
          `ValidationException: ${message}`
        )
      )
    }
  })
})

describe('numbers', { concurrency: 8 }, () => {
  const { kept, refused } = loadCases('numbers')
  let TableName
  before(async () => (TableName = await createTable('hash')))

  for (const [i, [text, canonical]] of kept.entries()) {
    it(`${text} is ${canonical}`, async () => {
      const Key = pk(`kept ${i}`)
      await send('PutItem', { TableName, Item: { ...Key, n: { N: text }, set: { NS: [text] } } })
      const { Item } = await send('GetItem', { TableName, Key })
      assert.equal(Item.n.N, canonical)
      assert.deepEqual(Item.set.NS, [canonical])
    })
  }
  for (const [text, message] of refused) {
    it(`"${text}" is refused`, () =>
      assertRefused(send('PutItem', { TableName, Item: { ...pk('no'), n: { N: text } } }), `ValidationException: ${message}`))
  }
})
