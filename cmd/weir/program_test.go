package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience is how long the tests wait for something that takes a moment.
const patience = 30 * time.Second

// builtIn is the folder that buildOnce has made.
var builtIn string

// buildOnce builds the real program once for all tests.
var buildOnce = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "weir-test-")
	if err != nil {
		return "", err
	}
	builtIn = dir
	path := filepath.Join(dir, "weir")
	if text, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput(); err != nil {
		return "", errors.New(string(text))
	}
	return path, nil
})

// program is a running collector.
type program struct {
	t       *testing.T
	command *exec.Cmd
	// listening is the addresses by scheme, as the log tells them.
	listening map[string]string
	// messages gets every line of the log.
	messages chan string
	stderr   bytes.Buffer // of lines that are not JSON
	data     string
}

// start starts the collector with a log that the tests can read, and waits until
// it runs.
func start(t *testing.T, data string, arguments ...string) *program {
	t.Helper()
	path, err := buildOnce()
	if err != nil {
		t.Fatal(err)
	}
	p := &program{t: t, listening: map[string]string{}, messages: make(chan string, 1000), data: data}
	p.command = exec.Command(path, append([]string{"--log-format", "json", "--data-dir", data}, arguments...)...)
	p.command.Dir = t.TempDir() // no configuration file there
	log, err := p.command.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.command.Process.Kill() }) // no more than a rest of a failed test
	go p.read(log)
	p.wait("running")
	return p
}

func (p *program) read(log io.Reader) {
	defer close(p.messages)
	lines := bufio.NewScanner(log)
	for lines.Scan() {
		var line struct{ Msg, Endpoint, Address string }
		if json.Unmarshal(lines.Bytes(), &line) != nil {
			p.stderr.WriteString(lines.Text() + "\n")
			continue
		}
		if line.Msg == "listening" {
			scheme, _, _ := strings.Cut(line.Endpoint, ":")
			p.listening[scheme] = line.Address
		}
		p.messages <- line.Msg
	}
}

// wait waits for a line of the log.
func (p *program) wait(message string) {
	p.t.Helper()
	limit := time.After(patience)
	for {
		select {
		case m, ok := <-p.messages:
			if !ok {
				p.t.Fatalf("the collector ended before %q was logged: %s", message, p.stderr.String())
			}
			if m == message {
				return
			}
		case <-limit:
			p.t.Fatalf("%q was not logged", message)
		}
	}
}

// stop stops the collector gracefully and checks that it says so.
func (p *program) stop() {
	p.t.Helper()
	p.signal(syscall.SIGTERM)
	p.wait("stopped")
	p.drain()
	if err := p.command.Wait(); err != nil {
		p.t.Fatalf("after SIGTERM: %v; %s", err, p.stderr.String())
	}
}

// drain reads the log to its end.
func (p *program) drain() {
	for range p.messages {
	}
}

func (p *program) signal(s syscall.Signal) {
	p.t.Helper()
	if err := p.command.Process.Signal(s); err != nil {
		p.t.Fatal(err)
	}
}

// get asks the HTTP port.
func (p *program) get(path string) string {
	p.t.Helper()
	client := &http.Client{Timeout: patience}
	answer, err := client.Get("http://" + p.listening["http"] + path)
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return string(body)
}

// replayTo sends captures to the UDP port.
func (p *program) replayTo(files ...string) {
	p.t.Helper()
	path, err := buildOnce()
	if err != nil {
		p.t.Fatal(err)
	}
	arguments := append([]string{"replay", "--to", "udp://" + p.listening["udp"]}, files...)
	if text, err := exec.Command(path, arguments...).CombinedOutput(); err != nil {
		p.t.Fatalf("replay: %v: %s", err, text)
	}
}

// document is what the tests read of a document.
type document struct {
	Event       struct{ Action string }
	Source      end
	Destination end
	Network     struct {
		Packets, Bytes uint64
		Number         string `json:"iana_number"`
	}
	Flow struct {
		Exporter struct{ Protocol, Transport string }
	}
}

type end struct {
	IP   string
	Port uint16
}

func readDocuments(t *testing.T, path string) []document {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	var list []document
	decoder := json.NewDecoder(f)
	for {
		var d document
		if err := decoder.Decode(&d); errors.Is(err, io.EOF) {
			return list
		} else if err != nil {
			t.Fatalf("%s: document %d: %v", path, len(list), err)
		}
		list = append(list, d)
	}
}
