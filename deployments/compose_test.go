package deployments

import (
	"bytes"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/dotenv"
	"github.com/compose-spec/compose-go/v2/types"
)

// stacks are the compose files that a person names.
var stacks = []string{"compose.yml", "elasticsearch.yml", "opensearch.yml"}

// load reads compose files as docker compose does in their folder, with nothing
// from this machine's environment.
func load(t *testing.T, files ...string) *types.Project {
	t.Helper()
	dir, err := filepath.Abs("compose")
	if err != nil {
		t.Fatal(err)
	}
	paths := make([]string, len(files))
	for i, f := range files {
		paths[i] = filepath.Join(dir, f)
	}
	options, err := cli.NewProjectOptions(paths, cli.WithWorkingDirectory(dir), cli.WithEnvFiles(filepath.Join(dir, ".env")), cli.WithDotEnv)
	if err != nil {
		t.Fatal(err)
	}
	project, err := options.LoadProject(t.Context())
	if err != nil {
		t.Fatalf("%v: %v", files, err)
	}
	return project
}

func eachStack(t *testing.T, test func(t *testing.T, p *types.Project)) {
	for _, name := range stacks {
		t.Run(name, func(t *testing.T) { test(t, load(t, name)) })
	}
}

// program builds weir.
func program(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "weir")
	if text, err := exec.Command("go", "build", "-o", path, "../cmd/weir").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return path
}

// TestComposeServices checks what each service must have.
func TestComposeServices(t *testing.T) {
	eachStack(t, func(t *testing.T, p *types.Project) {
		for name, s := range p.Services {
			if _, tag, ok := strings.Cut(s.Image[strings.LastIndex(s.Image, "/")+1:], ":"); !ok || tag == "" || tag == "latest" {
				t.Errorf("%s: the image %q has no version", name, s.Image)
			}
			if s.MemLimit == 0 {
				t.Errorf("%s may take all memory", name)
			}
			if s.Restart != "unless-stopped" && (name != "init" || s.Restart != "no") {
				t.Errorf("%s is started again: %q", name, s.Restart)
			}
			ours := strings.HasPrefix(s.Image, "weir:")
			if s.HealthCheck == nil && !ours { // ours is in the image
				t.Errorf("%s has no health check", name)
			}
			if ours && (s.Build == nil || s.Build.Dockerfile != "deployments/Dockerfile" || !s.ReadOnly || !slices.Equal(s.CapDrop, []string{"ALL"})) {
				t.Errorf("%s is not built from this tree, or may do more than it needs", name)
			}
			for _, port := range s.Ports {
				flows := name == "weir" && port.Target != 9470
				if !flows && port.HostIP != "127.0.0.1" {
					t.Errorf("%s: port %d is open to others", name, port.Target)
				}
				if port.Published != strconv.Itoa(int(port.Target)) {
					t.Errorf("%s: port %d is published as %s", name, port.Target, port.Published)
				}
			}
			for _, v := range s.Volumes {
				if v.Type == types.VolumeTypeBind {
					if _, err := os.Stat(v.Source); err != nil {
						t.Errorf("%s: %v", name, err)
					}
				}
			}
		}
	})
}

// TestComposeOrder follows depends_on: secrets first, then the server, what shows
// it, and Weir, each when the one before is well.
func TestComposeOrder(t *testing.T) {
	for stack, chain := range map[string][]string{
		"compose.yml": {"weir"}, "elasticsearch.yml": {"init", "elasticsearch", "kibana", "weir"}, "opensearch.yml": {"init", "opensearch", "dashboards", "weir"},
	} {
		p := load(t, stack)
		if names := slices.Sorted(maps.Keys(p.Services)); !slices.Equal(names, slices.Sorted(slices.Values(chain))) {
			t.Errorf("%s has the services %v, want %v", stack, names, chain)
		}
		for i, name := range chain[1:] {
			before := chain[i]
			want := types.ServiceConditionHealthy
			if before == "init" {
				want = types.ServiceConditionCompletedSuccessfully
			}
			if d, ok := p.Services[name].DependsOn[before]; !ok || d.Condition != want {
				t.Errorf("%s: %s does not wait until %s is %s", stack, name, before, want)
			}
		}
	}
}

