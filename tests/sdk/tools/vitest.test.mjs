// SPDX-License-Identifier: Apache-2.0
// A project of Vitest's whose globalSetup starts Stator: vitest/.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { describe, it } from 'node:test'
import { binary } from '../js/server.mjs'
import { here, run } from './support.mjs'

describe('vitest', { skip: binary ? false : 'STATOR_BIN names no server' }, () => {
  it('runs a project against a server of its own', async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'stator-vitest-'))
    try {
      const file = path.join(folder, 'report.json')
      const { code, output } = await run('node_modules/vitest/vitest.mjs', ['run', '--reporter=json', `--outputFile=${file}`], { cwd: here('vitest') })
      assert.equal(code, 0, output)
      const report = JSON.parse(fs.readFileSync(file))
      assert.deepEqual([report.numPassedTests, report.numTotalTests], [6, 6], output)
    } finally {
      fs.rmSync(folder, { recursive: true, force: true })
    }
  })
})
