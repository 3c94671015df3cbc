package present

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/weirflow/weir/indexer/query"
)

// Grouped writes a whole number with a comma between thousands.
func Grouped(n int64) string {
	text := strconv.FormatInt(n, 10)
	start := 0
	if n < 0 {
		start = 1
	}
	for at := len(text) - 3; at > start; at -= 3 {
		text = text[:at] + "," + text[at:]
	}
	return text
}

// Quantity is a number with the thing that it counts.
func Quantity(n int64, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return Grouped(n) + " " + what + "s"
}

// Bytes is a number of bytes for people: 1.5 MiB.
func Bytes(n float64) string {
	f := math.Abs(n)
	if f < 1024 {
		return strconv.FormatFloat(n, 'f', decimals(n), 64) + " B"
	}
	for _, unit := range []string{"KiB", "MiB", "GiB", "TiB", "PiB"} {
		if f /= 1024; f < 1023.95 || unit == "PiB" {
			return fmt.Sprintf("%s%.1f %s", strings.Repeat("-", sign(n)), f, unit)
		}
	}
	return ""
}

func sign(n float64) int {
	if n < 0 {
		return 1
	}
	return 0
}

// decimals is how many digits after the point a number is shown with.
func decimals(n float64) int {
	if n == math.Trunc(n) {
		return 0
	}
	return 1
}

// number is a number for people: with commas, and at most one decimal.
func number(n float64) string {
	if math.IsNaN(n) || math.Abs(n) >= 1<<53 {
		return strconv.FormatFloat(n, 'g', 6, 64)
	}
	if decimals(n) == 0 || math.Abs(n) >= 1e6 {
		return Grouped(int64(math.Round(n)))
	}
	whole, part := math.Modf(math.Round(n*10) / 10)
	text := Grouped(int64(whole)) + "." + strconv.Itoa(int(math.Round(math.Abs(part)*10)))
	if whole == 0 && n < 0 {
		text = "-" + text
	}
	return text
}

// duration is a span of time for people, with three digits.
func duration(d time.Duration) string {
	if d < 0 {
		return "-" + duration(-d)
	}
	for _, u := range []struct {
		unit time.Duration
		name string
	}{{24 * time.Hour, "d"}, {time.Hour, "h"}, {time.Minute, "min"}, {time.Second, "s"}, {time.Millisecond, "ms"}, {time.Microsecond, "µs"}} {
		if d < u.unit {
			continue
		}
		f := float64(d) / float64(u.unit)
		switch {
		case f < 9.95:
			return fmt.Sprintf("%.1f %s", f, u.name)
		default:
			return fmt.Sprintf("%.0f %s", f, u.name)
		}
	}
	return fmt.Sprintf("%d ns", int64(d))
}

// measure writes a number of a unit for people.
func measure(n float64, unit string) string {
	switch unit {
	case "bytes":
		return Bytes(n)
	case "ns":
		return duration(time.Duration(n))
	case "ms":
		return duration(time.Duration(n) * time.Millisecond)
	}
	return number(n)
}

// value gives a cell's value as a number; ok is false for other values.
func value(v any) (n float64, ok bool) {
	switch v := v.(type) {
	case int64:
		return float64(v), true
	case float64:
		return v, true
	}
	return 0, false
}

// cell writes a value for people. Whole numbers without a unit are names as
// often as amounts (AS numbers, ports), so that fields' own values get no commas.
func cell(v any, c query.Column, s Style) string {
	switch v := v.(type) {
	case nil:
		if c.Func == "" {
			return "–"
		}
		return ""
	case string:
		return Clean(v)
	case time.Time:
		return v.In(s.zone()).Format("2006-01-02 15:04:05.000")
	case int64:
		switch {
		case c.Unit == "" && c.Func == "":
			return strconv.FormatInt(v, 10)
		case c.Unit == "":
			return Grouped(v)
		}
	case []any:
		parts := make([]string, len(v))
		for i := range v {
			parts[i] = cell(v[i], c, s)
		}
		return strings.Join(parts, ",")
	case json.RawMessage:
		return Clean(string(v))
	}
	if n, ok := value(v); ok {
		return measure(n, c.Unit)
	}
	return Clean(fmt.Sprint(v))
}

// Clean takes out of a text what a terminal would not show as a letter: control
// characters, which could rewrite the screen, and marks that turn the direction
// of writing around.
func Clean(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r < ' ', r >= 0x7f && r < 0xa0, r == 0x061c, r >= 0x200b && r <= 0x200f, r >= 0x2028 && r <= 0x202e, r >= 0x2060 && r <= 0x206f, r == 0xfeff:
			return '\uFFFD'
		}
		return r
	}, text)
}
