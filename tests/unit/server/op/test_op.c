/* SPDX-License-Identifier: Apache-2.0 */
/* Whole jobs, JSON in and JSON out. */
#include "store/nowait.h"
#include "table/read.h"
#include "unit/server/op/jobs.h"
#include "unit/server/store/temporary.h"
#include "unit/server/tables.h"
#include "unit/unit.h"

/* --- Scripts ------------------------------------------------------------------------------------------------------ */

#define Q(text) "\\u0027" text "\\u0027" /* PartiQL's quotes */

static const struct step steps[] = {
    {"DescribeTimeToLive", "{'TableName':'test'}", "{'TimeToLiveDescription':{'TimeToLiveStatus':'DISABLED'}}"},
    {"UpdateTimeToLive", "{'TableName':'test','TimeToLiveSpecification':{'Enabled':false,'AttributeName':'ttl'}}",
     "ValidationException: TimeToLive is already disabled"},
    {"UpdateTimeToLive", "{'TableName':'test','TimeToLiveSpecification':{'Enabled':true,'AttributeName':'ttl'}}",
     "{'TimeToLiveSpecification':{'AttributeName':'ttl','Enabled':true}}"},
    {"DescribeTimeToLive", "{'TableName':'test'}",
     "{'TimeToLiveDescription':{'TimeToLiveStatus':'ENABLED','AttributeName':'ttl'}}"},
    {"UpdateTimeToLive", "{'TableName':'test','TimeToLiveSpecification':{'Enabled':true,'AttributeName':'other'}}",
     "ValidationException: TimeToLive is active on a different AttributeName: current AttributeName is ttl"},
    {"UpdateTimeToLive", "{'TableName':'test','TimeToLiveSpecification':{'Enabled':false,'AttributeName':'ttl'}}",
     "{'TimeToLiveSpecification':{'AttributeName':'ttl','Enabled':false}}"},
    {"DescribeTimeToLive", "{'TableName':'nope'}",
     "ResourceNotFoundException: Requested resource not found: Table: nope not found"},
    {"PutItem",
     "{'TableName':'test','Item':{'a':{'S':'1'},'g':{'S':'x'},'l':{'S':'z'},'pk':{'S':'p'},'sk':{'N':'1.0'}}}", "{}"},
    {"PutItem",
     "{'TableName':'test','ReturnValues':'ALL_OLD','ReturnConsumedCapacity':'INDEXES','Item':{'a':{'S':'2'},"
     "'g':{'S':'x'},'pk':{'S':'p'},'sk':{'N':'1'}}}",
     "{'Attributes':{'a':{'S':'1'},'g':{'S':'x'},'l':{'S':'z'},'pk':{'S':'p'},'sk':{'N':'1'}},"
     "'ConsumedCapacity':{'TableName':'test','CapacityUnits':3.0,'Table':{'CapacityUnits':1.0},"
     "'LocalSecondaryIndexes':{'lsi':{'CapacityUnits':1.0}},"
     "'GlobalSecondaryIndexes':{'gsi':{'CapacityUnits':1.0}}}}"},
    {"PutItem",
     "{'TableName':'test','ConditionExpression':'attribute_not_exists(pk)','Item':{'pk':{'S':'p'},"
     "'sk':{'N':'1'}}}",
     "ConditionalCheckFailedException: The conditional request failed"},
    {"PutItem",
     "{'TableName':'test','ConditionExpression':'attribute_not_exists(pk)',"
     "'ReturnValuesOnConditionCheckFailure':'ALL_OLD','Item':{'pk':{'S':'p'},'sk':{'N':'1'}}}",
     "{'__type':'com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException','Item':{'a':{'S':'2'},"
     "'g':{'S':'x'},'pk':{'S':'p'},'sk':{'N':'1'}},'message':'The conditional request failed'}"},
    {"PutItem", "{'TableName':'test','Expected':{'a':{'Value':{'S':'3'}}},'Item':{'pk':{'S':'p'},'sk':{'N':'1'}}}",
     "ConditionalCheckFailedException: The conditional request failed"},
    {"PutItem", "{'TableName':'test','Item':{'pk':{'S':'p'}}}",
     "ValidationException: One or more parameter values were invalid: Missing the key sk in the item"},
    {"PutItem", "{'TableName':'test','Item':{'g':{'N':'1'},'pk':{'S':'p'},'sk':{'N':'1'}}}",
     "ValidationException: One or more parameter values were invalid: Type mismatch for Index Key g Expected: "
     "S Actual: N IndexName: gsi"},
    {"PutItem", "{'TableName':'test','ReturnValues':'ALL_NEW','Item':{'pk':{'S':'p'},'sk':{'N':'1'}}}",
     "ValidationException: 1 validation error detected: ReturnValues can only be ALL_OLD or NONE"},
    {"PutItem", "{'TableName':'nope','Item':{'pk':{'S':'p'},'sk':{'N':'1'}}}",
     "ResourceNotFoundException: Requested resource not found"},
    {"PutItem", "{'TableName':'test','ExpressionAttributeNames':{'#a':'a'},'Item':{'pk':{'S':'p'},'sk':{'N':'1'}}}",
     "ValidationException: 1 validation error detected: ExpressionAttributeNames can only be specified when using "
     "expressions"},
    {"PutItem",
     "{'TableName':'test','ConditionExpression':'a = :a','Expected':{},'Item':{'pk':{'S':'p'},'sk':{'N':'1'}}}",
     "ValidationException: 1 validation error detected: Can not use both expression and non-expression parameters in "
     "the same request: "
     "Non-expression parameters: {Expected} Expression parameters: {ConditionExpression}"},
    {"PutItem", "{'TableName':'test','Item':3}", "SerializationException: Unexpected field type"},
    {"PutItem", "{", "SerializationException: "},
    {"GetItem", "{'TableName':'test','Key':{'pk':{'S':'p'},'sk':{'N':'1'}},'ReturnConsumedCapacity':'TOTAL'}",
     "{'Item':{'a':{'S':'2'},'g':{'S':'x'},'pk':{'S':'p'},'sk':{'N':'1'}},"
     "'ConsumedCapacity':{'TableName':'test','CapacityUnits':0.5}}"},
    {"GetItem",
     "{'TableName':'test','Key':{'pk':{'S':'p'},'sk':{'N':'1'}},'ConsistentRead':true,"
     "'ProjectionExpression':'#a, nope','ExpressionAttributeNames':{'#a':'a'},"
     "'ReturnConsumedCapacity':'INDEXES'}",
     "{'Item':{'a':{'S':'2'}},'ConsumedCapacity':{'TableName':'test','CapacityUnits':1.0,"
     "'Table':{'CapacityUnits':1.0}}}"},
    {"GetItem", "{'TableName':'test','Key':{'pk':{'S':'p'},'sk':{'N':'1'}},'ProjectionExpression':'nope'}",
     "{'Item':{}}"},
    {"GetItem", "{'TableName':'test','Key':{'pk':{'S':'p'},'sk':{'N':'2'}},'ReturnConsumedCapacity':'TOTAL'}",
     "{'ConsumedCapacity':{'TableName':'test','CapacityUnits':0.5}}"},
    {"GetItem", "{'TableName':'test','Key':{'pk':{'S':'p'}}}",
     "ValidationException: The provided key element does not match the schema"},
    {"GetItem", "{'TableName':'test','Key':{'pk':{'S':'p'},'sk':{'N':'1'}},'AttributesToGet':['a']}",
     "{'Item':{'a':{'S':'2'}}}"},
    {"GetItem",
     "{'TableName':'test','Key':{'pk':{'S':'p'},'sk':{'N':'1'}},'AttributesToGet':['a'],"
     "'ProjectionExpression':'a'}",
     "ValidationException: Can not use both expression and non-expression parameters in the same request: "
     "Non-expression parameters: {AttributesToGet} Expression parameters: {ProjectionExpression}"},
    {"UpdateItem",
     "{'TableName':'test','Key':{'pk':{'S':'p'},'sk':{'N':'1'}},'UpdateExpression':'SET a = :a, n = :n REMOVE "
     "g','ExpressionAttributeValues':{':a':{'S':'3'},':n':{'N':'5'}},'ReturnValues':'UPDATED_NEW',"
     "'ReturnConsumedCapacity':'INDEXES'}",
     "{'Attributes':{'a':{'S':'3'},'n':{'N':'5'}},'ConsumedCapacity':{'TableName':'test','CapacityUnits':2.0,"
     "'Table':{'CapacityUnits':1.0},'GlobalSecondaryIndexes':{'gsi':{'CapacityUnits':1.0}}}}"},
    {"UpdateItem",
     "{'TableName':'test','Key':{'pk':{'S':'p'},'sk':{'N':'1'}},'UpdateExpression':'ADD n :n',"
     "'ExpressionAttributeValues':{':n':{'N':'5'}},'ReturnValues':'UPDATED_OLD'}",
     "{'Attributes':{'n':{'N':'5'}}}"},
    {"UpdateItem",
     "{'TableName':'test','Key':{'pk':{'S':'p'},'sk':{'N':'1'}},'UpdateExpression':'SET l = :l',"
     "'ExpressionAttributeValues':{':l':{'S':'z'}},'ReturnValues':'ALL_OLD',"
     "'ReturnItemCollectionMetrics':'SIZE'}",
     "{'Attributes':{'a':{'S':'3'},'n':{'N':'10'},'pk':{'S':'p'},'sk':{'N':'1'}},"
     "'ItemCollectionMetrics':{'ItemCollectionKey':{'pk':{'S':'p'}},'SizeEstimateRangeGB':[0.0,1.0]}}"},
    {"UpdateItem", "{'TableName':'test','Key':{'pk':{'S':'p'},'sk':{'N':'1'}},'ReturnValues':'ALL_NEW'}",
     "{'Attributes':{'a':{'S':'3'},'l':{'S':'z'},'n':{'N':'10'},'pk':{'S':'p'},'sk':{'N':'1'}}}"},
    {"UpdateItem",
     "{'TableName':'test','Key':{'pk':{'S':'q'},'sk':{'N':'7'}},'AttributeUpdates':{'g':{'Value':{'S':'x'}}},"
     "'ReturnValues':'ALL_NEW'}",
     "{'Attributes':{'g':{'S':'x'},'pk':{'S':'q'},'sk':{'N':'7'}}}"},
    {"UpdateItem",
     "{'TableName':'test','Key':{'pk':{'S':'q'},'sk':{'N':'7'}},'UpdateExpression':'SET pk = :a',"
     "'ExpressionAttributeValues':{':a':{'S':'3'}}}",
     "ValidationException: One or more parameter values were invalid: Cannot update attribute pk. This "
     "attribute is part of the key"},
    {"UpdateItem",
     "{'TableName':'test','Key':{'pk':{'S':'q'},'sk':{'N':'7'}},'UpdateExpression':'SET g = :a',"
     "'ExpressionAttributeValues':{':a':{'N':'3'}}}",
     "ValidationException: One or more parameter values were invalid: Type mismatch for Index Key g Expected: S "
     "Actual: N IndexName: gsi"},
    {"UpdateItem",
     "{'TableName':'test','Key':{'pk':{'S':'q'},'sk':{'N':'7'}},'UpdateExpression':'SET a = :a',"
     "'ConditionExpression':'a = :a','ExpressionAttributeValues':{':a':{'N':'3'}}}",
     "ConditionalCheckFailedException: The conditional request failed"},
    {"Query",
     "{'TableName':'test','KeyConditionExpression':'pk = :p','ExpressionAttributeValues':{':p':{'S':'p'}},"
     "'ReturnConsumedCapacity':'INDEXES'}",
     "{'Items':[{'a':{'S':'3'},'l':{'S':'z'},'n':{'N':'10'},'pk':{'S':'p'},'sk':{'N':'1'}}],'Count':1,"
     "'ScannedCount':1,'ConsumedCapacity':{'TableName':'test','CapacityUnits':0.5,"
     "'Table':{'CapacityUnits':0.5}}}"},
    {"Query",
     "{'TableName':'test','IndexName':'lsi','KeyConditionExpression':'pk = :p',"
     "'ExpressionAttributeValues':{':p':{'S':'p'}},'ReturnConsumedCapacity':'INDEXES'}",
     "{'Items':[{'l':{'S':'z'},'pk':{'S':'p'},'sk':{'N':'1'}}],'Count':1,'ScannedCount':1,"
     "'ConsumedCapacity':{'TableName':'test','CapacityUnits':0.5,'Table':{'CapacityUnits':0.0},"
     "'LocalSecondaryIndexes':{'lsi':{'CapacityUnits':0.5}}}}"},
    {"Query",
     "{'TableName':'test','IndexName':'lsi','Select':'ALL_ATTRIBUTES','KeyConditionExpression':'pk = :p',"
     "'ExpressionAttributeValues':{':p':{'S':'p'}},'ReturnConsumedCapacity':'INDEXES'}",
     "{'Items':[{'a':{'S':'3'},'l':{'S':'z'},'n':{'N':'10'},'pk':{'S':'p'},'sk':{'N':'1'}}],'Count':1,"
     "'ScannedCount':1,'ConsumedCapacity':{'TableName':'test','CapacityUnits':1.0,"
     "'Table':{'CapacityUnits':0.5},'LocalSecondaryIndexes':{'lsi':{'CapacityUnits':0.5}}}}"},
    {"Query",
     "{'TableName':'test','IndexName':'gsi','KeyConditionExpression':'g = :p',"
     "'ExpressionAttributeValues':{':p':{'S':'x'}},'ReturnConsumedCapacity':'INDEXES'}",
     "{'Items':[{'g':{'S':'x'},'pk':{'S':'q'},'sk':{'N':'7'}}],'Count':1,'ScannedCount':1,"
     "'ConsumedCapacity':{'TableName':'test','CapacityUnits':0.5,'Table':{'CapacityUnits':0.0},"
     "'GlobalSecondaryIndexes':{'gsi':{'CapacityUnits':0.5}}}}"},
    {"Query",
     "{'TableName':'test','IndexName':'gsi','ConsistentRead':true,'KeyConditionExpression':'g = :p',"
     "'ExpressionAttributeValues':{':p':{'S':'x'}}}",
     "ValidationException: Consistent reads are not supported on global secondary indexes"},
    {"Query",
     "{'TableName':'test','IndexName':'none','KeyConditionExpression':'g = :p',"
     "'ExpressionAttributeValues':{':p':{'S':'x'}}}",
     "ValidationException: The table does not have the specified index: none"},
    {"Query",
     "{'TableName':'test','IndexName':'gsi','KeyConditionExpression':'g = :p','FilterExpression':'b = :p',"
     "'ExpressionAttributeValues':{':p':{'S':'x'}}}",
     "ValidationException: One or more parameter values were invalid: Secondary index gsi does not project one "
     "or more filter attributes: [b]"},
    {"Query",
     "{'TableName':'test','KeyConditionExpression':'pk = :p','Limit':1,'Select':'COUNT',"
     "'ExpressionAttributeValues':{':p':{'S':'p'}}}",
     "{'Count':1,'ScannedCount':1,'LastEvaluatedKey':{'pk':{'S':'p'},'sk':{'N':'1'}}}"},
    {"Query",
     "{'TableName':'test','KeyConditionExpression':'pk = :p','ExpressionAttributeValues':{':p':{'S':'nobody'}},"
     "'ReturnConsumedCapacity':'TOTAL'}",
     "{'Items':[],'Count':0,'ScannedCount':0,'ConsumedCapacity':{'TableName':'test','CapacityUnits':0.5}}"},
    {"Query",
     "{'TableName':'test','KeyConditions':{'pk':{'ComparisonOperator':'EQ','AttributeValueList':[{'S':'q'}]}}}",
     "{'Items':[{'g':{'S':'x'},'pk':{'S':'q'},'sk':{'N':'7'}}],'Count':1,'ScannedCount':1}"},
    {"Query", "{'TableName':'test'}",
     "ValidationException: Either the KeyConditions or KeyConditionExpression parameter must be specified in "
     "the request."},
    {"Scan", "{'TableName':'test','ProjectionExpression':'pk'}",
     "{'Items':[{'pk':{'S':'p'}},{'pk':{'S':'q'}}],'Count':2,'ScannedCount':2}"},
    {"Scan", "{'TableName':'test','FilterExpression':'attribute_exists(g)','ReturnConsumedCapacity':'TOTAL'}",
     "{'Items':[{'g':{'S':'x'},'pk':{'S':'q'},'sk':{'N':'7'}}],'Count':1,'ScannedCount':2,"
     "'ConsumedCapacity':{'TableName':'test','CapacityUnits':0.5}}"},
    {"Scan", "{'TableName':'test','IndexName':'gsi'}",
     "{'Items':[{'g':{'S':'x'},'pk':{'S':'q'},'sk':{'N':'7'}}],'Count':1,'ScannedCount':1}"},
    {"Scan", "{'TableName':'test','Segment':1}",
     "ValidationException: The TotalSegments parameter is required but was not present in the request when "
     "Segment parameter is present"},
    {"Scan", "{'TableName':'test','Segment':2,'TotalSegments':2}",
     "ValidationException: The Segment parameter is zero-based and must be less than parameter TotalSegments"},
    {"BatchWriteItem",
     "{'RequestItems':{'test':[{'PutRequest':{'Item':{'g':{'S':'y'},'pk':{'S':'b'},'sk':{'N':'1'}}}},"
     "{'DeleteRequest':{'Key':{'pk':{'S':'p'},'sk':{'N':'1'}}}}]},'ReturnConsumedCapacity':'INDEXES',"
     "'ReturnItemCollectionMetrics':'SIZE'}",
     "{'UnprocessedItems':{},'ItemCollectionMetrics':{'test':[{'ItemCollectionKey':{'pk':{'S':'b'}},"
     "'SizeEstimateRangeGB':[0.0,1.0]},{'ItemCollectionKey':{'pk':{'S':'p'}},'SizeEstimateRangeGB':[0.0,"
     "1.0]}]},'ConsumedCapacity':[{'TableName':'test','CapacityUnits':4.0,'Table':{'CapacityUnits':2.0},"
     "'LocalSecondaryIndexes':{'lsi':{'CapacityUnits':1.0}},"
     "'GlobalSecondaryIndexes':{'gsi':{'CapacityUnits':1.0}}}]}"},
    {"BatchWriteItem",
     "{'RequestItems':{'test':[{'PutRequest':{'Item':{'pk':{'S':'b'},'sk':{'N':'1'}}}},"
     "{'DeleteRequest':{'Key':{'pk':{'S':'b'},'sk':{'N':'1.0'}}}}]}}",
     "ValidationException: Provided list of item keys contains duplicates"},
    {"BatchWriteItem",
     "{'RequestItems':{'test':[{'PutRequest':{'Item':{'pk':{'S':'b'},'sk':{'N':'9'}}}},"
     "{'DeleteRequest':{'Key':{'pk':{'S':'b'}}}}]}}",
     "ValidationException: The provided key element does not match the schema"},
    {"BatchWriteItem",
     "{'RequestItems':{'test':[{'PutRequest':{'Item':{'pk':{'S':'b'},'sk':{'N':'9'}}}}],"
     "'nope':[{'PutRequest':{'Item':{'pk':{'S':'b'},'sk':{'N':'9'}}}}]}}",
     "ResourceNotFoundException: Requested resource not found"},
    {"BatchGetItem",
     "{'RequestItems':{'test':{'Keys':[{'pk':{'S':'b'},'sk':{'N':'1'}},{'pk':{'S':'q'},'sk':{'N':'7'}},"
     "{'pk':{'S':'nobody'},'sk':{'N':'1'}}]}},'ReturnConsumedCapacity':'TOTAL'}",
     "{'Responses':{'test':[{'g':{'S':'y'},'pk':{'S':'b'},'sk':{'N':'1'}},{'g':{'S':'x'},'pk':{'S':'q'},"
     "'sk':{'N':'7'}}]},'UnprocessedKeys':{},'ConsumedCapacity':[{'TableName':'test','CapacityUnits':1.5}]}"},
    {"BatchGetItem",
     "{'RequestItems':{'test':{'ProjectionExpression':'g','ConsistentRead':true,'Keys':[{'pk':{'S':'b'},"
     "'sk':{'N':'1'}}]}},'ReturnConsumedCapacity':'TOTAL'}",
     "{'Responses':{'test':[{'g':{'S':'y'}}]},'UnprocessedKeys':{},'ConsumedCapacity':[{'TableName':'test',"
     "'CapacityUnits':1.0}]}"},
    {"BatchGetItem",
     "{'RequestItems':{'test':{'Keys':[{'pk':{'S':'b'},'sk':{'N':'1'}},{'pk':{'S':'b'},'sk':{'N':'1'}}]}}}",
     "ValidationException: Provided list of item keys contains duplicates"},
    {"DeleteItem",
     "{'TableName':'test','Key':{'pk':{'S':'b'},'sk':{'N':'1'}},'ConditionExpression':'g = :g',"
     "'ExpressionAttributeValues':{':g':{'S':'no'}}}",
     "ConditionalCheckFailedException: The conditional request failed"},
    {"DeleteItem",
     "{'TableName':'test','Key':{'pk':{'S':'b'},'sk':{'N':'1'}},'ReturnValues':'ALL_OLD',"
     "'ReturnConsumedCapacity':'INDEXES'}",
     "{'Attributes':{'g':{'S':'y'},'pk':{'S':'b'},'sk':{'N':'1'}},'ConsumedCapacity':{'TableName':'test',"
     "'CapacityUnits':2.0,'Table':{'CapacityUnits':1.0},"
     "'GlobalSecondaryIndexes':{'gsi':{'CapacityUnits':1.0}}}}"},
    {"DeleteItem",
     "{'TableName':'test','Key':{'pk':{'S':'b'},'sk':{'N':'1'}},'ReturnValues':'ALL_OLD',"
     "'ReturnConsumedCapacity':'TOTAL'}",
     "{'ConsumedCapacity':{'TableName':'test','CapacityUnits':1.0}}"},
    {"ExecuteStatement",
     "{'Statement':'INSERT INTO test VALUE {" Q("pk") ":?, " Q("sk") ":1, " Q(
         "g") ":?}',"
              "'Parameters':[{'S':'s'},{'S':'x'}],'ReturnConsumedCapacity':'INDEXES'}",
     "{'Items':[],'ConsumedCapacity':{'TableName':'test','CapacityUnits':2.0,'Table':{'CapacityUnits':1.0},'"
     "GlobalSecondaryIndexes':{'gsi':{'CapacityUnits':1.0}}}}"},
    {"ExecuteStatement", "{'Statement':'INSERT INTO test VALUE {" Q("pk") ":" Q("s") ", " Q("sk") ":1.0}'}",
     "DuplicateItemException: Duplicate primary key exists in table"},
    {"ExecuteStatement",
     "{'Statement':'UPDATE test SET a=? SET n=2 WHERE pk=? AND sk=1 AND g=? RETURNING MODIFIED NEW *',"
     "'Parameters':[{'S':'1'},{'S':'s'},{'S':'x'}]}",
     "{'Items':[{'a':{'S':'1'},'n':{'N':'2'}}]}"},
    {"ExecuteStatement",
     "{'Statement':'UPDATE test SET a=? WHERE pk=? AND sk=1 AND g=?','ReturnValuesOnConditionCheckFailure':'ALL_OLD',"
     "'Parameters':[{'S':'1'},{'S':'s'},{'S':'y'}]}",
     "{'__type':'com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException','Item':{'a':{'S':'1'},'g':{'S':'x'},"
     "'n':{'N':'2'},'pk':{'S':'s'},'sk':{'N':'1'}},'message':'The conditional request failed'}"},
    {"ExecuteStatement",
     "{'Statement':'SELECT sk, n FROM test WHERE pk=? AND sk>0','Parameters':[{'S':'s'}],"
     "'ReturnConsumedCapacity':'TOTAL'}",
     "{'Items':[{'n':{'N':'2'},'sk':{'N':'1'}}],'ConsumedCapacity':{'TableName':'test','CapacityUnits':0.5}}"},
    {"ExecuteStatement", "{'Statement':'SELECT sk FROM test WHERE n=2'}", "{'Items':[{'sk':{'N':'1'}}]}"},
    {"ExecuteStatement", "{'Statement':'SELECT sk FROM test.gsi WHERE g=?','Parameters':[{'S':'x'}]}",
     "{'Items':[{'sk':{'N':'7'}},{'sk':{'N':'1'}}]}"},
    {"ExecuteStatement", "{'Statement':'SELECT * FROM nope'}",
     "ResourceNotFoundException: Requested resource not found"},
    {"ExecuteStatement", "{'Statement':'SELECT * FROM test WHERE'}",
     "ValidationException: Statement wasn't well formed, can't be processed: Unexpected term"},
    {"BatchExecuteStatement",
     "{'ReturnConsumedCapacity':'TOTAL','Statements':["
     "{'Statement':'SELECT n FROM test WHERE pk=? AND sk=1','Parameters':[{'S':'s'}]},"
     "{'Statement':'SELECT n FROM nope WHERE pk=? AND sk=1','Parameters':[{'S':'s'}]},"
     "{'Statement':'SELECT n FROM test WHERE pk=? AND sk=3','Parameters':[{'S':'s'}]}]}",
     "{'Responses':[{'TableName':'test','Item':{'n':{'N':'2'}}},{'Error':{'Code':'ResourceNotFound','Message':'"
     "Requested resource not "
     "found'}},{'TableName':'test'}],'ConsumedCapacity':[{'TableName':'test','CapacityUnits':1.0}]}"},
    {"BatchExecuteStatement",
     "{'Statements':[{'Statement':'UPDATE test SET n=3 WHERE pk=? AND sk=1','Parameters':[{'S':'s'}]},"
     "{'Statement':'INSERT INTO test VALUE {" Q("pk") ":" Q("s") ", " Q("sk") ":1}'}]}",
     "{'Responses':[{'TableName':'test'},{'Error':{'Code':'DuplicateItem','Message':'Duplicate primary key exists in "
     "table'},'TableName':'test'}]}"},
    {"ExecuteTransaction",
     "{'TransactStatements':[{'Statement':'SELECT n FROM test WHERE pk=? AND sk=1','Parameters':[{'S':'s'}]},"
     "{'Statement':'SELECT * FROM test WHERE pk=? AND sk=3','Parameters':[{'S':'s'}]}]}",
     "{'Responses':[{'Item':{'n':{'N':'3'}}},{}]}"},
    {"ExecuteTransaction",
     "{'TransactStatements':[{'Statement':'DELETE FROM test WHERE pk=? AND sk=1','Parameters':[{'S':'s'}]},"
     "{'Statement':'EXISTS(SELECT * FROM test WHERE pk=? AND sk=7 AND g=?)','Parameters':[{'S':'q'},{'S':'no'}]}]}",
     "{'__type':'com.amazonaws.dynamodb.v20120810#TransactionCanceledException','CancellationReasons':[{'Code':'None'},"
     "{'Code':'ConditionalCheckFailed','Message':'The conditional request failed'}],'Message':'Transaction cancelled, "
     "please refer cancellation reasons for specific reasons [None, ConditionalCheckFailed]'}"},
    {"ExecuteTransaction",
     "{'ReturnConsumedCapacity':'TOTAL','TransactStatements':["
     "{'Statement':'DELETE FROM test WHERE pk=? AND sk=1','Parameters':[{'S':'s'}]},"
     "{'Statement':'EXISTS(SELECT * FROM test WHERE pk=? AND sk=7 AND g=?)','Parameters':[{'S':'q'},{'S':'x'}]}]}",
     "{'Responses':[],'ConsumedCapacity':[{'TableName':'test','CapacityUnits':5.0,'WriteCapacityUnits':5.0}]}"},
    {"ExecuteStatement",
     "{'Statement':'DELETE FROM test WHERE pk=? AND sk=1 RETURNING ALL OLD *','Parameters':[{'S':'s'}]}",
     "{'Items':[]}"},
    {"ListTables", "{}", "{'TableNames':['test']}"},
    {"DescribeTable", "{'TableName':'test'}", "~'TableSizeBytes':9,'ItemCount':1,"},
    {"DescribeTable", "{'TableName':'nope'}",
     "ResourceNotFoundException: Requested resource not found: Table: nope not found"},
    {"CreateTable", "{'TableName':'test'}",
     "ValidationException: 2 validation errors detected: Value null at 'keySchema' failed to satisfy "
     "constraint: Member must not be null; Value null at 'attributeDefinitions' failed to satisfy constraint: "
     "Member must not be null"},
    {"UpdateTable", "{'TableName':'nope','BillingMode':'PAY_PER_REQUEST'}",
     "ResourceNotFoundException: Requested resource not found: Table: nope not found"},
    {"DeleteTable", "{'TableName':'nope'}",
     "ResourceNotFoundException: Requested resource not found: Table: nope not found"},
};

