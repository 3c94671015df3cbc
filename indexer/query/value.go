package query

import (
	"fmt"
	"math"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// FormatTime writes Unix nanoseconds as documents do: RFC 3339 in UTC with
// milliseconds, or with as many digits as the value has.
func FormatTime(ns int64) string {
	layout := "2006-01-02T15:04:05.000Z"
	switch {
	case ns%1e3 != 0:
		layout = "2006-01-02T15:04:05.000000000Z"
	case ns%1e6 != 0:
		layout = "2006-01-02T15:04:05.000000Z"
	}
	return time.Unix(0, ns).UTC().Format(layout)
}

func formatMillis(ns int64) string {
	return time.Unix(0, ns).UTC().Format("2006-01-02T15:04:05.000Z")
}

// precisions are the forms of a time, coarsest first, and the step to the next
// one: a form means the whole of what it leaves open.
var precisions = []struct {
	layout              string
	years, months, days int
	step                time.Duration
}{
	{"2006", 1, 0, 0, 0},
	{"2006-01", 0, 1, 0, 0},
	{"2006-01-02", 0, 0, 1, 0},
	{"2006-01-02T15", 0, 0, 0, time.Hour},
	{"2006-01-02T15:04", 0, 0, 0, time.Minute},
	{"2006-01-02T15:04:05", 0, 0, 0, time.Second},
	{"2006-01-02T15:04:05.999999999", 0, 0, 0, time.Millisecond},
}

// formatSpan writes the time that means min to max.
func formatSpan(min, max int64) string {
	at := time.Unix(0, min).UTC()
	for _, p := range precisions {
		if at.AddDate(p.years, p.months, p.days).Add(p.step).UnixNano()-1 == max {
			if first, last, err := parseSpan(at.Format(p.layout)); err == nil && first == min && last == max {
				return at.Format(p.layout)
			}
		}
	}
	return formatMillis(min)
}

// parseTime reads a time and gives the first and the last nanosecond of what it
// means. now is what "now" means.
func parseTime(s string, now time.Time) (first, last int64, err error) {
	if rest, ok := strings.CutPrefix(s, "now"); ok {
		return parseNow(rest, now)
	}
	return parseSpan(s)
}

const timeForms = `a time such as "2026-09-21", "2026-09-21T14:30:00Z", now or now-15m`

func parseSpan(s string) (first, last int64, err error) {
	for _, zone := range []string{"", "Z07:00"} {
		for _, p := range precisions {
			// Parse would take a fraction of a second in any layout with seconds.
			if zone != "" && p.step == 0 || p.step >= time.Second && strings.ContainsAny(s, ".,") {
				continue
			}
			at, err := time.Parse(p.layout+zone, s)
			if err != nil {
				continue
			}
			at = at.UTC().Truncate(time.Millisecond)
			end := at.AddDate(p.years, p.months, p.days).Add(p.step)
			if at.Before(earliest) || end.After(latest) {
				return 0, 0, fmt.Errorf("expected a time in the years 1678 to 2261, not %q", s)
			}
			return at.UnixNano(), end.UnixNano() - 1, nil
		}
	}
	return 0, 0, fmt.Errorf("expected %s, not %q", timeForms, s)
}

var timeUnits = map[byte]time.Duration{'s': time.Second, 'm': time.Minute, 'h': time.Hour, 'H': time.Hour, 'd': 24 * time.Hour, 'w': 7 * 24 * time.Hour}

// parseNow reads what follows "now": nothing, or an offset such as -15m.
func parseNow(rest string, now time.Time) (first, last int64, err error) {
	at := now.UTC().Truncate(time.Millisecond)
	for rest != "" {
		sign, digits := rest[0], 1
		for digits < len(rest) && rest[digits] >= '0' && rest[digits] <= '9' {
			digits++
		}
		n, err := strconv.ParseInt(rest[1:digits], 10, 32)
		var unit time.Duration
		if digits < len(rest) {
			unit = timeUnits[rest[digits]]
		}
		if (sign != '-' && sign != '+') || err != nil || unit == 0 {
			return 0, 0, fmt.Errorf("expected %s, not %q (units: s, m, h, d, w)", timeForms, "now"+rest)
		}
		if sign == '-' {
			n = -n
		}
		if n > int64(math.MaxInt64/unit) || n < -int64(math.MaxInt64/unit) {
			return 0, 0, fmt.Errorf("%q is too far off", "now"+rest)
		}
		at, rest = at.Add(time.Duration(n)*unit), rest[digits+1:]
		if at.Before(earliest) || at.After(latest) {
			return 0, 0, fmt.Errorf("expected a time in the years 1678 to 2261")
		}
	}
	return at.UnixNano(), at.UnixNano() + int64(time.Millisecond) - 1, nil
}

func parseNumber(s string) (int64, error) {
	v, err := strconv.ParseInt(s, 10, 64)
	if err == nil {
		return v, nil
	}
	if e, ok := err.(*strconv.NumError); ok && e.Err == strconv.ErrRange {
		return 0, fmt.Errorf("expected a number from %d to %d, not %q", int64(math.MinInt64), int64(math.MaxInt64), s)
	}
	return 0, fmt.Errorf("expected a whole number, not %q", s)
}

// firstAddr and lastAddr are the ends of the order of addresses.
var (
	firstAddr = netip.IPv6Unspecified()
	lastAddr  = netip.AddrFrom16([16]byte{255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255})
)

// as16 gives an address's 16-byte form, in which all of them compare.
func as16(a netip.Addr) netip.Addr { return netip.AddrFrom16(a.As16()) }

// parseAddress reads an address or a network and gives its first and last
// address. Bits of a network beyond its length do not matter.
func parseAddress(s string) (first, last netip.Addr, err error) {
	text, length, network := strings.Cut(s, "/")
	a, err := netip.ParseAddr(text)
	if err != nil || a.Zone() != "" {
		return first, last, fmt.Errorf("expected an address or a network such as 10.0.0.0/8, not %q", s)
	}
	if !network {
		return as16(a), as16(a), nil
	}
	bits, err := strconv.ParseUint(length, 10, 8)
	if err != nil || int(bits) > a.BitLen() || len(length) > 3 {
		return first, last, fmt.Errorf("expected a prefix length from 0 to %d after /, not %q", a.BitLen(), length)
	}
	host := a.BitLen() - int(bits)
	low, high := a.As16(), a.As16()
	for i := 15; host > 0; i, host = i-1, host-8 {
		mask := byte(0xff)
		if host < 8 {
			mask >>= 8 - host
		}
		low[i] &^= mask
		high[i] |= mask
	}
	return netip.AddrFrom16(low), netip.AddrFrom16(high), nil
}

// span writes the address or network that reaches from first to last; ok is
// false when none does.
func span(first, last netip.Addr) (text string, ok bool) {
	if first == last {
		return first.Unmap().String(), true
	}
	low, high, bits := first.As16(), last.As16(), 0
	for bits < 128 && (low[bits/8]^high[bits/8])&(0x80>>(bits%8)) == 0 {
		bits++
	}
	if first.Is4In6() && last.Is4In6() {
		text = first.Unmap().String() + "/" + strconv.Itoa(bits-96)
	} else {
		text = first.String() + "/" + strconv.Itoa(bits)
	}
	f, l, err := parseAddress(text)
	return text, err == nil && f == first && l == last
}
