package panels

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

func TestKQL(t *testing.T) {
	for question, want := range map[string]string{
		``:              `{"match_all":{}}`,
		`a.b: c`:        `{"match":{"a.b":"c"}}`,
		`a.b:*`:         `{"exists":{"field":"a.b"}}`,
		`a: nat44*`:     `{"query_string":{"fields":["a"],"query":"nat44*"}}`,
		`a: "b c"`:      `{"match_phrase":{"a":"b c"}}`,
		`a > 5`:         `{"range":{"a":{"gt":"5"}}}`,
		`a<=5`:          `{"range":{"a":{"lte":"5"}}}`,
		`not a: b`:      `{"bool":{"must_not":[{"match":{"a":"b"}}]}}`,
		`a: (b or c)`:   `{"bool":{"minimum_should_match":1,"should":[{"match":{"a":"b"}},{"match":{"a":"c"}}]}}`,
		`a: (not b)`:    `{"bool":{"must_not":[{"match":{"a":"b"}}]}}`,
		`a: b and c: d`: `{"bool":{"filter":[{"match":{"a":"b"}},{"match":{"c":"d"}}]}}`,
		// and binds closer than or, brackets closer than both.
		`a: b or c: d and e: f`:   `{"bool":{"minimum_should_match":1,"should":[{"match":{"a":"b"}},{"bool":{"filter":[{"match":{"c":"d"}},{"match":{"e":"f"}}]}}]}}`,
		`(a: b or c: d) AND e: f`: `{"bool":{"filter":[{"bool":{"minimum_should_match":1,"should":[{"match":{"a":"b"}},{"match":{"c":"d"}}]}},{"match":{"e":"f"}}]}}`,
	} {
		query, _, err := kql(question)
		text, _ := json.Marshal(query)
		if err != nil || string(text) != want {
			t.Errorf("%s gives\n%s, %v, want\n%s", question, text, err, want)
		}
	}
	for question, want := range map[string]string{
		`a`: "no field", `a:`: "too early", `a: (b or c`: "not closed", `(a: b`: "not closed", `a: b c: d`: `"c" follows`, `a: "b`: "quotation mark", `a: )`: "no value", `and`: "no field",
	} {
		if _, _, err := kql(question); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s gives the error %v, want one with %q", question, err, want)
		}
	}
	if _, fields, _ := kql(`a: (b or c) and not d > 1 or e: *`); !reflect.DeepEqual(fields, []string{"a", "d", "e"}) {
		t.Errorf("the fields are %v", fields)
	}
}
