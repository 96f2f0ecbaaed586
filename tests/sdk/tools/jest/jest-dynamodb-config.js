// SPDX-License-Identifier: Apache-2.0
// As any user of @shelf/jest-dynamodb has it; port and installPath are what the tests choose.
module.exports = {
  tables: [
    {
      TableName: 'files',
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
      AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
      ProvisionedThroughput: { ReadCapacityUnits: 1, WriteCapacityUnits: 1 },
    },
  ],
  hostname: '127.0.0.1',
  port: Number(process.env.TEST_PORT),
  installerConfig: { installPath: process.env.TEST_INSTALL_PATH },
}
