// SPDX-License-Identifier: Apache-2.0
// dynamodb-admin, unchanged, as a person uses it in a browser: its pages, its forms, no error shown. Where there is no
// Chromium that is skipped, and what its pages send is sent without one.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import fs from 'node:fs'
import readline from 'node:readline'
import { after, before, describe, it } from 'node:test'
import { CreateTableCommand, waitUntilTableExists } from '@aws-sdk/client-dynamodb'
import { GetCommand } from '@aws-sdk/lib-dynamodb'
import { chromium } from 'playwright-core'
import { client, documents, endpoint, here, uniqueName } from './support.mjs'

const browserFile = [process.env.CHROMIUM, '/usr/bin/chromium-headless-shell', '/usr/bin/chromium'].find((file) => file && fs.existsSync(file))
const WAIT_MS = 60_000

async function createTable(TableName) {
  const key = (hash, range) => [{ AttributeName: hash, KeyType: 'HASH' }, ...(range ? [{ AttributeName: range, KeyType: 'RANGE' }] : [])]
  await client.send(new CreateTableCommand({
    TableName,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: Object.entries({ id: 'S', at: 'N', kind: 'S' }).map(([AttributeName, AttributeType]) => ({ AttributeName, AttributeType })),
    KeySchema: key('id', 'at'),
    GlobalSecondaryIndexes: [{ IndexName: 'byKind', KeySchema: key('kind'), Projection: { ProjectionType: 'ALL' } }],
  }))
  await waitUntilTableExists({ client, maxWaitTime: 60, minDelay: 0.02, maxDelay: 0.1 }, { TableName })
}

