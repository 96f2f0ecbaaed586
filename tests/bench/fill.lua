-- SPDX-License-Identifier: Apache-2.0
-- wrk fills a table with BatchWriteItem on one connection and ends when all is answered.
-- Environment: BENCH_HERE, BENCH_TABLE, BENCH_FIRST and BENCH_END (the items' numbers), BENCH_BATCH (items a request),
-- BENCH_PARTITION (items a partition), BENCH_ITEM: a file with an item's JSON, in which @i@ is its number, @p@ its
-- partition's, @s@ its place in that, @r@ eight digits in no order, @x@ a thousand letters that do not compress.
local first, last = tonumber(os.getenv("BENCH_FIRST")), tonumber(os.getenv("BENCH_END"))
local batch = tonumber(os.getenv("BENCH_BATCH"))
local partition, item = tonumber(os.getenv("BENCH_PARTITION")), io.open(os.getenv("BENCH_ITEM")):read("*a")
local headers = dofile(os.getenv("BENCH_HERE") .. "/headers.lua")
local total, sent, answered = math.ceil((last - first) / batch), -1, 0 -- wrk asks for one that it does not send

headers["x-amz-target"] = "DynamoDB_20120810.BatchWriteItem"

local letters = {}
for i = 1, 2 ^ 20 do
  letters[i] = string.char(math.random(97, 122))
end
letters = table.concat(letters)

local function item_of(i)
  local values = {
    i = string.format("%08d", i), p = string.format("%06d", math.floor(i / partition)),
    s = string.format("%06d", i % partition), r = string.format("%08d", (i * 48271 + 11) % 99999989),
  }
  if item:find("@x@", 1, true) then
    local from = math.random(#letters - 1000)
    values.x = letters:sub(from, from + 999)
  end
  return (item:gsub("@(%l)@", values))
end

function request()
  local puts = {}
  local from = first + math.max(0, math.min(sent, total - 1)) * batch
  for i = from, math.min(from + batch, last) - 1 do
    puts[#puts + 1] = '{"PutRequest":{"Item":' .. item_of(i) .. "}}"
  end
  sent = sent + 1
  return wrk.format("POST", "/", headers,
    '{"RequestItems":{"' .. os.getenv("BENCH_TABLE") .. '":[' .. table.concat(puts, ",") .. "]}}")
end

-- wrk would sleep until its time is over: the last answer, or a refusal, ends the process.
local function finish(refused)
  io.write(string.format("BENCH %d of %d %s\n", answered, total, (refused:gsub("\n", " "))))
  io.flush()
  os.exit(0)
end

function response(status, _, body)
  if status ~= 200 or body:find('"PutRequest"', 1, true) then
    finish(body:sub(1, 200))
  end
  answered = answered + 1
  if answered >= total then
    finish("")
  end
end
