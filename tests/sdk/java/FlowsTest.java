// SPDX-License-Identifier: Apache-2.0
// The flows of ../cases/flows.json through DynamoDbClient, with the HTTP client that it brings along.
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.math.BigDecimal;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.awscore.retry.AwsRetryStrategy;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.core.exception.Crc32MismatchException;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.core.retry.RetryMode;
import software.amazon.awssdk.retries.api.BackoffStrategy;
import software.amazon.awssdk.retries.api.RetryStrategy;
import software.amazon.awssdk.services.dynamodb.DynamoDbClient;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.ConditionalCheckFailedException;
import software.amazon.awssdk.services.dynamodb.model.DescribeTableResponse;
import software.amazon.awssdk.services.dynamodb.model.DynamoDbException;
import software.amazon.awssdk.services.dynamodb.model.IdempotentParameterMismatchException;
import software.amazon.awssdk.services.dynamodb.model.InternalServerErrorException;
import software.amazon.awssdk.services.dynamodb.model.KeysAndAttributes;
import software.amazon.awssdk.services.dynamodb.model.OperationType;
import software.amazon.awssdk.services.dynamodb.model.ProvisionedThroughputExceededException;
import software.amazon.awssdk.services.dynamodb.model.Record;
import software.amazon.awssdk.services.dynamodb.model.ResourceInUseException;
import software.amazon.awssdk.services.dynamodb.model.ResourceNotFoundException;
import software.amazon.awssdk.services.dynamodb.model.ReturnValuesOnConditionCheckFailure;
import software.amazon.awssdk.services.dynamodb.model.Shard;
import software.amazon.awssdk.services.dynamodb.model.ShardIteratorType;
import software.amazon.awssdk.services.dynamodb.model.StreamViewType;
import software.amazon.awssdk.services.dynamodb.model.TableStatus;
import software.amazon.awssdk.services.dynamodb.model.ThrottlingException;
import software.amazon.awssdk.services.dynamodb.model.TransactGetItem;
import software.amazon.awssdk.services.dynamodb.model.TransactWriteItem;
import software.amazon.awssdk.services.dynamodb.model.TransactWriteItemsRequest;
import software.amazon.awssdk.services.dynamodb.model.TransactionCanceledException;
import software.amazon.awssdk.services.dynamodb.model.WriteRequest;
import software.amazon.awssdk.services.dynamodb.streams.DynamoDbStreamsClient;

@DisplayName("DynamoDbClient")
class FlowsTest {
    private static final DynamoDbClient CLIENT = Support.CLIENT;
    private static final String FAULTY = System.getenv("STATOR_FAULTY");
    static final List<String> FAULTS = List.of("internal", "unavailable", "throughput", "throttling", "drop");
    private static final int ITEM_BYTES_MAX = 409_600;

    private static Map<String, AttributeValue> stored(String table, Map<String, AttributeValue> key) {
        return CLIENT.getItem(get -> get.tableName(table).key(key).consistentRead(true)).item();
    }

    private static Map<String, AttributeValue> key(String hash, String range) {
        return Map.of("pk", Support.text(hash), "sk", Support.text(range));
    }

    // --- Values ---

    // A value inside 31 maps and lists in turn.
    private static AttributeValue nested() {
        AttributeValue value = Support.text("deep");
        for (int depth = 0; depth < 31; depth++) {
            value = depth % 2 == 0 ? AttributeValue.fromL(List.of(value)) : AttributeValue.fromM(Map.of("in", value));
        }
        return value;
    }

    static Map<String, AttributeValue> everyValue() {
        Map<String, AttributeValue> item = new HashMap<>();
        byte[] everyByte = new byte[256];
        IntStream.range(0, 256).forEach(i -> everyByte[i] = (byte) i);
        item.put("binary", AttributeValue.fromB(SdkBytes.fromByteArray(everyByte)));
        item.put("empty text", Support.text(""));
        item.put("empty binary", AttributeValue.fromB(SdkBytes.fromByteArray(new byte[0])));
        item.put("texts", AttributeValue.fromSs(List.of("a", "ä", "漢字")));
        item.put("numbers", AttributeValue.fromNs(List.of("-1", "0", "3.25")));
        item.put("binaries", AttributeValue.fromBs(List.of(SdkBytes.fromByteArray(new byte[] {0}), SdkBytes.fromUtf8String("z"))));
        item.put("yes", AttributeValue.fromBool(true));
        item.put("no", AttributeValue.fromBool(false));
        item.put("null", AttributeValue.fromNul(true));
        item.put("nested", nested());
        item.put("empty list", AttributeValue.fromL(List.of()));
        item.put("empty map", AttributeValue.fromM(Map.of()));
        item.put("long", Support.number("12345678901234567890123456789012345678"));
        item.put("small", Support.number(new BigDecimal("1E-130").toPlainString()));
        item.put("large", Support.number(new BigDecimal("9.9999999999999999999999999999999999999E+125").toPlainString()));
        item.put("größe 大小 размер", Support.text("größe 大小 размер 🚀 \u0000 \"\\\n"));
        item.put("🔑", AttributeValue.fromM(Map.of("🇪🇺 μ", Support.text("👩‍👩‍👧"))));
        return item;
    }

