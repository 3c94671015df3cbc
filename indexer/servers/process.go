package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// startLimit and stopLimit bound how long a node may take, pollEvery is how
// often it is looked at meanwhile.
const (
	startLimit = 3 * time.Minute
	stopLimit  = 20 * time.Second
	pollEvery  = 100 * time.Millisecond
)

// start brings the node up, unless it runs, and gives its URL.
func (s *server) start(ctx context.Context, keep bool, progress io.Writer) (string, error) {
	if pid := s.pid(); pid > 0 {
		return s.url(), s.awaitReady(ctx, func() bool { return s.pid() == pid })
	}
	if ready(ctx, s.url()) {
		return "", fmt.Errorf("%s answers already, but was not started from here; choose another port with WEIR_%s_PORT", s.url(), s.variable)
	}
	jdk, err := s.findJDK()
	if err != nil {
		return "", err
	}
	fmt.Fprintf(progress, "servers: starting %s %s with %s, log %s\n", s.name, s.version, jdk, s.logFile())
	if err := s.install(ctx, jdk); err != nil {
		return "", err
	}
	if err := s.prepareHome(keep); err != nil {
		return "", err
	}
	process, err := s.spawn(jdk)
	if err != nil {
		return "", err
	}
	exited := make(chan struct{})
	go func() {
		_ = process.Wait() // its log tells why
		close(exited)
	}()
	alive := func() bool {
		select {
		case <-exited:
			return false
		default:
			return true
		}
	}
	if err := s.awaitReady(ctx, alive); err != nil {
		_, stopErr := s.stop(context.WithoutCancel(ctx))
		return "", errors.Join(err, stopErr)
	}
	return s.url(), nil
}

func (s *server) prepareHome(keep bool) error {
	if !keep {
		if err := os.RemoveAll(s.home); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(s.home, 0o755); err != nil {
		return err
	}
	modules := filepath.Join(s.kit, "modules")
	if _, err := os.Stat(modules); err != nil {
		return nil
	}
	link := filepath.Join(s.home, "modules")
	if err := os.RemoveAll(link); err != nil {
		return err
	}
	return os.CopyFS(link, os.DirFS(modules))
}

// spawn starts the node as a process of its own, so that it outlives us.
func (s *server) spawn(jdk string) (*exec.Cmd, error) {
	log, err := os.OpenFile(s.logFile(), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	library, classes := filepath.Join(s.kit, "lib"), filepath.Join(s.kit, "classes")
	arguments := []string{"-Xms512m", "-Xmx1g"}
	if s.kind == elasticsearch {
		arguments = append(arguments, "-Des.nativelibs.path="+filepath.Join(s.kit, "native"),
			"-p", library, "--add-modules", "ALL-MODULE-PATH", "-cp", classes)
	} else {
		arguments = append(arguments, "-cp", filepath.Join(library, "*")+":"+classes)
	}
	node := exec.Command(filepath.Join(jdk, "bin", "java"), append(arguments, s.launcher, s.home, strconv.Itoa(s.port))...)
	node.Dir, node.Stdout, node.Stderr = s.home, log, log
	node.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := node.Start(); err != nil {
		return nil, err
	}
	return node, os.WriteFile(s.pidFile(), []byte(strconv.Itoa(node.Process.Pid)+"\n"), 0o644)
}

// awaitReady polls until the node answers, has ended or takes too long.
func (s *server) awaitReady(ctx context.Context, alive func() bool) error {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	for {
		if ready(ctx, s.url()) {
			return nil
		}
		trouble := ""
		if !alive() {
			trouble = "ended before it answered"
		} else if !pause(ctx, pollEvery) {
			trouble = "does not answer: " + ctx.Err().Error()
		}
		if trouble != "" {
			text, _ := os.ReadFile(s.logFile()) // without it, the trouble is all we know
			return fmt.Errorf("%s; its log %s ends:\n%s", trouble, s.logFile(), lastLines(string(text), 15))
		}
	}
}

// ready reports whether a node at url has a cluster to write to.
func ready(ctx context.Context, url string) bool {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/_cluster/health", nil)
	if err != nil {
		return false
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return false
	}
	defer answer.Body.Close()
	return answer.StatusCode == http.StatusOK
}

func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// stop ends the node: kindly, and by force when it does not go.
func (s *server) stop(ctx context.Context) (string, error) {
	pid := s.pid()
	if pid == 0 {
		return "does not run", nil
	}
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
		if err := syscall.Kill(pid, signal); err != nil && !errors.Is(err, syscall.ESRCH) {
			return "", fmt.Errorf("process %d: %w", pid, err)
		}
		for until := time.Now().Add(stopLimit); time.Now().Before(until); {
			if s.pid() != pid {
				return "stopped", os.RemoveAll(s.pidFile())
			}
			if !pause(ctx, pollEvery) {
				return "", ctx.Err()
			}
		}
	}
	return "", fmt.Errorf("process %d does not end", pid)
}

func (s *server) status(ctx context.Context) (string, error) {
	if s.pid() == 0 {
		return "", errors.New("does not run")
	}
	if !ready(ctx, s.url()) {
		return "", fmt.Errorf("process %d runs but does not answer; see %s", s.pid(), s.logFile())
	}
	return s.url(), nil
}

func (s *server) pidFile() string { return filepath.Join(s.home, "pid") }

// pid gives the process that runs the node, 0 when none does. The number may
// have gone to another process since: only one with our folder among its
// arguments is ours.
func (s *server) pid() int {
	text, err := os.ReadFile(s.pidFile())
	if err != nil {
		return 0
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil || pid <= 1 {
		return 0
	}
	arguments, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	if err != nil || !strings.Contains(string(arguments), "\x00"+s.home+"\x00") {
		return 0
	}
	return pid
}
