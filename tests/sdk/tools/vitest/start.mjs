// SPDX-License-Identifier: Apache-2.0
// One server for all tests: started before the first, stopped after the last.
import { startProcess } from '../../js/server.mjs'

export default async function start({ provide }) {
  const server = await startProcess(['--in-memory', '--port', '0'])
  provide('endpoint', server.url)
  return async () => {
    if ((await server.stop('SIGTERM')) !== 0) throw new Error('the server did not leave cleanly')
  }
}