/* Every step on a loop, going to a worker if it must; then all of them on workers: the answers are the same. */
static void script(void **state)
{
    (void)state;
    for (int on_worker = 0; on_worker < 2; on_worker++) {
        struct engine *engine = open_engine(NULL);

        run_step(engine, 0, &create, on_worker != 0);
        for (size_t i = 0; i < COUNT_OF(steps); i++) {
            run_step(engine, i + 1, &steps[i], on_worker != 0);
            audit(engine);
        }
        engine_close(engine);
    }
}

/* Whatever is asked for, there is an answer; what is not built says so, once the request is valid. */
static void every_operation_answers(void **state)
{
    static const char *const bodies[] = {"{}", "{\"TableName\":\"test\"}", "[]", "", "{\"TableName\":{}}"};
    struct engine *engine = open_engine(NULL);
    static struct answer answer;
    size_t operations = 0;

    (void)state;
    for (int i = OPERATION_NONE + 1; i < OPERATION_COUNT; i++, operations++)
        for (size_t b = 0; b < COUNT_OF(bodies); b++) {
            const char *name = operation_info((enum operation)i)->name;
            bool unsupported;

            run_job(&answer, engine, (enum operation)i, bodies[b], b % 2 == 0, JOB_ARENA_MAX);
            unsupported = strstr(answer.text, "is not supported by Stator yet") != NULL;
            if (unsupported && (answer.rc != STATOR_VALIDATION || strstr(answer.text, name) == NULL))
                fail_msg("%s is not named by: %s", name, answer.text);
            if ((b == 2 || b == 3) && answer.rc != STATOR_SERIALIZATION)
                fail_msg("%s %s: %s", name, bodies[b], answer.text);
            assert_int_not_equal(answer.rc, STATOR_UNKNOWN_OPERATION);
            assert_int_not_equal(answer.rc, STATOR_INTERNAL_SERVER_ERROR);
        }
    assert_int_equal(operations, 66);
    engine_close(engine);
}

