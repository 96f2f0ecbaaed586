// SPDX-License-Identifier: Apache-2.0
package sdk

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	streamtypes "github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
	"github.com/aws/smithy-go"
)

// The flows of ../cases/flows.json: the SDK's own types, errors, paginators and retries, as its users write them.

type item = map[string]types.AttributeValue

func text(value string) types.AttributeValue   { return &types.AttributeValueMemberS{Value: value} }
func number(value string) types.AttributeValue { return &types.AttributeValueMemberN{Value: value} }

func TestFlows(t *testing.T) {
	for name, flow := range map[string]func(*testing.T){
		"flow: values":             values,
		"flow: big item":           bigItem,
		"flow: typed errors":       typedErrors,
		"flow: paging":             paging,
		"flow: waiters":            waiters,
		"flow: batches":            batches,
		"flow: transactions":       transactions,
		"flow: streams":            streams,
		"flow: retries":            retries,
		"flow: concurrent clients": concurrentClients,
		"expression builder":       expressionBuilder,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			flow(t)
		})
	}
}

func put(t *testing.T, table string, values item) {
	t.Helper()
	must(client.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: &table, Item: values}))(t)
}

func get(t *testing.T, table string, key item) item {
	t.Helper()
	input := &dynamodb.GetItemInput{TableName: &table, Key: key, ConsistentRead: aws.Bool(true)}
	return must(client.GetItem(t.Context(), input))(t).Item
}

// --- Items ---

type record struct {
	Key     string  `dynamodbav:"pk"`
	Range   string  `dynamodbav:"sk"`
	Text    string  `dynamodbav:"ключ 🔑"`
	Empty   string  `dynamodbav:"empty"`
	Bytes   []byte  `dynamodbav:"bytes"`
	Nothing *string `dynamodbav:"nothing"`
	Yes     bool    `dynamodbav:"yes"`
	Int     int64   `dynamodbav:"int"`
	Float   float64 `dynamodbav:"float"`
	Big     attributevalue.Number
	Names   []string          `dynamodbav:"names,stringset"`
	Primes  []int             `dynamodbav:"primes,numberset"`
	Blobs   [][]byte          `dynamodbav:"blobs,binaryset"`
	Inner   map[string]record `dynamodbav:"inner,omitempty"`
	List    []any             `dynamodbav:"list"`
	At      time.Time         `dynamodbav:"at"`
	Expires time.Time         `dynamodbav:"expires,unixtime"`
}

// Lists and maps in turn, depth of them, around a text.
func nested(depth int) types.AttributeValue {
	value := text("the innermost")
	for i := range depth {
		if i%2 == 0 {
			value = &types.AttributeValueMemberL{Value: []types.AttributeValue{value}}
		} else {
			value = &types.AttributeValueMemberM{Value: item{"вложено": value}}
		}
	}
	return value
}

func values(t *testing.T) {
	table := createTable(t, "range")
	everyByte := make([]byte, 256)
	for i := range everyByte {
		everyByte[i] = byte(i)
	}
	key := item{"pk": text("ключ 鍵 🔑"), "sk": text("मफ़ॅ \x00 \u202e é e\u0301")}
	all := item{"pk": key["pk"], "sk": key["sk"],
		"ss":       &types.AttributeValueMemberSS{Value: []string{"", "b", "日本", "🧂"}},
		"ns":       &types.AttributeValueMemberNS{Value: []string{"-1.5", "0", "12345678901234567890123456789012345678"}},
		"bs":       &types.AttributeValueMemberBS{Value: [][]byte{{}, {0}, {0, 255}}},
		"b":        &types.AttributeValueMemberB{Value: everyByte},
		"empty b":  &types.AttributeValueMemberB{Value: []byte{}},
		"empty s":  text(""),
		"empty l":  &types.AttributeValueMemberL{Value: []types.AttributeValue{}},
		"empty m":  &types.AttributeValueMemberM{Value: item{}},
		"true":     &types.AttributeValueMemberBOOL{Value: true},
		"false":    &types.AttributeValueMemberBOOL{Value: false},
		"null":     &types.AttributeValueMemberNULL{Value: true},
		"deep":     nested(31), // the item itself is the first of 32 levels
		"digits":   number("-1.2345678901234567890123456789012345678"),
		"least":    number("0." + strings.Repeat("0", 129) + "1"),
		"greatest": number(strings.Repeat("9", 38) + strings.Repeat("0", 88)),
		"😀 имя 名":  text("\"quoted\\ \u2028 </script> \U0001f9c2"),
	}
	put(t, table, all)
	checkItem(t, get(t, table, key), all)

	short := item{"pk": key["pk"], "sk": text("as they are written"), "least": number("1E-130"), "greatest": number("9.9999999999999999999999999999999999999E+125")}
	put(t, table, short)
	short["least"], short["greatest"] = all["least"], all["greatest"]
	checkItem(t, get(t, table, item{"pk": short["pk"], "sk": short["sk"]}), short)

	_, err := client.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: &table, Item: item{"pk": key["pk"], "sk": text("too deep"), "deep": nested(32)}})
	checkError(t, err, "ValidationException: Nesting Levels have exceeded supported limits...")

	marshalled(t, table)
}