    // Sets come in any order, but in the SDK's type they are lists.
    static Map<String, AttributeValue> sorted(Map<String, AttributeValue> item) {
        Map<String, AttributeValue> out = new HashMap<>(item);
        out.replaceAll((name, value) -> switch (value.type()) {
            case SS -> AttributeValue.fromSs(value.ss().stream().sorted().toList());
            case NS -> AttributeValue.fromNs(value.ns().stream().sorted().toList());
            case BS -> AttributeValue.fromBs(value.bs().stream().sorted((a, b) -> a.asByteBuffer().compareTo(b.asByteBuffer())).toList());
            default -> value;
        });
        return out;
    }

    @Test
    @DisplayName("flow: values")
    void values() {
        String table = Support.createTable("range");
        Map<String, AttributeValue> item = Support.with(everyValue(), key("ключ 🗝", "鍵"));
        CLIENT.putItem(put -> put.tableName(table).item(item));
        assertEquals(sorted(item), sorted(stored(table, key("ключ 🗝", "鍵"))));
        assertEquals(sorted(item), sorted(CLIENT.scan(scan -> scan.tableName(table)).items().get(0)));

        List<String> written = List.of("1E-130", "-1E-130", "9.9999999999999999999999999999999999999E+125", "1e2");
        CLIENT.putItem(put -> put.tableName(table).item(Support.with(key("p", "numbers"),
                Map.of("l", AttributeValue.fromL(written.stream().map(AttributeValue::fromN).toList())))));
        List<AttributeValue> read = stored(table, key("p", "numbers")).get("l").l();
        for (int i = 0; i < written.size(); i++) {
            assertEquals(0, new BigDecimal(written.get(i)).compareTo(new BigDecimal(read.get(i).n())), written.get(i));
        }
    }

    @Test
    @DisplayName("flow: big item")
    void bigItem() {
        String table = Support.createTable("hash");
        String fill = "x".repeat(ITEM_BYTES_MAX - "pk".length() - "big".length() - "fill".length());
        Map<String, AttributeValue> largest = Support.with(Support.pk("big"), Map.of("fill", Support.text(fill)));
        CLIENT.putItem(put -> put.tableName(table).item(largest));
        assertEquals(largest, stored(table, Support.pk("big")));
        Map<String, AttributeValue> larger = Support.with(largest, Map.of("fill", Support.text(fill + "x")));
        Support.assertRefused("ValidationException: Item size has exceeded the maximum allowed size",
                () -> CLIENT.putItem(put -> put.tableName(table).item(larger)));
    }

    // --- Errors ---

    // Fails with exactly this type, and says what an operator asks for.
    static <T extends AwsServiceException> T thrown(Class<T> type, Executable call) {
        T error = assertThrows(type, call);
        assertEquals(type, error.getClass());
        assertEquals(400, error.statusCode());
        assertNotNull(error.requestId());
        assertFalse(error.awsErrorDetails().errorMessage().isEmpty());
        return error;
    }

    private static TransactWriteItem putUnlessThere(String table, Map<String, AttributeValue> item) {
        return TransactWriteItem.builder().put(put -> put.tableName(table).item(item).conditionExpression("attribute_not_exists(pk)")
                .returnValuesOnConditionCheckFailure(ReturnValuesOnConditionCheckFailure.ALL_OLD)).build();
    }

