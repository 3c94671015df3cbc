package doctor

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/weirflow/weir/cmd/weir/internal/present"
)

// seconds is a number of seconds as a duration; what does not fit is cut off.
func seconds(s float64) time.Duration {
	const most = 9e9 // 285 years
	return time.Duration(max(-most, min(most, s)) * float64(time.Second))
}

// grouped and quantity are present's, for what is counted here.
func grouped(n uint64) string { return present.Grouped(int64(min(n, math.MaxInt64))) }

func quantity(n uint64, what string) string {
	return present.Quantity(int64(min(n, math.MaxInt64)), what)
}

// decimal is a number with one digit after the point where that says something.
func decimal(f float64) string {
	if f >= 100 || f == math.Trunc(f) {
		return grouped(uint64(math.Round(f)))
	}
	return strings.TrimSuffix(strconv.FormatFloat(f, 'f', 1, 64), ".0")
}
