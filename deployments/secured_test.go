package deployments

import (
	"archive/zip"
	"bufio"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/compose-spec/compose-go/v2/types"
)

// secured is an OpenSearch with its real security plugin, started by the command
// and with the settings of opensearch.yml. The plugin's version is one that
// Maven Central has, not the compose file's.
type secured struct {
	t       *testing.T
	url     string
	secrets string // what the init service has made
}

// notShort leaves a test out of -short: it takes minutes, and what it runs is in
// other processes.
func notShort(t *testing.T) {
	t.Helper()
	if testing.Short() && os.Getenv("WEIR_REQUIRE") != "1" {
		t.Skip("SKIPPED: -short leaves out what takes minutes")
	}
}

// TestComposeOpenSearch starts OpenSearch's security plugin with the files that
// init makes and the roles of the stack. The users may do what they are there
// for and no more, nobody knows a demonstration's password, and Weir writes
// flows as in the stack.
func TestComposeOpenSearch(t *testing.T) {
	notShort(t)
	weir := program(t)
	p := load(t, "opensearch.yml")
	s := startSecured(t, weir, p)
	for _, c := range []struct {
		user, method, path, body string
		want                     int
	}{
		{"", "GET", "/", "", 401},
		{"admin:admin", "GET", "/", "", 401},
		{"kibanaserver:kibanaserver", "GET", "/", "", 401},
		{"admin", "GET", "/_plugins/_security/api/internalusers", "", 200},
		{"kibanaserver", "GET", "/.kibana_1/_search?ignore_unavailable=true", "", 200},
		{"kibanaserver", "GET", "/weir-flows-default/_search", "", 403},
		{"weir", "GET", "/", "", 200},
		{"weir", "PUT", "/_component_template/weir-x-mappings", `{"template":{}}`, 200},
		{"weir", "PUT", "/_index_template/weir-x", `{"index_patterns":["weir-x-default"],"data_stream":{},"priority":501,"composed_of":["weir-x-mappings"]}`, 200},
		{"weir", "POST", "/_index_template/_simulate_index/weir-x-default", "", 200},
		{"weir", "PUT", "/_data_stream/weir-x-default", "", 200},
		{"weir", "PUT", "/weir-x-default/_mapping", `{"properties":{"z":{"type":"keyword"}}}`, 200},
		{"weir", "PUT", "/weir-x-default/_settings", `{"index":{"refresh_interval":"5s"}}`, 200},
		{"weir", "POST", "/weir-x-default/_rollover", "", 200},
		{"weir", "GET", "/_data_stream/weir-*", "", 200},
		{"weir", "GET", "/_cluster/health", "", 200},
		{"weir", "GET", "/_nodes/plugins", "", 200},
		{"weir", "DELETE", "/_data_stream/weir-x-default", "", 200},
		{"weir", "PUT", "/other", "", 403},
		{"weir", "GET", "/.opendistro_security/_search", "", 403},
		{"weir", "GET", "/_plugins/_security/api/internalusers", "", 403},
		{"weir", "PUT", "/_cluster/settings", `{"persistent":{"action.auto_create_index":"true"}}`, 403},
	} {
		if status, text := s.ask(c.user, c.method, c.path, c.body); status != c.want {
			t.Errorf("%s %s as %q: status %d, want %d: %s", c.method, c.path, c.user, status, c.want, text)
		}
	}
	s.collect(weir, p.Services["weir"].Environment)
}

