// SPDX-License-Identifier: Apache-2.0
// The scenarios of ../cases: whole operations in order, on a table of their own; by the client, and by the document client.
import { isDeepStrictEqual } from 'node:util'
import { describe, it } from 'node:test'
import * as lib from '@aws-sdk/lib-dynamodb'
import { convertToAttr, convertToNative } from '@aws-sdk/util-dynamodb'
import { assertHas, assertRefused, clientFor, createTable, endpoint, loadCases, send, toSdk, uniqueName, until } from './support.mjs'

// --- Ways to send a step: each gives the answer's promise and what is expected of it ---

const plainly = (operation, input, expected) => [send(operation, input), expected]

// Numbers stay texts, so that nothing is lost.
const documents = lib.DynamoDBDocumentClient.from(clientFor(endpoint), { unmarshallOptions: { wrapNumbers: true } })
const COMMANDS = { BatchGetItem: 'BatchGet', BatchWriteItem: 'BatchWrite', DeleteItem: 'Delete', GetItem: 'Get', PutItem: 'Put', TransactGetItems: 'TransactGet', TransactWriteItems: 'TransactWrite', UpdateItem: 'Update' }
const TYPES = new Set(['S', 'N', 'B', 'BOOL', 'NULL', 'M', 'L', 'SS', 'NS', 'BS'])

// Attribute values become values of JavaScript's, wherever they are. Throws if that loses anything, as with a set that names a
// value twice, or a value that is none: such an input can only be sent plainly.
function native(value) {
  if (Array.isArray(value)) return value.map(native)
  if (value === null || typeof value !== 'object' || value instanceof Uint8Array) return value
  const members = Object.entries(value)
  if (members.length === 0 || !members.every(([type]) => TYPES.has(type))) {
    return Object.fromEntries(members.map(([name, member]) => [name, native(member)]))
  }
  const converted = convertToNative(value, { wrapNumbers: true })
  if (!isDeepStrictEqual(convertToAttr(converted), value)) throw new Error('not the same value')
  return converted
}

function asDocuments(operation, input, expected) {
  const Command = lib[`${COMMANDS[operation] ?? operation}Command`]
  if (!Command) return plainly(operation, input, expected)
  let said
  try {
    said = [native(input), native(expected)]
  } catch {
    return plainly(operation, input, expected)
  }
  return [documents.send(new Command(said[0])), said[1]]
}

// --- Scenarios ---

async function runStep(step, table, way) {
  const repeated = step[0] === 'until'
  const [operation, input, expected] = repeated ? step.slice(1) : step
  const attempt = async () => {
    const [call, wanted] = way(operation, toSdk(input, table), typeof expected === 'string' ? expected : toSdk(expected ?? {}, table))
    if (typeof expected === 'string') await assertRefused(call, expected.replaceAll('{table}', table))
    else assertHas(await call, wanted)
  }
  await (repeated ? until(attempt) : attempt())
}

async function fill(table, count) {
  for (let i = 0; i < count; i++) {
    const Item = { pk: { S: 'p' }, sk: { S: String(i).padStart(2, '0') }, n: { N: String(i) }, odd: { N: String(i % 2) } }
    await send('PutItem', { TableName: table, Item })
  }
}

const FILES = ['tables', 'items', 'indexes', 'reading', 'legacy', 'capacity', 'batches', 'transactions', 'partiql', 'ttl', 'around']
for (const [title, way] of [['', plainly], [' as documents', asDocuments]]) {
  for (const file of FILES) {
    describe(`${file}${title}`, { concurrency: 4 }, () => {
      for (const { name, table: kind, setup, steps } of loadCases(`scenarios/${file}`)) {
        // What does not touch an item is the same call in both ways.
        if (way === asDocuments && !steps.flat().some((part) => lib[`${COMMANDS[part] ?? part}Command`])) continue
        it(name, async () => {
          const table = kind ? await createTable(kind) : uniqueName()
          await fill(table, setup?.count ?? 0)
          for (const [i, step] of steps.entries()) {
            try {
              await runStep(step, table, way)
            } catch (error) {
              error.message = `step ${i + 1} (${step[0]} ${JSON.stringify(step[1]).slice(0, 200)}): ${error.message}`
              throw error
            }
          }
        })
      }
    })
  }
}
