// SPDX-License-Identifier: Apache-2.0
// The cases of ../cases as plain Java values, those as the SDK's requests, and the SDK's answers as plain values again.
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.core.SdkField;
import software.amazon.awssdk.core.SdkPojo;
import software.amazon.awssdk.core.protocol.MarshallingType;
import software.amazon.awssdk.core.traits.ListTrait;
import software.amazon.awssdk.core.traits.MapTrait;
import software.amazon.awssdk.core.util.SdkAutoConstructList;
import software.amazon.awssdk.core.util.SdkAutoConstructMap;
import software.amazon.awssdk.protocols.jsoncore.JsonNode;
import software.amazon.awssdk.services.dynamodb.DynamoDbClient;
import software.amazon.awssdk.utils.builder.Buildable;

final class Cases {
    private static final String MODEL = "software.amazon.awssdk.services.dynamodb.model.";
    private static final Pattern REPEATED = Pattern.compile("\\{x\\*(\\d+)}");

    private Cases() {
    }

    // The SDK cannot say what a case says: its types have no place for it.
    static final class Unsayable extends RuntimeException {
        private static final long serialVersionUID = 1;

        Unsayable(String reason) {
            super(reason);
        }
    }

    // --- Files ---

    static Object load(String name) {
        try {
            return value(JsonNode.parser().parse(Files.readString(Path.of(System.getProperty("stator.cases"), name + ".json"))));
        } catch (IOException error) {
            throw new IllegalStateException("no cases called " + name, error);
        }
    }

    private static Object value(JsonNode node) {
        if (node.isObject()) {
            Map<String, Object> members = new LinkedHashMap<>();
            node.asObject().forEach((name, member) -> members.put(name, value(member)));
            return members;
        }
        if (node.isArray()) {
            return node.asArray().stream().map(Cases::value).collect(ArrayList::new, List::add, List::addAll);
        }
        if (node.isNumber()) {
            return number(node.asNumber());
        }
        if (node.isBoolean()) {
            return node.asBoolean();
        }
        return node.isNull() ? null : node.asString();
    }

    // In one form, so that equal numbers are equal objects.
    static BigDecimal number(Object value) {
        BigDecimal number = new BigDecimal(value.toString());
        return number.signum() == 0 ? BigDecimal.ZERO : number.stripTrailingZeros();
    }

    @SuppressWarnings("unchecked")
    static Map<String, Object> object(Object value) {
        return value == null ? Map.of() : (Map<String, Object>) value;
    }

    @SuppressWarnings("unchecked")
    static List<Object> list(Object value) {
        return value == null ? List.of() : (List<Object>) value;
    }

    // {x*5} becomes xxxxx and {table} the table's name.
    static Object filled(Object value, String table) {
        if (value instanceof String text) {
            Matcher repeated = REPEATED.matcher(text);
            return repeated.matches() ? "x".repeat(Integer.parseInt(repeated.group(1))) : text.replace("{table}", table);
        }
        if (value instanceof List<?> elements) {
            List<Object> out = new ArrayList<>();
            elements.forEach(element -> out.add(filled(element, table)));
            return out;
        }
        if (value instanceof Map<?, ?> members) {
            Map<String, Object> out = new LinkedHashMap<>();
            members.forEach((name, member) -> out.put(name.toString().replace("{table}", table), filled(member, table)));
            return out;
        }
        return value;
    }

    // --- To the SDK ---

