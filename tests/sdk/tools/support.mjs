// SPDX-License-Identifier: Apache-2.0
// What the tests of tools share: how a tool reaches the server, names of their own, programs that are run to their end.
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'

export const endpoint = process.env.STATOR_ENDPOINT ?? 'http://127.0.0.1:8000'
export const options = { endpoint, region: 'eu-central-1', credentials: { accessKeyId: 'test.key-1', secretAccessKey: 'secret' } }
export const client = new DynamoDBClient(options)
export const documents = DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } })

export const uniqueName = (tool) => `${tool}-${randomBytes(6).toString('hex')}`
export const here = (path) => fileURLToPath(new URL(path, import.meta.url))

// Runs a JavaScript program; its exit code and all that it printed.
export async function run(program, args, { cwd, env } = {}) {
  const child = spawn(process.execPath, [here(program), ...args], { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (output += data))
  const code = await new Promise((resolve) => child.on('close', (status, signal) => resolve(signal ?? status)))
  return { code, output }
}
