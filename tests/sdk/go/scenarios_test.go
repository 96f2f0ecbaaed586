// SPDX-License-Identifier: Apache-2.0
package sdk

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// The scenarios of ../cases: whole operations in order, on a table of their own.

type step struct {
	repeated  bool
	operation string
	input     object
	members   object // what the answer must have, or
	refusal   string // how it is refused
}

func (s *step) UnmarshalJSON(text []byte) error {
	var parts []any
	if err := json.Unmarshal(text, &parts); err != nil {
		return err
	}
	if parts[0] == "until" {
		s.repeated = true
		parts = parts[1:]
	}
	if len(parts) < 2 || len(parts) > 3 {
		return errors.New("a step is [operation, input, expected]")
	}
	s.operation, s.input = parts[0].(string), parts[1].(object)
	if len(parts) == 3 {
		switch expected := parts[2].(type) {
		case string:
			s.refusal = expected
		case object:
			s.members = expected
		default:
			return fmt.Errorf("a step expects %v", expected)
		}
	}
	return nil
}

type scenario struct {
	Name  string
	Table string
	Setup struct{ Count int }
	Steps []step
}

func (s *step) try(t *testing.T, table string) error {
	answer, err := send(t, s.operation, filledIn(s.input, table).(object))
	if s.refusal != "" {
		if _, kept := keptBack(err); kept {
			return err
		}
		return checkRefused(err, strings.ReplaceAll(s.refusal, "{table}", table))
	}
	if err != nil {
		return err
	}
	return checkHas(answer, filledIn(s.members, table), "answer")
}

func (s *step) run(t *testing.T, number int, table string) {
	limit := time.Duration(0)
	if s.repeated {
		limit = time.Minute
	}
	err := until(limit, func() error { return s.try(t, table) })
	if reason, kept := keptBack(err); kept && s.refusal != "" {
		t.Run(fmt.Sprintf("step %d", number), func(t *testing.T) { t.Skip(reason) })
	} else if err != nil {
		t.Fatalf("step %d (%s %.200s): %v", number, s.operation, show(s.input), err)
	}
}

func TestScenarios(t *testing.T) {
	files := must(filepath.Glob("../cases/scenarios/*.json"))(t)
	if len(files) == 0 {
		t.Fatal("there are no scenarios")
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		var scenarios []scenario
		loadCases(t, "scenarios/"+name, &scenarios)
		for _, scenario := range scenarios {
			t.Run(name+": "+scenario.Name, func(t *testing.T) {
				t.Parallel()
				table := uniqueName()
				if scenario.Table != "" {
					createNamed(t, table, scenario.Table)
				}
				for i := range scenario.Setup.Count {
					mustSend(t, "PutItem", object{"TableName": table, "Item": object{
						"pk": object{"S": "p"}, "sk": object{"S": fmt.Sprintf("%02d", i)},
						"n": object{"N": fmt.Sprint(i)}, "odd": object{"N": fmt.Sprint(i % 2)}}})
				}
				for i := range scenario.Steps {
					scenario.Steps[i].run(t, i+1, table)
				}
			})
		}
	}
}