func checkItem(t *testing.T, actual, expected item) {
	t.Helper()
	a, b := typedObject(actual).(object), typedObject(expected).(object)
	for name := range expected {
		equal(t, a[name], b[name], name)
	}
	equal(t, a, b, "the item")
}

// Users' own types, by attributevalue.
func marshalled(t *testing.T, table string) {
	in := record{Key: "marshalled", Range: "1", Text: "текст", Bytes: []byte{0, 1, 255}, Yes: true, Int: -1 << 63, Float: 0.1,
		Big: "12345678901234567890123456789012345678", Names: []string{"a", "b"}, Primes: []int{2, 3}, Blobs: [][]byte{{1}, {2}},
		List: []any{"s", 1.5, true, nil, map[string]any{"deep": []any{"x"}}},
		At:   time.Date(2026, 1, 2, 3, 4, 5, 678901234, time.UTC), Expires: time.Unix(1_800_000_000, 0)}
	in.Inner = map[string]record{"größe": in}
	put(t, table, must(attributevalue.MarshalMap(in))(t))
	found := get(t, table, item{"pk": text(in.Key), "sk": text(in.Range)})
	var out record
	if err := attributevalue.UnmarshalMap(found, &out); err != nil {
		t.Fatal(err)
	}
	equal(t, out, in, "what was unmarshalled")
}

func bigItem(t *testing.T) {
	table := createTable(t, "hash")
	key := item{"pk": text("big")}
	sized := func(size int) item { // names and values: pk + big + v + the rest
		return item{"pk": key["pk"], "v": &types.AttributeValueMemberB{Value: bytes.Repeat([]byte{0xa5}, size-len("pkbigv"))}}
	}
	put(t, table, sized(409_600))
	checkItem(t, get(t, table, key), sized(409_600))
	_, err := client.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: &table, Item: sized(409_601)})
	checkError(t, err, "ValidationException: Item size has exceeded the maximum allowed size")
	checkItem(t, get(t, table, key), sized(409_600))
}

// --- Errors ---

func checkError(t *testing.T, err error, expected string) {
	t.Helper()
	if err := checkRefused(err, expected); err != nil {
		t.Fatal(err)
	}
}

// The error as the SDK's type E, which has the message.
func thrown[E smithy.APIError](t *testing.T, err error, message string) E {
	t.Helper()
	var typed E
	if !errors.As(err, &typed) {
		t.Fatalf("%v is no %T", err, typed)
	}
	if !strings.Contains(typed.ErrorMessage(), message) {
		t.Fatalf("%T says %q instead of %q", typed, typed.ErrorMessage(), message)
	}
	return typed
}

