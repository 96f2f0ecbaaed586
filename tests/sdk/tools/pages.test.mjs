// SPDX-License-Identifier: Apache-2.0
// What web pages get from the server in a real browser: those of this machine use it with the SDK's headers, foreign ones
// neither read nor change anything, nor does one that has its own name pointed at the server. Skipped without a Chromium.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import http from 'node:http'
import { after, before, describe, it } from 'node:test'
import { chromium } from 'playwright-core'
import { binary, startProcess } from '../js/server.mjs'

const browserFile = [process.env.CHROMIUM, '/usr/bin/chromium-headless-shell', '/usr/bin/chromium'].find((file) => file && fs.existsSync(file))
const ARGS = ['--no-sandbox', '--disable-dev-shm-usage', '--host-resolver-rules=MAP *.example 127.0.0.1']
const WAIT_MS = 60_000
const Table = { TableName: 'of-a-page', BillingMode: 'PAY_PER_REQUEST', AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }], KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }] }

// Runs in the page: what an SDK sends, and what comes of it.
async function send([url, operation, members]) {
  const headers = {
    'content-type': 'application/x-amz-json-1.0', 'x-amz-target': `DynamoDB_20120810.${operation}`, 'x-amz-date': '20261123T000000Z',
    authorization: 'AWS4-HMAC-SHA256 Credential=a/20261123/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0',
  }
  try {
    const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify(members) })
    return [answer.status, await answer.text()]
  } catch (error) {
    return [0, String(error)]
  }
}

describe('pages in a browser', { skip: browserFile ? false : 'there is no Chromium' }, () => {
  let browser, pages, servers, port
  const call = (server, operation, members = {}) => send([`${server.url}/`, operation, members])
  const tables = async (server) => JSON.parse((await call(server, 'ListTables'))[1]).TableNames

  before(async () => {
    pages = http.createServer((_, answer) => answer.writeHead(200, { 'Content-Type': 'text/html' }).end('<title>a page</title>'))
    port = await new Promise((resolve) => pages.listen(0, '127.0.0.1', () => resolve(pages.address().port)))
    const start = (...flags) => startProcess(['serve', '--port', '0', '--in-memory', ...flags])
    servers = { plain: await start(), listed: await start('--cors', `http://app.example:${port}`), local: await start('-jar', 'DynamoDBLocal.jar') }
    browser = await chromium.launch({ executablePath: browserFile, args: ARGS, timeout: WAIT_MS })
  })
  after(async () => {
    await browser?.close()
    pages?.close()
    for (const server of Object.values(servers ?? {})) assert.equal(await server.stop('SIGTERM'), 0)
  })

  const fromPage = async (address, ...request) => {
    const page = await browser.newPage()
    try {
      await page.goto(address)
      return await page.evaluate(send, request)
    } finally {
      await page.close()
    }
  }

  it('of this machine use the server', async () => {
    for (const name of ['localhost', '127.0.0.1', 'app.localhost']) {
      const [status, text] = await fromPage(`http://${name}:${port}/`, `${servers.plain.url}/`, 'ListTables', {})
      assert.equal(status, 200, text)
      assert.deepEqual(JSON.parse(text), { TableNames: [] })
    }
  })

  it('of elsewhere do not', async () => {
    for (const server of [servers.plain, servers.listed]) {
      const answer = await fromPage(`http://elsewhere.example:${port}/`, `${server.url}/`, 'CreateTable', Table)
      assert.equal(answer[0], 0, answer[1]) // the browser keeps it from the page
      assert.deepEqual(await tables(server), [])
    }
  })

  it('that have their own name pointed at the server do not', async () => {
    const own = `http://rebound.example:${servers.plain.port}/`
    const [status, text] = await fromPage(own, own, 'CreateTable', Table)
    assert.equal(status, 403, text)
    assert.match(text, /--cors/)
    assert.deepEqual(await tables(servers.plain), [])
  })

  it('of --cors do, and all do with the command line of DynamoDB Local', async () => {
    for (const [server, name] of [[servers.listed, 'app'], [servers.local, 'elsewhere']]) {
      const [status, text] = await fromPage(`http://${name}.example:${port}/`, `${server.url}/`, 'CreateTable', Table)
      assert.equal(status, 200, text)
      assert.deepEqual(await tables(server), [Table.TableName])
    }
  })

  it('are none where a program asks by any name', async () => {
    assert.ok(binary)
    const status = await new Promise((resolve) => http.get({ port: servers.plain.port, host: '127.0.0.1', headers: { Host: 'whatever.example' } }, (answer) => resolve(answer.statusCode)))
    assert.equal(status, 200)
  })
})
