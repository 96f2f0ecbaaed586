-- SPDX-License-Identifier: Apache-2.0
-- wrk sends GetItem or PutItem of random keys with the headers that an AWS SDK sends, signature included in form.
-- Environment: BENCH_OPERATION (GetItem, PutItem), BENCH_TABLE, BENCH_KEYS, BENCH_VALUE_BYTES, BENCH_SEED.
local operation = os.getenv("BENCH_OPERATION")
local table_name = os.getenv("BENCH_TABLE")
local keys = tonumber(os.getenv("BENCH_KEYS"))
local value = string.rep("v", tonumber(os.getenv("BENCH_VALUE_BYTES")))
local prepared = {}
local PREPARED = 4096 -- requests made before the clock starts

local headers = {
  ["content-type"] = "application/x-amz-json-1.0",
  ["x-amz-target"] = "DynamoDB_20120810." .. operation,
  ["x-amz-user-agent"] = "aws-sdk-js/3.1162.0",
  ["user-agent"] = "aws-sdk-js/3.1162.0 ua/2.1 os/linux#6.18 lang/js md/nodejs#20.20.2 api/dynamodb#3.1162.0 m/E,n",
  ["amz-sdk-invocation-id"] = "0b4f9c7e-3a65-4a43-9d51-0d1f5f1c9a11",
  ["amz-sdk-request"] = "attempt=1; max=3",
  ["x-amz-date"] = "20261121T000000Z",
  ["x-amz-content-sha256"] = string.rep("0f", 32),
  ["authorization"] = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261121/us-east-1/dynamodb/aws4_request, " ..
    "SignedHeaders=amz-sdk-invocation-id;amz-sdk-request;content-type;host;x-amz-content-sha256;x-amz-date;x-amz-target;x-amz-user-agent, " ..
    "Signature=" .. string.rep("ab", 32),
}

local function body_of(key)
  if operation == "GetItem" then
    return string.format('{"TableName":"%s","Key":{"pk":{"S":"key-%08d"}}}', table_name, key)
  end
  return string.format('{"TableName":"%s","Item":{"pk":{"S":"key-%08d"},"n":{"N":"%d"},"v":{"S":"%s"}}}', table_name, key, key, value)
end

function init(_)
  math.randomseed(tonumber(os.getenv("BENCH_SEED")))
  for i = 1, PREPARED do
    prepared[i] = wrk.format("POST", "/", headers, body_of(math.random(0, keys - 1)))
  end
end

local at = 0
function request()
  at = at % PREPARED + 1
  return prepared[at]
end

function done(summary, latency, _)
  local errors = summary.errors
  io.write(string.format('BENCH {"requests":%d,"duration_us":%d,"p50_us":%d,"p99_us":%d,"bytes":%d,"errors":%d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), summary.bytes,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
