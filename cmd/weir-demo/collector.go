package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// patience is how long a start or a stop may take.
const patience = 30 * time.Second

// collector is a running weir.
type collector struct {
	command *exec.Cmd
	// opened gets a value for each endpoint that is open.
	opened chan struct{}
	// ended is closed when the process has closed its log.
	ended chan struct{}
}

// start starts weir in a folder, where no configuration file is. Ctrl-C is not
// meant for it, so that it has a process group of its own.
func start(weir, dir string, environ, arguments []string, errOut io.Writer) (*collector, error) {
	c := &collector{command: exec.Command(weir, arguments...), opened: make(chan struct{}, len(ports)+1), ended: make(chan struct{})}
	c.command.Dir, c.command.Env = dir, append(os.Environ(), environ...)
	c.command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	log, err := c.command.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := c.command.Start(); err != nil {
		return nil, fmt.Errorf("start weir: %w", err)
	}
	go c.watch(log, errOut)
	return c, nil
}

// watch reads the log, and passes errors on. Its warnings are about what a
// machine may lack for years, such as GeoIP databases.
func (c *collector) watch(log io.Reader, errOut io.Writer) {
	defer close(c.ended)
	lines := bufio.NewScanner(log)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var line struct{ Level, Msg string }
		if json.Unmarshal(lines.Bytes(), &line) != nil || line.Level == "ERROR" {
			fmt.Fprintln(errOut, lines.Text())
		}
		if line.Msg == "listening" {
			select {
			case c.opened <- struct{}{}:
			default:
			}
		}
	}
}

// listening waits until n endpoints are open.
func (c *collector) listening(ctx context.Context, n int) error {
	limit := time.After(patience)
	for range n {
		select {
		case <-c.opened:
		case <-ctx.Done():
			return ctx.Err()
		case <-c.ended:
			return errors.New("weir ended before it listened")
		case <-limit:
			return fmt.Errorf("weir did not listen within %s", patience)
		}
	}
	return nil
}

// stop ends weir gracefully.
func (c *collector) stop() error {
	_ = c.command.Process.Signal(syscall.SIGTERM) // it may have ended
	select {
	case <-c.ended:
	case <-time.After(patience):
		_ = c.command.Process.Kill()
		<-c.ended
	}
	return c.command.Wait()
}