func typedErrors(t *testing.T) {
	table, key := createTable(t, "hash"), item{"pk": text("k")}
	stored := item{"pk": key["pk"], "n": number("1"), "ss": &types.AttributeValueMemberSS{Value: []string{"a", "b"}}}
	put(t, table, stored)

	_, err := client.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: aws.String(table + "-absent"), Key: key})
	thrown[*types.ResourceNotFoundException](t, err, "Requested resource not found")
	_, err = client.CreateTable(t.Context(), &dynamodb.CreateTableInput{TableName: &table, BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("pk"), AttributeType: types.ScalarAttributeTypeS}},
		KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("pk"), KeyType: types.KeyTypeHash}}})
	thrown[*types.ResourceInUseException](t, err, "Table already exists: "+table)

	condition := aws.String("attribute_not_exists(pk)")
	_, err = client.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: &table, Item: key, ConditionExpression: condition,
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld})
	checkItem(t, thrown[*types.ConditionalCheckFailedException](t, err, "The conditional request failed").Item, stored)
	_, err = client.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: &table, Item: key, ConditionExpression: condition})
	if found := thrown[*types.ConditionalCheckFailedException](t, err, "The conditional request failed").Item; len(found) != 0 {
		t.Fatalf("an item that was not asked for: %v", found)
	}

	_, err = client.TransactWriteItems(t.Context(), &dynamodb.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{
		{Put: &types.Put{TableName: &table, Item: item{"pk": text("other")}}},
		{Delete: &types.Delete{TableName: &table, Key: key, ConditionExpression: condition,
			ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld}},
		{Put: &types.Put{TableName: &table, Item: item{"pk": text("another")}}}}})
	reasons := thrown[*types.TransactionCanceledException](t, err, "[None, ConditionalCheckFailed, None]").CancellationReasons
	codes := []string{}
	for _, reason := range reasons {
		codes = append(codes, *reason.Code)
	}
	equal(t, codes, []string{"None", "ConditionalCheckFailed", "None"}, "reasons")
	equal(t, *reasons[1].Message, "The conditional request failed", "the second reason")
	checkItem(t, reasons[1].Item, stored)
	if reasons[0].Message != nil || len(reasons[0].Item) != 0 {
		t.Fatalf("the first reason: %s", show(fromTypedAny(reasons[0])))
	}

	token := aws.String(uniqueName())
	write := func(name string) error {
		_, err := client.TransactWriteItems(t.Context(), &dynamodb.TransactWriteItemsInput{ClientRequestToken: token,
			TransactItems: []types.TransactWriteItem{{Put: &types.Put{TableName: &table, Item: item{"pk": text(name)}}}}})
		return err
	}
	if err := write("first"); err != nil {
		t.Fatal(err)
	}
	thrown[*types.IdempotentParameterMismatchException](t, write("second"), "")

	_, err = client.Query(t.Context(), &dynamodb.QueryInput{TableName: &table, KeyConditionExpression: aws.String("nonsense")})
	var general *smithy.GenericAPIError
	if !errors.As(err, &general) || general.Code != "ValidationException" || general.Fault != smithy.FaultUnknown && general.Fault != smithy.FaultClient {
		t.Fatalf("%#v", err)
	}
	checkError(t, err, "ValidationException: Invalid KeyConditionExpression: ...")
	var operation *smithy.OperationError
	if !errors.As(err, &operation) || operation.Operation() != "Query" {
		t.Fatalf("%v does not name its operation", err)
	}
}

// --- Pages ---

// How often each key was seen must be once, for count keys.
func checkOnce(t *testing.T, seen map[string]int, count int, about string) {
	t.Helper()
	if len(seen) != count {
		t.Fatalf("%s: %d of %d", about, len(seen), count)
	}
	for name, times := range seen {
		if times != 1 {
			t.Fatalf("%s: %s came %d times", about, name, times)
		}
	}
}

func sortKey(values item) string {
	return values["sk"].(*types.AttributeValueMemberS).Value
}

