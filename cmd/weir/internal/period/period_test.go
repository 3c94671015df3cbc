package period

import (
	"strings"
	"testing"
	"time"
)

var (
	zone = time.FixedZone("", 2*3600)
	now  = time.Date(2026, 9, 21, 14, 30, 5, 0, zone)
)

func TestTime(t *testing.T) {
	for text, want := range map[string]string{
		"now": "2026-09-21T14:30:05+02:00", "-2h": "2026-09-21T12:30:05+02:00", "now-1d12h": "2026-09-20T02:30:05+02:00", "+1h": "2026-09-21T15:30:05+02:00",
		"2026-09-20": "2026-09-20T00:00:00+02:00", "2026-09-20T11:22": "2026-09-20T11:22:00+02:00", "2026-09-20 11:22:33": "2026-09-20T11:22:33+02:00",
		"2026-09-20T11:22:33Z": "2026-09-20T11:22:33Z", "2026-09-20T11:22:33.5-07:00": "2026-09-20T11:22:33.5-07:00",
	} {
		at, err := Time(text, now, zone)
		if got := at.Format(time.RFC3339Nano); err != nil || got != want {
			t.Errorf("%s is %s (%v), want %s", text, got, err, want)
		}
	}
	for _, text := range []string{"", "yesterday", "-2", "--2h", "nowish", "2026-13-01", "2026-09-20T25:00", "14:30"} {
		if at, err := Time(text, now, zone); err == nil || !strings.Contains(err.Error(), "is no time; allowed: ") {
			t.Errorf("%q is %s, %v", text, at, err)
		}
	}
}

func TestRange(t *testing.T) {
	start, end, err := Range("1d", "", "", now, zone)
	if err != nil || !start.Equal(now.Add(-24*time.Hour)) || !end.IsZero() {
		t.Error(start, end, err)
	}
	start, end, err = Range("", "-2h", "-1h", now, zone)
	if err != nil || !start.Equal(now.Add(-2*time.Hour)) || !end.Equal(now.Add(-time.Hour)) {
		t.Error(start, end, err)
	}
	if start, end, err = Range("", "", "", now, zone); err != nil || !start.IsZero() || !end.IsZero() {
		t.Error(start, end, err)
	}
	for _, c := range []struct{ last, from, to, want string }{
		{"1h", "-2h", "", "--last and --from or --to exclude each other"},
		{"0", "", "", `--last: "0" is no span of time; allowed: 15m, 1h, 7d and the like`},
		{"", "then", "", `--from: "then" is no time`},
		{"", "", "then", `--to: "then" is no time`},
		{"", "-1h", "-2h", "--from: 2026-09-21T13:30:05+02:00 is not before --to, 2026-09-21T12:30:05+02:00"},
	} {
		if _, _, err := Range(c.last, c.from, c.to, now, zone); err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("got %v, want %s", err, c.want)
		}
	}
}