/* --- Memory that ends --------------------------------------------------------------------------------------------- */

#define ALL_CAPACITY "'TableName':'test','ReturnConsumedCapacity':'INDEXES'"

/* A request that runs out of memory is refused alone and leaves everything as it was, wherever it
 * ran out; the one with enough gives the whole answer. */
static void memory_ends(void **state)
{
    static const struct {
        struct step step;
        bool in_parts; /* a batch: what was done before the end stays done */
    } cases[] = {
        {{"GetItem", "{" ALL_CAPACITY ",'Key':{'pk':{'S':'p'},'sk':{'N':'1'}},'ProjectionExpression':'m.n[0], g'}",
          "{'Item':{'g':{'S':'x'},'m':{'M':{'n':{'L':[{'N':'1'}]}}}},'ConsumedCapacity':{'TableName':'test',"
          "'CapacityUnits':0.5,'Table':{'CapacityUnits':0.5}}}"},
         false},
        {{"PutItem",
          "{" ALL_CAPACITY
          ",'ReturnValues':'ALL_OLD','ReturnItemCollectionMetrics':'SIZE','ConditionExpression':'g = :g',"
          "'ExpressionAttributeValues':{':g':{'S':'x'}},'Item':{'pk':{'S':'p'},'sk':{'N':'1'},'g':{'S':'y'}}}",
          "{'Attributes':{'g':{'S':'x'},'l':{'S':'l'},'m':{'M':{'n':{'L':[{'N':'1'}]}}},'pk':{'S':'p'},'sk':{'N':'1'}},"
          "'ConsumedCapacity':{'TableName':'test','CapacityUnits':4.0,'Table':{'CapacityUnits':1.0},"
          "'LocalSecondaryIndexes':{'lsi':{'CapacityUnits':1.0}},'GlobalSecondaryIndexes':{'gsi':{'CapacityUnits':2.0}}"
          "},"
          "'ItemCollectionMetrics':{'ItemCollectionKey':{'pk':{'S':'p'}},'SizeEstimateRangeGB':[0.0,1.0]}}"},
         false},
        {{"UpdateItem",
          "{" ALL_CAPACITY ",'ReturnValues':'UPDATED_NEW','ReturnItemCollectionMetrics':'SIZE','UpdateExpression':"
          "'SET m.n[1] = :n, l = :l REMOVE g','ExpressionAttributeValues':{':n':{'N':'2'},':l':{'S':'k'}},"
          "'Key':{'pk':{'S':'p'},'sk':{'N':'2'}}}",
          "{'Attributes':{'l':{'S':'k'},'m':{'M':{'n':{'L':[{'N':'2'}]}}}},'ConsumedCapacity':{'TableName':'test',"
          "'CapacityUnits':4.0,'Table':{'CapacityUnits':1.0},'LocalSecondaryIndexes':{'lsi':{'CapacityUnits':2.0}},"
          "'GlobalSecondaryIndexes':{'gsi':{'CapacityUnits':1.0}}},"
          "'ItemCollectionMetrics':{'ItemCollectionKey':{'pk':{'S':'p'}},'SizeEstimateRangeGB':[0.0,1.0]}}"},
         false},
        {{"DeleteItem", "{" ALL_CAPACITY ",'ReturnValues':'ALL_OLD','Key':{'pk':{'S':'p'},'sk':{'N':'3'}}}",
          "{'Attributes':{'g':{'S':'x'},'l':{'S':'l'},'m':{'M':{'n':{'L':[{'N':'1'}]}}},'pk':{'S':'p'},'sk':{'N':'3'}},"
          "'ConsumedCapacity':{'TableName':'test','CapacityUnits':3.0,'Table':{'CapacityUnits':1.0},"
          "'LocalSecondaryIndexes':{'lsi':{'CapacityUnits':1.0}},'GlobalSecondaryIndexes':{'gsi':{'CapacityUnits':1.0}}"
          "}}"},
         false},
        {{"Query",
          "{" ALL_CAPACITY
          ",'IndexName':'lsi','Limit':2,'KeyConditionExpression':'pk = :p AND l > :l','FilterExpression':"
          "'#m.n[0] = :n','ProjectionExpression':'sk, #m','ExpressionAttributeNames':{'#m':'m'},"
          "'ExpressionAttributeValues':{':p':{'S':'p'},':l':{'S':'k'},':n':{'N':'1'}}}",
          "~'Count':2,'ScannedCount':2,'LastEvaluatedKey':{'l':{'S':'l'},'pk':{'S':'p'},'sk':{'N':'4'}},"
          "'ConsumedCapacity':{'TableName':'test','CapacityUnits':"},
         false},
        {{"Scan", "{" ALL_CAPACITY ",'IndexName':'gsi','Limit':1}",
          "~'LastEvaluatedKey':{'g':{'S':'x'},'pk':{'S':'p'},'sk':{'N':'0'}},'ConsumedCapacity':{'TableName':'test',"
          "'CapacityUnits':0.5,"},
         false},
        {{"BatchGetItem",
          "{'ReturnConsumedCapacity':'INDEXES','RequestItems':{'test':{'ProjectionExpression':'sk','Keys':["
          "{'pk':{'S':'p'},'sk':{'N':'0'}},{'pk':{'S':'p'},'sk':{'N':'4'}},{'pk':{'S':'q'},'sk':{'N':'4'}}]}}}",
          "{'Responses':{'test':[{'sk':{'N':'0'}},{'sk':{'N':'4'}}]},'UnprocessedKeys':{},'ConsumedCapacity':["
          "{'TableName':'test','CapacityUnits':1.5,'Table':{'CapacityUnits':1.5}}]}"},
         false},
        {{"BatchWriteItem",
          "{'ReturnConsumedCapacity':'TOTAL','ReturnItemCollectionMetrics':'SIZE','RequestItems':{'test':["
          "{'PutRequest':{'Item':{'pk':{'S':'n'},'sk':{'N':'0'},'g':{'S':'z'}}}},"
          "{'DeleteRequest':{'Key':{'pk':{'S':'p'},'sk':{'N':'4'}}}}]}}",
          "~{'UnprocessedItems':{},'ItemCollectionMetrics':{'test':[{'ItemCollectionKey':{'pk':{'S':'n'}},"},
         true},
        {{"TransactGetItems",
          "{'ReturnConsumedCapacity':'INDEXES','TransactItems':["
          "{'Get':{'TableName':'test','Key':{'pk':{'S':'p'},'sk':{'N':'0'}},'ProjectionExpression':'sk, m.n[0]'}},"
          "{'Get':{'TableName':'test','Key':{'pk':{'S':'q'},'sk':{'N':'0'}}}}]}",
          "{'ConsumedCapacity':[{'TableName':'test','CapacityUnits':4.0,'ReadCapacityUnits':4.0,"
          "'Table':{'ReadCapacityUnits':4.0,'CapacityUnits':4.0}}],"
          "'Responses':[{'Item':{'m':{'M':{'n':{'L':[{'N':'1'}]}}},'sk':{'N':'0'}}},{}]}"},
         false},
        {{"TransactWriteItems",
          "{'ReturnConsumedCapacity':'INDEXES','ReturnItemCollectionMetrics':'SIZE','ClientRequestToken':'t',"
          "'TransactItems':["
          "{'Put':{'TableName':'test','Item':{'pk':{'S':'t'},'sk':{'N':'0'},'g':{'S':'z'}}}},"
          "{'Update':{'TableName':'test','Key':{'pk':{'S':'t'},'sk':{'N':'1'}},'UpdateExpression':'SET #l = :l',"
          "'ExpressionAttributeNames':{'#l':'l'},'ExpressionAttributeValues':{':l':{'S':'x'}}}},"
          "{'ConditionCheck':{'TableName':'test','Key':{'pk':{'S':'q'},'sk':{'N':'0'}},"
          "'ConditionExpression':'attribute_not_exists(pk)'}}]}",
          "~{'ConsumedCapacity':[{'TableName':'test','CapacityUnits':8.0,'WriteCapacityUnits':8.0,"
          "'Table':{'WriteCapacityUnits':6.0,'CapacityUnits':6.0},"},
         false},
        {{"ExecuteStatement",
          "{'ReturnConsumedCapacity':'INDEXES','Limit':3,'Parameters':[{'S':'p'},{'S':'p'},{'N':'1'},{'N':'1'}],"
          "'Statement':'SELECT sk, m.n[0] FROM test WHERE (pk=? AND sk<1) OR (pk=? AND sk>=? AND m.n[0]=?) ORDER BY "
          "pk, sk DESC'}",
          "~'Items':[{'n[0]':{'N':'1'},'sk':{'N':'2'}},{'n[0]':{'N':'1'},'sk':{'N':'0'}}],"},
         false},
        {{"ExecuteStatement",
          "{'ReturnConsumedCapacity':'INDEXES','Parameters':[{'S':'y'},{'S':'p'},{'S':'x'}],"
          "'Statement':'UPDATE test SET m.n=list_append(m.n, [1,{" Q("a") ":<<2>>}]) SET l=? REMOVE g WHERE "
                                                                          "sk=0 AND pk=? AND g=? RETURNING ALL NEW *'}",
          "{'Items':[{'l':{'S':'y'},'m':{'M':{'n':{'L':[{'N':'1'},{'N':'1'},{'M':{'a':{'NS':['2']}}}]}}},'pk':{'S':'p'}"
          ",'sk':{'N':'0'}}],'ConsumedCapacity':{'TableName':'test','CapacityUnits':4.0,'Table':{'CapacityUnits':1.0},'"
          "LocalSecondaryIndexes':{'lsi':{'CapacityUnits':2.0}},'GlobalSecondaryIndexes':{'gsi':{'CapacityUnits':1.0}}}"
          "}"},
         false},
        {{"ExecuteStatement", "{'Statement':'INSERT INTO test VALUE {" Q("pk") ":" Q("q") ", " Q("sk") ":1}'}",
          "{'Items':[]}"},
         false},
        {{"BatchExecuteStatement",
          "{'Statements':[{'Statement':'SELECT sk FROM test WHERE pk=? AND sk=1','Parameters':[{'S':'p'}]},"
          "{'Statement':'SELECT sk FROM test WHERE pk=? AND sk=0','Parameters':[{'S':'p'}]}]}",
          "{'Responses':[{'TableName':'test','Item':{'sk':{'N':'1'}}},{'TableName':'test','Item':{'sk':{'N':'0'}}}]}"},
         false},
        {{"ExecuteTransaction",
          "{'TransactStatements':[{'Statement':'SELECT sk FROM test WHERE pk=? AND sk=1','Parameters':[{'S':'p'}]},"
          "{'Statement':'SELECT sk FROM test WHERE pk=? AND sk=0','Parameters':[{'S':'p'}]}]}",
          "{'Responses':[{'Item':{'sk':{'N':'1'}}},{'Item':{'sk':{'N':'0'}}}]}"},
         false},
        {{"ExecuteTransaction",
          "{'ClientRequestToken':'pt','TransactStatements':["
          "{'Statement':'UPDATE test SET a=? WHERE pk=? AND sk=1','Parameters':[{'S':'1'},{'S':'p'}]},"
          "{'Statement':'EXISTS(SELECT * FROM test WHERE pk=? AND sk=0 AND l=?)','Parameters':[{'S':'p'},{'S':'y'}]}]}",
          "{'Responses':[]}"},
         false},
        {{"DescribeTable", "{'TableName':'test'}", "~'ItemCount':"}, false},
        {{"ListTables", "{}", "{'TableNames':['test']}"}, false},
    };
    static struct answer before, after, answer;
    struct engine *engine = open_engine(NULL);

    (void)state;
    fill(engine);
    for (size_t c = 0; c < COUNT_OF(cases); c++) {
        const struct step *step = &cases[c].step;
        char request[4096];
        size_t refused = 0;

        quoted(request, sizeof(request), step->request);
        contents(&before, engine);
        for (size_t max = 0;; max += 8) {
            run_job(&answer, engine, operation_named(step->operation), request, refused % 2 == 0, max);
            if (answer.rc == STATOR_OK && strstr(answer.text, "\"ThrottlingError\"") == NULL &&
                strstr(answer.text, "\"UnprocessedKeys\":{\"") == NULL &&
                (!cases[c].in_parts || strstr(answer.text, "\"UnprocessedItems\":{}") != NULL))
                break;
            refused++;
            contents(&after, engine);
            audit(engine);
            if (cases[c].in_parts)
                continue;
            if (answer.rc != STATOR_OK && !is_memory_error(&answer))
                fail_msg("%s with %zu bytes: %s", step->operation, max, answer.text);
            if (strcmp(before.text, after.text) != 0)
                fail_msg("%s with %zu bytes failed and changed the table", step->operation, max);
        }
        if (!is_expected(answer.text, step->answer))
            fail_msg("%s:\n%s\nis not\n%s", step->operation, answer.text, step->answer);
        assert_true(refused > 5);
        audit(engine);
    }
    engine_close(engine);
}

