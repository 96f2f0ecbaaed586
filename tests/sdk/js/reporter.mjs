// SPDX-License-Identifier: Apache-2.0
// node:test's events as tests/run wants them: a line for each failure and skip, `RESULT passed failed skipped` at the end.
export default async function* report(source) {
  let passed = 0, failed = 0, skipped = 0
  for await (const { type, data } of source) {
    if (type === 'test:pass' && data.details?.type !== 'suite') {
      if (data.skip !== undefined) {
        skipped++
        yield `skip ${data.name}: ${data.skip}\n`
      } else {
        passed++
      }
    } else if (type === 'test:pass' && data.skip !== undefined) {
      skipped++ // a whole suite
      yield `skip ${data.name}: ${data.skip}\n`
    } else if (type === 'test:fail') {
      const error = data.details?.error
      if (error?.failureType === 'subtestsFailed') continue // told already
      failed++
      const cause = error?.cause ?? error
      yield `FAIL ${data.name}  (${data.file ?? ''})\n    ${String(cause?.stack ?? cause).replaceAll('\n', '\n    ')}\n`
    }
  }
  yield `ok   ${passed} tests\nRESULT ${passed} ${failed} ${skipped}\n`
}
