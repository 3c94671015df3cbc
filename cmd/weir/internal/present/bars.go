package present

import (
	"math"
	"strings"
)

// Bar draws a share, 0 to 1, as a bar of at most width columns. What is there at
// all is seen.
func Bar(share float64, width int) string {
	if !(share > 0) || width < 1 {
		return ""
	}
	eighths := max(1, int(math.Round(min(share, 1)*float64(width)*8)))
	bar := strings.Repeat("█", eighths/8)
	if rest := eighths % 8; rest > 0 {
		bar += string([]rune("▏▎▍▌▋▊▉")[rest-1])
	}
	return bar
}

// Sparkline draws a value per column as bars of eight heights, the highest for
// top. A zero is a blank, and what is there at all is seen.
func Sparkline(values []float64, top float64) string {
	heights := []rune("▁▂▃▄▅▆▇█")
	var b strings.Builder
	for _, v := range values {
		if !(v > 0) || top <= 0 {
			b.WriteByte(' ')
			continue
		}
		b.WriteRune(heights[min(len(heights)-1, int(v/top*float64(len(heights)-1)+0.5))])
	}
	return b.String()
}

// squeeze sums values up into at most n, so that a long series fits. With
// highest set the highest of each part counts instead, for values that cannot be
// added.
func squeeze(values []float64, n int, highest bool) []float64 {
	if len(values) <= n || n < 1 {
		return values
	}
	per := (len(values) + n - 1) / n
	out := make([]float64, 0, n)
	for i := 0; i < len(values); i += per {
		part := 0.0
		for _, v := range values[i:min(i+per, len(values))] {
			if highest {
				part = max(part, v)
			} else {
				part += v
			}
		}
		out = append(out, part)
	}
	return out
}

// stretch repeats each value as often as n columns allow.
func stretch(values []float64, n int) []float64 {
	times := n / max(1, len(values))
	if times < 2 {
		return values
	}
	out := make([]float64, 0, n)
	for _, v := range values {
		for range times {
			out = append(out, v)
		}
	}
	return out
}