/* What there is of tables, as text. */
static void tables_text(struct answer *out, struct engine *engine)
{
    size_t len;

    run_job(out, engine, OPERATION_ListTables, "{}", true, JOB_ARENA_MAX);
    len = strlen(out->text);
    if (strstr(out->text, "test") != NULL) {
        static struct answer description;

        run_job(&description, engine, OPERATION_DescribeTable, "{\"TableName\":\"test\"}", true, JOB_ARENA_MAX);
        snprintf(out->text + len, sizeof(out->text) - len, "%s", description.text);
    }
}

/* A change of tables that runs out of memory is none. */
static void memory_ends_for_tables(void **state)
{
    static const struct step changes[] = {
        {"CreateTable", NULL, "~'TableStatus':'CREATING'"}, /* `create` */
        {"UpdateTable",
         "{'TableName':'test','AttributeDefinitions':[{'AttributeName':'n','AttributeType':'N'}],"
         "'GlobalSecondaryIndexUpdates':[{'Create':{'IndexName':'more','KeySchema':[{'AttributeName':'n',"
         "'KeyType':'HASH'}],'Projection':{'ProjectionType':'ALL'}}}]}",
         "~'IndexStatus':'CREATING'"},
        {"UpdateTable", "{'TableName':'test','StreamSpecification':{'StreamEnabled':false}}",
         "~'StreamSpecification':{'StreamEnabled':false}"},
        {"DeleteTable", "{'TableName':'test'}", "~'TableStatus':'DELETING'"},
    };
    static struct answer before, after, answer;

    (void)state;
    for (size_t c = 0; c < COUNT_OF(changes); c++) {
        struct engine *engine = open_engine(NULL);
        char request[4096];
        size_t refused = 0;

        if (c != 0)
            fill(engine);
        quoted(request, sizeof(request), c == 0 ? create.request : changes[c].request);
        tables_text(&before, engine);
        for (size_t max = 0;; max += 16) {
            run_job(&answer, engine, operation_named(changes[c].operation), request, refused % 2 == 0, max);
            if (answer.rc == STATOR_OK)
                break;
            refused++;
            if (!is_memory_error(&answer))
                fail_msg("%s with %zu bytes: %s", changes[c].operation, max, answer.text);
            tables_text(&after, engine);
            if (strcmp(before.text, after.text) != 0)
                fail_msg("%s with %zu bytes failed and left %s\nof %s", changes[c].operation, max, after.text,
                         before.text);
        }
        if (!is_expected(answer.text, changes[c].answer))
            fail_msg("%s: %s", changes[c].operation, answer.text);
        assert_true(refused > 5);
        engine_close(engine);
    }
}

