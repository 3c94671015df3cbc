package doctor

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// seconds is a number of seconds as a duration; what does not fit is cut off.
func seconds(s float64) time.Duration {
	const most = 9e9 // 285 years
	return time.Duration(max(-most, min(most, s)) * float64(time.Second))
}

// grouped writes a whole number with a comma between thousands.
func grouped(n uint64) string {
	s := strconv.FormatUint(n, 10)
	for at := len(s) - 3; at > 0; at -= 3 {
		s = s[:at] + "," + s[at:]
	}
	return s
}

// quantity is a number with the thing that it counts.
func quantity(n uint64, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return grouped(n) + " " + what + "s"
}

// decimal is a number with one digit after the point where that says something.
func decimal(f float64) string {
	if f >= 100 || f == math.Trunc(f) {
		return grouped(uint64(math.Round(f)))
	}
	return strings.TrimSuffix(strconv.FormatFloat(f, 'f', 1, 64), ".0")
}

// size is a number of bytes for people.
func size(n float64) string {
	if n < 1024 {
		return decimal(n) + " B"
	}
	for _, unit := range []string{"KiB", "MiB", "GiB", "TiB"} {
		if n /= 1024; n < 1023.95 || unit == "TiB" {
			return strconv.FormatFloat(n, 'f', 1, 64) + " " + unit
		}
	}
	return ""
}

// clean takes out of a text what could move a terminal's cursor or turn the
// direction of writing around.
func clean(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r < ' ', r >= 0x7f && r < 0xa0, r == 0x061c, r >= 0x200b && r <= 0x200f, r >= 0x2028 && r <= 0x202e, r >= 0x2060 && r <= 0x206f, r == 0xfeff:
			return '\uFFFD'
		}
		return r
	}, text)
}
