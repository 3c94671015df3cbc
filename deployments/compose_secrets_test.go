package deployments

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/types"
	"go.yaml.in/yaml/v3"
)

// TestComposeSecrets runs the command of the stacks' init services, and looks
// whether every file that another service reads is there for it, and for nobody
// else.
func TestComposeSecrets(t *testing.T) {
	if os.Geteuid() != 0 {
		lacks(t, "the init services give files to other users; run the test as root")
	}
	weir := program(t)
	for _, stack := range stacks[1:] {
		t.Run(stack, func(t *testing.T) {
			p := load(t, stack)
			dir := t.TempDir()
			arguments := p.Services["init"].Command
			if n := len(arguments); arguments[n-1] != "/secrets" || p.Services["init"].User != "0:0" {
				t.Fatalf("the command of init is %v", arguments)
			}
			if text, err := exec.Command(weir, append(arguments[:len(arguments)-1:len(arguments)-1], dir)...).CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, text)
			}
			made := map[string]string{} // volume → folder
			for _, v := range p.Services["init"].Volumes {
				made[v.Source] = filepath.Join(dir, strings.TrimPrefix(v.Target, "/secrets"))
				if _, ok := p.Volumes[v.Source]; !ok {
					t.Errorf("the volume %s is not declared", v.Source)
				}
			}
			readers := 0
			for name, s := range p.Services {
				if name == "init" {
					continue
				}
				for _, v := range s.Volumes {
					folder, ok := made[v.Source]
					if !ok {
						continue
					}
					readers++
					if !v.ReadOnly || v.Source == "secrets-admin" || !strings.HasSuffix(v.Source, "-"+name) {
						t.Errorf("%s has the volume %s: %+v", name, v.Source, v)
					}
					for _, file := range named(s, v.Target) {
						if _, err := os.Stat(filepath.Join(folder, file)); err != nil {
							t.Errorf("%s wants %s/%s: %v", name, v.Target, file, err)
						}
					}
					if len(named(s, v.Target)) == 0 {
						t.Errorf("%s reads nothing of %s", name, v.Source)
					}
				}
			}
			if readers != 3 {
				t.Errorf("%d services have secrets", readers)
			}
		})
	}
}

// named lists the files of a folder that a service's definition names.
func named(s types.ServiceConfig, folder string) (list []string) {
	text, _ := yaml.Marshal(s)
	for _, m := range regexp.MustCompile(regexp.QuoteMeta(folder)+`/([\w.-]+)`).FindAllStringSubmatch(string(text), -1) {
		list = append(list, m[1])
	}
	return list
}

// TestComposeRoles checks that the roles that Weir's users have are there.
func TestComposeRoles(t *testing.T) {
	for _, path := range []string{"elasticsearch/roles.yml", "opensearch/roles.yml", "opensearch/roles_mapping.yml"} {
		text, err := os.ReadFile(filepath.Join("compose", path))
		if err != nil {
			t.Fatal(err)
		}
		var roles map[string]any
		// opensearch.yml appends these to files of the image, and finds them by this.
		if err := yaml.Unmarshal(text, &roles); err != nil || len(roles) != 1 || !strings.Contains("\n"+string(text), "\nweir:\n") {
			t.Errorf("%s: %v, %v", path, roles, err)
		}
	}
}
