-- SPDX-License-Identifier: Apache-2.0
-- What an AWS SDK sends with a request, its signature in form only.
return {
  ["content-type"] = "application/x-amz-json-1.0",
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