/* --- From the disk ------------------------------------------------------------------------------------------------ */

/* What is not in memory is read on a worker, and the answer is the one that a loop gives later. */
static void cold_reads_go_to_a_worker(void **state)
{
    static const struct step reads[] = {
        {"GetItem", "{'TableName':'test','Key':{'pk':{'S':'p'},'sk':{'N':'1'}}}", "~'sk':{'N':'1'}"},
        {"Query",
         "{'TableName':'test','KeyConditionExpression':'pk = :p','ExpressionAttributeValues':{':p':{'S':'p'}}}",
         "~'Count':5,'ScannedCount':5"},
        {"Scan", "{'TableName':'test','IndexName':'gsi'}", "~'Count':5,'ScannedCount':5"},
        {"BatchGetItem", "{'RequestItems':{'test':{'Keys':[{'pk':{'S':'p'},'sk':{'N':'1'}}]}}}", "~'sk':{'N':'1'}"},
        {"UpdateItem", "{'TableName':'test','Key':{'pk':{'S':'p'},'sk':{'N':'1'}},'ReturnValues':'ALL_OLD'}",
         "~'sk':{'N':'1'}"},
        {"TransactGetItems", "{'TransactItems':[{'Get':{'TableName':'test','Key':{'pk':{'S':'p'},'sk':{'N':'1'}}}}]}",
         "~'sk':{'N':'1'}"},
        {"TransactWriteItems",
         "{'ClientRequestToken':'cold','TransactItems':[{'Delete':{'TableName':'test','Key':{'pk':{'S':'p'},"
         "'sk':{'N':'4'}}}}]}",
         "{}"},
        {"DeleteItem", "{'TableName':'test','Key':{'pk':{'S':'p'},'sk':{'N':'77'}}}", "{}"},
    };
    static struct answer first, second;
    struct engine *engine;
    char dir[64], request[1024];

    (void)state;
    assert_non_null(temporary_make(dir));
    engine = open_engine(dir);
    fill_with(engine, &create_without_stream); /* opening a stream reads its last record */
    engine_close(engine);
    for (size_t i = 0; i < COUNT_OF(reads); i++) {
        enum operation operation = operation_named(reads[i].operation);

        engine = open_engine(dir);
        quoted(request, sizeof(request), reads[i].request);
        run_job(&first, engine, operation, request, false, JOB_ARENA_MAX);
        if (i < COUNT_OF(reads) - 1)
            assert_true(first.went_to_worker);
        assert_true(is_expected(first.text, reads[i].answer));
        run_job(&second, engine, operation, request, false, JOB_ARENA_MAX);
        assert_string_equal(first.text, second.text);
        audit(engine);
        engine_close(engine);
    }
    temporary_remove(dir);
}

