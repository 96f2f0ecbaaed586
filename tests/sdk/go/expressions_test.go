// SPDX-License-Identifier: Apache-2.0
package sdk

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
)

// Conditions, filters, updates, projections, key conditions and numbers of ../cases.

func pk(text string) object {
	return object{"pk": object{"S": text}}
}

func with(base object, more object) object {
	out := object{}
	for _, members := range []object{base, more} {
		for name, member := range members {
			out[name] = member
		}
	}
	return out
}

// parallel runs a test for each of list at the same time.
func parallel[T any](t *testing.T, list []T, name func(T) string, test func(t *testing.T, i int, it T)) {
	if len(list) == 0 {
		t.Fatal("there are no cases")
	}
	for i, it := range list {
		t.Run(name(it), func(t *testing.T) {
			t.Parallel()
			test(t, i, it)
		})
	}
}

func TestConditions(t *testing.T) {
	t.Parallel()
	var cases struct {
		Item, Names, Values object
		True, False         []string
		Errors              [][2]string
	}
	loadCases(t, "conditions", &cases)
	table, item := createTable(t, "hash"), with(pk("k"), cases.Item)
	mustSend(t, "PutItem", object{"TableName": table, "Item": item})
	condition := func(expression string) object {
		return withPlaceholders(object{"TableName": table, "Item": item, "ConditionExpression": expression}, expression, cases.Names, cases.Values)
	}
	filter := func(expression string) object {
		return withPlaceholders(object{"TableName": table, "FilterExpression": expression}, expression, cases.Names, cases.Values)
	}
	parallel(t, cases.True, func(expression string) string { return "holds: " + expression }, func(t *testing.T, _ int, expression string) {
		mustSend(t, "PutItem", condition(expression))
		equal(t, mustSend(t, "Scan", filter(expression))["Count"], 1.0, "as a filter")
	})
	parallel(t, cases.False, func(expression string) string { return "does not hold: " + expression }, func(t *testing.T, _ int, expression string) {
		mustRefuse(t, "PutItem", condition(expression), "ConditionalCheckFailedException: The conditional request failed")
		equal(t, mustSend(t, "Scan", filter(expression))["Count"], 0.0, "as a filter")
	})
	parallel(t, cases.Errors, func(it [2]string) string { return "refused: " + it[0] }, func(t *testing.T, _ int, it [2]string) {
		expected := func(kind string) string { return "ValidationException: " + strings.ReplaceAll(it[1], "{kind}", kind) }
		mustRefuse(t, "PutItem", condition(it[0]), expected("ConditionExpression"))
		mustRefuse(t, "Scan", filter(it[0]), expected("FilterExpression"))
	})
}

func TestUpdates(t *testing.T) {
	t.Parallel()
	var cases struct {
		Names, Values object
		Done, Refused [][3]any
	}
	loadCases(t, "updates", &cases)
	table := createTable(t, "hash")
	name := func(it [3]any) string { return fmt.Sprintf("%s on %s", it[1], show(it[0])) }
	stored := func(t *testing.T, key object) any {
		return mustSend(t, "GetItem", object{"TableName": table, "Key": key, "ConsistentRead": true})["Item"]
	}
	update := func(key object, expression string) object {
		input := object{"TableName": table, "Key": key, "UpdateExpression": expression, "ReturnValues": "ALL_NEW"}
		return withPlaceholders(input, expression, cases.Names, cases.Values)
	}
	parallel(t, cases.Done, name, func(t *testing.T, i int, it [3]any) {
		key := pk(fmt.Sprintf("done %d", i))
		if before, ok := it[0].(object); ok {
			mustSend(t, "PutItem", object{"TableName": table, "Item": with(key, before)})
		}
		after := sortedSets(with(key, it[2].(object)))
		equal(t, sortedSets(mustSend(t, "UpdateItem", update(key, it[1].(string)))["Attributes"]), after, "ALL_NEW")
		equal(t, sortedSets(stored(t, key)), after, "what is stored")
	})
	parallel(t, cases.Refused, func(it [3]any) string { return "refused: " + name(it) }, func(t *testing.T, i int, it [3]any) {
		key := pk(fmt.Sprintf("refused %d", i))
		before, _ := it[0].(object)
		mustSend(t, "PutItem", object{"TableName": table, "Item": with(key, before)})
		unchanged := stored(t, key)
		mustRefuse(t, "UpdateItem", update(key, it[1].(string)), "ValidationException: "+it[2].(string))
		equal(t, sortedSets(stored(t, key)), sortedSets(unchanged), "what is stored")
	})
}

