package elastic

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestClassify(t *testing.T) {
	for _, c := range []struct {
		status        int
		item, request class
	}{
		{200, classDone, classDone}, {201, classDone, classDone},
		{409, classDuplicate, classUnexpected},
		{429, classOverloaded, classOverloaded}, {500, classOverloaded, classOverloaded},
		{503, classOverloaded, classOverloaded}, {599, classOverloaded, classOverloaded},
		{401, classForbidden, classForbidden}, {403, classForbidden, classForbidden},
		{404, classMissing, classUnexpected},
		{400, classRejected, classMalformed}, {413, classRejected, classTooLarge},
		{405, classRejected, classUnexpected}, {422, classRejected, classUnexpected},
		{302, classUnexpected, classUnexpected}, {0, classUnexpected, classUnexpected}, {600, classUnexpected, classUnexpected},
	} {
		if got := classify(c.status, true); got != c.item {
			t.Errorf("item %d is of class %d, want %d", c.status, got, c.item)
		}
		if got := classify(c.status, false); got != c.request {
			t.Errorf("request %d is of class %d, want %d", c.status, got, c.request)
		}
	}
}

func TestDelay(t *testing.T) {
	c := RetryConfig{Initial: time.Second, Max: time.Minute}
	for n, most := range map[int]time.Duration{1: time.Second, 2: 2 * time.Second, 4: 8 * time.Second, 7: time.Minute, 40: time.Minute, 1 << 30: time.Minute} {
		least, seen := most, make(map[time.Duration]bool)
		for range 200 {
			d := c.delay(n, 0)
			if d < most/2 || d > most {
				t.Fatalf("failure %d waits %v, want %v to %v", n, d, most/2, most)
			}
			least, seen[d] = min(least, d), true
		}
		if len(seen) < 100 || least > most*3/4 {
			t.Errorf("failure %d: %d different delays, the least %v: too little jitter", n, len(seen), least)
		}
	}
	if d := c.delay(1, 20*time.Second); d != 20*time.Second {
		t.Errorf("the server asked for 20 s, the delay is %v", d)
	}
	if d := c.delay(1, 1000*time.Hour); d != maxRetryAfter {
		t.Errorf("the server asked for too much, the delay is %v", d)
	}
	if d := (RetryConfig{Initial: 1 << 60, Max: 1 << 62}).delay(9, 0); d <= 0 {
		t.Errorf("overflow: %v", d)
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Duration{
		"": 0, "7": 7 * time.Second, "-3": 0, "soon": 0, "99999999999999": 0,
		"Thu, 01 Jan 2026 00:01:00 GMT": time.Minute, "Thu, 01 Jan 2020 00:01:00 GMT": 0,
	} {
		if got := retryAfter(http.Header{"Retry-After": {text}}, now); got != want {
			t.Errorf("Retry-After: %s gives %v, want %v", text, got, want)
		}
	}
}

func TestParseBulk(t *testing.T) {
	good := `{"took":30,"errors":true,"ingest_took":1.5e3,"items":[
		{"create":{"_index":".ds-x","_id":"a\"}b","status":201,"_shards":{"total":2,"failed":[]}}},
		{"index":{"status":429,"error":{"type":"es_rejected_execution_exception","reason":"a \"quoted\" A reason","caused_by":{"type":"x","reason":"y"}}}},
		{"create":{"error":"plain text","status":400}},
		{"create":{"status":400,"error":null}}
	]}`
	want := []item{{status: 201}, {429, "es_rejected_execution_exception", `a "quoted" A reason`}, {400, "error", "plain text"}, {status: 400}}
	got, err := parseBulk([]byte(good), 4, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("item %d is %+v, want %+v", i, got[i], want[i])
		}
	}
	for name, text := range map[string]string{
		"empty": "", "null": "null", "array": "[]", "no items": `{"errors":false}`, "items no array": `{"items":{}}`,
		"cut": good[:len(good)-3], "text after": good + "x", "too few": `{"items":[{"create":{"status":201}}]}`,
		"status a text": strings.Replace(good, "201", `"201"`, 1), "status a fraction": strings.Replace(good, "201", "20.1", 1),
		"status out of range": strings.Replace(good, "201", "99", 1), "no comma": strings.Replace(good, ",", " ", 1),
		"items twice": `{"items":[],` + good[1:], "bad escape": strings.Replace(good, `\"quoted`, `\qquoted`, 1),
		"deep": `{"x":` + strings.Repeat("[", 1e6) + `,` + good[1:],
	} {
		if items, err := parseBulk([]byte(text), 4, nil); !errors.Is(err, errAnswer) || len(items) != 0 {
			t.Errorf("%s: %v, %v; want an error and no items", name, items, err)
		}
	}
}

func TestParseBulkDoesNotAllocate(t *testing.T) {
	text := []byte(all(1000, 201))
	items := make([]item, 0, 1000)
	n := testing.AllocsPerRun(20, func() {
		var err error
		if items, err = parseBulk(text, 1000, items); err != nil {
			t.Fatal(err)
		}
	})
	if n > 4000/1000 {
		t.Errorf("%v allocations for 1000 items without error", n)
	}
}

// FuzzBulkResponse checks that no answer makes the parser panic or accept what
// is not there: what it accepts, encoding/json reads alike.
func FuzzBulkResponse(f *testing.F) {
	for _, text := range []string{
		all(3, 201), answers("201", "429:a:b", "400:c:d"), `{"items":[{"create":{"status":201,"error":{"type":1}}},{},{"x":{"status":1e2}}]}`,
		`{"took":1,"errors":false,"items":[]}`, `{"items":[{"create":{"error":"\u00e9\ud800","status":500}}]}`, "{", `{"a":[[{"b":null}]]`,
	} {
		f.Add([]byte(text), 3)
	}
	f.Fuzz(func(t *testing.T, text []byte, want int) {
		want %= 1000
		items, err := parseBulk(text, want, nil)
		if err != nil {
			if len(items) != 0 || !errors.Is(err, errAnswer) {
				t.Fatalf("%d items with error %v", len(items), err)
			}
			return
		}
		if len(items) != want {
			t.Fatalf("%d items, want %d", len(items), want)
		}
		for _, it := range items {
			if c := classify(it.status, true); c == classUnexpected {
				t.Fatalf("status %d has no class", it.status)
			}
			if it.status < 200 || it.status > 599 {
				t.Fatalf("status %d", it.status)
			}
		}
		var reference struct {
			Items []map[string]struct{ Status json.Number } `json:"items"`
		}
		if !json.Valid(text) || json.Unmarshal(text, &reference) != nil {
			return // our parser is more lenient about what it skips
		}
		for i := range items {
			if i >= len(reference.Items) || len(reference.Items[i]) != 1 {
				return // keys that occur twice, or differ in case only
			}
			for _, it := range reference.Items[i] {
				if n, err := it.Status.Int64(); err == nil && int(n) != items[i].status && strings.Count(string(text), "tatus") == want && strings.Count(string(text), "status") == want {
					t.Fatalf("item %d has status %d, encoding/json reads %d", i, items[i].status, n)
				}
			}
		}
	})
}