/* A long page leaves the loop; its answer is that of a page read in one step. */
static void long_pages_leave_the_loop(void **state)
{
    static struct answer on_loop, on_worker;
    struct engine *engine = open_engine(NULL);
    char request[512], text[512];

    (void)state;
    run_step(engine, 0, &create, true);
    for (int i = 0; i < 300; i++) {
        snprintf(text, sizeof(text), "{'TableName':'test','Item':{'pk':{'S':'p%d'},'sk':{'N':'%d'}}}", i % 2, i);
        run_job(&on_loop, engine, OPERATION_PutItem, quoted(request, sizeof(request), text), false, JOB_ARENA_MAX);
        assert_int_equal(on_loop.rc, STATOR_OK);
    }
    for (int query = 0; query < 2; query++) {
        enum operation operation = query ? OPERATION_Query : OPERATION_Scan;

        quoted(request, sizeof(request),
               query ? "{'TableName':'test','KeyConditionExpression':'pk = :p','ScanIndexForward':false,"
                       "'ExpressionAttributeValues':{':p':{'S':'p1'}}}"
                     : "{'TableName':'test'}");
        run_job(&on_loop, engine, operation, request, false, JOB_ARENA_MAX);
        run_job(&on_worker, engine, operation, request, true, JOB_ARENA_MAX);
        assert_true(on_loop.went_to_worker);
        assert_non_null(strstr(on_loop.text, query ? "\"Count\":150," : "\"Count\":300,"));
        assert_string_equal(on_loop.text, on_worker.text);
    }
    engine_close(engine);
}

/* --- Durable ------------------------------------------------------------------------------------------------------ */

/* How a job of a durable engine ends, and the epoch that its answer waits for. */
static enum op_outcome outcome_of(struct engine *engine, enum operation operation, const char *text, uint64_t *epoch)
{
    char request[1024];
    struct job job = {.operation = operation, .on_worker = true};
    enum op_outcome outcome;