// collect runs Weir with the stack's credentials, and finds its flows.
func (s secured) collect(weir string, environment types.MappingWithEquals) {
	s.t.Helper()
	c := exec.Command(weir, "--log-format", "json", "--collector-port", "udp://127.0.0.1:0", "--http-listen", "127.0.0.1:0", "--data-dir", s.t.TempDir())
	c.Dir = s.t.TempDir()
	c.Env = []string{
		"WEIR_INDEX_ELASTICSEARCH_URLS=" + s.url,
		"WEIR_INDEX_ELASTICSEARCH_USERNAME=" + *environment["WEIR_INDEX_ELASTICSEARCH_USERNAME"],
		"WEIR_INDEX_ELASTICSEARCH_PASSWORD_FILE=" + strings.Replace(*environment["WEIR_INDEX_ELASTICSEARCH_PASSWORD_FILE"], "/run/weir", filepath.Join(s.secrets, "weir"), 1),
	}
	log, err := c.StderrPipe()
	if err == nil {
		err = c.Start()
	}
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = c.Process.Kill() })
	listening, rest := readLog(s.t, log)
	text, err := exec.Command(weir, "replay", "--to", "udp://"+listening["udp"], "../testdata/exports/softflowd-v9.pcap").CombinedOutput()
	if err != nil {
		s.t.Fatalf("%v: %s", err, text)
	}
	if err := c.Process.Signal(os.Interrupt); err != nil { // it writes what it has
		s.t.Fatal(err)
	}
	said := ""
	for line := range rest {
		said += line + "\n"
	}
	if err := c.Wait(); err != nil {
		s.t.Errorf("%v: %s", err, said)
	}
	s.ask("admin", "POST", "/weir-flows-default/_refresh", "")
	status, answer := s.ask("admin", "GET", "/weir-flows-default/_count", "")
	if want := `"count":340,`; status != http.StatusOK || !strings.Contains(answer, want) {
		s.t.Errorf("status %d, %s, want %s; Weir said %s", status, answer, want, said)
	}
}

// ask sends a request as a user: a name whose password init has made, or
// name:password, or nobody.
func (s secured) ask(user, method, path, body string) (int, string) {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	if name, password, given := strings.Cut(user, ":"); given {
		request.SetBasicAuth(name, password)
	} else if user != "" {
		request.SetBasicAuth(user, string(read(s.t, filepath.Join(s.secrets, "admin", user))))
	}
	client := http.Client{Timeout: patience}
	answer, err := client.Do(request)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return answer.StatusCode, string(text)
}