    // Sends an operation by its name in the API; the answer as plain values.
    static Map<String, Object> send(DynamoDbClient client, String operation, Map<String, Object> input) {
        try {
            SdkPojo builder = (SdkPojo) Class.forName(MODEL + operation + "Request").getMethod("builder").invoke(null);
            Object request = structure(builder, input, operation);
            String method = Character.toLowerCase(operation.charAt(0)) + operation.substring(1);
            return plain((SdkPojo) DynamoDbClient.class.getMethod(method, request.getClass()).invoke(client, request));
        } catch (InvocationTargetException thrown) {
            if (thrown.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            throw new IllegalStateException(thrown.getCause());
        } catch (ReflectiveOperationException error) {
            throw new Unsayable("the SDK has no operation " + operation);
        }
    }

    private static Object structure(SdkPojo builder, Object json, String where) {
        typed(Map.class, json, where);
        Map<String, Object> members = new LinkedHashMap<>(object(json));
        for (SdkField<?> field : builder.sdkFields()) {
            Object member = members.remove(field.locationName());
            if (member != null) {
                field.set(builder, converted(field, member, where + "." + field.locationName()));
            }
        }
        if (!members.isEmpty()) {
            throw new Unsayable(where + " has no member " + members.keySet() + " in the SDK");
        }
        return ((Buildable) builder).build();
    }

    private static Object converted(SdkField<?> field, Object json, String where) {
        MarshallingType<?> type = field.marshallingType();
        if (type == MarshallingType.SDK_POJO) {
            return structure(field.constructor().get(), json, where);
        }
        if (type == MarshallingType.LIST) {
            SdkField<?> of = field.getTrait(ListTrait.class).memberFieldInfo();
            List<Object> out = new ArrayList<>();
            for (Object element : typed(List.class, json, where)) {
                out.add(element == null ? null : converted(of, element, where + "[]"));
            }
            return out;
        }
        if (type == MarshallingType.MAP) {
            SdkField<?> of = field.getTrait(MapTrait.class).valueFieldInfo();
            Map<String, Object> out = new LinkedHashMap<>();
            for (Object entry : typed(Map.class, json, where).entrySet()) {
                Map.Entry<?, ?> member = (Map.Entry<?, ?>) entry;
                out.put(member.getKey().toString(), converted(of, member.getValue(), where + "." + member.getKey()));
            }
            return out;
        }
        return scalar(type, json, where);
    }

    private static Object scalar(MarshallingType<?> type, Object json, String where) {
        if (type == MarshallingType.STRING) {
            return typed(String.class, json, where);
        }
        if (type == MarshallingType.BOOLEAN) {
            return typed(Boolean.class, json, where);
        }
        if (type == MarshallingType.SDK_BYTES) {
            return SdkBytes.fromByteArray(exact(where, () -> Base64.getDecoder().decode(typed(String.class, json, where))));
        }
        BigDecimal number = typed(BigDecimal.class, json, where);
        if (type == MarshallingType.INTEGER) {
            return exact(where, number::intValueExact);
        }
        if (type == MarshallingType.LONG) {
            return exact(where, number::longValueExact);
        }
        if (type == MarshallingType.DOUBLE) {
            return number.doubleValue();
        }
        if (type == MarshallingType.INSTANT) {
            return Instant.ofEpochMilli(exact(where, number.movePointRight(3)::longValueExact));
        }
        throw new Unsayable(where + " is a " + type.getTargetClass() + " in the SDK");
    }

    private static <T> T typed(Class<T> type, Object json, String where) {
        if (!type.isInstance(json)) {
            throw new Unsayable(where + " is a " + type.getSimpleName() + " in the SDK");
        }
        return type.cast(json);
    }

    private static <T> T exact(String where, Supplier<T> conversion) {
        try {
            return conversion.get();
        } catch (ArithmeticException | IllegalArgumentException error) {
            throw new Unsayable(where + " does not fit the SDK's type: " + error.getMessage());
        }
    }

    // --- And back ---

    // What the SDK made of an answer, under the names of the API: base64 for bytes, only what was there.
    static Map<String, Object> plain(SdkPojo answer) {
        Map<String, Object> out = new LinkedHashMap<>();
        for (SdkField<?> field : answer.sdkFields()) {
            Object member = field.getValueOrDefault(answer);
            if (member != null && !(member instanceof SdkAutoConstructList) && !(member instanceof SdkAutoConstructMap)) {
                out.put(field.locationName(), plainValue(member));
            }
        }
        return out;
    }

    private static Object plainValue(Object value) {
        if (value instanceof SdkPojo structure) {
            return plain(structure);
        }
        if (value instanceof SdkBytes bytes) {
            return Base64.getEncoder().encodeToString(bytes.asByteArrayUnsafe());
        }
        if (value instanceof List<?> elements) {
            return elements.stream().map(Cases::plainValue).collect(ArrayList::new, List::add, List::addAll);
        }
        if (value instanceof Map<?, ?> members) {
            Map<String, Object> out = new LinkedHashMap<>();
            members.forEach((name, member) -> out.put(name.toString(), plainValue(member)));
            return out;
        }
        if (value instanceof Instant instant) {
            return number(BigDecimal.valueOf(instant.toEpochMilli(), 3));
        }
        return value instanceof Number ? number(value) : value;
    }

    // --- Comparing ---

    // Sets sorted: their order says nothing.
    static Object comparable(Object value) {
        if (value instanceof List<?> elements) {
            return elements.stream().map(Cases::comparable).toList();
        }
        if (!(value instanceof Map<?, ?> members)) {
            return value;
        }
        Map<String, Object> out = new TreeMap<>();
        members.forEach((name, member) -> {
            boolean set = List.of("SS", "NS", "BS").contains(name) && member instanceof List;
            out.put(name.toString(), set ? ((List<?>) member).stream().map(Object::toString).sorted().toList() : comparable(member));
        });
        return out;
    }
}