    @Test
    @DisplayName("flow: typed errors")
    void typedErrors() {
        String table = Support.createTable("hash");
        Map<String, AttributeValue> item = Support.with(Support.pk("here"), Map.of("n", Support.number(1)));
        CLIENT.putItem(put -> put.tableName(table).item(item));

        thrown(ResourceNotFoundException.class, () -> CLIENT.describeTable(asked -> asked.tableName("no-" + table)));
        thrown(ResourceNotFoundException.class, () -> CLIENT.getItem(get -> get.tableName("no-" + table).key(Support.pk("x"))));
        thrown(ResourceInUseException.class, () -> CLIENT.createTable(Support.tableOf("hash", table)));

        ConditionalCheckFailedException failed = thrown(ConditionalCheckFailedException.class, () -> CLIENT.putItem(put -> put
                .tableName(table).item(item).conditionExpression("attribute_not_exists(pk)")
                .returnValuesOnConditionCheckFailure(ReturnValuesOnConditionCheckFailure.ALL_OLD)));
        assertEquals(item, failed.item());
        assertFalse(thrown(ConditionalCheckFailedException.class, () -> CLIENT.deleteItem(delete -> delete
                .tableName(table).key(Support.pk("here")).conditionExpression("attribute_not_exists(pk)"))).hasItem());

        TransactionCanceledException canceled = thrown(TransactionCanceledException.class, () -> CLIENT.transactWriteItems(write -> write
                .transactItems(putUnlessThere(table, Support.pk("new")), putUnlessThere(table, item))));
        assertEquals(List.of("None", "ConditionalCheckFailed"), canceled.cancellationReasons().stream().map(reason -> reason.code()).toList());
        assertEquals("The conditional request failed", canceled.cancellationReasons().get(1).message());
        assertEquals(item, canceled.cancellationReasons().get(1).item());
        assertFalse(canceled.cancellationReasons().get(0).hasItem());

        TransactWriteItemsRequest once = TransactWriteItemsRequest.builder().clientRequestToken(table)
                .transactItems(putUnlessThere(table, Support.pk("token"))).build();
        CLIENT.transactWriteItems(once);
        thrown(IdempotentParameterMismatchException.class, () -> CLIENT.transactWriteItems(
                once.toBuilder().transactItems(putUnlessThere(table, Support.pk("another"))).build()));

        DynamoDbException invalid = thrown(DynamoDbException.class, () -> CLIENT.getItem(get -> get.tableName(table).key(Map.of())));
        assertEquals("ValidationException", invalid.awsErrorDetails().errorCode());
        assertEquals("The provided key element does not match the schema", invalid.awsErrorDetails().errorMessage());
    }

    // --- Reading much ---

    static List<WriteRequest> puts(int count, Function<Integer, Map<String, AttributeValue>> item) {
        return IntStream.range(0, count).mapToObj(i -> WriteRequest.builder().putRequest(put -> put.item(item.apply(i))).build()).toList();
    }

    static Map<String, AttributeValue> filled(int bytes) {
        return Map.of("fill", Support.text("x".repeat(bytes)));
    }

    // In chunks of 25, each asked for until nothing of it is left.
    static void writeAll(String table, List<WriteRequest> requests) {
        for (int from = 0; from < requests.size(); from += 25) {
            Map<String, List<WriteRequest>> left = Map.of(table, requests.subList(from, Math.min(from + 25, requests.size())));
            while (!left.isEmpty()) {
                Map<String, List<WriteRequest>> asked = left;
                left = CLIENT.batchWriteItem(write -> write.requestItems(asked)).unprocessedItems();
            }
        }
    }

    static void assertEachOnce(Collection<String> expected, List<String> found) {
        assertEquals(expected.stream().sorted().toList(), found.stream().sorted().toList());
    }

    @Test
    @DisplayName("flow: paging")
    void paging() throws Exception {
        String table = Support.createTable("range");
        writeAll(table, puts(100, i -> key("p", String.format("%03d", i))));
        List<String> everything = IntStream.range(0, 100).mapToObj(i -> String.format("%03d", i)).toList();

        var query = CLIENT.queryPaginator(asked -> asked.tableName(table).limit(7).keyConditionExpression("pk = :p")
                .expressionAttributeValues(Map.of(":p", Support.text("p"))));
        assertEquals(everything, query.items().stream().map(item -> item.get("sk").s()).toList());
        assertTrue(query.stream().allMatch(page -> page.count() <= 7));

        var scan = CLIENT.scanPaginator(asked -> asked.tableName(table).limit(7));
        assertEachOnce(everything, scan.items().stream().map(item -> item.get("sk").s()).toList());

        List<List<String>> segments = Support.together(IntStream.range(0, 4).<Callable<List<String>>>mapToObj(segment ->
                () -> CLIENT.scanPaginator(asked -> asked.tableName(table).limit(7).segment(segment).totalSegments(4))
                        .items().stream().map(item -> item.get("sk").s()).toList()).toList());
        assertEachOnce(everything, segments.stream().flatMap(List::stream).toList());

        List<String> tables = List.of(table, Support.createTable("hash"), Support.createTable("hash"));
        List<String> listed = CLIENT.listTablesPaginator(asked -> asked.limit(2)).tableNames().stream().filter(tables::contains).toList();
        assertEachOnce(tables, listed);
    }

