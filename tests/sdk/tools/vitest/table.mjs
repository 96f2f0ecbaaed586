// SPDX-License-Identifier: Apache-2.0
// What the two files of tests both do.
import { CreateTableCommand, DynamoDBClient, waitUntilTableExists } from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { inject } from 'vitest'

const client = new DynamoDBClient({ endpoint: inject('endpoint'), region: 'local', credentials: { accessKeyId: 'x', secretAccessKey: 'y' } })
export const documents = DynamoDBDocumentClient.from(client)

export async function createTable(TableName) {
  await client.send(new CreateTableCommand({
    TableName, BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }], KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
  }))
  await waitUntilTableExists({ client, maxWaitTime: 60, minDelay: 0.02, maxDelay: 0.1 }, { TableName })
}
