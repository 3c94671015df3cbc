package main

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/weirflow/weir/cmd/weir/internal/doctor"
)

// watchInterval is the time between two looks at how far the doctor has come.
const watchInterval = 200 * time.Millisecond

// watch shows on a terminal how far the doctor has come; length is how long it
// looks, 0 when nobody knows. What it gives ends that, and takes the line away.
func watch(out io.Writer, d *doctor.Doctor, length time.Duration) (stop func()) {
	f, ok := out.(*os.File)
	if !ok || !isTerminal(f) {
		return func() {}
	}
	began, end, done := time.Now(), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(watchInterval)
		defer tick.Stop()
		for {
			select {
			case now := <-tick.C:
				datagrams, exporters := d.Seen()
				left := ""
				if length > 0 {
					left = fmt.Sprintf("%s left, ", max(0, length-now.Sub(began)).Round(time.Second))
				}
				fmt.Fprintf(f, "\r\x1b[K%s%d datagrams from %d exporters", left, datagrams, exporters)
			case <-end:
				fmt.Fprint(f, "\r\x1b[K")
				return
			}
		}
	}()
	return sync.OnceFunc(func() {
		close(end)
		<-done
	})
}

// doctorStyle is how the report looks on a writer.
func doctorStyle(out io.Writer, templates bool) doctor.Style {
	s := doctor.Style{Templates: templates}
	f, ok := out.(*os.File)
	if !ok || !isTerminal(f) {
		return s
	}
	s.Color = os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
	if size, err := unix.IoctlGetWinsize(int(f.Fd()), unix.TIOCGWINSZ); err == nil {
		s.Width = int(size.Col)
	}
	return s
}