    @Test
    @DisplayName("flow: waiters")
    void waiters() {
        String table = Support.uniqueName();
        CLIENT.createTable(Support.tableOf("hash", table));
        try (var waiter = Support.waiter(CLIENT)) {
            DescribeTableResponse there = waiter.waitUntilTableExists(asked -> asked.tableName(table)).matched().response().orElseThrow();
            assertEquals(TableStatus.ACTIVE, there.table().tableStatus());
            CLIENT.deleteTable(asked -> asked.tableName(table));
            var gone = waiter.waitUntilTableNotExists(asked -> asked.tableName(table)).matched().exception().orElseThrow();
            assertInstanceOf(ResourceNotFoundException.class, gone);
        }
    }

    // How often it had to be asked until there were no unprocessed keys; every item into items.
    private static int readAll(String table, List<Map<String, AttributeValue>> keys, List<Map<String, AttributeValue>> items) {
        Map<String, KeysAndAttributes> left = Map.of(table, KeysAndAttributes.builder().keys(keys).build());
        int rounds = 0;
        for (; !left.isEmpty(); rounds++) {
            Map<String, KeysAndAttributes> asked = left;
            var answer = CLIENT.batchGetItem(get -> get.requestItems(asked));
            items.addAll(answer.responses().getOrDefault(table, List.of()));
            left = answer.unprocessedKeys();
        }
        return rounds;
    }

    @Test
    @DisplayName("flow: batches")
    void batches() {
        String table = Support.createTable("hash");
        writeAll(table, puts(60, i -> Support.with(Support.pk("k" + i), Map.of("n", Support.number(i)))));
        List<Map<String, AttributeValue>> keys = IntStream.range(0, 100).mapToObj(i -> Support.pk("k" + i)).toList();
        List<Map<String, AttributeValue>> items = new ArrayList<>();
        assertEquals(1, readAll(table, keys, items));
        assertEachOnce(IntStream.range(0, 60).mapToObj(i -> "k" + i).toList(), items.stream().map(item -> item.get("pk").s()).toList());
        assertTrue(items.stream().allMatch(item -> item.get("pk").s().equals("k" + item.get("n").n())));

        String big = Support.createTable("hash");
        Map<String, AttributeValue> fill = filled(390 * 1024);
        writeAll(big, puts(60, i -> Support.with(Support.pk("k" + i), fill)));
        List<Map<String, AttributeValue>> bigItems = new ArrayList<>();
        assertTrue(readAll(big, keys.subList(0, 60), bigItems) > 1, "nothing was left unprocessed");
        assertEachOnce(IntStream.range(0, 60).mapToObj(i -> "k" + i).toList(), bigItems.stream().map(item -> item.get("pk").s()).toList());
        assertTrue(bigItems.stream().allMatch(item -> item.get("fill").equals(fill.get("fill"))));
    }

    @Test
    @DisplayName("flow: transactions")
    void transactions() {
        String table = Support.createTable("hash");
        for (String name : List.of("counter", "checked", "removed")) {
            CLIENT.putItem(put -> put.tableName(table).item(Support.with(Support.pk(name), Map.of("n", Support.number(0)))));
        }
        TransactWriteItemsRequest all = TransactWriteItemsRequest.builder().clientRequestToken(table).transactItems(
                TransactWriteItem.builder().put(put -> put.tableName(table).item(Support.pk("made"))).build(),
                TransactWriteItem.builder().update(update -> update.tableName(table).key(Support.pk("counter"))
                        .updateExpression("ADD n :one").expressionAttributeValues(Map.of(":one", Support.number(1)))).build(),
                TransactWriteItem.builder().delete(delete -> delete.tableName(table).key(Support.pk("removed"))).build(),
                TransactWriteItem.builder().conditionCheck(check -> check.tableName(table).key(Support.pk("checked"))
                        .conditionExpression("attribute_exists(pk)")).build()).build();
        for (int time = 0; time < 2; time++) {
            CLIENT.transactWriteItems(all);
            var got = CLIENT.transactGetItems(get -> get.transactItems(Stream.of("made", "counter", "removed", "checked")
                    .map(name -> TransactGetItem.builder()
                            .get(one -> one.tableName(table).key(Support.pk(name))).build()).toList())).responses();
            assertEquals(Support.pk("made"), got.get(0).item());
            assertEquals(Support.number(1), got.get(1).item().get("n"));
            assertFalse(got.get(2).hasItem());
            assertEquals(Support.number(0), got.get(3).item().get("n"));
        }
    }

