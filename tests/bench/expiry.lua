-- SPDX-License-Identifier: Apache-2.0
-- wrk puts ever new items that end EXPIRY_LIFE_S seconds later. Environment: BENCH_HERE (this folder), EXPIRY_LIFE_S.
local headers = dofile(os.getenv("BENCH_HERE") .. "/headers.lua")
local life, number, run, fill = tonumber(os.getenv("EXPIRY_LIFE_S")), 0, tostring(os.time()), string.rep("x", 200)
headers["x-amz-target"] = "DynamoDB_20120810.PutItem"

function request()
  number = number + 1
  return wrk.format("POST", "/", headers, string.format(
    '{"TableName":"bench","Item":{"pk":{"S":"%s-%d"},"fill":{"S":"%s"},"exp":{"N":"%d"}}}', run, number, fill, os.time() + life))
end

function done(summary, latency, _)
  io.write(string.format("BENCH %.0f writes/s, p99 %d us\n", summary.requests / summary.duration * 1e6, latency:percentile(99)))
end