    job.body = bytes_of_string(quoted(request, sizeof(request), text));
    buf_init(&job.answer, JOB_ANSWER_MAX);
    arena_init(&job.arena, JOB_ARENA_MAX);
    arena_init(&job.notes, JOB_NOTES_MAX);
    outcome = op_run(engine, &job);
    *epoch = job.wait.epoch;
    arena_deinit(&job.arena);
    arena_deinit(&job.notes);
    buf_deinit(&job.answer);
    return outcome;
}

/* Whatever tells of a write that is not yet synced waits for it, and waits no more afterwards. */
static void answers_wait_for_the_sync(void **state)
{
    static const struct {
        enum operation operation;
        const char *request;
    } readers[] = {
        {OPERATION_GetItem, "{'TableName':'test','Key':{'pk':{'S':'p'},'sk':{'N':'1'}}}"},
        {OPERATION_PutItem, "{'TableName':'test','ConditionExpression':'attribute_not_exists(pk)','Item':{'pk':{'S':'p'"
                            "},'sk':{'N':'1'}}}"},
        {OPERATION_Query,
         "{'TableName':'test','KeyConditionExpression':'pk = :p','ExpressionAttributeValues':{':p':{'S':'p'}}}"},
        {OPERATION_Scan, "{'TableName':'test','IndexName':'gsi'}"},
        {OPERATION_BatchGetItem, "{'RequestItems':{'test':{'Keys':[{'pk':{'S':'p'},'sk':{'N':'1'}}]}}}"},
        {OPERATION_TransactGetItems,
         "{'TransactItems':[{'Get':{'TableName':'test','Key':{'pk':{'S':'p'},'sk':{'N':'1'}}}}]}"},
        {OPERATION_TransactWriteItems,
         "{'TransactItems':[{'ConditionCheck':{'TableName':'test','Key':{'pk':{'S':'p'},'sk':{'N':'1'}},"
         "'ConditionExpression':'attribute_not_exists(pk)'}}]}"},
        {OPERATION_TransactWriteItems,
         "{'TransactItems':[{'ConditionCheck':{'TableName':'test','Key':{'pk':{'S':'p'},'sk':{'N':'1'}},"
         "'ConditionExpression':'attribute_exists(pk)'}}]}"},
        /* Refusals that tell of the item. */
        {OPERATION_UpdateItem,
         "{'TableName':'test','Key':{'pk':{'S':'p'},'sk':{'N':'1'}},'UpdateExpression':'SET n = n - :n',"
         "'ExpressionAttributeValues':{':n':{'N':'1'}}}"},
        {OPERATION_UpdateItem,
         "{'TableName':'test','Key':{'pk':{'S':'p'},'sk':{'N':'1'}},'UpdateExpression':'SET n.m = :n',"
         "'ExpressionAttributeValues':{':n':{'N':'1'}}}"},
        {OPERATION_UpdateItem,
         "{'TableName':'test','Key':{'pk':{'S':'p'},'sk':{'N':'1'}},'AttributeUpdates':{'s':{'Action':'ADD',"
         "'Value':{'N':'1'}}}}"},
        {OPERATION_ExecuteStatement,
         "{'Statement':'UPDATE test SET n = n - 1 WHERE pk = ? AND sk = 1','Parameters':[{'S':'p'}]}"},
        {OPERATION_BatchExecuteStatement,
         "{'Statements':[{'Statement':'UPDATE test SET n = n - 1 WHERE pk = ? AND sk = 1','Parameters':[{'S':'p'}]}]}"},
        {OPERATION_TransactWriteItems,
         "{'TransactItems':[{'Update':{'TableName':'test','Key':{'pk':{'S':'p'},'sk':{'N':'1'}},'UpdateExpression':"
         "'SET n = n - :n','ExpressionAttributeValues':{':n':{'N':'1'}}}}]}"},
    };
    static const char put[] = "{'TableName':'test','Item':{'pk':{'S':'p'},'sk':{'N':'1'},'s':{'S':'text'}}}";
    struct engine_options options = {.durability = STORE_FULL, .shards = 4};
    struct stator_error err = {0};
    uint64_t written, read;
    struct engine *engine;
    char dir[64];

    (void)state;
    assert_non_null(temporary_make(dir));
    options.data_dir = dir;
    assert_int_equal(engine_open(&engine, &options, &err), STATOR_OK);
    assert_int_equal(outcome_of(engine, OPERATION_CreateTable, create.request, &written), OP_DONE);
    for (size_t i = 0; i < COUNT_OF(readers); i++) {
        assert_int_equal(outcome_of(engine, OPERATION_PutItem, put, &written), OP_SYNC);
        assert_int_equal(outcome_of(engine, readers[i].operation, readers[i].request, &read), OP_SYNC);
        assert_true(read >= written);
        assert_int_equal(durability_wait(engine_durability(engine), read, &err), STATOR_OK);
        assert_int_equal(outcome_of(engine, readers[i].operation, readers[i].request, &read), OP_DONE);
    }
    engine_close(engine);
    temporary_remove(dir);
}

/* Streams of tables that are gone are kept for a day, in memory: they count with the definitions of tables. */
static void streams_of_deleted_tables_have_a_bound(void **state)
{
    static const struct step drop = {"DeleteTable", "{'TableName':'test'}", "~'TableStatus':'DELETING'"};
    const struct engine_options options = {.shards = 4, .tables_bytes = 1 << 20};
    struct stator_error err = {0};
    struct engine *engine;
    struct answer answer;
    char request[4096];
    int made = 0;

    (void)state;
    assert_int_equal(engine_open(&engine, &options, &err), STATOR_OK);
    do {
        if (made != 0)
            run_step(engine, (size_t)made, &drop, true);
        run_job(&answer, engine, OPERATION_CreateTable, quoted(request, sizeof(request), create.request), true,
                JOB_ARENA_MAX);
    } while (answer.rc == STATOR_OK && ++made < 5000);
    assert_int_equal(answer.rc, STATOR_LIMIT_EXCEEDED);
    assert_in_range(made, 50, 2000);
    engine_close(engine);
}

/* --- Tokens ------------------------------------------------------------------------------------------------------- */

#define WITH_TOKEN(name, digits)                                                                                       \
    "{'ClientRequestToken':'" name "','TransactItems':[{'Update':{'TableName':'test','Key':{'pk':{'S':'t'},"           \
    "'sk':{'N':'1'}},'UpdateExpression':'ADD n :n','ExpressionAttributeValues':{':n':{'N':'" digits "'}}}}]}"

/* Whoever is told that the transaction was done before waits for the sync that it waits for. */
static void repetitions_wait_for_the_sync(void **state)
{
    struct engine_options options = {.durability = STORE_FULL, .shards = 4};
    struct stator_error err = {0};
    uint64_t written, told;
    struct engine *engine;
    char dir[64];

    (void)state;
    assert_non_null(temporary_make(dir));
    options.data_dir = dir;
    assert_int_equal(engine_open(&engine, &options, &err), STATOR_OK);
    assert_int_equal(outcome_of(engine, OPERATION_CreateTable, create.request, &written), OP_DONE);
    assert_int_equal(outcome_of(engine, OPERATION_TransactWriteItems, WITH_TOKEN("a", "1"), &written), OP_SYNC);
    assert_int_equal(outcome_of(engine, OPERATION_TransactWriteItems, WITH_TOKEN("a", "1"), &told), OP_SYNC);
    assert_true(told >= written);
    assert_int_equal(outcome_of(engine, OPERATION_TransactWriteItems, WITH_TOKEN("a", "2"), &told), OP_SYNC);
    assert_true(told >= written);
    assert_int_equal(durability_wait(engine_durability(engine), told, &err), STATOR_OK);
    assert_int_equal(outcome_of(engine, OPERATION_TransactWriteItems, WITH_TOKEN("a", "1"), &told), OP_DONE);
    engine_close(engine);
    temporary_remove(dir);
}

/* A token in use is refused, and is free again afterwards. */
static void tokens_in_use(void **state)
{
    static const struct step in_progress = {
        "TransactWriteItems", WITH_TOKEN("a", "1"),
        "{'__type':'com.amazonaws.dynamodb.v20120810#TransactionInProgressException',"
        "'Message':'Transaction from previous request is still in progress'}"};
    static const struct step done = {"TransactWriteItems", WITH_TOKEN("a", "1"), "{}"};
    struct engine *engine = open_engine(NULL);
    struct stator_error err = {0};
    struct token token;
    struct arena arena;

    (void)state;
    arena_init(&arena, 1 << 16);
    run_step(engine, 0, &create, true);
    assert_int_equal(token_begin(&token, &engine->db, BYTES(""), BYTES("a"), &arena, &err), STATOR_OK);
    run_step(engine, 1, &in_progress, false);
    run_step(engine, 2, &in_progress, true);
    token_end(&token, &engine->db);
    run_step(engine, 3, &done, false);
    run_step(engine, 4, &done, false);
    arena_deinit(&arena);
    engine_close(engine);
}

