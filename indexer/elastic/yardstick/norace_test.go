//go:build !race

package yardstick

// race tells that the race detector makes everything slow.
const race = false
