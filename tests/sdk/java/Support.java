// SPDX-License-Identifier: Apache-2.0
// What the tests share: clients, tables of their own, and how an answer is compared with what it must have.
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.fail;

import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.awscore.client.builder.AwsClientBuilder;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.awscore.retry.AwsRetryStrategy;
import software.amazon.awssdk.http.apache5.Apache5HttpClient;
import software.amazon.awssdk.http.nio.netty.NettyNioAsyncHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.retries.api.BackoffStrategy;
import software.amazon.awssdk.retries.api.RetryStrategy;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;
import software.amazon.awssdk.services.dynamodb.DynamoDbClient;
import software.amazon.awssdk.services.dynamodb.model.AttributeDefinition;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.BillingMode;
import software.amazon.awssdk.services.dynamodb.model.CreateTableRequest;
import software.amazon.awssdk.services.dynamodb.model.KeySchemaElement;
import software.amazon.awssdk.services.dynamodb.model.KeyType;
import software.amazon.awssdk.services.dynamodb.model.ProjectionType;
import software.amazon.awssdk.services.dynamodb.model.ScalarAttributeType;
import software.amazon.awssdk.services.dynamodb.waiters.DynamoDbWaiter;

final class Support {
    static final String ENDPOINT = System.getenv().getOrDefault("STATOR_ENDPOINT", "http://127.0.0.1:8000");
    private static final Duration PATIENCE = Duration.ofSeconds(100);
    static final DynamoDbClient CLIENT = clientFor(ENDPOINT);

    private static final Set<String> WHOLE = Set.of("Item", "Items", "Attributes", "LastEvaluatedKey", "ItemCollectionKey",
            "Responses", "UnprocessedItems", "UnprocessedKeys");
    private static final String ENVELOPE = "1 validation error detected: ";
    private static final Pattern PLACEHOLDER = Pattern.compile("[#:][A-Za-z0-9_]+");

    private Support() {
    }

    // --- Clients ---

    // What every client is given: where, who, and how it tries again (null: as the SDK does unasked).
    static <B extends AwsClientBuilder<B, C>, C> B configured(B builder, String url, RetryStrategy retries) {
        return builder.endpointOverride(URI.create(url)).region(Region.EU_CENTRAL_1)
                .credentialsProvider(StaticCredentialsProvider.create(AwsBasicCredentials.create("test.key-1", "secret")))
                .overrideConfiguration(more -> {
                    if (retries != null) {
                        more.retryStrategy(retries);
                    }
                });
    }

    // The HTTP clients are those that the SDK takes by itself, but with patience for a machine that is busy.
    static DynamoDbClient clientFor(String url, RetryStrategy retries) {
        return configured(DynamoDbClient.builder(), url, retries).httpClientBuilder(Apache5HttpClient.builder()
                .connectionTimeout(PATIENCE).connectionAcquisitionTimeout(PATIENCE).socketTimeout(PATIENCE)).build();
    }

    static DynamoDbClient clientFor(String url) {
        return clientFor(url, AwsRetryStrategy.doNotRetry());
    }

    static DynamoDbAsyncClient asyncClientFor(String url, RetryStrategy retries) {
        return configured(DynamoDbAsyncClient.builder(), url, retries).httpClientBuilder(NettyNioAsyncHttpClient.builder()
                .connectionTimeout(PATIENCE).connectionAcquisitionTimeout(PATIENCE).readTimeout(PATIENCE)).build();
    }

    static DynamoDbWaiter waiter(DynamoDbClient client) {
        return DynamoDbWaiter.builder().client(client).overrideConfiguration(
                more -> more.maxAttempts(2000).backoffStrategyV2(BackoffStrategy.fixedDelayWithoutJitter(Duration.ofMillis(50)))).build();
    }

    // --- Tables ---

    static String uniqueName() {
        return "java-" + UUID.randomUUID().toString().substring(0, 18);
    }

    static List<KeySchemaElement> key(String hash, String range) {
        List<KeySchemaElement> schema = new ArrayList<>(List.of(KeySchemaElement.builder().attributeName(hash).keyType(KeyType.HASH).build()));
        if (range != null) {
            schema.add(KeySchemaElement.builder().attributeName(range).keyType(KeyType.RANGE).build());
        }
        return schema;
    }

    // define("pk", "S", "sk", "N")
    static List<AttributeDefinition> define(String... namesAndTypes) {
        List<AttributeDefinition> out = new ArrayList<>();
        for (int i = 0; i < namesAndTypes.length; i += 2) {
            out.add(AttributeDefinition.builder().attributeName(namesAndTypes[i])
                    .attributeType(ScalarAttributeType.fromValue(namesAndTypes[i + 1])).build());
        }
        return out;
    }