// TestComposeVersions: every variable is in .env and nowhere a default or a
// version of its own, and .env has no more than is used.
func TestComposeVersions(t *testing.T) {
	env, err := dotenv.Read("compose/.env")
	if err != nil {
		t.Fatal(err)
	}
	used := map[string]bool{}
	files, err := filepath.Glob("compose/*.yml")
	if err != nil || len(files) != len(stacks)+1 {
		t.Fatalf("%v, %v", files, err)
	}
	for _, path := range files {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`(\$+)\{?(\w+)([^}\w][^}\s]*)?`).FindAllStringSubmatch(string(text), -1) {
			if m[1] == "$$" { // a shell's
				continue
			}
			if used[m[2]] = true; env[m[2]] == "" || strings.HasPrefix(m[3], ":-") || strings.HasPrefix(m[3], "-") {
				t.Errorf("%s: ${%s} is not in .env, or has a default", path, m[2])
			}
		}
		for _, m := range regexp.MustCompile(`(?m)^ *image: (.*)$`).FindAllStringSubmatch(string(text), -1) {
			if !regexp.MustCompile(`:\$\{[A-Z]+_(VERSION|TAG)\}$`).MatchString(m[1]) {
				t.Errorf("%s: the version of %s is not from .env", path, m[1])
			}
		}
	}
	for name := range env {
		if !used[name] {
			t.Errorf(".env: nothing uses %s", name)
		}
	}
	// The compiler is the Dockerfile's own, and new enough.
	dockerfile, err := os.ReadFile("Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(dockerfile), "\nARG GO_VERSION="+env["GO_VERSION"]+"\n") {
		t.Errorf("the Dockerfile has another GO_VERSION than .env, %s", env["GO_VERSION"])
	}
	mod, err := os.ReadFile("../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	wanted := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindStringSubmatch(string(mod))
	if wanted == nil || !strings.HasPrefix(env["GO_VERSION"], wanted[1]+".") {
		t.Errorf("GO_VERSION is %s, go.mod wants %v", env["GO_VERSION"], wanted)
	}
}

// TestComposeWeir gives the program itself the variables of its services: it
// knows each, and takes each value.
func TestComposeWeir(t *testing.T) {
	weir := program(t)
	text, err := exec.Command(weir, "config", "show", "--env").Output()
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, name := range regexp.MustCompile(`\bWEIR_[A-Z0-9_]+`).FindAllString(string(text), -1) {
		known[name] = true
	}
	check := func(t *testing.T, p *types.Project) {
		var environment []string
		for name, value := range p.Services["weir"].Environment {
			switch {
			case !known[name]:
				t.Errorf("Weir does not know the variable %s", name)
			case value == nil:
				t.Errorf("%s has no value", name)
			default:
				environment = append(environment, name+"="+*value)
			}
		}
		c := exec.Command(weir, append([]string{"config", "show"}, p.Services["weir"].Command...)...)
		c.Dir, c.Env = t.TempDir(), environment
		if text, err := c.CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, text)
		}
	}
	eachStack(t, check)
	for _, name := range stacks { // on the machine's network
		p := load(t, name, "host-network.yml")
		check(t, p)
		w := p.Services["weir"]
		if w.NetworkMode != "host" || len(w.Ports) != 0 || len(w.Networks) != 0 || *w.Environment["WEIR_HTTP_LISTEN"] != "127.0.0.1:9470" {
			t.Errorf("%s: network %q, ports %v", name, w.NetworkMode, w.Ports)
		}
		for other := range p.Services {
			if other != "init" && other != "weir" && !slices.Contains(w.ExtraHosts[other], "127.0.0.1") {
				t.Errorf("%s: Weir does not find %s on the machine's network", name, other)
			}
		}
	}
	// The image's own file, too.
	c := exec.Command(weir, "config", "show", "--config", "image/weir.yml")
	c.Env = []string{}
	if text, err := c.CombinedOutput(); err != nil || !bytes.Contains(text, []byte(":9470")) {
		t.Errorf("image/weir.yml: %v: %s", err, text)
	}
}

// TestComposePorts holds what is published against where Weir listens by
// default.
func TestComposePorts(t *testing.T) {
	c := exec.Command(program(t), "config", "show")
	c.Dir, c.Env = t.TempDir(), []string{}
	text, err := c.Output()
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]bool{"tcp:9470": true}
	for _, m := range regexp.MustCompile(`(udp|tcp)://:(\d+)`).FindAllStringSubmatch(string(text), -1) {
		want[m[1]+":"+m[2]] = true
	}
	if len(want) < 6 {
		t.Fatalf("only %v were found", want)
	}
	eachStack(t, func(t *testing.T, p *types.Project) {
		got := map[string]bool{}
		for _, port := range p.Services["weir"].Ports {
			got[port.Protocol+":"+strconv.Itoa(int(port.Target))] = true
		}
		if !maps.Equal(got, want) {
			t.Errorf("%v are published, want %v", got, want)
		}
	})
}
