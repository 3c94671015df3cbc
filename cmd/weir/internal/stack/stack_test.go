package stack

import (
	"crypto/x509"
	"encoding/pem"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
	"golang.org/x/crypto/bcrypt"
)

// create makes a stack, and gives its files' texts and owners by path.
func create(t *testing.T, dir, product string) (texts map[string]string, owners map[string]int) {
	t.Helper()
	texts, owners = map[string]string{}, map[string]int{}
	chown := func(path string, uid, gid int) error {
		if uid != gid {
			t.Errorf("%s: user %d, group %d", path, uid, gid)
		}
		owners[filepath.Base(filepath.Dir(path))] = uid
		return nil
	}
	if err := Create(Config{Dir: dir, Product: product}, Dependencies{Chown: chown}); err != nil {
		t.Fatal(err)
	}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == dir {
			return err
		}
		want := fs.FileMode(0o400)
		if d.IsDir() {
			want = 0o700
		}
		if info, err := d.Info(); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v", path, info.Mode(), err)
		}
		if !d.IsDir() {
			name, _ := filepath.Rel(dir, path)
			text, err := os.ReadFile(path)
			texts[name] = string(text)
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return texts, owners
}

func fits(t *testing.T, hash, password string) {
	t.Helper()
	if err := bcrypt.CompareHashAndPassword([]byte(hash), []byte(password)); err != nil || len(password) < 20 {
		t.Errorf("%q is not the hash of a password of %d characters: %v", hash, len(password), err)
	}
}

func TestElasticsearch(t *testing.T) {
	dir := t.TempDir()
	files, owners := create(t, dir, "elasticsearch")
	users := map[string]string{}
	for line := range strings.Lines(files["elasticsearch/users"]) {
		name, hash, _ := strings.Cut(strings.TrimSpace(line), ":")
		users[name] = hash
	}
	fits(t, users["weir"], files["weir/password"])
	fits(t, users["weir_kibana"], files["admin/kibana"])
	var kibana map[string]any
	if err := yaml.Unmarshal([]byte(files["kibana/kibana.yml"]), &kibana); err != nil {
		t.Fatal(err)
	}
	if kibana["elasticsearch.password"] != files["admin/kibana"] || len(kibana["xpack.encryptedSavedObjects.encryptionKey"].(string)) < 32 {
		t.Errorf("kibana.yml: %v", kibana)
	}
	if files["elasticsearch/elastic"] != files["admin/elastic"] || !strings.Contains(files["elasticsearch/curlrc"], "elastic:"+files["admin/elastic"]) {
		t.Error("the superuser's password differs from file to file")
	}
	for folder, want := range map[string]int{"admin": 0, "elasticsearch": 1000, "kibana": 1000, "weir": 10001} {
		if owners[folder] != want {
			t.Errorf("%s belongs to %d, want %d", folder, owners[folder], want)
		}
	}
	again, _ := create(t, dir, "elasticsearch")
	for name, text := range files {
		if name != "elasticsearch/users" && again[name] != text { // a hash has salt
			t.Errorf("%s has changed", name)
		}
	}
	if got, err := Show(dir, "elastic"); got != files["admin/elastic"] || err != nil {
		t.Errorf("elastic: %q, %v", got, err)
	}
	if _, err := Show(dir, "../weir/password"); err == nil || !strings.Contains(err.Error(), "allowed: elastic, kibana") {
		t.Errorf("a password that there is not: %v", err)
	}
}

func TestOpenSearch(t *testing.T) {
	dir := t.TempDir()
	files, _ := create(t, dir, "opensearch")
	var users map[string]struct{ Hash string }
	if err := yaml.Unmarshal([]byte(files["opensearch/internal_users.yml"]), &users); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"admin", "kibanaserver", "weir"} {
		fits(t, users[name].Hash, files["admin/"+name])
	}
	var dashboards map[string]any
	if err := yaml.Unmarshal([]byte(files["dashboards/opensearch_dashboards.yml"]), &dashboards); err != nil {
		t.Fatal(err)
	}
	if dashboards["opensearch.password"] != files["admin/kibanaserver"] || len(dashboards["opensearch_security.cookie.password"].(string)) < 32 {
		t.Errorf("opensearch_dashboards.yml: %v", dashboards)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM([]byte(files["opensearch/ca.pem"])) {
		t.Fatal("ca.pem is no certificate")
	}
	block, _ := pem.Decode([]byte(files["opensearch/node.pem"]))
	node, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	for _, use := range []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth} {
		if _, err := node.Verify(x509.VerifyOptions{Roots: pool, DNSName: "opensearch", KeyUsages: []x509.ExtKeyUsage{use}}); err != nil {
			t.Error(err)
		}
	}
	block, _ = pem.Decode([]byte(files["opensearch/node-key.pem"]))
	if _, err := x509.ParsePKCS8PrivateKey(block.Bytes); err != nil {
		t.Error(err)
	}
	again, _ := create(t, dir, "opensearch")
	if again["opensearch/node.pem"] != files["opensearch/node.pem"] || again["weir/password"] != files["weir/password"] {
		t.Error("a second run has made other secrets")
	}
}

func TestCreateRefuses(t *testing.T) {
	if err := Create(Config{Dir: t.TempDir(), Product: "solr"}, Dependencies{}); err == nil || !strings.Contains(err.Error(), "allowed: elasticsearch, opensearch") {
		t.Errorf("%v", err)
	}
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "admin"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "admin", "weir"), []byte("\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	chown := func(string, int, int) error { return nil }
	if err := Create(Config{Dir: dir, Product: "opensearch"}, Dependencies{Chown: chown}); err == nil || !strings.Contains(err.Error(), "is empty") {
		t.Errorf("%v", err)
	}
	refuse := func(string, int, int) error { return fs.ErrPermission }
	dir = t.TempDir()
	if err := Create(Config{Dir: dir, Product: "opensearch"}, Dependencies{Chown: refuse}); err == nil || !strings.Contains(err.Error(), "superuser") {
		t.Errorf("%v", err)
	}
	if left, _ := os.ReadDir(filepath.Join(dir, "admin")); len(left) != 0 {
		t.Errorf("a failed run has left %v", left)
	}
}
