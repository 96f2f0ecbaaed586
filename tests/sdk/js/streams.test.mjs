// SPDX-License-Identifier: Apache-2.0
// Streams by their own client: its types and errors, and a consumer that walks over shards as they are rolled over.
import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import * as streams from '@aws-sdk/client-dynamodb-streams'
import { assertRefused, binary, createTable, endpoint, plain, send, startServer } from './support.mjs'

const clientOf = (url) =>
  new streams.DynamoDBStreamsClient({
    endpoint: url,
    region: 'eu-central-1',
    credentials: { accessKeyId: 'test.key-1', secretAccessKey: 'secret' },
    maxAttempts: 1,
  })

async function enable(TableName, to) {
  const StreamSpecification = { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' }
  await send('UpdateTable', { TableName, StreamSpecification }, to)
  return (await send('DescribeTable', { TableName }, to)).Table.LatestStreamArn
}

async function shardsOf(client, StreamArn) {
  const shards = []
  let ExclusiveStartShardId
  do {
    const { StreamDescription } = await client.send(new streams.DescribeStreamCommand({ StreamArn, ExclusiveStartShardId, Limit: 4 }))
    shards.push(...StreamDescription.Shards)
    ExclusiveStartShardId = StreamDescription.LastEvaluatedShardId
  } while (ExclusiveStartShardId)
  return shards
}

// A table's copy, kept by reading its stream: a shard is begun when its parent's end was reached.
class Consumer {
  constructor(client, arn) {
    Object.assign(this, { client, arn, items: new Map(), iterators: new Map(), ended: new Set(), count: 0 })
  }

  apply({ eventName, dynamodb }) {
    const key = JSON.stringify(plain(dynamodb.Keys))
    assert.deepEqual(plain(dynamodb.OldImage), this.items.get(key), `${eventName} of ${key}`)
    if (eventName === 'REMOVE') this.items.delete(key)
    else this.items.set(key, plain(dynamodb.NewImage))
    this.count++
  }

  async readShard({ ShardId }) {
    const { client, arn: StreamArn } = this
    if (!this.iterators.has(ShardId)) {
      const input = { StreamArn, ShardId, ShardIteratorType: 'TRIM_HORIZON' }
      this.iterators.set(ShardId, (await client.send(new streams.GetShardIteratorCommand(input))).ShardIterator)
    }
    for (;;) {
      const { Records, NextShardIterator } = await client.send(new streams.GetRecordsCommand({ ShardIterator: this.iterators.get(ShardId), Limit: 5 }))
      Records.forEach((record) => this.apply(record))
      this.iterators.set(ShardId, NextShardIterator)
      if (!NextShardIterator) this.ended.add(ShardId)
      if (!NextShardIterator || Records.length === 0) return
    }
  }

  async read() {
    for (const shard of await shardsOf(this.client, this.arn)) {
      if (this.ended.has(shard.ShardId)) continue
      if (!shard.ParentShardId || this.ended.has(shard.ParentShardId)) await this.readShard(shard)
    }
  }
}

describe('streams', { concurrency: 4 }, () => {
  const client = clientOf(endpoint)
  let TableName, StreamArn
  before(async () => {
    TableName = await createTable('range')
    StreamArn = await enable(TableName)
  })

  it('flow: streams', async () => {
    const Key = { pk: { S: 'p' }, sk: { S: '1' } }
    const images = [{ ...Key, b: { B: Uint8Array.from([0, 255]) }, s: { NS: ['1', '2'] } }, { ...Key, v: { S: 'changed' } }]
    for (const Item of images) await send('PutItem', { TableName, Item })
    await send('DeleteItem', { TableName, Key })
    const { StreamDescription } = await client.send(new streams.DescribeStreamCommand({ StreamArn }))
    assert.ok(StreamDescription.CreationRequestDateTime instanceof Date)
    assert.equal(StreamDescription.StreamStatus, 'ENABLED')
    assert.deepEqual(StreamDescription.KeySchema.map(({ AttributeName }) => AttributeName), ['pk', 'sk'])
    const records = []
    for (const { ShardId } of StreamDescription.Shards) {
      let { ShardIterator } = await client.send(new streams.GetShardIteratorCommand({ StreamArn, ShardId, ShardIteratorType: 'TRIM_HORIZON' }))
      while (ShardIterator) {
        const { Records, NextShardIterator } = await client.send(new streams.GetRecordsCommand({ ShardIterator, Limit: 2 }))
        records.push(...Records)
        ShardIterator = Records.length > 0 && NextShardIterator
      }
    }
    assert.deepEqual(records.map(({ eventName }) => eventName), ['INSERT', 'MODIFY', 'REMOVE'])
    assert.deepEqual(records.map(({ dynamodb }) => [plain(dynamodb.OldImage), plain(dynamodb.NewImage)]), [
      [undefined, plain(images[0])], [plain(images[0]), plain(images[1])], [plain(images[1]), undefined],
    ])
    for (const { awsRegion, dynamodb } of records) {
      assert.equal(awsRegion, 'eu-central-1')
      assert.ok(dynamodb.ApproximateCreationDateTime instanceof Date)
      assert.deepEqual(dynamodb.Keys, Key)
    }
    const numbers = records.map(({ dynamodb }) => BigInt(dynamodb.SequenceNumber))
    assert.ok(numbers[0] < numbers[1] && numbers[1] < numbers[2], `${numbers}`)
    assert.equal(records[0].dynamodb.SizeBytes, 6 + 6 + 3 + 5)
  })

  it('are listed', async () => {
    const { Streams } = await client.send(new streams.ListStreamsCommand({ TableName }))
    assert.deepEqual(Streams, [{ StreamArn, TableName, StreamLabel: StreamArn.split('/').at(-1) }])
  })

  it('refuse with the error classes of the SDK', async () => {
    const missing = StreamArn.slice(0, -3) + 'xxx'
    const error = await assertRefused(client.send(new streams.DescribeStreamCommand({ StreamArn: missing })),
      `ResourceNotFoundException: Requested resource not found: Stream: ${missing} not found`)
    assert.ok(error instanceof streams.ResourceNotFoundException)
    await assertRefused(client.send(new streams.GetRecordsCommand({ ShardIterator: 'none' })), 'ValidationException: ...')
  })
})

describe('a consumer', { skip: binary ? false : 'STATOR_BIN names no server' }, () => {
  it('follows a table over many shards', async () => {
    const server = await startServer('--in-memory', '--stream-shards', '3', '--stream-shard-records', '7')
    try {
      const TableName = await createTable('range', server.client)
      const consumer = new Consumer(clientOf(server.url), await enable(TableName, server.client))
      const write = async (writer) => {
        for (let i = 0; i < 60; i++) {
          const key = { pk: { S: `p${i % 5}` }, sk: { S: `${writer % 2}` } }
          if (i % 6 === 5) await send('DeleteItem', { TableName, Key: key }, server.client)
          else await send('PutItem', { TableName, Item: { ...key, v: { S: `${writer}-${i}` } } }, server.client)
        }
      }
      let writing = true
      const writers = Promise.all([0, 1, 2, 3].map(write)).finally(() => (writing = false))
      while (writing) await consumer.read()
      await writers
      await consumer.read()
      const { Items } = await send('Scan', { TableName }, server.client)
      const byKey = (a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)
      assert.deepEqual([...consumer.items.values()].sort(byKey), plain(Items).sort(byKey))
      assert.ok(consumer.ended.size > 10, `${consumer.ended.size} shards were read to their end`)
      assert.ok(consumer.count > 100)
    } finally {
      await server.stop('SIGTERM')
    }
  })
})