describe('dynamodb-admin', () => {
  let child, url
  before(async () => {
    const args = [here('node_modules/dynamodb-admin/dist/dynamodb-admin.js'), '--host', '127.0.0.1', '--port', '0']
    const env = { ...process.env, DYNAMO_ENDPOINT: endpoint, AWS_REGION: 'eu-central-1', AWS_ACCESS_KEY_ID: 'test.key-1', AWS_SECRET_ACCESS_KEY: 'secret' }
    child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'inherit'] })
    url = await new Promise((resolve, reject) => {
      readline.createInterface({ input: child.stdout }).on('line', (line) => {
        const found = /listening on (http:\S+)/.exec(line)
        if (found) resolve(found[1])
      })
      child.on('exit', (code) => reject(new Error(`dynamodb-admin left with ${code}`)))
    })
  })
  after(() => child.kill())

  const stored = async (TableName, id, at) => (await documents.send(new GetCommand({ TableName, Key: { id, at } }))).Item

  it('shows and changes tables and items in a browser', { skip: browserFile ? false : 'there is no Chromium' }, async (t) => {
    const TableName = uniqueName('admin')
    const options = { executablePath: browserFile, args: ['--no-sandbox', '--disable-dev-shm-usage'], timeout: WAIT_MS }
    const browser = await chromium.launch(options).catch((error) => t.skip(`Chromium does not start here: ${error.message.split('\n')[0]}`))
    if (!browser) return
    try {
      const page = await browser.newPage()
      page.setDefaultTimeout(WAIT_MS)
      const faults = []
      page.on('pageerror', (error) => faults.push(String(error)))
      page.on('response', (response) => response.status() >= 400 && !response.url().endsWith('/favicon.ico') && faults.push(`${response.status()} ${response.url()}`))
      page.on('dialog', (dialog) => dialog.accept())
      const good = async () => {
        assert.deepEqual(faults, [])
        assert.equal(await page.locator('.alert-danger').count(), 0)
      }

      await page.goto(`${url}/create-table`)
      await page.fill('#TableName', TableName)
      await page.fill('#HashAttributeName', 'id')
      await page.fill('#RangeAttributeName', 'at')
      await page.selectOption('select[name=RangeAttributeType]', 'N')
      await page.click('#new-index')
      await page.fill('input[name=secondary-index-1-IndexName]', 'byKind')
      await page.fill('input[name=secondary-index-1-HashAttributeName]', 'kind')
      await page.selectOption('select[name=secondary-index-1-HashAttributeType]', 'S')
      await page.click('#saveButton')
      // The form sends numbers as strings. The service refuses that, and so do we; DynamoDB Local does not mind.
      await page.locator('.alert-danger:has-text("STRING_VALUE cannot be converted to Long")').waitFor()
      assert.deepEqual(faults.splice(0), [`500 ${url}/create-table`])
      await createTable(TableName)
      await page.goto(url)
      await page.click(`#table-list a:text-is("${TableName}")`)
      await page.locator('.no-results:not(.d-none)').waitFor()
      await good()

      await page.click('a:text-is("Create item")')
      await page.waitForURL(/add-item$/)
      const item = { id: 'one', at: 7, kind: 'é😀', list: [1, { deep: true }] }
      const save = async (value) => {
        await page.evaluate((text) => window.ace.edit('documentTextarea').setValue(text), JSON.stringify(value))
        await page.click('#saveButton')
      }
      await save(item)
      await page.waitForURL(/\/items\/one%2C7$/)
      assert.deepEqual(await stored(TableName, 'one', 7), item)
      await save({ ...item, changed: 'yes' })
      // The page says so for two seconds only.
      for (const end = Date.now() + WAIT_MS; (await stored(TableName, 'one', 7)).changed !== 'yes'; ) assert.ok(Date.now() < end)
      await good()

      const list = `${url}/tables/${TableName}`
      for (const query of ['', `?operationType=query&queryableSelection=byKind&filters=${encodeURIComponent(JSON.stringify({ kind: { type: 'S', operator: '=', value: item.kind } }))}`]) {
        await page.goto(list + query)
        await page.locator('#items-container').getByText('yes').first().waitFor()
        await good()
      }
      for (const tab of ['meta', 'ttl', 'get']) {
        await page.goto(`${list}/${tab}`)
        await good()
      }

      await page.goto(`${list}/items/one%2C7`)
      await page.click('button:text-is("Delete")')
      await page.locator('.no-results:not(.d-none)').waitFor()
      assert.equal(await stored(TableName, 'one', 7), undefined)
      await page.goto(url)
      const row = page.locator(`[data-table-name="${TableName}"]`)
      await row.getByText('Delete').click()
      await row.waitFor({ state: 'detached' })
      await good()
    } finally {
      await browser.close()
    }
  })

  it('answers what its pages send', async () => {
    const TableName = uniqueName('admin')
    const send = async (method, path, body, status = 200) => {
      const headers = { 'Content-Type': 'application/json' }
      const answer = await fetch(url + path, { method, ...(body && { headers, body: JSON.stringify(body) }) })
      const text = await answer.text()
      assert.equal(answer.status, status, `${method} ${path}: ${text}`)
      return text
    }
    const definition = { TableName, HashAttributeName: 'id', HashAttributeType: 'S', RangeAttributeName: 'at', RangeAttributeType: 'N', ReadCapacityUnits: 3, WriteCapacityUnits: 3 }
    await send('POST', '/create-table', { TableDefinition: definition, SecondaryIndexes: [] }, 204)
    for (let at = 0; at < 30; at++) await send('PUT', `/tables/${TableName}/add-item`, { id: 'one', at })
    const items = (more) => send('GET', `/tables/${TableName}/items?pageSize=25${more}`).then(JSON.parse)
    const first = await items('')
    const second = await items(`&pageNum=2&startKey=${first.nextKey}`)
    assert.deepEqual([...first.Items, ...second.Items].map(({ at }) => at), Array.from({ length: 30 }, (_, at) => at))
    assert.match(await send('GET', `/tables/${TableName}/items/one,29`), /&#34;at&#34;: 29/)
    await send('DELETE', `/tables/${TableName}/items/one,29`, undefined, 204)
    assert.equal(await stored(TableName, 'one', 29), undefined)
    assert.ok(JSON.parse(await send('GET', '/api/tables')).some((table) => (table.TableName ?? table) === TableName))
    await send('DELETE', `/tables/${TableName}/all`)
    assert.equal((await items('')).Items.length, 0)
    await send('DELETE', `/tables/${TableName}`, undefined, 204)
  })
})
