// SPDX-License-Identifier: Apache-2.0
package sdk

import (
	"encoding/base64"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// From the JSON form of the API to the SDK's typed inputs, and from its typed answers back.

// What the API's JSON can say, but the SDK's types cannot.
type inexpressibleError struct{ what string }

func (e *inexpressibleError) Error() string { return e.what }

var (
	attributeValueType = reflect.TypeFor[types.AttributeValue]()
	bytesType          = reflect.TypeFor[[]byte]()
	timeType           = reflect.TypeFor[time.Time]()
)

const memberPrefix = "AttributeValueMember"

// The SDK's type for each kind of attribute value: S, N, ...
var memberTypes = func() map[string]reflect.Type {
	out := map[string]reflect.Type{}
	for _, member := range []types.AttributeValue{
		&types.AttributeValueMemberB{}, &types.AttributeValueMemberBOOL{}, &types.AttributeValueMemberBS{}, &types.AttributeValueMemberL{},
		&types.AttributeValueMemberM{}, &types.AttributeValueMemberN{}, &types.AttributeValueMemberNS{}, &types.AttributeValueMemberNULL{},
		&types.AttributeValueMemberS{}, &types.AttributeValueMemberSS{},
	} {
		kind := reflect.TypeOf(member).Elem()
		out[strings.TrimPrefix(kind.Name(), memberPrefix)] = kind
	}
	return out
}()

func toTyped(target reflect.Value, value any, where string) error {
	cannot := &inexpressibleError{fmt.Sprintf("%s, a %s, cannot be %s", where, target.Type(), show(value))}
	switch target.Type() {
	case attributeValueType:
		return toAttributeValue(target, value, where)
	case bytesType:
		text, ok := value.(string)
		if !ok {
			return cannot
		}
		bytes, err := base64.StdEncoding.DecodeString(text)
		target.SetBytes(bytes)
		return err
	case timeType:
		seconds, ok := value.(float64)
		if !ok {
			return cannot
		}
		whole, fraction := math.Modf(seconds)
		target.Set(reflect.ValueOf(time.Unix(int64(whole), int64(fraction*1e9))))
		return nil
	}
	if target.Kind() == reflect.Pointer {
		target.Set(reflect.New(target.Type().Elem()))
		return toTyped(target.Elem(), value, where)
	}
	switch value := value.(type) {
	case object:
		if target.Kind() == reflect.Struct {
			return toStruct(target, value, where)
		} else if target.Kind() == reflect.Map {
			return toMap(target, value, where)
		}
	case []any:
		if target.Kind() == reflect.Slice {
			return toSlice(target, value, where)
		}
	case string:
		if target.Kind() == reflect.String {
			target.SetString(value)
			return nil
		}
	case bool:
		if target.Kind() == reflect.Bool {
			target.SetBool(value)
			return nil
		}
	case float64:
		if target.CanFloat() {
			target.SetFloat(value)
			return nil
		} else if target.CanInt() && value == math.Trunc(value) && !target.OverflowInt(int64(value)) {
			target.SetInt(int64(value))
			return nil
		}
	}
	return cannot
}

func toAttributeValue(target reflect.Value, value any, where string) error {
	members, _ := value.(object)
	for name, member := range members {
		if kind, ok := memberTypes[name]; ok && len(members) == 1 {
			made := reflect.New(kind)
			target.Set(made)
			return toTyped(made.Elem().FieldByName("Value"), member, where+"."+name)
		}
	}
	return &inexpressibleError{fmt.Sprintf("%s cannot be %s", where, show(value))}
}

func toStruct(target reflect.Value, value object, where string) error {
	for name, member := range value {
		field := target.FieldByName(name)
		if !field.IsValid() {
			return &inexpressibleError{fmt.Sprintf("%s has no member %s", where, name)}
		}
		if err := toTyped(field, member, where+"."+name); err != nil {
			return err
		}
	}
	return nil
}

func toMap(target reflect.Value, value object, where string) error {
	target.Set(reflect.MakeMap(target.Type()))
	for name, member := range value {
		element := reflect.New(target.Type().Elem()).Elem()
		if err := toTyped(element, member, where+"."+name); err != nil {
			return err
		}
		target.SetMapIndex(reflect.ValueOf(name), element)
	}
	return nil
}

func toSlice(target reflect.Value, value []any, where string) error {
	target.Set(reflect.MakeSlice(target.Type(), len(value), len(value)))
	for i, element := range value {
		if err := toTyped(target.Index(i), element, fmt.Sprintf("%s[%d]", where, i)); err != nil {
			return err
		}
	}
	return nil
}

func fromTypedAny(value any) any {
	return fromTyped(reflect.ValueOf(value))
}

// Attributes in the JSON form of the API, sets sorted.
func typedObject(values map[string]types.AttributeValue) any {
	return sortedSets(fromTypedAny(values))
}

// Absent members are left out; blobs become base64, times seconds.
func fromTyped(value reflect.Value) any {
	switch value.Type() {
	case bytesType:
		return base64.StdEncoding.EncodeToString(value.Bytes())
	case timeType:
		return float64(value.Interface().(time.Time).UnixMilli()) / 1000
	}
	switch value.Kind() {
	case reflect.Pointer, reflect.Interface:
		if value.IsNil() {
			return nil
		}
		return fromTyped(value.Elem())
	case reflect.Struct:
		return fromStruct(value)
	case reflect.Map:
		out := object{}
		for _, name := range value.MapKeys() {
			out[name.String()] = fromTyped(value.MapIndex(name))
		}
		return out
	case reflect.Slice:
		out := make([]any, value.Len())
		for i := range out {
			out[i] = fromTyped(value.Index(i))
		}
		return out
	case reflect.String:
		return value.String()
	case reflect.Bool:
		return value.Bool()
	case reflect.Int32, reflect.Int64:
		return float64(value.Int())
	case reflect.Float32, reflect.Float64:
		return value.Float()
	}
	panic(fmt.Sprintf("an answer has a %s", value.Type()))
}

func fromStruct(value reflect.Value) any {
	kind := value.Type()
	if name, ok := strings.CutPrefix(kind.Name(), memberPrefix); ok {
		return object{name: fromTyped(value.FieldByName("Value"))}
	}
	out := object{}
	for i := range kind.NumField() {
		field, member := kind.Field(i), value.Field(i)
		if !field.IsExported() || field.Name == "ResultMetadata" || absent(member) {
			continue
		}
		out[field.Name] = fromTyped(member)
	}
	return out
}

// A number or a boolean without a pointer is one that the API always gives.
func absent(member reflect.Value) bool {
	switch member.Kind() {
	case reflect.Pointer, reflect.Interface, reflect.Map, reflect.Slice:
		return member.IsNil()
	case reflect.String: // an enum
		return member.Len() == 0
	}
	return false
}

// Sets have no order: those of the JSON form, sorted, can be compared.
func sortedSets(value any) any {
	switch value := value.(type) {
	case []any:
		out := make([]any, len(value))
		for i, element := range value {
			out[i] = sortedSets(element)
		}
		return out
	case object:
		out := object{}
		for name, member := range value {
			out[name] = sortedSets(member)
			if list, ok := out[name].([]any); ok && (name == "SS" || name == "NS" || name == "BS") {
				slices.SortFunc(list, func(a, b any) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
			}
		}
		return out
	}
	return value
}
