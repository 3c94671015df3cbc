package config

import (
	"errors"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// The units of a duration that time.ParseDuration does not know. A day is always
// 24 hours.
const (
	day  = 24 * time.Hour
	week = 7 * day
)

// ParseDuration reads 500ms, 90s, 1h30m, 30d, 2w or 1w2d12h; a number needs a
// unit, except 0.
func ParseDuration(s string) (time.Duration, error) {
	text, sign := strings.TrimSpace(s), time.Duration(1)
	if rest, ok := strings.CutPrefix(text, "-"); ok {
		text, sign = rest, -1
	}
	var sum time.Duration
	for _, u := range []struct {
		suffix string
		unit   time.Duration
	}{{"w", week}, {"d", day}} {
		number, rest, found := strings.Cut(text, u.suffix)
		if !found {
			continue
		}
		f, err := strconv.ParseFloat(number, 64)
		if err != nil || strings.ContainsAny(number, "+-xXeEnN") || f*float64(u.unit) > float64(math.MaxInt64-sum) {
			return 0, errors.New("not a duration")
		}
		sum += time.Duration(f * float64(u.unit))
		text = rest
		if text == "" {
			return sign * sum, nil
		}
	}
	if strings.HasPrefix(text, "-") || strings.HasPrefix(text, "+") {
		return 0, errors.New("not a duration")
	}
	d, err := time.ParseDuration(text)
	if err != nil || d > math.MaxInt64-sum {
		return 0, errors.New("not a duration")
	}
	return sign * (sum + d), nil
}

// FormatDuration writes a duration so that ParseDuration reads it again, without
// the units that are zero: 30d, 1h30m, 500ms.
func FormatDuration(d time.Duration) string {
	if d < 0 && d != math.MinInt64 {
		return "-" + FormatDuration(-d)
	}
	text := ""
	if days := d / day; days > 0 {
		text, d = strconv.FormatInt(int64(days), 10)+"d", d%day
	}
	if d == 0 {
		if text == "" {
			return "0s"
		}
		return text
	}
	rest := d.String()
	if strings.HasSuffix(rest, "m0s") {
		rest = strings.TrimSuffix(rest, "0s")
	}
	if strings.HasSuffix(rest, "h0m") {
		rest = strings.TrimSuffix(rest, "0m")
	}
	return text + rest
}

// durations turns texts into durations.
func durations(from, to reflect.Type, value any) (any, error) {
	if from.Kind() != reflect.String || to != reflect.TypeFor[time.Duration]() {
		return value, nil
	}
	return ParseDuration(value.(string))
}