// startSecured starts the server and waits until the stack's health check is
// content.
func startSecured(t *testing.T, weir string, p *types.Project) secured {
	t.Helper()
	java := javaHome()
	_, noMaven := exec.LookPath("mvn")
	_, noCurl := exec.LookPath("curl")
	if java == "" || noMaven != nil || noCurl != nil || os.Geteuid() != 0 {
		lacks(t, "OpenSearch's security plugin needs a JDK of release 17 to 23, mvn and curl, and init's command root")
	}
	dir := t.TempDir()
	s := secured{t: t, secrets: filepath.Join(dir, "secrets")}
	for _, c := range []*exec.Cmd{
		exec.Command("mvn", "--quiet", "--batch-mode", "--file", "testdata/secured/pom.xml", "dependency:copy-dependencies", "-DoutputDirectory="+filepath.Join(dir, "lib")),
		exec.Command(weir, "secrets", "create", "opensearch", "--dir", s.secrets),
	} {
		if text, err := c.CombinedOutput(); err != nil {
			t.Fatalf("%v: %v: %s", c.Args, err, text)
		}
	}
	home := filepath.Join(dir, "node_1")
	unpack(t, dir, filepath.Join(home, "config", "opensearch-security"))
	// In place of the image's own script.
	script := "#!/bin/bash\nexec " + filepath.Join(java, "bin", "java") + ` $OPENSEARCH_JAVA_OPTS -cp "` + dir + "/lib/*:" + dir + "/plugin/*\" " + mustAbs(t, "testdata/secured/Secured.java") + " " + dir + "\n"
	if err := os.WriteFile(filepath.Join(home, "opensearch-docker-entrypoint.sh"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	service := p.Services["opensearch"]
	here := strings.NewReplacer("/usr/share/opensearch", home, "/run/weir-roles/", mustAbs(t, "compose/opensearch")+"/", "/run/weir/", filepath.Join(s.secrets, "opensearch")+"/")
	c := exec.Command(service.Entrypoint[0], service.Entrypoint[1], here.Replace(service.Command[0]))
	c.Env = append(os.Environ(), "OPENSEARCH_JAVA_OPTS=-Xms512m -Xmx512m")
	for name, value := range service.Environment {
		if strings.Contains(name, ".") {
			c.Env = append(c.Env, name+"="+*value)
		}
	}
	log, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	c.Stderr = c.Stdout
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	lines := make(chan string)
	go func() {
		defer close(lines)
		for l := bufio.NewScanner(log); l.Scan(); {
			lines <- l.Text()
		}
	}()
	t.Cleanup(func() {
		_ = c.Process.Kill()
		for range lines {
		}
		_ = c.Wait()
	})
	s.url = "http://" + address(t, lines)
	go func() { // so that it is not held up
		for range lines {
		}
	}()
	check := strings.ReplaceAll(here.Replace(service.HealthCheck.Test[1]), "http://127.0.0.1:9200", s.url)
	limit := time.After(3 * patience)
	for {
		text, err := exec.Command("/bin/sh", "-c", check).CombinedOutput()
		if err == nil {
			return s
		}
		select {
		case <-limit:
			t.Fatalf("the health check is not content: %v: %s", err, text)
		case <-time.After(time.Second):
		}
	}
}

// address waits until the server says where it listens.
func address(t *testing.T, lines <-chan string) string {
	t.Helper()
	pattern := regexp.MustCompile(`AbstractHttpServerTransport\] publish_address \{([\d.:]+)\}`)
	limit, said := time.After(3*patience), ""
	for {
		select {
		case line, ok := <-lines:
			if !ok {
				t.Fatalf("OpenSearch has ended: %s", said)
			}
			if m := pattern.FindStringSubmatch(line); m != nil {
				return m[1]
			}
			said += line + "\n"
		case <-limit:
			t.Fatalf("OpenSearch does not listen: %s", said)
		}
	}
}

// unpack takes the plugin apart: its jars, without those that the node has, go to
// dir/plugin, the files of security to config.
func unpack(t *testing.T, dir, config string) {
	t.Helper()
	version := regexp.MustCompile(`-\d[\w.-]*\.jar$`)
	has := map[string]bool{}
	jars, err := filepath.Glob(filepath.Join(dir, "lib", "*.jar"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range jars {
		has[version.ReplaceAllString(filepath.Base(path), "")] = true
	}
	archive, err := zip.OpenReader(filepath.Join(dir, "lib", "opensearch-security-2.19.1.0.zip"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = archive.Close() }()
	for _, f := range archive.File {
		name, folder := filepath.Base(f.Name), ""
		switch {
		case strings.HasSuffix(name, ".jar") && !has[version.ReplaceAllString(name, "")]:
			folder = filepath.Join(dir, "plugin")
		case strings.HasPrefix(f.Name, "config/") && strings.HasSuffix(name, ".yml"):
			folder = config
		default:
			continue
		}
		in, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(in)
		if err == nil {
			err = os.MkdirAll(folder, 0o755)
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(folder, name), text, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// javaHome finds a JDK that runs OpenSearch 2, or gives nothing.
func javaHome() string {
	homes, _ := filepath.Glob("/usr/lib/jvm/*") // only a bad pattern is an error
	for _, home := range append([]string{os.Getenv("JAVA_HOME")}, homes...) {
		text, _ := os.ReadFile(filepath.Join(home, "release"))
		if regexp.MustCompile(`(?m)^JAVA_VERSION="(17|18|19|20|21|22|23)[".]`).Match(text) {
			if _, err := os.Stat(filepath.Join(home, "bin", "javac")); err == nil {
				return home
			}
		}
	}
	return ""
}

func mustAbs(t *testing.T, path string) string {
	t.Helper()
	absolute, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	return absolute
}