func paging(t *testing.T) {
	table := createTable(t, "range")
	for i := range 100 {
		put(t, table, item{"pk": text("p"), "sk": text(fmt.Sprintf("%03d", i)), "n": number(fmt.Sprint(i))})
	}

	seen, pages := map[string]int{}, 0
	query := dynamodb.NewQueryPaginator(client, &dynamodb.QueryInput{TableName: &table, Limit: aws.Int32(7),
		KeyConditionExpression: aws.String("pk = :p"), ExpressionAttributeValues: item{":p": text("p")}})
	for query.HasMorePages() {
		page := must(query.NextPage(t.Context()))(t)
		for _, found := range page.Items {
			equal(t, sortKey(found), fmt.Sprintf("%03d", len(seen)), "the order of Query")
			seen[sortKey(found)]++
		}
		pages++
	}
	checkOnce(t, seen, 100, "Query")
	equal(t, pages, 15, "pages of Query")

	checkOnce(t, scanned(t, table, 1), 100, "Scan")
	checkOnce(t, scanned(t, table, 4), 100, "Scan in segments")
	listing(t)
}

func scanned(t *testing.T, table string, segments int32) map[string]int {
	seen := map[string]int{}
	var lock sync.Mutex
	var group sync.WaitGroup
	for segment := range segments {
		group.Add(1)
		go func() {
			defer group.Done()
			input := &dynamodb.ScanInput{TableName: &table, Limit: aws.Int32(7)}
			if segments > 1 {
				input.Segment, input.TotalSegments = &segment, &segments
			}
			for pages := dynamodb.NewScanPaginator(client, input); pages.HasMorePages(); {
				page, err := pages.NextPage(t.Context())
				if err != nil {
					t.Error(err)
					return
				}
				lock.Lock()
				for _, found := range page.Items {
					seen[sortKey(found)]++
				}
				lock.Unlock()
			}
		}()
	}
	group.Wait()
	return seen
}

// Tables are made and deleted by other tests meanwhile: those of this one must be there once.
func listing(t *testing.T) {
	prefix := uniqueName()
	for i := range 9 {
		createNamed(t, fmt.Sprintf("%s-%d", prefix, i), "hash")
	}
	seen := map[string]int{}
	for pages := dynamodb.NewListTablesPaginator(client, &dynamodb.ListTablesInput{Limit: aws.Int32(7)}); pages.HasMorePages(); {
		page := must(pages.NextPage(t.Context()))(t)
		if len(page.TableNames) > 7 {
			t.Fatalf("a page of %d tables", len(page.TableNames))
		}
		for _, name := range page.TableNames {
			if strings.HasPrefix(name, prefix) {
				seen[name]++
			}
		}
	}
	checkOnce(t, seen, 9, "ListTables")
}

func waiters(t *testing.T) {
	table := uniqueName()
	described := &dynamodb.DescribeTableInput{TableName: &table}
	exists := dynamodb.NewTableExistsWaiter(client)
	absent := dynamodb.NewTableNotExistsWaiter(client)
	soonThere := func(o *dynamodb.TableExistsWaiterOptions) {
		o.MinDelay, o.MaxDelay = 20*time.Millisecond, 50*time.Millisecond
	}
	soonGone := func(o *dynamodb.TableNotExistsWaiterOptions) {
		o.MinDelay, o.MaxDelay = 20*time.Millisecond, 50*time.Millisecond
	}

	if err := exists.Wait(t.Context(), described, 200*time.Millisecond, soonThere); err == nil {
		t.Fatal("a table that was never made exists")
	}
	must(client.CreateTable(t.Context(), &dynamodb.CreateTableInput{TableName: &table, BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("pk"), AttributeType: types.ScalarAttributeTypeS}},
		KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("pk"), KeyType: types.KeyTypeHash}}}))(t)
	found := must(exists.WaitForOutput(t.Context(), described, time.Minute, soonThere))(t)
	equal(t, found.Table.TableStatus, types.TableStatusActive, "the status of the table")
	must(client.DeleteTable(t.Context(), &dynamodb.DeleteTableInput{TableName: &table}))(t)
	if err := absent.Wait(t.Context(), described, time.Minute, soonGone); err != nil {
		t.Fatal(err)
	}
	_, err := client.DescribeTable(t.Context(), described)
	thrown[*types.ResourceNotFoundException](t, err, "Requested resource not found: Table: "+table+" not found")
}

// --- Many at once ---

