// SPDX-License-Identifier: Apache-2.0
// DynamoDBMapper of the SDK for Java v1, which much still stands on: it speaks in the parameters from before expressions.
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.amazonaws.ClientConfiguration;
import com.amazonaws.auth.AWSStaticCredentialsProvider;
import com.amazonaws.auth.BasicAWSCredentials;
import com.amazonaws.client.builder.AwsClientBuilder.EndpointConfiguration;
import com.amazonaws.retry.PredefinedRetryPolicies;
import com.amazonaws.services.dynamodbv2.AmazonDynamoDB;
import com.amazonaws.services.dynamodbv2.AmazonDynamoDBClientBuilder;
import com.amazonaws.services.dynamodbv2.datamodeling.DynamoDBAttribute;
import com.amazonaws.services.dynamodbv2.datamodeling.DynamoDBHashKey;
import com.amazonaws.services.dynamodbv2.datamodeling.DynamoDBIndexHashKey;
import com.amazonaws.services.dynamodbv2.datamodeling.DynamoDBMapper;
import com.amazonaws.services.dynamodbv2.datamodeling.DynamoDBMapperConfig;
import com.amazonaws.services.dynamodbv2.datamodeling.DynamoDBQueryExpression;
import com.amazonaws.services.dynamodbv2.datamodeling.DynamoDBRangeKey;
import com.amazonaws.services.dynamodbv2.datamodeling.DynamoDBScanExpression;
import com.amazonaws.services.dynamodbv2.datamodeling.DynamoDBTable;
import com.amazonaws.services.dynamodbv2.datamodeling.DynamoDBVersionAttribute;
import com.amazonaws.services.dynamodbv2.datamodeling.TransactionLoadRequest;
import com.amazonaws.services.dynamodbv2.datamodeling.TransactionWriteRequest;
import com.amazonaws.services.dynamodbv2.model.AttributeValue;
import com.amazonaws.services.dynamodbv2.model.BillingMode;
import com.amazonaws.services.dynamodbv2.model.ComparisonOperator;
import com.amazonaws.services.dynamodbv2.model.Condition;
import com.amazonaws.services.dynamodbv2.model.ConditionalCheckFailedException;
import com.amazonaws.services.dynamodbv2.model.CreateTableRequest;
import com.amazonaws.services.dynamodbv2.model.Projection;
import com.amazonaws.services.dynamodbv2.model.ProjectionType;
import com.amazonaws.services.dynamodbv2.model.ResourceNotFoundException;
import java.nio.ByteBuffer;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("DynamoDBMapper of v1")
class MapperTest {
    private static final AmazonDynamoDB CLIENT = AmazonDynamoDBClientBuilder.standard()
            .withEndpointConfiguration(new EndpointConfiguration(Support.ENDPOINT, "eu-central-1"))
            .withCredentials(new AWSStaticCredentialsProvider(new BasicAWSCredentials("test.key-1", "secret")))
            .withClientConfiguration(new ClientConfiguration().withConnectionTimeout(100_000).withSocketTimeout(100_000)
                    .withRetryPolicy(PredefinedRetryPolicies.NO_RETRY_POLICY)).build();

    @AfterAll
    static void close() {
        CLIENT.shutdown();
    }

    @DynamoDBTable(tableName = "songs")
    public static class Song {
        private String artist;
        private Integer number;
        private String genre;
        private Set<String> tags;
        private List<Map<String, String>> notes;
        private Date released;
        private ByteBuffer cover;
        private Boolean live;
        private Long version;

        @DynamoDBHashKey
        public String getArtist() {
            return artist;
        }

        public void setArtist(String value) {
            artist = value;
        }

        @DynamoDBRangeKey
        public Integer getNumber() {
            return number;
        }

        public void setNumber(Integer value) {
            number = value;
        }

        @DynamoDBIndexHashKey(globalSecondaryIndexName = "byGenre")
        public String getGenre() {
            return genre;
        }

        public void setGenre(String value) {
            genre = value;
        }

        public Set<String> getTags() {
            return tags;
        }

        public void setTags(Set<String> value) {
            tags = value;
        }

        public List<Map<String, String>> getNotes() {
            return notes;
        }

        public void setNotes(List<Map<String, String>> value) {
            notes = value;
        }

        @DynamoDBAttribute(attributeName = "released on")
        public Date getReleased() {
            return released;
        }

        public void setReleased(Date value) {
            released = value;
        }

        public ByteBuffer getCover() {
            return cover;
        }

        public void setCover(ByteBuffer value) {
            cover = value;
        }

        public Boolean getLive() {
            return live;
        }

        public void setLive(Boolean value) {
            live = value;
        }

        @DynamoDBVersionAttribute
        public Long getVersion() {
            return version;
        }

        public void setVersion(Long value) {
            version = value;
        }
    }

