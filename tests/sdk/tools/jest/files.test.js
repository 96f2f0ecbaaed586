// SPDX-License-Identifier: Apache-2.0
const { DynamoDB } = require('@aws-sdk/client-dynamodb')
const { DynamoDBDocument } = require('@aws-sdk/lib-dynamodb')

const documents = DynamoDBDocument.from(new DynamoDB({
  endpoint: `http://127.0.0.1:${process.env.TEST_PORT}`,
  region: 'local-env',
  credentials: { accessKeyId: 'fakeMyKeyId', secretAccessKey: 'fakeSecretAccessKey' },
}))

it('inserts an item into a table that the preset made', async () => {
  await documents.put({ TableName: 'files', Item: { id: '1', hello: 'world' } })
  expect((await documents.get({ TableName: 'files', Key: { id: '1' } })).Item).toEqual({ id: '1', hello: 'world' })
})

it('refuses a second one', async () => {
  const put = documents.put({ TableName: 'files', Item: { id: '1' }, ConditionExpression: 'attribute_not_exists(id)' })
  await expect(put).rejects.toThrow('The conditional request failed')
})
