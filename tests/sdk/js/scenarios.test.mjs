// SPDX-License-Identifier: Apache-2.0
// The scenarios of ../cases: whole operations in order, on a table of their own.
import { describe, it } from 'node:test'
import { assertHas, assertRefused, createTable, loadCases, send, toSdk, uniqueName, until } from './support.mjs'

async function runStep(step, table) {
  const repeated = step[0] === 'until'
  const [operation, input, expected] = repeated ? step.slice(1) : step
  const attempt = async () => {
    const call = send(operation, toSdk(input, table))
    if (typeof expected === 'string') await assertRefused(call, expected.replaceAll('{table}', table))
    else assertHas(await call, toSdk(expected ?? {}, table))
  }
  await (repeated ? until(attempt) : attempt())
}

async function fill(table, count) {
  for (let i = 0; i < count; i++) {
    const Item = { pk: { S: 'p' }, sk: { S: String(i).padStart(2, '0') }, n: { N: String(i) }, odd: { N: String(i % 2) } }
    await send('PutItem', { TableName: table, Item })
  }
}

for (const file of ['tables', 'items', 'indexes', 'reading', 'legacy', 'capacity', 'batches', 'transactions', 'partiql', 'ttl', 'around']) {
  describe(file, { concurrency: 4 }, () => {
    for (const { name, table: kind, setup, steps } of loadCases(`scenarios/${file}`)) {
      it(name, async () => {
        const table = kind ? await createTable(kind) : uniqueName()
        await fill(table, setup?.count ?? 0)
        for (const [i, step] of steps.entries()) {
          try {
            await runStep(step, table)
          } catch (error) {
            error.message = `step ${i + 1} (${step[0]} ${JSON.stringify(step[1]).slice(0, 200)}): ${error.message}`
            throw error
          }
        }
      })
    }
  })
}