/* Where contention is refused, an item of a transaction under way refuses item operations, and comes back from
 * a batch. */
static void items_in_use(void **state)
{
#define ITEM_KEY "{'pk':{'S':'p'},'sk':{'N':'1'}}"
#define ONGOING  "TransactionConflictException: Transaction is ongoing for the item"
    static const struct step refused[] = {
        {"PutItem", "{'TableName':'test','Item':" ITEM_KEY "}", ONGOING},
        {"UpdateItem", "{'TableName':'test','Key':" ITEM_KEY "}", ONGOING},
        {"DeleteItem", "{'TableName':'test','Key':" ITEM_KEY "}", ONGOING},
        {"GetItem", "{'TableName':'test','Key':" ITEM_KEY "}", "~'l':{'S':'l'}"},
        {"TransactGetItems", "{'TransactItems':[{'Get':{'TableName':'test','Key':" ITEM_KEY "}}]}",
         "{'__type':'com.amazonaws.dynamodb.v20120810#TransactionCanceledException','CancellationReasons':["
         "{'Code':'TransactionConflict','Message':'Transaction is ongoing for the item'}],'Message':'Transaction "
         "cancelled, please refer cancellation reasons for specific reasons [TransactionConflict]'}"},
        {"TransactWriteItems",
         "{'TransactItems':[{'Put':{'TableName':'test','Item':{'pk':{'S':'new'},'sk':{'N':'1'}}}},"
         "{'Delete':{'TableName':'test','Key':" ITEM_KEY "}}]}",
         "~specific reasons [None, TransactionConflict]"},
    };
    /* Only the item in the transaction comes back, wherever it stands. */
#define BATCH_ITEM(n) "{'PutRequest':{'Item':{'new':{'S':'x'},'pk':{'S':'p'},'sk':{'N':'" n "'}}}}"
    static const struct step batches[] = {
        {"BatchWriteItem",
         "{'RequestItems':{'test':[" BATCH_ITEM("1") "," BATCH_ITEM("2") "],'arn:aws:dynamodb:eu-west-1:"
                                                                         "000000000000:table/test':[" BATCH_ITEM(
                                                                             "3") "]}}",
         "{'UnprocessedItems':{'test':[" BATCH_ITEM("1") "]}}"},
        {"BatchWriteItem", "{'RequestItems':{'test':[" BATCH_ITEM("4") "," BATCH_ITEM("1") "," BATCH_ITEM("5") "]}}",
         "{'UnprocessedItems':{'test':[" BATCH_ITEM("1") "]}}"},
        {"BatchWriteItem", "{'RequestItems':{'test':[" BATCH_ITEM("6") "," BATCH_ITEM("1") "]}}",
         "{'UnprocessedItems':{'test':[" BATCH_ITEM("1") "]}}"},
        {"BatchWriteItem", "{'RequestItems':{'test':[" BATCH_ITEM("1") "]}}",
         "{'UnprocessedItems':{'test':[" BATCH_ITEM("1") "]}}"},
        {"Scan",
         "{'TableName':'test','Select':'COUNT','FilterExpression':'attribute_exists(#n)',"
         "'ExpressionAttributeNames':{'#n':'new'}}",
         "{'Count':5,'ScannedCount':7}"},
    };
    static const struct step free_again = {"DeleteItem", "{'TableName':'test','Key':" ITEM_KEY "}", "{}"};
    struct engine_options options = {.durability = STORE_NONE, .shards = 4, .refuse_conflicts = true};
    struct stator_error err = {0};
    struct running_entry entry;
    struct read_result read;
    struct engine *engine;
    struct table *table;
    struct arena arena;
    struct item key;

    (void)state;
    assert_int_equal(engine_open(&engine, &options, &err), STATOR_OK);
    fill(engine);
    arena_init(&arena, 1 << 16);
    key = item_of("{\"pk\":{\"S\":\"p\"},\"sk\":{\"N\":\"1\"}}", &arena);
    table = catalog_find(engine->db.catalog, BYTES(""), BYTES("test"));
    assert_int_equal(table_get(&engine->db, table, &key, true, &read, &err), STATOR_OK);
    store_release(&read.pinned);
    entry.id = read.hash;
    assert_true(running_enter(engine->db.running, &entry));
    for (size_t i = 0; i < COUNT_OF(refused); i++)
        run_step(engine, i, &refused[i], i % 2 == 0);
    for (size_t i = 0; i < COUNT_OF(batches); i++)
        run_step(engine, COUNT_OF(refused) + i, &batches[i], i % 2 == 0);
    running_leave(engine->db.running, &entry);
    run_step(engine, COUNT_OF(refused) + COUNT_OF(batches), &free_again, false);
    audit(engine);
    table_release(table);
    arena_deinit(&arena);
    engine_close(engine);
}

/* 25 of all tables together. Of one table the model has it. */
static void a_batch_has_25_requests(void **state)
{
    static struct answer answer;
    struct engine *engine = open_engine(NULL);

    (void)state;
    run_step(engine, 0, &create_without_stream, true);
    for (int count = 25; count <= 26; count++) {
        char request[8192];
        size_t len = (size_t)snprintf(request, sizeof(request), "{\"RequestItems\":{\"test\":[");

        for (int i = 0; i < count; i++)
            len += (size_t)snprintf(request + len, sizeof(request) - len,
                                    "%s{\"PutRequest\":{\"Item\":{\"pk\":{\"S\":\"%d\"},\"sk\":{\"N\":\"%d\"}}}}",
                                    i == 0    ? ""
                                    : i == 13 ? "],\"arn:aws:dynamodb:eu-west-1:000000000000:table/test\":["
                                              : ",",
                                    count, i);
        snprintf(request + len, sizeof(request) - len, "]}}");
        run_job(&answer, engine, OPERATION_BatchWriteItem, request, true, JOB_ARENA_MAX);
        if (!is_expected(answer.text, count == 25 ? "{'UnprocessedItems':{}}"
                                                  : "ValidationException: Too many items requested for the "
                                                    "BatchWriteItem call"))
            fail_msg("%d: %s", count, answer.text);
    }
    contents(&answer, engine);
    assert_non_null(strstr(answer.text, "\"Count\":25,"));
    engine_close(engine);
}

/* 100 of all tables together. Of one table the model has it. */
static void a_batch_has_100_keys(void **state)
{
    static struct answer answer;
    struct engine *engine = open_engine(NULL);

    (void)state;
    run_step(engine, 0, &create_without_stream, true);
    for (int count = 100; count <= 101; count++) {
        static char request[16384];
        size_t len = (size_t)snprintf(request, sizeof(request), "{\"RequestItems\":{\"test\":{\"Keys\":[");

        for (int i = 0; i < count; i++)
            len +=
                (size_t)snprintf(request + len, sizeof(request) - len, "%s{\"pk\":{\"S\":\"p\"},\"sk\":{\"N\":\"%d\"}}",
                                 i == 0    ? ""
                                 : i == 50 ? "]},\"arn:aws:dynamodb:eu-west-1:000000000000:table/test\":{\"Keys\":["
                                           : ",",
                                 i);
        snprintf(request + len, sizeof(request) - len, "]}}}");
        run_job(&answer, engine, OPERATION_BatchGetItem, request, true, JOB_ARENA_MAX);
        if (!is_expected(answer.text, count == 100 ? "~'UnprocessedKeys':{}"
                                                   : "ValidationException: Too many items requested for the "
                                                     "BatchGetItem call"))
            fail_msg("%d: %s", count, answer.text);
    }
    engine_close(engine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(script),
        cmocka_unit_test(every_operation_answers),
        cmocka_unit_test(memory_ends),
        cmocka_unit_test(memory_ends_for_tables),
        cmocka_unit_test(cold_reads_go_to_a_worker),
        cmocka_unit_test(long_pages_leave_the_loop),
        cmocka_unit_test(answers_wait_for_the_sync),
        cmocka_unit_test(streams_of_deleted_tables_have_a_bound),
        cmocka_unit_test(repetitions_wait_for_the_sync),
        cmocka_unit_test(tokens_in_use),
        cmocka_unit_test(a_batch_has_25_requests),
        cmocka_unit_test(a_batch_has_100_keys),
        cmocka_unit_test(items_in_use),
    };

    nowait_set_cold(true); /* what a test has just written, the system has in memory */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
