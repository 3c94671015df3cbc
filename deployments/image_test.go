package deployments

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// patience is how long the tests wait for what other programs do.
const patience = 3 * time.Minute

// user is who runs in the image; compose files and secrets name it too.
const user = "10001:10001"

// lacks skips a test for want of something, or fails it where all is mandatory.
func lacks(t *testing.T, format string, arguments ...any) {
	t.Helper()
	if os.Getenv("WEIR_REQUIRE") == "1" {
		t.Fatalf(format, arguments...)
	}
	t.Skipf("SKIPPED: "+format, arguments...)
}

// engine is buildah and podman with a storage of their own, so that the machine's
// images, containers and volumes stay what they are.
type engine struct {
	t     *testing.T
	flags []string
}

func newEngine(t *testing.T) engine {
	t.Helper()
	for _, tool := range []string{"buildah", "podman", "runc", "make"} {
		if _, err := exec.LookPath(tool); err != nil {
			lacks(t, "%s is not installed; Debian's packages buildah, podman and runc are wanted", tool)
		}
	}
	if os.Geteuid() != 0 {
		lacks(t, "containers without the superuser's rights need a set-up of the machine; run the test as root")
	}
	dir, err := os.MkdirTemp("", "weir-image-")
	if err != nil {
		t.Fatal(err)
	}
	e := engine{t, []string{"--root", filepath.Join(dir, "root"), "--runroot", filepath.Join(dir, "run"), "--storage-driver", "vfs"}}
	t.Cleanup(func() {
		// Containers, volumes and images first, as they may have mounts in the folder.
		if text, err := e.podman("system", "prune", "--all", "--volumes", "--force").CombinedOutput(); err != nil {
			t.Errorf("cleaning up: %v: %s", err, text)
		}
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return e
}

func (e engine) podman(arguments ...string) *exec.Cmd {
	flags := slices.Concat(e.flags, []string{"--cgroup-manager", "cgroupfs", "--runtime", "runc", "--events-backend", "file"}, arguments)
	return exec.Command("podman", flags...)
}

// output runs podman and gives what it prints.
func (e engine) output(arguments ...string) string {
	e.t.Helper()
	var out, errOut bytes.Buffer
	c := e.podman(arguments...)
	c.Stdout, c.Stderr = &out, &errOut
	if err := c.Run(); err != nil {
		e.t.Fatalf("podman %s: %v: %s%s", strings.Join(arguments, " "), err, out.String(), errOut.String())
	}
	return out.String()
}

// build makes the image as `make image` does, with buildah.
func (e engine) build(name string) {
	e.t.Helper()
	builder := "buildah " + strings.Join(e.flags, " ") + " bud --isolation chroot --format docker"
	c := exec.Command("make", "image", "IMAGE="+name, "IMAGE_BUILDER="+builder)
	c.Dir = ".."
	if text, err := c.CombinedOutput(); err != nil {
		e.t.Fatalf("make image: %v: %s", err, text)
	}
}

// runArguments gives the arguments of podman run for the image. The limits are those that
// a container needs anyway, and within what an unprivileged one may ask for.
func runArguments(arguments ...string) []string {
	return append([]string{"run", "--network", "host", "--ulimit", "nofile=20000:20000", "--ulimit", "nproc=1024:1024"}, arguments...)
}

// TestImage builds the image, and runs it from the first datagram to a graceful
// stop: flows of real exporters go in, and all of them are in the volume's store
// afterwards.
func TestImage(t *testing.T) {
	notShort(t)
	e := newEngine(t)
	const image = "localhost/weir-test"
	e.build(image)
	health := e.configuration(image)

	const volume, name = "weir-test-data", "weir-test"
	exports, err := filepath.Abs("../testdata/exports")
	if err != nil {
		t.Fatal(err)
	}
	c := e.podman(runArguments("--name", name, "--read-only", "--cap-drop", "all", "-v", volume+":/var/lib/weir", "-v", exports+":/exports:ro", image,
		"--log-format", "json", "--collector-port", "udp://127.0.0.1:0", "--http-listen", "127.0.0.1:0")...)
	log, err := c.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.podman("rm", "--force", "--time", "0", name).Run() })
	listening, rest := readLog(t, log)

	// The process is the image's user, and has no rights beyond that.
	pid := strings.TrimSpace(e.output("inspect", "--format", "{{.State.Pid}}", name))
	status, err := os.ReadFile("/proc/" + pid + "/status")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Uid:\t10001\t10001\t10001\t10001", "Gid:\t10001\t10001\t10001\t10001", "CapEff:\t0000000000000000"} {
		if !strings.Contains(string(status), want) {
			t.Errorf("the process is not what %q says: %s", want, status)
		}
	}

	for _, flag := range []string{"--ready=false", "--ready"} {
		e.output(slices.Concat([]string{"exec", name}, health, []string{"--http-listen", listening["http"], "--timeout", "1m", flag})...)
	}

	total := 0
	for _, x := range exported(t) {
		e.output("exec", name, "/usr/bin/weir", "replay", "--to", "udp://"+listening["udp"], "/exports/"+x.File)
		total += x.Records
	}
	e.output("stop", "--time", "60", name)
	for range rest { // to the end of the log
	}
	if err := c.Wait(); err != nil {
		t.Errorf("after podman stop: %v", err)
	}
	if code := strings.TrimSpace(e.output("inspect", "--format", "{{.State.ExitCode}}", name)); code != "0" {
		t.Errorf("the container's exit status is %s", code)
	}
	if rows := strings.Fields(e.output(runArguments("--rm", "-v", volume+":/var/lib/weir", image, "query", "--count", "--csv")...)); len(rows) != 2 || rows[1] != strconv.Itoa(total) {
		t.Errorf("the volume's store has %q, want %d flows", rows, total)
	}
}