func TestProjections(t *testing.T) {
	t.Parallel()
	var cases struct {
		Item, Names object
		Shown       [][2]any
		Errors      [][2]string
	}
	loadCases(t, "projections", &cases)
	table := createTable(t, "hash")
	mustSend(t, "PutItem", object{"TableName": table, "Item": with(pk("k"), cases.Item)})
	project := func(input object, expression string) object {
		input["TableName"], input["ProjectionExpression"] = table, expression
		return withPlaceholders(input, expression, cases.Names, nil)
	}
	parallel(t, cases.Shown, func(it [2]any) string { return it[0].(string) }, func(t *testing.T, _ int, it [2]any) {
		expected := it[1].(object)
		if expected["pk"] == true {
			expected = pk("k")
		}
		item, _ := mustSend(t, "GetItem", project(object{"Key": pk("k")}, it[0].(string)))["Item"].(object)
		equal(t, with(item, nil), expected, "GetItem")
		equal(t, mustSend(t, "Scan", project(object{}, it[0].(string)))["Items"], []any{expected}, "Scan")
	})
	parallel(t, cases.Errors, func(it [2]string) string { return "refused: " + it[0] }, func(t *testing.T, _ int, it [2]string) {
		mustRefuse(t, "GetItem", project(object{"Key": pk("k")}, it[0]), "ValidationException: "+it[1])
	})
}

type keyCases struct {
	Types map[string]struct {
		Sorted     []object
		Conditions [][2]any
		Values     object
	}
	Errors      [][2]string
	ErrorValues object `json:"error_values"`
}

func TestKeyConditions(t *testing.T) {
	t.Parallel()
	var cases keyCases
	loadCases(t, "keys", &cases)
	for kind := range cases.Types {
		t.Run("sort key of type "+kind, func(t *testing.T) {
			t.Parallel()
			sortKeyOfType(t, kind, &cases)
		})
	}
	table := createTable(t, "range")
	parallel(t, cases.Errors, func(it [2]string) string { return "refused: " + it[0] }, func(t *testing.T, _ int, it [2]string) {
		input := withPlaceholders(object{"TableName": table, "KeyConditionExpression": it[0]}, it[0], nil, cases.ErrorValues)
		mustRefuse(t, "Query", input, "ValidationException: "+it[1])
	})
}

func sortKeyOfType(t *testing.T, kind string, cases *keyCases) {
	it := cases.Types[kind]
	tableKind := "range" + kind
	if kind == "S" {
		tableKind = "range"
	}
	table := createTable(t, tableKind)
	for i := len(it.Sorted) - 1; i >= 0; i-- {
		item := with(pk("p"), object{"sk": it.Sorted[i], "place": object{"N": strconv.Itoa(i)}})
		mustSend(t, "PutItem", object{"TableName": table, "Item": item})
	}
	values := with(it.Values, object{":p": object{"S": "p"}})
	query := func(expression string, forward bool) []any {
		input := object{"TableName": table, "KeyConditionExpression": expression, "ScanIndexForward": forward}
		answer := mustSend(t, "Query", withPlaceholders(input, expression, object{"#sk": "sk"}, values))
		places := []any{}
		for _, item := range answer["Items"].([]any) {
			number := item.(object)["place"].(object)["N"].(string)
			places = append(places, must(strconv.ParseFloat(number, 64))(t))
		}
		return places
	}
	all := []any{}
	for i := range it.Sorted {
		all = append(all, float64(i))
	}
	equal(t, query("pk = :p", true), all, "in order")
	equal(t, query("pk = :p", false), reversed(all), "in reverse")
	for i, sk := range it.Sorted {
		item := mustSend(t, "GetItem", object{"TableName": table, "Key": with(pk("p"), object{"sk": sk})})["Item"]
		equal(t, item.(object)["place"], object{"N": strconv.Itoa(i)}, show(sk))
	}
	for _, condition := range it.Conditions {
		expression, places := condition[0].(string), condition[1].([]any)
		equal(t, query("pk = :p AND "+expression, true), places, expression)
		equal(t, query("("+expression+") and (:p = pk)", false), reversed(places), expression+", written before")
	}
}

func reversed(list []any) []any {
	out := make([]any, len(list))
	for i, element := range list {
		out[len(list)-1-i] = element
	}
	return out
}

func TestNumbers(t *testing.T) {
	t.Parallel()
	var cases struct{ Kept, Refused [][2]string }
	loadCases(t, "numbers", &cases)
	table := createTable(t, "hash")
	parallel(t, cases.Kept, func(it [2]string) string { return it[0] + " is " + it[1] }, func(t *testing.T, i int, it [2]string) {
		key := pk(fmt.Sprintf("kept %d", i))
		attributes := func(text string) object {
			return object{"n": object{"N": text}, "l": object{"L": []any{object{"NS": []any{text}}}}}
		}
		mustSend(t, "PutItem", object{"TableName": table, "Item": with(key, attributes(it[0]))})
		equal(t, mustSend(t, "GetItem", object{"TableName": table, "Key": key})["Item"], with(key, attributes(it[1])), "what came back")
	})
	parallel(t, cases.Refused, func(it [2]string) string { return fmt.Sprintf("%q is refused", it[0]) }, func(t *testing.T, _ int, it [2]string) {
		item := with(pk("no"), object{"n": object{"N": it[0]}})
		mustRefuse(t, "PutItem", object{"TableName": table, "Item": item}, "ValidationException: "+it[1])
	})
}
