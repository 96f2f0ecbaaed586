// SPDX-License-Identifier: Apache-2.0
// A project of Jest's with the preset @shelf/jest-dynamodb, which starts DynamoDB Local with java, or uses what listens on its
// port already: jest/. Stator takes its place in both ways. The preset waits until GET / says 400, so Stator must be in the
// form of DynamoDB Local: started by its command line.
import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import fs from 'node:fs'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { describe, it } from 'node:test'
import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb'
import { binary, startProcess } from '../js/server.mjs'
import { here, options, run } from './support.mjs'

async function jest(env) {
  const { code, output } = await run('node_modules/jest/bin/jest.js', ['--ci', '--json', '--runInBand'], { cwd: here('jest'), env })
  assert.equal(code, 0, output)
  assert.match(output, /"numPassedTests":2,.*"numTotalTests":2,/)
}

// A port that nobody has now, and below those that the system gives away: DynamoDB Local's wrapper must be told one.
async function freePort() {
  for (;;) {
    const port = randomInt(20_000, 32_000)
    const server = net.createServer().listen(port, '127.0.0.1')
    const free = await new Promise((resolve) => server.once('listening', () => resolve(true)).once('error', () => resolve(false)))
    if (!free) continue
    await new Promise((resolve) => server.close(resolve))
    return port
  }
}

describe('jest-dynamodb', { skip: binary ? false : 'STATOR_BIN names no server' }, () => {
  it('uses the server that listens on its port', async () => {
    const server = await startProcess(['-jar', 'DynamoDBLocal.jar', '-sharedDb', '-inMemory', '-port', '0'])
    try {
      for (let round = 0; round < 2; round++) await jest({ TEST_PORT: String(server.port) })
      const client = new DynamoDBClient({ ...options, endpoint: server.url })
      assert.deepEqual((await client.send(new ListTablesCommand({}))).TableNames, [], 'it removes its tables')
    } finally {
      assert.equal(await server.stop('SIGTERM'), 0)
    }
  })

  it('starts Stator where it would start java', async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'stator-jest-'))
    try {
      fs.symlinkSync(path.resolve(binary), path.join(folder, 'java'))
      fs.writeFileSync(path.join(folder, 'DynamoDBLocal.jar'), '') // "installed"
      const env = { PATH: `${folder}:${process.env.PATH}`, TEST_INSTALL_PATH: folder }
      await jest({ ...env, TEST_PORT: String(await freePort()) })
    } finally {
      fs.rmSync(folder, { recursive: true, force: true })
    }
  })
})
