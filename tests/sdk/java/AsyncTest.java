// SPDX-License-Identifier: Apache-2.0
// DynamoDbAsyncClient, which is Netty underneath: futures, publishers of pages, errors inside CompletionException.
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.awscore.retry.AwsRetryStrategy;
import software.amazon.awssdk.core.retry.RetryMode;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.ConditionalCheckFailedException;
import software.amazon.awssdk.services.dynamodb.model.TableStatus;

@DisplayName("DynamoDbAsyncClient")
class AsyncTest {
    private static final DynamoDbAsyncClient CLIENT = Support.asyncClientFor(Support.ENDPOINT, AwsRetryStrategy.doNotRetry());

    @AfterAll
    static void close() {
        CLIENT.close();
    }

    private static void all(Stream<? extends CompletableFuture<?>> futures) {
        CompletableFuture.allOf(futures.toArray(CompletableFuture[]::new)).join();
    }

    @Test
    void values() {
        String table = Support.createTable("hash");
        Map<String, AttributeValue> item = Support.with(FlowsTest.everyValue(), Support.pk("k"));
        CLIENT.putItem(put -> put.tableName(table).item(item)).join();
        Map<String, AttributeValue> read = CLIENT.getItem(get -> get.tableName(table).key(Support.pk("k")).consistentRead(true)).join().item();
        assertEquals(FlowsTest.sorted(item), FlowsTest.sorted(read));
    }

    @Test
    @DisplayName("typed errors")
    void typedErrors() {
        String table = Support.createTable("hash");
        CompletableFuture<?> update = CLIENT.updateItem(asked -> asked.tableName(table).key(Support.pk("none")).updateExpression("SET a = :a")
                .expressionAttributeValues(Map.of(":a", Support.text("a"))).conditionExpression("attribute_exists(pk)"));
        Throwable cause = assertThrows(CompletionException.class, update::join).getCause();
        assertEquals("The conditional request failed",
                assertInstanceOf(ConditionalCheckFailedException.class, cause).awsErrorDetails().errorMessage());
    }

    @Test
    @DisplayName("400 updates of one counter, 40 at once")
    void concurrent() {
        String table = Support.createTable("hash");
        for (int round = 0; round < 10; round++) {
            all(IntStream.range(0, 40).mapToObj(i -> CLIENT.updateItem(update -> update.tableName(table).key(Support.pk("counter"))
                    .updateExpression("ADD n :one").expressionAttributeValues(Map.of(":one", Support.number(1))))));
        }
        var counter = CLIENT.getItem(get -> get.tableName(table).key(Support.pk("counter")).consistentRead(true)).join().item();
        assertEquals(Support.number(400), counter.get("n"));
    }

    @Test
    void paging() {
        String table = Support.createTable("range");
        FlowsTest.writeAll(table, FlowsTest.puts(100, i -> Map.of("pk", Support.text("p"), "sk", Support.text(String.format("%03d", i)))));
        List<String> everything = IntStream.range(0, 100).mapToObj(i -> String.format("%03d", i)).toList();
        ConcurrentLinkedQueue<String> queried = new ConcurrentLinkedQueue<>(), scanned = new ConcurrentLinkedQueue<>();
        CLIENT.queryPaginator(asked -> asked.tableName(table).limit(7).keyConditionExpression("pk = :p")
                .expressionAttributeValues(Map.of(":p", Support.text("p")))).items().subscribe(item -> queried.add(item.get("sk").s())).join();
        assertEquals(everything, List.copyOf(queried));
        all(IntStream.range(0, 4).mapToObj(segment -> CLIENT.scanPaginator(asked -> asked.tableName(table).limit(7).segment(segment)
                .totalSegments(4)).items().subscribe(item -> scanned.add(item.get("sk").s()))));
        FlowsTest.assertEachOnce(everything, List.copyOf(scanned));
    }

    @Test
    void waiters() {
        String table = Support.uniqueName();
        CLIENT.createTable(Support.tableOf("hash", table)).join();
        try (var waiter = CLIENT.waiter()) {
            Support.until(() -> assertEquals(TableStatus.ACTIVE,
                    CLIENT.describeTable(asked -> asked.tableName(table)).join().table().tableStatus()));
            var there = waiter.waitUntilTableExists(asked -> asked.tableName(table)).join();
            assertEquals(1, there.attemptsExecuted());
            assertTrue(there.matched().response().isPresent());
        }
    }

    @Test
    void retries() {
        String faulty = System.getenv("STATOR_FAULTY");
        assumeTrue(faulty != null, "STATOR_FAULTY names no server");
        try (DynamoDbAsyncClient client = Support.asyncClientFor(faulty, FlowsTest.quick(RetryMode.STANDARD, 4))) {
            for (String kind : FlowsTest.FAULTS) {
                String table = FlowsTest.failing(kind, 2);
                client.putItem(put -> put.tableName(table).item(Support.pk(kind))).join();
                assertEquals(2, FlowsTest.faultsGiven(table), kind);
                assertTrue(CLIENT.getItem(get -> get.tableName(table).key(Support.pk(kind))).join().hasItem(), kind);
            }
        }
    }
}