// configuration checks what the image says of itself, and gives the command that
// is its health check.
func (e engine) configuration(image string) []string {
	e.t.Helper()
	var list []struct {
		Config struct {
			User, StopSignal, WorkingDir string
			Entrypoint                   []string
			ExposedPorts, Volumes        map[string]any
			Labels                       map[string]string
		}
		Healthcheck struct{ Test []string }
		Size        int64
	}
	text := e.output("image", "inspect", image)
	if err := json.Unmarshal([]byte(text), &list); err != nil || len(list) != 1 {
		e.t.Fatalf("%v: %s", err, text)
	}
	c := list[0].Config
	if c.User != user || c.StopSignal != "SIGTERM" && c.StopSignal != "15" || c.WorkingDir != "/var/lib/weir" || !slices.Equal(c.Entrypoint, []string{"/usr/bin/weir"}) {
		e.t.Errorf("user %q, stop signal %q, folder %q, program %q", c.User, c.StopSignal, c.WorkingDir, c.Entrypoint)
	}
	for _, port := range []string{"2055/udp", "9995/udp", "4739/udp", "4739/tcp", "4740/tcp", "6343/udp", "9470/tcp"} {
		if _, ok := c.ExposedPorts[port]; !ok {
			e.t.Errorf("port %s is not exposed", port)
		}
	}
	if _, ok := c.Volumes["/var/lib/weir"]; !ok {
		e.t.Error("there is no volume /var/lib/weir")
	}
	for _, name := range []string{"title", "source", "licenses", "version", "revision", "documentation"} {
		if v := c.Labels["org.opencontainers.image."+name]; v == "" || v == "unknown" && name != "revision" && name != "version" {
			e.t.Errorf("the label %s is %q", name, v)
		}
	}
	test := list[0].Healthcheck.Test
	if len(test) < 2 || test[0] != "CMD" {
		e.t.Fatalf("the health check is %q", test)
	}
	// The program, its configuration, and nothing else.
	if size := list[0].Size; size > 64<<20 {
		e.t.Errorf("the image has %d bytes", size)
	}
	return test[1:]
}

// readLog reads the log until the collector runs, and gives the addresses by
// scheme and what comes later.
func readLog(t *testing.T, log io.Reader) (listening map[string]string, rest <-chan string) {
	t.Helper()
	lines := make(chan string, 1000)
	go func() {
		defer close(lines)
		for s := bufio.NewScanner(log); s.Scan(); {
			lines <- s.Text()
		}
	}()
	listening = map[string]string{}
	limit, said := time.After(patience), ""
	for {
		select {
		case text, ok := <-lines:
			if !ok {
				t.Fatalf("the collector ended before it ran: %s", said)
			}
			said += text + "\n"
			var line struct{ Msg, Endpoint, Address string }
			if json.Unmarshal([]byte(text), &line) != nil {
				continue
			}
			if line.Msg == "listening" {
				scheme, _, _ := strings.Cut(line.Endpoint, ":")
				listening[scheme] = line.Address
			}
			if line.Msg == "running" {
				return listening, lines
			}
		case <-limit:
			t.Fatalf("the collector does not run: %s", said)
		}
	}
}

type export struct {
	File    string
	Records int
}

// exported lists the recordings of real exporters' datagrams, with how many flows
// they have.
func exported(t *testing.T) (list []export) {
	t.Helper()
	text, err := os.ReadFile("../testdata/exports/expected.json")
	if err == nil {
		err = json.Unmarshal(text, &list)
	}
	if err != nil || len(list) == 0 {
		t.Fatalf("expected.json: %v", err)
	}
	return list
}
