// SPDX-License-Identifier: Apache-2.0

// What the tests share: clients, tables of their own, the cases, and how an answer is compared with what it must have.
package sdk

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/logging"
)

type object = map[string]any

func endpoint() string {
	if url := os.Getenv("STATOR_ENDPOINT"); url != "" {
		return url
	}
	return "http://127.0.0.1:8000"
}

// What the SDK logs of checksums: that one is wrong is no error to it.
type warnings struct {
	lock  sync.Mutex
	lines []string
}

func (w *warnings) Logf(_ logging.Classification, format string, values ...any) {
	w.lock.Lock()
	defer w.lock.Unlock()
	if line := fmt.Sprintf(format, values...); strings.Contains(line, "checksum") {
		w.lines = append(w.lines, line)
	}
}

var warned warnings // of all clients but those that have their own

func TestMain(m *testing.M) {
	code := m.Run()
	if len(warned.lines) > 0 {
		fmt.Printf("the SDK warned:\n%s\n", strings.Join(warned.lines, "\n"))
		code = 1
	}
	os.Exit(code)
}

func configFor(url string) aws.Config {
	credentials := aws.Credentials{AccessKeyID: "test.key-1", SecretAccessKey: "secret"}
	return aws.Config{
		Region:      "eu-central-1",
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return credentials, nil }),
		Retryer:     func() aws.Retryer { return aws.NopRetryer{} },
		Logger:      &warned,

		BaseEndpoint: aws.String(url),
	}
}

func clientFor(url string) *dynamodb.Client {
	return dynamodb.NewFromConfig(configFor(url))
}

var client = clientFor(endpoint())