// Writes the items in chunks, again what was left, until there is none.
func writeAll(t *testing.T, table string, items []item, chunk int) {
	t.Helper()
	for part := range slices.Chunk(items, chunk) {
		requests := []types.WriteRequest{}
		for _, values := range part {
			requests = append(requests, types.WriteRequest{PutRequest: &types.PutRequest{Item: values}})
		}
		for left := map[string][]types.WriteRequest{table: requests}; len(left) > 0; {
			left = must(client.BatchWriteItem(t.Context(), &dynamodb.BatchWriteItemInput{RequestItems: left}))(t).UnprocessedItems
		}
	}
}

// What the paginator finds of the keys: how often each, and how many answers left some.
func readAll(t *testing.T, table string, keys []item) (seen map[string]int, bytes, partial int) {
	t.Helper()
	seen = map[string]int{}
	input := &dynamodb.BatchGetItemInput{RequestItems: map[string]types.KeysAndAttributes{table: {Keys: keys}}}
	for pages := dynamodb.NewBatchGetItemPaginator(client, input); pages.HasMorePages(); {
		page := must(pages.NextPage(t.Context()))(t)
		for _, found := range page.Responses[table] {
			seen[sortKey(found)]++
			bytes += len(found["v"].(*types.AttributeValueMemberS).Value)
		}
		if len(page.UnprocessedKeys) > 0 {
			partial++
		}
	}
	return seen, bytes, partial
}

func batches(t *testing.T) {
	table := createTable(t, "range")
	made := func(kind string, count, size int) (items, keys []item) {
		for i := range count {
			key := item{"pk": text(kind), "sk": text(fmt.Sprintf("%s %02d", kind, i))}
			keys = append(keys, key)
			items = append(items, item{"pk": key["pk"], "sk": key["sk"], "v": text(strings.Repeat("x", size))})
		}
		return items, keys
	}
	small, _ := made("small", 60, 10)
	writeAll(t, table, small, 25)
	_, keys := made("small", 100, 0)
	seen, size, partial := readAll(t, table, keys)
	checkOnce(t, seen, 60, "BatchGetItem")
	equal(t, []int{size, partial}, []int{600, 0}, "bytes, answers that left keys")

	big, keys := made("big", 60, 390*1024)
	writeAll(t, table, big, 25)
	seen, size, partial = readAll(t, table, keys)
	checkOnce(t, seen, 60, "BatchGetItem of big items")
	equal(t, size, 60*390*1024, "bytes of big items")
	if partial == 0 {
		t.Fatal("23 MB came in one answer")
	}
}

func transactions(t *testing.T) {
	table := createTable(t, "range")
	key := func(name string) item { return item{"pk": text("p"), "sk": text(name)} }
	put(t, table, item{"pk": text("p"), "sk": text("updated"), "n": number("1")})
	put(t, table, key("deleted"))
	write := &dynamodb.TransactWriteItemsInput{ClientRequestToken: aws.String(uniqueName()), TransactItems: []types.TransactWriteItem{
		{Put: &types.Put{TableName: &table, Item: item{"pk": text("p"), "sk": text("put"), "v": text("new")}}},
		{Update: &types.Update{TableName: &table, Key: key("updated"), UpdateExpression: aws.String("SET n = n + :one"),
			ExpressionAttributeValues: item{":one": number("1")}}},
		{Delete: &types.Delete{TableName: &table, Key: key("deleted")}},
		{ConditionCheck: &types.ConditionCheck{TableName: &table, Key: key("absent"), ConditionExpression: aws.String("attribute_not_exists(pk)")}}}}
	must(client.TransactWriteItems(t.Context(), write))(t)
	must(client.TransactWriteItems(t.Context(), write))(t)

	gets := []types.TransactGetItem{}
	for _, name := range []string{"put", "updated", "deleted"} {
		gets = append(gets, types.TransactGetItem{Get: &types.Get{TableName: &table, Key: key(name)}})
	}
	answer := must(client.TransactGetItems(t.Context(), &dynamodb.TransactGetItemsInput{TransactItems: gets}))(t)
	if len(answer.Responses) != 3 || len(answer.Responses[2].Item) != 0 {
		t.Fatalf("%s", show(fromTypedAny(answer)))
	}
	checkItem(t, answer.Responses[0].Item, item{"pk": text("p"), "sk": text("put"), "v": text("new")})
	checkItem(t, answer.Responses[1].Item, item{"pk": text("p"), "sk": text("updated"), "n": number("2")})
}

