-- SPDX-License-Identifier: Apache-2.0
-- wrk sends the requests of a file, over and over, with the headers that an AWS SDK sends.
-- Environment: BENCH_HERE (this folder), BENCH_REQUESTS (a file, "target<TAB>body" on each line), BENCH_PATH.
local prepared, at = {}, 0

function init(_)
  local headers = dofile(os.getenv("BENCH_HERE") .. "/headers.lua")
  for line in io.lines(os.getenv("BENCH_REQUESTS")) do
    local target, body = line:match("^(%S+)\t(.*)$")
    headers["x-amz-target"] = target
    prepared[#prepared + 1] = wrk.format("POST", os.getenv("BENCH_PATH"), headers, body)
  end
end

function request()
  at = at % #prepared + 1
  return prepared[at]
end

function done(summary, latency, _)
  local errors = summary.errors
  io.write(string.format('BENCH {"requests":%d,"duration_us":%d,"p50_us":%d,"p99_us":%d,"p999_us":%d,"errors":%d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), latency:percentile(99.9),
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
