// Package period reads spans of time as people write them on a command line:
// the last hour, since yesterday's date, from one moment to another.
package period

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/weirflow/weir/cmd/weir/internal/config"
)

// Allowed says what Time reads.
const Allowed = `2026-09-21, "2026-09-21 14:30", 2026-09-21T14:30:00Z, now, or a time ago such as -2h or -7d`

// layouts are the forms of a time without a zone.
var layouts = []string{"2006-01-02", "2006-01-02T15:04", "2006-01-02T15:04:05.999999999", "2006-01-02 15:04", "2006-01-02 15:04:05.999999999"}

// Time reads a moment: RFC 3339, a date or a date with a time of day in zone, now,
// or an offset from now such as -2h. A date is its first moment.
func Time(s string, now time.Time, zone *time.Location) (time.Time, error) {
	text := strings.TrimSpace(s)
	if rest, ok := strings.CutPrefix(text, "now"); ok {
		if text = rest; rest == "" {
			return now, nil
		}
	}
	if strings.HasPrefix(text, "-") || strings.HasPrefix(text, "+") {
		d, err := config.ParseDuration(strings.TrimPrefix(text, "+"))
		if err == nil {
			return now.Add(d), nil
		}
	}
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return at, nil
	}
	for _, layout := range layouts {
		if at, err := time.ParseInLocation(layout, text, zone); err == nil {
			return at, nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is no time; allowed: %s", s, Allowed)
}

// Range reads the flags last, from and to; a zero time leaves an end open.
func Range(last, from, to string, now time.Time, zone *time.Location) (start, end time.Time, err error) {
	if last != "" {
		if from != "" || to != "" {
			return start, end, errors.New("--last and --from or --to exclude each other")
		}
		d, err := config.ParseDuration(last)
		if err != nil || d <= 0 {
			return start, end, fmt.Errorf("--last: %q is no span of time; allowed: 15m, 1h, 7d and the like", last)
		}
		return now.Add(-d), time.Time{}, nil
	}
	if from != "" {
		if start, err = Time(from, now, zone); err != nil {
			return start, end, fmt.Errorf("--from: %w", err)
		}
	}
	if to != "" {
		if end, err = Time(to, now, zone); err != nil {
			return start, end, fmt.Errorf("--to: %w", err)
		}
	}
	if !start.IsZero() && !end.IsZero() && !start.Before(end) {
		return start, end, fmt.Errorf("--from: %s is not before --to, %s", start.In(zone).Format(time.RFC3339), end.In(zone).Format(time.RFC3339))
	}
	return start, end, nil
}