// must(f())(t) is what f gives, without its error.
func must[T any](value T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

func equal(t *testing.T, actual, expected any, about string) {
	t.Helper()
	if !reflect.DeepEqual(actual, expected) {
		t.Fatalf("%s: %s instead of %s", about, show(actual), show(expected))
	}
}

func show(value any) string {
	text, err := json.Marshal(value)
	if err != nil || len(text) > 2000 {
		return fmt.Sprintf("%.2000v", value)
	}
	return string(text)
}

// --- The cases ---

// The file's JSON as what into points to.
func loadCases(t *testing.T, name string, into any) {
	t.Helper()
	text := must(os.ReadFile(filepath.Join("..", "cases", name+".json")))(t)
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

var repetition = regexp.MustCompile(`^\{x\*(\d+)\}$`)

// Of a case: {x*5} becomes xxxxx and {table} the table's name.
func filledIn(value any, table string) any {
	switch value := value.(type) {
	case string:
		if found := repetition.FindStringSubmatch(value); found != nil {
			var count int
			fmt.Sscan(found[1], &count)
			return strings.Repeat("x", count)
		}
		return strings.ReplaceAll(value, "{table}", table)
	case []any:
		out := make([]any, len(value))
		for i, element := range value {
			out[i] = filledIn(element, table)
		}
		return out
	case object:
		out := object{}
		for name, member := range value {
			out[strings.ReplaceAll(name, "{table}", table)] = filledIn(member, table)
		}
		return out
	}
	return value
}

var placeholder = regexp.MustCompile(`[#:]\w+`)

// Adds to input the names and values that the expression uses, of those given.
func withPlaceholders(input object, expression string, names, values object) object {
	for member, given := range map[string]object{"ExpressionAttributeNames": names, "ExpressionAttributeValues": values} {
		used := object{}
		for _, name := range placeholder.FindAllString(expression, -1) {
			if value, ok := given[name]; ok {
				used[name] = value
			}
		}
		if len(used) > 0 {
			input[member] = used
		}
	}
	return input
}

// --- Sending ---

// An operation by its name in the API; input and answer in the JSON form of the API.
func sendTo(ctx context.Context, to *dynamodb.Client, operation string, input object) (object, error) {
	method := reflect.ValueOf(to).MethodByName(operation)
	if !method.IsValid() {
		return nil, fmt.Errorf("the SDK has no operation %s", operation)
	}
	typed := reflect.New(method.Type().In(1).Elem())
	if err := toTyped(typed.Elem(), input, operation); err != nil {
		return nil, err
	}
	results := method.Call([]reflect.Value{reflect.ValueOf(ctx), typed})
	if err, _ := results[1].Interface().(error); err != nil {
		return nil, err
	}
	return fromTyped(results[0]).(object), nil
}

func send(t *testing.T, operation string, input object) (object, error) {
	return sendTo(t.Context(), client, operation, input)
}

func mustSend(t *testing.T, operation string, input object) object {
	t.Helper()
	answer, err := send(t, operation, input)
	if err != nil {
		t.Fatalf("%s %s: %v", operation, show(input), err)
	}
	return answer
}

// --- Tables ---

func uniqueName() string {
	return "go-" + strings.ToLower(rand.Text()[:16])
}

func key(names ...string) []any {
	out := []any{}
	for i, name := range names {
		out = append(out, object{"AttributeName": name, "KeyType": []string{"HASH", "RANGE"}[i]})
	}
	return out
}

// names and types in turn
func define(attributes ...string) []any {
	out := []any{}
	for i := 0; i < len(attributes); i += 2 {
		out = append(out, object{"AttributeName": attributes[i], "AttributeType": attributes[i+1]})
	}
	return out
}

var tableKinds = map[string]object{
	"hash":   {"AttributeDefinitions": define("pk", "S"), "KeySchema": key("pk")},
	"range":  {"AttributeDefinitions": define("pk", "S", "sk", "S"), "KeySchema": key("pk", "sk")},
	"rangeN": {"AttributeDefinitions": define("pk", "S", "sk", "N"), "KeySchema": key("pk", "sk")},
	"rangeB": {"AttributeDefinitions": define("pk", "S", "sk", "B"), "KeySchema": key("pk", "sk")},
	"indexed": {
		"AttributeDefinitions": define("pk", "S", "sk", "S", "l", "N", "g", "S"),
		"KeySchema":            key("pk", "sk"),
		"LocalSecondaryIndexes": []any{
			object{"IndexName": "local", "KeySchema": key("pk", "l"), "Projection": object{"ProjectionType": "KEYS_ONLY"}},
		},
		"GlobalSecondaryIndexes": []any{
			object{"IndexName": "global", "KeySchema": key("g", "l"),
				"Projection": object{"ProjectionType": "INCLUDE", "NonKeyAttributes": []any{"inc"}}},
		},
	},
}

func waitForTable(t *testing.T, name string) {
	t.Helper()
	waiter := dynamodb.NewTableExistsWaiter(client, func(o *dynamodb.TableExistsWaiterOptions) {
		o.MinDelay, o.MaxDelay = 20*time.Millisecond, 100*time.Millisecond
	})
	if err := waiter.Wait(t.Context(), &dynamodb.DescribeTableInput{TableName: &name}, time.Minute); err != nil {
		t.Fatal(err)
	}
}

func createNamed(t *testing.T, name, kind string) string {
	t.Helper()
	input := object{"TableName": name, "BillingMode": "PAY_PER_REQUEST"}
	for member, value := range tableKinds[kind] {
		input[member] = value
	}
	mustSend(t, "CreateTable", input)
	waitForTable(t, name)
	return name
}

func createTable(t *testing.T, kind string) string {
	t.Helper()
	return createNamed(t, uniqueName(), kind)
}

// --- Comparing ---

// Members that must be equal to what is expected of them; other objects may have more.
var whole = map[string]bool{"Item": true, "Items": true, "Attributes": true, "LastEvaluatedKey": true, "ItemCollectionKey": true,
	"Responses": true, "UnprocessedItems": true, "UnprocessedKeys": true}

// Whether actual has what expected has; see ../cases/README.md.
func checkHas(actual, expected any, where string) error {
	switch expected := expected.(type) {
	case nil:
		if actual != nil {
			return fmt.Errorf("%s is %s and must be absent", where, show(actual))
		}
		return nil
	case []any:
		list, ok := actual.([]any)
		if !ok || len(list) != len(expected) {
			return fmt.Errorf("%s is %s instead of %s", where, show(actual), show(expected))
		}
		for i, element := range expected {
			if err := checkHas(list[i], element, fmt.Sprintf("%s[%d]", where, i)); err != nil {
				return err
			}
		}
		return nil
	case object:
		return checkMembers(actual, expected, where)
	}
	if !reflect.DeepEqual(actual, expected) {
		return fmt.Errorf("%s is %s instead of %s", where, show(actual), show(expected))
	}
	return nil
}

func checkMembers(actual any, expected object, where string) error {
	members, ok := actual.(object)
	if !ok {
		return fmt.Errorf("%s is missing", where)
	}
	for name, member := range expected {
		place := where + "." + name
		if whole[name] && member != nil {
			if !reflect.DeepEqual(sortedSets(members[name]), sortedSets(member)) {
				return fmt.Errorf("%s is %s instead of %s", place, show(members[name]), show(member))
			}
		} else if err := checkHas(members[name], member, place); err != nil {
			return err
		}
	}
	return nil
}

const envelope = "1 validation error detected: " // of the wording of 2026

// Whether err is expected, "Name: message", where "..." stands for anything. The envelope is left aside unless expected has it.
func checkRefused(err error, expected string) error {
	if err == nil {
		return fmt.Errorf("succeeded instead of %s", expected)
	}
	var refusal smithy.APIError
	if !errors.As(err, &refusal) {
		return err
	}
	actual := refusal.ErrorCode() + ": " + refusal.ErrorMessage()
	if !strings.Contains(expected, envelope) {
		actual = strings.Replace(actual, envelope, "", 1)
	}
	parts := strings.Split(expected, "...")
	for i := range parts {
		parts[i] = regexp.QuoteMeta(parts[i])
	}
	if !regexp.MustCompile(`(?s)^` + strings.Join(parts, ".*") + `$`).MatchString(actual) {
		return fmt.Errorf("refused with %q instead of %q", actual, expected)
	}
	return nil
}

func mustRefuse(t *testing.T, operation string, input object, expected string) {
	t.Helper()
	_, err := send(t, operation, input)
	if err := checkRefused(err, expected); err != nil {
		t.Fatalf("%s %s: %v", operation, show(input), err)
	}
}

// The reason if nothing was sent: the SDK found a required member missing, or its types cannot say it.
func keptBack(err error) (string, bool) {
	var missing smithy.InvalidParamsError
	var inexpressible *inexpressibleError
	if errors.As(err, &missing) {
		return "the SDK refuses it before sending: " + strings.ReplaceAll(missing.Error(), "\n", " "), true
	}
	if errors.As(err, &inexpressible) {
		return "the SDK's types cannot say it: " + inexpressible.Error(), true
	}
	return "", false
}

// Repeats the attempt until it succeeds, for at most limit.
func until(limit time.Duration, attempt func() error) error {
	for end := time.Now().Add(limit); ; time.Sleep(30 * time.Millisecond) {
		if err := attempt(); err == nil || time.Now().After(end) {
			return err
		}
	}
}