    @SuppressWarnings("unchecked") // the SDK's lists of consumers are arrays of a generic type
    static CreateTableRequest tableOf(String kind, String name) {
        CreateTableRequest.Builder table = CreateTableRequest.builder().tableName(name).billingMode(BillingMode.PAY_PER_REQUEST);
        switch (kind) {
            case "hash" -> table.attributeDefinitions(define("pk", "S")).keySchema(key("pk", null));
            case "range" -> table.attributeDefinitions(define("pk", "S", "sk", "S")).keySchema(key("pk", "sk"));
            case "rangeN" -> table.attributeDefinitions(define("pk", "S", "sk", "N")).keySchema(key("pk", "sk"));
            case "rangeB" -> table.attributeDefinitions(define("pk", "S", "sk", "B")).keySchema(key("pk", "sk"));
            case "indexed" -> table.attributeDefinitions(define("pk", "S", "sk", "S", "l", "N", "g", "S")).keySchema(key("pk", "sk"))
                    .localSecondaryIndexes(index -> index.indexName("local").keySchema(key("pk", "l"))
                            .projection(shown -> shown.projectionType(ProjectionType.KEYS_ONLY)))
                    .globalSecondaryIndexes(index -> index.indexName("global").keySchema(key("g", "l"))
                            .projection(shown -> shown.projectionType(ProjectionType.INCLUDE).nonKeyAttributes("inc")));
            default -> throw new IllegalArgumentException("no kind of table is called " + kind);
        }
        return table.build();
    }

    static String createTable(String kind) {
        return createTable(kind, uniqueName());
    }

    static String createTable(String kind, String name) {
        CLIENT.createTable(tableOf(kind, name));
        waiter(CLIENT).waitUntilTableExists(asked -> asked.tableName(name));
        return name;
    }

    // --- Values ---

    static AttributeValue text(String value) {
        return AttributeValue.fromS(value);
    }

    static AttributeValue number(Object value) {
        return AttributeValue.fromN(value.toString());
    }

    static Map<String, AttributeValue> pk(String value) {
        return Map.of("pk", text(value));
    }

    static <V> Map<String, V> with(Map<String, V> some, Map<String, V> more) {
        Map<String, V> out = new LinkedHashMap<>(some);
        out.putAll(more);
        return out;
    }

    // The names and values that an expression uses, of those given, as members of a request.
    static Map<String, Object> placeholders(String expression, Object names, Object values) {
        Map<String, Object> usedNames = new LinkedHashMap<>(), usedValues = new LinkedHashMap<>(), members = new LinkedHashMap<>();
        Matcher found = PLACEHOLDER.matcher(expression);
        while (found.find()) {
            String name = found.group();
            pick(Cases.object(names), name, usedNames);
            pick(Cases.object(values), name, usedValues);
        }
        if (!usedNames.isEmpty()) {
            members.put("ExpressionAttributeNames", usedNames);
        }
        if (!usedValues.isEmpty()) {
            members.put("ExpressionAttributeValues", usedValues);
        }
        return members;
    }

    private static void pick(Map<String, Object> from, String name, Map<String, Object> into) {
        if (from.containsKey(name)) {
            into.put(name, from.get(name));
        }
    }

    // --- Comparing ---

    // actual has what expected has; see ../cases/README.md.
    static void assertHas(Object actual, Object expected, String where) {
        if (expected == null) {
            assertNull(actual, where + " must be absent");
        } else if (expected instanceof List<?> elements) {
            assertNotNull(actual, where + " is missing");
            assertEquals(elements.size(), ((List<?>) actual).size(), "length of " + where);
            for (int i = 0; i < elements.size(); i++) {
                assertHas(((List<?>) actual).get(i), elements.get(i), where + "[" + i + "]");
            }
        } else if (expected instanceof Map<?, ?> members) {
            assertNotNull(actual, where + " is missing");
            members.forEach((name, member) -> {
                Object part = ((Map<?, ?>) actual).get(name);
                if (WHOLE.contains(name) && member != null) {
                    assertEquals(Cases.comparable(member), Cases.comparable(part), where + "." + name);
                } else {
                    assertHas(part, member, where + "." + name);
                }
            });
        } else {
            assertEquals(expected, actual, where);
        }
    }

    // call fails with expected, "Name: message", where "..." stands for anything. Returns the error.
    static AwsServiceException assertRefused(String expected, Supplier<?> call) {
        Object answer;
        try {
            answer = call.get();
        } catch (AwsServiceException error) {
            String message = error.awsErrorDetails().errorMessage();
            String actual = error.awsErrorDetails().errorCode() + ": " + (message == null ? "" : message);
            if (!expected.contains(ENVELOPE)) {
                actual = actual.replaceFirst(ENVELOPE, "");
            }
            String pattern = Arrays.stream(expected.split(Pattern.quote("..."), -1)).map(Pattern::quote).collect(Collectors.joining(".*"));
            if (!Pattern.compile(pattern, Pattern.DOTALL).matcher(actual).matches()) {
                assertEquals(expected, actual);
            }
            return error;
        }
        return fail("answered " + answer + " instead of " + expected);
    }

    // Repeats the attempt until it does not fail, for at most a minute.
    static void until(Runnable attempt) {
        long end = System.nanoTime() + Duration.ofSeconds(60).toNanos();
        for (;;) {
            try {
                attempt.run();
                return;
            } catch (AssertionError | AwsServiceException error) {
                if (System.nanoTime() > end) {
                    throw error;
                }
                pause(30);
            }
        }
    }

    static void pause(int milliseconds) {
        try {
            Thread.sleep(milliseconds);
        } catch (InterruptedException error) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(error);
        }
    }

    // All at once; what each gave, in order. The first failure is thrown.
    static <T> List<T> together(List<Callable<T>> tasks) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(tasks.size());
        try {
            List<T> results = new ArrayList<>();
            for (Future<T> future : threads.invokeAll(tasks)) {
                results.add(future.get());
            }
            return results;
        } finally {
            threads.shutdownNow();
        }
    }
}