func streams(t *testing.T) {
	table := createTable(t, "range")
	must(client.UpdateTable(t.Context(), &dynamodb.UpdateTableInput{TableName: &table, StreamSpecification: &types.StreamSpecification{
		StreamEnabled: aws.Bool(true), StreamViewType: types.StreamViewTypeNewAndOldImages}}))(t)
	waitForTable(t, table)
	arn := must(client.DescribeTable(t.Context(), &dynamodb.DescribeTableInput{TableName: &table}))(t).Table.LatestStreamArn

	key := item{"pk": text("p"), "sk": text("ключ")}
	first := item{"pk": key["pk"], "sk": key["sk"], "n": number("1"), "b": &types.AttributeValueMemberB{Value: []byte{0, 255}}}
	second := item{"pk": key["pk"], "sk": key["sk"], "n": number("2"), "l": nested(3)}
	put(t, table, first)
	put(t, table, second)
	must(client.DeleteItem(t.Context(), &dynamodb.DeleteItemInput{TableName: &table, Key: key}))(t)

	records := streamed(t, arn)
	expected := []struct {
		name     streamtypes.OperationType
		old, new item
	}{{streamtypes.OperationTypeInsert, nil, first}, {streamtypes.OperationTypeModify, first, second}, {streamtypes.OperationTypeRemove, second, nil}}
	equal(t, len(records), len(expected), "records")
	for i, record := range records {
		equal(t, record.EventName, expected[i].name, "the event")
		equal(t, record.Dynamodb.StreamViewType, streamtypes.StreamViewTypeNewAndOldImages, "the view")
		checkItem(t, must(attributevalue.FromDynamoDBStreamsMap(record.Dynamodb.Keys))(t), key)
		checkItem(t, must(attributevalue.FromDynamoDBStreamsMap(record.Dynamodb.OldImage))(t), expected[i].old)
		checkItem(t, must(attributevalue.FromDynamoDBStreamsMap(record.Dynamodb.NewImage))(t), expected[i].new)
		if made := record.Dynamodb.ApproximateCreationDateTime; made == nil || time.Since(*made) > time.Hour {
			t.Fatalf("record %d is of %v", i, made)
		}
		if i > 0 && *record.Dynamodb.SequenceNumber <= *records[i-1].Dynamodb.SequenceNumber {
			t.Fatal("sequence numbers do not grow")
		}
	}

	_, err := dynamodbstreams.NewFromConfig(configFor(endpoint())).DescribeStream(t.Context(), &dynamodbstreams.DescribeStreamInput{StreamArn: aws.String(*arn + "x")})
	thrown[*streamtypes.ResourceNotFoundException](t, err, "Requested resource not found: Stream: "+*arn+"x not found")
}

// All records of a stream, shard after shard, from TRIM_HORIZON to the end of what there is.
func streamed(t *testing.T, arn *string) (records []streamtypes.Record) {
	t.Helper()
	reader := dynamodbstreams.NewFromConfig(configFor(endpoint()))
	var from *string
	for {
		stream := must(reader.DescribeStream(t.Context(), &dynamodbstreams.DescribeStreamInput{StreamArn: arn, ExclusiveStartShardId: from}))(t).StreamDescription
		for _, shard := range stream.Shards {
			at := must(reader.GetShardIterator(t.Context(), &dynamodbstreams.GetShardIteratorInput{StreamArn: arn, ShardId: shard.ShardId,
				ShardIteratorType: streamtypes.ShardIteratorTypeTrimHorizon}))(t).ShardIterator
			for at != nil {
				page := must(reader.GetRecords(t.Context(), &dynamodbstreams.GetRecordsInput{ShardIterator: at, Limit: aws.Int32(2)}))(t)
				if len(page.Records) == 0 {
					break
				}
				records = append(records, page.Records...)
				at = page.NextShardIterator
			}
		}
		if from = stream.LastEvaluatedShardId; from == nil {
			return records
		}
	}
}