    // --- Streams ---

    // All there is in a shard, to the end of what there is.
    private static List<Record> recordsOf(DynamoDbStreamsClient streams, String stream, Shard shard) {
        List<Record> records = new ArrayList<>();
        String at = streams.getShardIterator(asked -> asked.streamArn(stream).shardId(shard.shardId())
                .shardIteratorType(ShardIteratorType.TRIM_HORIZON)).shardIterator();
        while (at != null) {
            String from = at;
            var answer = streams.getRecords(asked -> asked.shardIterator(from));
            records.addAll(answer.records());
            at = answer.records().isEmpty() ? null : answer.nextShardIterator();
        }
        return records;
    }

    @Test
    @DisplayName("flow: streams")
    void streams() {
        String table = Support.uniqueName();
        CLIENT.createTable(Support.tableOf("hash", table).toBuilder()
                .streamSpecification(wanted -> wanted.streamEnabled(true).streamViewType(StreamViewType.NEW_AND_OLD_IMAGES)).build());
        String stream = Support.waiter(CLIENT).waitUntilTableExists(asked -> asked.tableName(table)).matched().response().orElseThrow()
                .table().latestStreamArn();
        Map<String, AttributeValue> before = Support.with(Support.pk("k"), everyValue());
        Map<String, AttributeValue> after = Support.with(before, Map.of("n", Support.number(1)));
        CLIENT.putItem(put -> put.tableName(table).item(before));
        CLIENT.updateItem(update -> update.tableName(table).key(Support.pk("k")).updateExpression("SET n = :one")
                .expressionAttributeValues(Map.of(":one", Support.number(1))));
        CLIENT.deleteItem(delete -> delete.tableName(table).key(Support.pk("k")));

        try (DynamoDbStreamsClient streams =
                Support.configured(DynamoDbStreamsClient.builder(), Support.ENDPOINT, AwsRetryStrategy.doNotRetry()).build()) {
            assertEquals(stream, streams.listStreams(asked -> asked.tableName(table)).streams().get(0).streamArn());
            List<Record> records = new ArrayList<>();
            Support.until(() -> {
                records.clear();
                streams.describeStream(asked -> asked.streamArn(stream)).streamDescription().shards()
                        .forEach(shard -> records.addAll(recordsOf(streams, stream, shard)));
                assertEquals(3, records.size());
            });
            assertEquals(List.of(OperationType.INSERT, OperationType.MODIFY, OperationType.REMOVE), records.stream().map(Record::eventName).toList());
            assertEquals(List.of(Map.of(), sorted(before), sorted(after)), records.stream().map(one -> sorted(one.dynamodb().oldImage())).toList());
            assertEquals(List.of(sorted(before), sorted(after), Map.of()), records.stream().map(one -> sorted(one.dynamodb().newImage())).toList());
            for (Record one : records) {
                assertEquals(Support.pk("k"), one.dynamodb().keys());
                assertEquals("aws:dynamodb", one.eventSource());
                assertNotNull(one.dynamodb().approximateCreationDateTime());
            }
            Set<String> numbers = new HashSet<>(records.stream().map(one -> one.dynamodb().sequenceNumber()).toList());
            assertEquals(3, numbers.size());
            thrown(ResourceNotFoundException.class, () -> streams.describeStream(asked -> asked.streamArn(stream + "9")));
        }
    }

    // --- Faults ---