    private static Song song(String artist, int number) {
        Song song = new Song();
        song.setArtist(artist);
        song.setNumber(number);
        song.setGenre(number % 2 == 0 ? "even" : "odd");
        return song;
    }

    private static DynamoDBMapper mapper() {
        String name = Support.uniqueName();
        DynamoDBMapper mapper = new DynamoDBMapper(CLIENT, DynamoDBMapperConfig.builder()
                .withTableNameOverride(DynamoDBMapperConfig.TableNameOverride.withTableNameReplacement(name))
                .withConsistentReads(DynamoDBMapperConfig.ConsistentReads.CONSISTENT).build());
        CreateTableRequest table = mapper.generateCreateTableRequest(Song.class).withBillingMode(BillingMode.PAY_PER_REQUEST);
        table.getGlobalSecondaryIndexes().forEach(index -> index.setProjection(new Projection().withProjectionType(ProjectionType.ALL)));
        CLIENT.createTable(table);
        Support.until(() -> assertEquals("ACTIVE", CLIENT.describeTable(name).getTable().getTableStatus()));
        return mapper;
    }

    private static DynamoDBQueryExpression<Song> of(String artist) {
        return new DynamoDBQueryExpression<Song>().withHashKeyValues(song(artist, 0)).withLimit(7);
    }

    @Test
    @DisplayName("values, versions, typed errors")
    void items() {
        DynamoDBMapper mapper = mapper();
        Song song = song("ärtist 🎸", 1);
        song.setTags(Set.of("a", "漢"));
        song.setNotes(List.of(Map.of("k", "v"), Map.of()));
        song.setReleased(new Date(1_770_000_000_123L));
        song.setCover(ByteBuffer.wrap(new byte[] {0, -1}));
        song.setLive(true);
        mapper.save(song);
        Song read = mapper.load(Song.class, "ärtist 🎸", 1), stale = mapper.load(song);
        assertEquals(List.of(song.getTags(), song.getNotes(), song.getReleased(), song.getCover(), song.getLive(), song.getVersion()),
                List.of(read.getTags(), read.getNotes(), read.getReleased(), read.getCover(), read.getLive(), read.getVersion()));
        read.setLive(null);
        mapper.save(read);
        assertNull(mapper.load(song).getLive());
        assertThrows(ConditionalCheckFailedException.class, () -> mapper.save(stale));
        assertThrows(ConditionalCheckFailedException.class, () -> mapper.save(song("ärtist 🎸", 1)));
        assertThrows(ConditionalCheckFailedException.class, () -> mapper.delete(stale));
        mapper.delete(read);
        assertNull(mapper.load(song));
        assertThrows(ResourceNotFoundException.class, () -> CLIENT.describeTable("no-such-table"));
    }

    @Test
    @DisplayName("batches, pages, an index, segments, conditions from before expressions")
    void reading() {
        DynamoDBMapper mapper = mapper();
        assertEquals(List.of(), mapper.batchSave(IntStream.range(0, 60).mapToObj(i -> song("p", i)).toList()));
        List<Integer> everything = IntStream.range(0, 60).boxed().toList();
        assertEquals(everything, mapper.query(Song.class, of("p")).stream().map(Song::getNumber).toList());
        Condition some = new Condition().withComparisonOperator(ComparisonOperator.BETWEEN)
                .withAttributeValueList(new AttributeValue().withN("10"), new AttributeValue().withN("12"));
        assertEquals(List.of(12, 11, 10), mapper.query(Song.class, of("p").withRangeKeyCondition("number", some).withScanIndexForward(false))
                .stream().map(Song::getNumber).toList());
        Song even = new Song();
        even.setGenre("even");
        assertEquals(30, mapper.query(Song.class, new DynamoDBQueryExpression<Song>().withHashKeyValues(even).withIndexName("byGenre")
                .withConsistentRead(false).withLimit(7)).size());
        DynamoDBScanExpression odd = new DynamoDBScanExpression().withLimit(7).withFilterConditionEntry("genre",
                new Condition().withComparisonOperator(ComparisonOperator.EQ).withAttributeValueList(new AttributeValue("odd")));
        assertEquals(30, mapper.scan(Song.class, odd).size());
        assertEquals(60, mapper.parallelScan(Song.class, new DynamoDBScanExpression().withLimit(7), 4).size());
        var loaded = mapper.batchLoad(IntStream.range(0, 100).mapToObj(i -> song("p", i)).toList());
        assertEquals(List.of(60), loaded.values().stream().map(List::size).toList());
    }

    @Test
    void transactions() {
        DynamoDBMapper mapper = mapper();
        Song first = song("t", 1), second = song("t", 2);
        mapper.save(second);
        mapper.transactionWrite(new TransactionWriteRequest().addPut(first).addDelete(second));
        List<Object> loaded = mapper.transactionLoad(new TransactionLoadRequest().addLoad(first).addLoad(second));
        assertEquals("odd", ((Song) loaded.get(0)).getGenre());
        assertNull(loaded.get(1));
    }
}
