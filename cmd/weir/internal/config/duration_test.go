package config

import (
	"math"
	"testing"
	"time"
)

func TestDurations(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"0": 0, "500ms": 500 * time.Millisecond, "90s": 90 * time.Second, "1h30m": 90 * time.Minute, "30d": 720 * time.Hour, "2w": 336 * time.Hour,
		"1w2d12h": 9*24*time.Hour + 12*time.Hour, "1.5d": 36 * time.Hour, "-2h": -2 * time.Hour, "-1d6h": -30 * time.Hour, " 1d ": 24 * time.Hour, "10ns": 10,
	} {
		if d, err := ParseDuration(text); err != nil || d != want {
			t.Errorf("%q is %s (%v), want %s", text, d, err, want)
		}
	}
	for _, text := range []string{"", "5", "d", "-", "1d5", "1x", "--1h", "1d-2h", "1d+2h", "+1d", "1dd", "1d1w", "nand", "infw", "1e3d", "0x1d", "200000d", "15250w2d", "106751d24h"} {
		if d, err := ParseDuration(text); err == nil {
			t.Errorf("%q is %s, want an error", text, d)
		}
	}
}

func TestFormatDuration(t *testing.T) {
	for want, d := range map[string]time.Duration{
		"0s": 0, "500ms": 500 * time.Millisecond, "30d": 720 * time.Hour, "1h30m": 90 * time.Minute, "10m": 10 * time.Minute, "1d1h": 25 * time.Hour,
		"1d1m": 24*time.Hour + time.Minute, "1h0m5s": time.Hour + 5*time.Second, "-2h": -2 * time.Hour, "1m30s": 90 * time.Second, "106751d23h47m16.854775807s": math.MaxInt64,
	} {
		got := FormatDuration(d)
		if got != want {
			t.Errorf("%d is %s, want %s", d, got, want)
		}
		if back, err := ParseDuration(got); err != nil || back != d {
			t.Errorf("%s is read as %d (%v), want %d", got, back, err, d)
		}
	}
}

func FuzzParseDuration(f *testing.F) {
	for _, s := range []string{"1w2d12h", "-1d6h", "1.5d", "1h0m5s"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := ParseDuration(s)
		if err != nil {
			return
		}
		if back, err := ParseDuration(FormatDuration(d)); err != nil || back != d {
			t.Fatalf("%q is %d, written as %q, read as %d (%v)", s, d, FormatDuration(d), back, err)
		}
	})
}
