package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/weirflow/weir/cmd/weir/internal/present"
)

// terminal gives the size of the terminal behind a writer; ok is false when it
// is none.
func terminal(out io.Writer) (width int, ok bool) {
	f, isFile := out.(*os.File)
	if !isFile || !isTerminal(f) {
		return 0, false
	}
	size, err := unix.IoctlGetWinsize(int(f.Fd()), unix.TIOCGWINSZ)
	if err != nil || size.Col == 0 {
		return 80, true
	}
	return int(size.Col), true
}

func isTerminal(f *os.File) bool {
	_, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	return err == nil
}

// style is how tables look on a writer. NO_COLOR switches colours off, as many
// programs have it.
func style(out io.Writer) present.Style {
	width, ok := terminal(out)
	return present.Style{Width: width, Color: ok && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb", Zone: time.Local}
}

// bar is a line on a terminal that tells how far something long has come. It is
// shown only when it takes a while, and only where somebody watches.
type bar struct {
	out   io.Writer // nil when nobody watches
	now   func() time.Time
	what  string
	began time.Time
	last  time.Time
	shown bool
}

const (
	barDelay    = 500 * time.Millisecond
	barInterval = 100 * time.Millisecond
	barWidth    = 30
)

// newBar gives a bar for a number of things that are called what.
func newBar(out io.Writer, what string, now func() time.Time) *bar {
	b := &bar{now: now, what: what, began: now()}
	if _, ok := terminal(out); ok {
		b.out = out
	}
	return b
}

// show draws that done of all things are done. all may be unknown, 0.
func (b *bar) show(done, all int64) {
	now := b.now()
	if b.out == nil || now.Sub(b.began) < barDelay || now.Sub(b.last) < barInterval {
		return
	}
	b.last, b.shown = now, true
	rate := float64(done) / max(now.Sub(b.began).Seconds(), 0.001)
	if all <= 0 {
		fmt.Fprintf(b.out, "\r\x1b[K%d %s, %.0f per second", done, b.what, rate)
		return
	}
	share := min(float64(done)/float64(all), 1)
	drawn := present.Bar(share, barWidth)
	left := "" // about
	if rate > 0 && done < all {
		left = ", " + time.Duration(float64(all-done)/rate*float64(time.Second)).Round(time.Second).String() + " left"
	}
	fmt.Fprintf(b.out, "\r\x1b[K%s%s %3.0f %% of %d %s%s", drawn, strings.Repeat(" ", barWidth-len([]rune(drawn))), 100*share, all, b.what, left)
}

// clear takes the line away again.
func (b *bar) clear() {
	if b.shown {
		fmt.Fprint(b.out, "\r\x1b[K")
		b.shown = false
	}
}
