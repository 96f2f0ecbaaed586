// SPDX-License-Identifier: Apache-2.0
// A server of a test's own, started from STATOR_BIN.
import { spawn } from 'node:child_process'
import readline from 'node:readline'

export const binary = process.env.STATOR_BIN

export async function startProcess(args, file = binary) {
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  const exited = new Promise((resolve) => child.on('exit', (code, signal) => resolve(signal ?? code)))
  const log = []
  const port = await new Promise((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      readline.createInterface({ input: stream }).on('line', (line) => {
        log.push(line)
        const found = /\blistening\b.*\bport=(\d+)/.exec(line)
        if (found) resolve(Number(found[1]))
      })
    }
    exited.then((code) => reject(new Error(`the server left with ${code}:\n${log.join('\n')}`)))
  })
  const stop = async (signal) => {
    child.kill(signal)
    return exited
  }
  return { port, url: `http://127.0.0.1:${port}`, stop }
}
