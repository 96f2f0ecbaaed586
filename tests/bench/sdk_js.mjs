// SPDX-License-Identifier: Apache-2.0
// sdk_js.mjs <folder with node_modules> <how many at once> <url> <seconds>: PutItem and GetItem through the JavaScript SDK; a
// line of JSON for each.
import { createRequire } from 'node:module'

const [folder, together, endpoint, seconds] = process.argv.slice(2)
const { DynamoDB, waitUntilTableExists } = createRequire(`${folder}/`)('@aws-sdk/client-dynamodb')
const client = new DynamoDB({ endpoint, region: 'us-east-1', credentials: { accessKeyId: 'bench', secretAccessKey: 'bench' } })
const TableName = 'sdk-js', KEYS = 100, TOGETHER = Number(together)

async function measure(operation, call) {
  const took = [], cpu = process.cpuUsage(), began = performance.now(), until = began + seconds * 1000
  let at = 0
  await Promise.all(Array.from({ length: TOGETHER }, async () => {
    while (performance.now() < until) {
      const before = performance.now()
      await call({ pk: { S: `key-${at++ % KEYS}` } })
      took.push(performance.now() - before)
    }
  }))
  const total = (performance.now() - began) / 1000, used = process.cpuUsage(cpu)
  took.sort((a, b) => a - b)
  const percentile = share => took[Math.floor(took.length * share)]
  console.log(JSON.stringify({ operation, per_second: took.length / total, p50_ms: percentile(0.5), p99_ms: percentile(0.99),
    cpu_us: (used.user + used.system) / took.length }))
}

if (!(await client.listTables({})).TableNames.includes(TableName)) {
  await client.createTable({ TableName, BillingMode: 'PAY_PER_REQUEST', KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
    AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }] })
  await waitUntilTableExists({ client, maxWaitTime: 30, minDelay: 1 }, { TableName })
}
const v = { S: 'v'.repeat(300) }
for (let key = 0; key < KEYS; key++)
  await client.putItem({ TableName, Item: { pk: { S: `key-${key}` }, v } })
await measure('PutItem', key => client.putItem({ TableName, Item: { ...key, v } }))
await measure('GetItem', key => client.getItem({ TableName, Key: key }))