    static int faultsGiven(String table) {
        try {
            HttpRequest request = HttpRequest.newBuilder(URI.create(FAULTY + "/faults/" + table)).build();
            return Integer.parseInt(HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString()).body());
        } catch (IOException | InterruptedException error) {
            throw new IllegalStateException(error);
        }
    }

    static String failing(String kind, int times) {
        return Support.createTable("hash", "fail-" + kind + "-" + times + "-" + Support.uniqueName());
    }

    // Retries as this mode has them, without its waiting.
    static RetryStrategy quick(RetryMode mode, int attempts) {
        BackoffStrategy atOnce = BackoffStrategy.fixedDelay(Duration.ofMillis(10));
        return AwsRetryStrategy.forRetryMode(mode).toBuilder().maxAttempts(attempts).backoffStrategy(atOnce).throttlingBackoffStrategy(atOnce)
                .build();
    }

    private static void writesThrough(DynamoDbClient client, String kind) {
        String table = failing(kind, 2);
        client.putItem(put -> put.tableName(table).item(Support.pk(kind)));
        assertEquals(2, faultsGiven(table), kind);
        assertEquals(Support.pk(kind), stored(table, Support.pk(kind)));
    }

    private static <T extends SdkException> T givesUp(DynamoDbClient client, String kind, Class<T> type, int attempts) {
        String table = failing(kind, 1_000_000);
        T error = assertThrows(type, () -> client.putItem(put -> put.tableName(table).item(Support.pk(kind))), kind);
        assertEquals(attempts, faultsGiven(table), kind);
        assertEquals(attempts, error.numAttempts(), kind);
        assertFalse(CLIENT.getItem(get -> get.tableName(table).key(Support.pk(kind))).hasItem());
        return error;
    }

    @Test
    @DisplayName("flow: retries")
    void retries() {
        assumeTrue(FAULTY != null, "STATOR_FAULTY names no server");
        for (RetryMode mode : List.of(RetryMode.LEGACY, RetryMode.STANDARD)) {
            try (DynamoDbClient client = Support.clientFor(FAULTY, quick(mode, 4))) {
                FAULTS.forEach(kind -> writesThrough(client, kind));
                givesUp(client, "internal", InternalServerErrorException.class, 4);
                givesUp(client, "throughput", ProvisionedThroughputExceededException.class, 4);
                givesUp(client, "throttling", ThrottlingException.class, 4);
                assertEquals(503, givesUp(client, "unavailable", DynamoDbException.class, 4).statusCode());
                givesUp(client, "drop", SdkClientException.class, 4);
            }
        }
    }

    @Test
    @DisplayName("flow: retries, as the SDK has them when nothing is said")
    void retriesByDefault() {
        assumeTrue(FAULTY != null, "STATOR_FAULTY names no server");
        try (DynamoDbClient client = Support.configured(DynamoDbClient.builder(), FAULTY, null).build()) {
            FAULTS.forEach(kind -> writesThrough(client, kind));
        }
    }

    // This SDK does not send again what was answered with a wrong checksum, but it notices: of every answer to these tests.
    @Test
    @DisplayName("a wrong checksum")
    void wrongChecksum() {
        assumeTrue(FAULTY != null, "STATOR_FAULTY names no server");
        try (DynamoDbClient client = Support.clientFor(FAULTY)) {
            String table = failing("crc", 1);
            assertThrows(Crc32MismatchException.class, () -> client.putItem(put -> put.tableName(table).item(Support.pk("k"))));
            assertEquals(Support.pk("k"), client.getItem(get -> get.tableName(table).key(Support.pk("k"))).item());
        }
    }

    // --- Many at once ---

    private static void addMany(List<DynamoDbClient> clients, int workers, String table, String counter) throws Exception {
        List<Callable<Void>> tasks = new ArrayList<>();
        for (DynamoDbClient client : clients) {
            tasks.addAll(Collections.nCopies(workers, () -> {
                for (int i = 0; i < 25; i++) {
                    client.updateItem(update -> update.tableName(table).key(Support.pk(counter)).updateExpression("ADD n :one")
                            .expressionAttributeValues(Map.of(":one", Support.number(1))));
                }
                return null;
            }));
        }
        Support.together(tasks);
        assertEquals(Support.number(400), stored(table, Support.pk(counter)).get("n"));
    }

    @Test
    @DisplayName("flow: concurrent clients")
    void concurrentClients() throws Exception {
        String table = Support.createTable("hash");
        addMany(List.of(CLIENT), 16, table, "one client");
        List<DynamoDbClient> clients = Stream.generate(() -> Support.clientFor(Support.ENDPOINT)).limit(4).toList();
        assertNotEquals(clients.get(0), clients.get(1));
        addMany(clients, 4, table, "four clients");
        clients.forEach(DynamoDbClient::close);
    }
}
