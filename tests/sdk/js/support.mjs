// SPDX-License-Identifier: Apache-2.0
// What the suites share: clients, tables of their own, the cases, and how an answer is compared with what it must have.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import * as sdk from '@aws-sdk/client-dynamodb'
import { NumberValue } from '@aws-sdk/lib-dynamodb'
import { binary, startProcess } from './server.mjs'

export const endpoint = process.env.STATOR_ENDPOINT ?? 'http://127.0.0.1:8000'

export const faulty = process.env.STATOR_FAULTY

export function clientFor(url, more = {}) {
  return new sdk.DynamoDBClient({
    endpoint: url,
    region: 'eu-central-1',
    credentials: { accessKeyId: 'test.key-1', secretAccessKey: 'secret' },
    maxAttempts: 1,
    ...more,
  })
}

export const client = clientFor(endpoint)

export const send = (operation, input, to = client) => to.send(new sdk[`${operation}Command`](input))

export const loadCases = (name) => JSON.parse(fs.readFileSync(new URL(`../cases/${name}.json`, import.meta.url)))

// What every page of a paginator has, in one list.
export async function all(pages, pick) {
  const found = []
  for await (const page of pages) found.push(...pick(page))
  return found
}

// --- Tables ---

export const uniqueName = () => `js-${randomBytes(6).toString('hex')}`

const key = (hash, range) => [
  { AttributeName: hash, KeyType: 'HASH' },
  ...(range ? [{ AttributeName: range, KeyType: 'RANGE' }] : []),
]
const define = (attributes) =>
  Object.entries(attributes).map(([AttributeName, AttributeType]) => ({ AttributeName, AttributeType }))

export const tableKinds = {
  hash: { AttributeDefinitions: define({ pk: 'S' }), KeySchema: key('pk') },
  range: { AttributeDefinitions: define({ pk: 'S', sk: 'S' }), KeySchema: key('pk', 'sk') },
  rangeN: { AttributeDefinitions: define({ pk: 'S', sk: 'N' }), KeySchema: key('pk', 'sk') },
  rangeB: { AttributeDefinitions: define({ pk: 'S', sk: 'B' }), KeySchema: key('pk', 'sk') },
  indexed: {
    AttributeDefinitions: define({ pk: 'S', sk: 'S', l: 'N', g: 'S' }),
    KeySchema: key('pk', 'sk'),
    LocalSecondaryIndexes: [{ IndexName: 'local', KeySchema: key('pk', 'l'), Projection: { ProjectionType: 'KEYS_ONLY' } }],
    GlobalSecondaryIndexes: [
      { IndexName: 'global', KeySchema: key('g', 'l'), Projection: { ProjectionType: 'INCLUDE', NonKeyAttributes: ['inc'] } },
    ],
  },
}

export async function createTable(kind, to = client) {
  const TableName = uniqueName()
  await send('CreateTable', { TableName, BillingMode: 'PAY_PER_REQUEST', ...tableKinds[kind] }, to)
  await sdk.waitUntilTableExists({ client: to, maxWaitTime: 60, minDelay: 0.02, maxDelay: 0.1 }, { TableName })
  return TableName
}

// --- DynamoDB JSON and the SDK's form of it ---

const isBinary = (name) => name === 'B' || name === 'BS'
const fromBase64 = (value) => (Array.isArray(value) ? value.map(fromBase64) : Uint8Array.from(Buffer.from(value, 'base64')))

// Base64 texts of the cases become byte arrays; {x*5} becomes xxxxx and {table} the table's name.
export function toSdk(value, table) {
  if (typeof value === 'string') {
    return value.replace('{table}', table).replace(/^\{x\*(\d+)\}$/, (_, count) => 'x'.repeat(Number(count)))
  }
  if (Array.isArray(value)) return value.map((element) => toSdk(element, table))
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => {
      const binary = isBinary(name) && (typeof member === 'string' || Array.isArray(member))
      return [name.replace('{table}', table), binary ? fromBase64(member) : toSdk(member, table)]
    })
  )
}

// Byte arrays become base64, sets are sorted: answers and cases can be compared. The document client's sets and numbers too.
export function plain(value) {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  if (value instanceof NumberValue) return { number: value.value }
  if (value instanceof Set) return { set: [...value].map((element) => JSON.stringify(plain(element))).sort() }
  if (Array.isArray(value)) return value.map(plain)
  if (value === null || typeof value !== 'object' || value instanceof Date) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .map(([name, member]) => [name, /^[SNB]S$/.test(name) && Array.isArray(member) ? plain(member).sort() : plain(member)])
  )
}

// --- Comparing ---

const WHOLE = new Set(['Item', 'Items', 'Attributes', 'LastEvaluatedKey', 'ItemCollectionKey', 'Responses', 'UnprocessedItems', 'UnprocessedKeys'])

export function assertHas(actual, expected, where = 'answer') {
  if (expected === null) {
    assert.equal(actual, undefined, `${where} must be absent`)
  } else if (Array.isArray(expected)) {
    assert.equal(actual?.length, expected.length, `length of ${where}`)
    expected.forEach((element, i) => assertHas(actual[i], element, `${where}[${i}]`))
  } else if (typeof expected === 'object') {
    assert.ok(actual !== undefined && actual !== null, `${where} is missing`)
    for (const [name, member] of Object.entries(expected)) {
      if (WHOLE.has(name) && member !== null) assert.deepEqual(plain(actual[name]), plain(member), `${where}.${name}`)
      else assertHas(actual[name], member, `${where}.${name}`)
    }
  } else {
    assert.deepEqual(actual, expected, where)
  }
}

const ENVELOPE = '1 validation error detected: ' // of the wording of 2026

// expected: "Name: message"; "..." in it stands for anything. The envelope is left aside unless expected has it.
export function assertError(error, expected) {
  const bare = (message) => (expected.includes(ENVELOPE) ? message : message.replace(ENVELOPE, ''))
  const actual = `${error.name}: ${bare(error.message)}`
  const pattern = expected.split('...').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('.*')
  if (!new RegExp(`^${pattern}$`, 's').test(actual)) assert.equal(actual, expected)
}

export async function assertRefused(promise, expected) {
  const error = await promise.then(
    (answer) => assert.fail(`answered ${JSON.stringify(plain(answer))} instead of ${expected}`),
    (thrown) => thrown
  )
  if (error instanceof assert.AssertionError) throw error
  assertError(error, expected)
  return error
}

// The names and values that an expression uses, of those given.
export function placeholders(expression, names = {}, values = {}) {
  const used = new Set(expression.match(/[#:][A-Za-z0-9_]+/g))
  const pick = (from) => Object.fromEntries(Object.entries(from).filter(([name]) => used.has(name)))
  const [ExpressionAttributeNames, ExpressionAttributeValues] = [pick(names), toSdk(pick(values), '')]
  return {
    ...(Object.keys(ExpressionAttributeNames).length && { ExpressionAttributeNames }),
    ...(Object.keys(ExpressionAttributeValues).length && { ExpressionAttributeValues }),
  }
}

// Repeats the attempt until it does not throw, for at most a minute.
export async function until(attempt) {
  const end = Date.now() + 60_000
  for (;;) {
    try {
      return await attempt()
    } catch (error) {
      if (Date.now() > end) throw error
      await sleep(30)
    }
  }
}

// --- A server of one's own ---

export { binary }

export async function startServer(...flags) {
  const server = await startProcess(['--port', '0', ...flags])
  return { ...server, client: clientFor(server.url) }
}