// --- Retries ---

// How many faults a table was given; see tests/support/faulty.py.
func faultsOf(t *testing.T, faulty, table string) string {
	t.Helper()
	answer := must(http.Get(faulty + "/faults/" + table))(t)
	defer answer.Body.Close()
	return string(must(io.ReadAll(answer.Body))(t))
}

func retries(t *testing.T) {
	faulty := os.Getenv("STATOR_FAULTY")
	if faulty == "" {
		t.Skip("STATOR_FAULTY names no go-between")
	}
	config := configFor(faulty)
	config.Retryer = func() aws.Retryer {
		return retry.NewStandard(func(o *retry.StandardOptions) { o.MaxBackoff = 20 * time.Millisecond })
	}
	retrying := dynamodb.NewFromConfig(config)
	add := func(table string) (*dynamodb.UpdateItemOutput, error) {
		return retrying.UpdateItem(t.Context(), &dynamodb.UpdateItemInput{TableName: &table, Key: item{"pk": text("k")}, ReturnValues: types.ReturnValueAllNew,
			UpdateExpression: aws.String("ADD n :one"), ExpressionAttributeValues: item{":one": number("1")}})
	}
	for _, kind := range []string{"internal", "unavailable", "throughput", "throttling", "drop"} {
		t.Run(kind, func(t *testing.T) {
			table := createNamed(t, "fail-"+kind+"-2-"+uniqueName(), "hash")
			answer := must(add(table))(t)
			checkItem(t, answer.Attributes, item{"pk": text("k"), "n": number("1")})
			equal(t, faultsOf(t, faulty, table), "2", "faults")
			attempts, _ := retry.GetAttemptResults(answer.ResultMetadata)
			equal(t, len(attempts.Results), 3, "attempts")
		})
	}
	t.Run("without end", func(t *testing.T) {
		for kind, check := range map[string]func(error){
			"internal": func(err error) { thrown[*types.InternalServerError](t, err, "unknown error") },
			"throughput": func(err error) {
				thrown[*types.ProvisionedThroughputExceededException](t, err, "provisioned throughput")
			},
			"throttling": func(err error) { thrown[*types.ThrottlingException](t, err, "Rate of requests") },
		} {
			table := createNamed(t, "fail-"+kind+"-99-"+uniqueName(), "hash")
			_, err := add(table)
			check(err)
			var exhausted *retry.MaxAttemptsError
			if !errors.As(err, &exhausted) || exhausted.Attempt != retry.DefaultMaxAttempts {
				t.Fatalf("%v", err)
			}
			equal(t, faultsOf(t, faulty, table), fmt.Sprint(retry.DefaultMaxAttempts), "faults")
		}
	})
	t.Run("a wrong checksum", func(t *testing.T) { // which the SDK only warns of
		table := createNamed(t, "fail-crc-1-"+uniqueName(), "hash")
		spoilt := configFor(faulty)
		warned := &warnings{}
		spoilt.Logger = warned
		must(dynamodb.NewFromConfig(spoilt).DescribeTable(t.Context(), &dynamodb.DescribeTableInput{TableName: &table}))(t)
		if len(warned.lines) != 1 || !strings.Contains(warned.lines[0], "did not match expected checksum") {
			t.Fatalf("%q", warned.lines)
		}
	})
}

func concurrentClients(t *testing.T) {
	table, key := createTable(t, "hash"), item{"pk": text("counter")}
	half := func(clients []*dynamodb.Client, workers int, total string) {
		var group sync.WaitGroup
		for _, each := range clients {
			for range workers {
				group.Add(1)
				go func() {
					defer group.Done()
					for range 25 {
						_, err := each.UpdateItem(t.Context(), &dynamodb.UpdateItemInput{TableName: &table, Key: key,
							UpdateExpression: aws.String("ADD n :one"), ExpressionAttributeValues: item{":one": number("1")}})
						if err != nil {
							t.Error(err)
							return
						}
					}
				}()
			}
		}
		group.Wait()
		checkItem(t, get(t, table, key), item{"pk": key["pk"], "n": number(total)})
	}
	half([]*dynamodb.Client{client}, 16, "400")
	four := []*dynamodb.Client{}
	for range 4 {
		four = append(four, clientFor(endpoint()))
	}
	half(four, 4, "800")
}

