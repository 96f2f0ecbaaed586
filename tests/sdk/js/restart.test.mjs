// SPDX-License-Identifier: Apache-2.0
// What was acknowledged is there after SIGTERM and after kill -9: items, indexes, tables and their options.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { describe, it } from 'node:test'
import { binary, createTable, send, startServer } from './support.mjs'

describe('restart', { skip: binary ? false : 'STATOR_BIN names no server' }, () => {
  for (const [signal, left] of [['SIGTERM', 0], ['SIGKILL', 'SIGKILL']]) {
    it(`keeps everything over ${signal}`, async () => {
      const dataDir = fs.mkdtempSync(path.join(os.tmpdir(), 'stator-js-'))
      try {
        let server = await startServer('--data-dir', dataDir)
        const TableName = await createTable('indexed', server.client)
        const put = (i) => send('PutItem', { TableName, Item: { pk: { S: `p${i % 4}` }, sk: { S: `${i}` }, l: { N: `${i}` }, g: { S: 'g' }, v: { S: 'x'.repeat(i * 10) } } }, server.client)
        await Promise.all(Array.from({ length: 200 }, (_, i) => put(i)))
        await send('DeleteItem', { TableName, Key: { pk: { S: 'p0' }, sk: { S: '0' } } }, server.client)
        const before = (await send('DescribeTable', { TableName }, server.client)).Table
        assert.equal(await server.stop(signal), left)

        server = await startServer('--data-dir', dataDir)
        const count = async (input) => (await send('Scan', { TableName, Select: 'COUNT', ...input }, server.client)).Count
        assert.equal(await count({}), 199)
        assert.equal(await count({ IndexName: 'global' }), 199)
        assert.equal(await count({ IndexName: 'local' }), 199)
        const { Item } = await send('GetItem', { TableName, Key: { pk: { S: 'p3' }, sk: { S: '199' } } }, server.client)
        assert.equal(Item.v.S.length, 1990)
        const after = (await send('DescribeTable', { TableName }, server.client)).Table
        assert.deepEqual(after, before)
        assert.equal(await server.stop('SIGTERM'), 0)
      } finally {
        fs.rmSync(dataDir, { recursive: true, force: true })
      }
    })
  }
})