// --- The expression package ---

func expressionBuilder(t *testing.T) {
	table := createTable(t, "range")
	for i := range 10 {
		put(t, table, must(attributevalue.MarshalMap(map[string]any{"pk": "p", "sk": fmt.Sprint(i), "name": fmt.Sprint("n", i), "size": i,
			"inner": map[string]any{"list": []int{i, i * 2}}}))(t))
	}
	keys := expression.Key("pk").Equal(expression.Value("p")).And(expression.Key("sk").Between(expression.Value("2"), expression.Value("7")))
	filter := expression.And(expression.Name("size").GreaterThan(expression.Value(2)), expression.Not(expression.Name("name").Equal(expression.Value("n5"))),
		expression.Or(expression.Name("inner.list[1]").In(expression.Value(6), expression.Value(8), expression.Value(10)), expression.Name("absent").AttributeExists()),
		expression.Name("name").BeginsWith("n"), expression.Name("name").Size().Equal(expression.Value(2)), expression.AttributeType(expression.Name("size"), expression.Number))
	built := must(expression.NewBuilder().WithKeyCondition(keys).WithFilter(filter).
		WithProjection(expression.NamesList(expression.Name("sk"), expression.Name("inner.list[0]"))).Build())(t)
	answer := must(client.Query(t.Context(), &dynamodb.QueryInput{TableName: &table, KeyConditionExpression: built.KeyCondition(), FilterExpression: built.Filter(),
		ProjectionExpression: built.Projection(), ExpressionAttributeNames: built.Names(), ExpressionAttributeValues: built.Values()}))(t)
	var found []struct {
		SK    string `dynamodbav:"sk"`
		Inner struct {
			List []int `dynamodbav:"list"`
		} `dynamodbav:"inner"`
	}
	if err := attributevalue.UnmarshalListOfMaps(answer.Items, &found); err != nil {
		t.Fatal(err)
	}
	equal(t, show(found), `[{"SK":"3","Inner":{"List":[3]}},{"SK":"4","Inner":{"List":[4]}}]`, "what Query found")

	change := expression.Set(expression.Name("size"), expression.Plus(expression.IfNotExists(expression.Name("size"), expression.Value(0)), expression.Value(5))).
		Set(expression.Name("inner.list"), expression.ListAppend(expression.Name("inner.list"), expression.Value([]int{99}))).
		Remove(expression.Name("name")).Add(expression.Name("count"), expression.Value(1)).
		Set(expression.Name("tags"), expression.Value(&types.AttributeValueMemberSS{Value: []string{"a"}}))
	built = must(expression.NewBuilder().WithUpdate(change).WithCondition(expression.Name("size").LessThan(expression.Value(5))).Build())(t)
	update := &dynamodb.UpdateItemInput{TableName: &table, Key: item{"pk": text("p"), "sk": text("1")}, UpdateExpression: built.Update(), ReturnValues: types.ReturnValueAllNew,
		ConditionExpression: built.Condition(), ExpressionAttributeNames: built.Names(), ExpressionAttributeValues: built.Values()}
	checkItem(t, must(client.UpdateItem(t.Context(), update))(t).Attributes, item{"pk": text("p"), "sk": text("1"), "size": number("6"), "count": number("1"),
		"tags":  &types.AttributeValueMemberSS{Value: []string{"a"}},
		"inner": &types.AttributeValueMemberM{Value: item{"list": &types.AttributeValueMemberL{Value: []types.AttributeValue{number("1"), number("2"), number("99")}}}}})
	_, err := client.UpdateItem(t.Context(), update)
	thrown[*types.ConditionalCheckFailedException](t, err, "The conditional request failed")
}
