package category

import (
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/weirflow/weir/flow"
)

const example = "../../configs/category-rules.yml"

func TestExampleFile(t *testing.T) {
	shipped, services := load(t)
	rules, err := ReadRules(example, services)
	if err != nil {
		t.Fatal(err)
	}
	if len(rules) < 5 {
		t.Errorf("%d rules, want at least 5", len(rules))
	}
	compiled, err := Compile(rules, shipped, services)
	if err != nil {
		t.Fatal(err)
	}
	r := record(port(6, 554))
	r.SetSourceIP(netip.MustParseAddr("10.20.30.7"))
	r.SetDestinationIP(netip.MustParseAddr("10.1.0.1"))
	compiled.NewMatcher().Apply(r)
	if r.FlowCategoryRule != "user cameras" || r.FlowCategory != "Streaming Media" || !slices.Equal(r.Tags, []string{"cctv"}) {
		t.Errorf("%s by %q, tags %q", r.FlowCategory, r.FlowCategoryRule, r.Tags)
	}
}

func TestConditions(t *testing.T) {
	shipped, services := load(t)
	base := func() *flow.Record {
		r := record(port(6, 8443), app("My_App"), sni("www.Example.com"))
		r.SetSourceIP(netip.MustParseAddr("10.1.2.3"))
		r.SetDestinationIP(netip.MustParseAddr("2001:db8::5"))
		r.SetIngressInterfaceID(7)
		r.SetEgressInterfaceName("Ether1")
		r.SetEgressInterfaceAlias("Uplink")
		r.SetObserverIP(netip.MustParseAddr("192.0.2.1"))
		r.SetObserverName("Core-1")
		r.SetFlowSite("hq")
		return r
	}
	many := []string{"10.1.2.0/24"}
	for i := range 20 {
		many = append(many, netip.AddrFrom4([4]byte{172, 16, byte(2 * i), 0}).String())
	}
	for name, c := range map[string]struct {
		match Match
		want  bool
	}{
		"source":            {Match{Source: []string{"10.0.0.0/8"}}, true},
		"source not":        {Match{Source: []string{"2001:db8::/32"}}, false},
		"many networks":     {Match{Source: many}, true},
		"many networks not": {Match{Source: many[1:]}, false},
		"destination":       {Match{Destination: []string{"192.0.2.1", "2001:db8::5"}}, true},
		"destination not":   {Match{Destination: []string{"10.1.2.3"}}, false},
		"network":           {Match{Network: []string{"2001:db8::/32"}}, true},
		"port":              {Match{Port: []string{"8443"}}, true},
		"port range":        {Match{Port: []string{"tcp/8000-9000"}}, true},
		"port of client":    {Match{Port: []string{"51000"}}, false},
		"port other":        {Match{Port: []string{"udp/8443"}}, false},
		"protocol":          {Match{Protocol: []string{"udp", "TCP"}}, true},
		"protocol number":   {Match{Protocol: []string{"6"}}, true},
		"protocol not":      {Match{Protocol: []string{"esp"}}, false},
		"application":       {Match{Application: []string{"my app"}}, true},
		"application stem":  {Match{Application: []string{"My-*"}}, true},
		"application not":   {Match{Application: []string{"my"}}, false},
		"host":              {Match{Host: []string{"WWW.example.com"}}, true},
		"host below":        {Match{Host: []string{"*.example.com"}}, true},
		"host itself":       {Match{Host: []string{"*.www.example.com"}}, true},
		"host not":          {Match{Host: []string{"example.com"}}, false},
		"interface index":   {Match{Interface: []string{"7"}}, true},
		"interface name":    {Match{Interface: []string{"ether1"}}, true},
		"interface alias":   {Match{Interface: []string{"uplink"}}, true},
		"interface not":     {Match{Interface: []string{"8", "ether2"}}, false},
		"exporter":          {Match{Exporter: []string{"192.0.2.0/24"}}, true},
		"exporter name":     {Match{Exporter: []string{"core-1"}}, true},
		"exporter not":      {Match{Exporter: []string{"192.0.3.1", "core-2"}}, false},
		"site":              {Match{Site: []string{"hq"}}, true},
		"site not":          {Match{Site: []string{"branch"}}, false},
		"all must hold":     {Match{Source: []string{"10.0.0.0/8"}, Port: []string{"22"}}, false},
		"all hold":          {Match{Source: []string{"10.0.0.0/8"}, Port: []string{"8443"}, Host: []string{"*.com"}}, true},
	} {
		t.Run(name, func(t *testing.T) {
			rules, err := Compile([]Rule{{Name: "r", Match: c.match, Category: "Mine"}}, shipped, services)
			if err != nil {
				t.Fatal(err)
			}
			r := base()
			rules.NewMatcher().Apply(r)
			if got := r.FlowCategoryRule == "user r"; got != c.want {
				t.Errorf("matched %v (%q), want %v", got, r.FlowCategoryRule, c.want)
			}
			empty := &flow.Record{}
			rules.NewMatcher().Apply(empty)
			if empty.FlowCategoryRule != "none" {
				t.Errorf("an empty record matched: %q", empty.FlowCategoryRule)
			}
		})
	}
}

// The first rule decides category, site and tenant; tags add up, each once.
func TestOrder(t *testing.T) {
	shipped, services := load(t)
	tcp := Match{Protocol: []string{"tcp"}}
	rules, err := Compile([]Rule{
		{Name: "tags only", Match: tcp, Tags: []string{"a", "b"}},
		{Name: "place", Match: tcp, Site: "hq", Tags: []string{"b", "c"}},
		{Name: "by site", Match: Match{Site: []string{"hq"}}, Category: "First", Tenant: "t1"},
		{Name: "late", Match: tcp, Category: "Second", Site: "branch", Tenant: "t2"},
	}, shipped, services)
	if err != nil {
		t.Fatal(err)
	}
	r := record(port(6, 443))
	rules.NewMatcher().Apply(r)
	if r.FlowCategory != "First" || r.FlowCategoryRule != "user by site" || r.FlowSite != "hq" || r.FlowTenant != "t1" || !slices.Equal(r.Tags, []string{"a", "b", "c"}) {
		t.Errorf("%s by %q, site %q, tenant %q, tags %q", r.FlowCategory, r.FlowCategoryRule, r.FlowSite, r.FlowTenant, r.Tags)
	}
}

func TestRuleErrors(t *testing.T) {
	_, services := load(t)
	for text, want := range map[string]string{
		"rules:\n- name: a\n  match: {port: [443]}\n  category: Web\n  colour: red\n":                  `f.yml:5: rule 1 "a": colour: unknown key or key given twice: want name, match, category, tags, site, tenant`,
		"rules:\n- name: a\n  match: {ports: [443]}\n  category: Web\n":                                `f.yml:3: rule 1 "a": match.ports: unknown key or key given twice: want source, destination,`,
		"rules:\n- name: a\n  match:\n    port:\n    - 1\n    - tcp/99999\n  category: Web\n":          `f.yml:6: rule 1 "a": match.port: "tcp/99999": want a port (443)`,
		"rules:\n- name: a\n  match: {port: [icmp/8]}\n  category: Web\n":                              `"icmp/8": want a port`,
		"rules:\n- name: a\n  match: {port: [90-80]}\n  category: Web\n":                               `"90-80": want a port`,
		"rules:\n- name: a\n  match:\n    source: [10.0.0.1/8]\n  category: Web\n":                     `f.yml:4: rule 1 "a": match.source: "10.0.0.1/8": has bits beyond its length: want 10.0.0.0/8`,
		"rules:\n- name: a\n  match: {protocol: [tpc]}\n  category: Web\n":                             `match.protocol: "tpc": want a keyword`,
		"rules:\n- name: a\n  match: {host: ['a.*.b']}\n  category: Web\n":                             `match.host: "a.*.b": want a host name`,
		"rules:\n- name: a\n  match: {exporter: [10.0.0.0/33]}\n  category: Web\n":                     `match.exporter: "10.0.0.0/33": want the address`,
		"rules:\n- match: {port: [1]}\n  category: Web\n":                                              `f.yml:2: rule 1: name: is missing`,
		"rules:\n- name: a\n  match: {port: [1]}\n":                                                    `f.yml:2: rule 1 "a": sets nothing: want category, tags, site or tenant`,
		"rules:\n- name: a\n  category: Web\n":                                                         `rule 1 "a": match: is empty: want at least one of source,`,
		"rules:\n- name: a\n  match: {}\n  category: Web\n":                                            `f.yml:3: rule 1 "a": match: is empty`,
		"rules:\n- name: a\n  match: {port: [1]}\n  category: \"a\\nb\"\n":                             `f.yml:4: rule 1 "a": category: "a\nb": want 1 to 64 bytes`,
		"rules:\n- name: a\n  match: {port: [1]}\n  tags: [x, '']\n":                                   `f.yml:4: rule 1 "a": tags: "": want 1 to 64 bytes`,
		"rules:\n- name: a\n  match: [port]\n  category: Web\n":                                        `f.yml:3: rule 1 "a": match: want a mapping`,
		"rules:\n- {name: a, match: {port: [1]}, site: x}\n- {name: a, match: {port: [1]}, site: x}\n": `f.yml:3: rule 2 "a": name: rule 1 has the same one`,
		"rules:\n- just text\n":        `f.yml:2: rule 1: want a mapping`,
		"rules: text\n":                `f.yml:1: rules: want a list`,
		"- a\n":                        `f.yml:1: want the key rules`,
		"rule: []\n":                   `f.yml:1: rule: unknown key`,
		"rules: []\nrules: []\n":       `f.yml:2: rules: unknown key or key given twice`,
		"rules: [\n":                   `f.yml: yaml:`,
		"rules: []\n---\nrules: []\n":  `more than one YAML document`,
		strings.Repeat("#", maxFile+1): `larger than`,
		"rules:\n- name: [a]\n  match: {port: [1]}\n  category: Web\n": `f.yml:2: rule 1: `,
	} {
		_, err := ParseRules("f.yml", []byte(text), services)
		var where *RuleError
		if err == nil || !strings.Contains(err.Error(), want) || !errors.As(err, &where) {
			t.Errorf("%.60q:\n got %v\nwant %s", text, err, want)
		}
	}
	for _, text := range []string{"", "---\n", "rules:\n", "# nothing\n", "rules: []\n"} {
		if rules, err := ParseRules("f.yml", []byte(text), services); err != nil || len(rules) != 0 {
			t.Errorf("%q: %v %v, want no rules", text, rules, err)
		}
	}
	if _, err := ReadRules(filepath.Join(t.TempDir(), "none.yml"), services); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing file: %v", err)
	}
}

func FuzzParseRules(f *testing.F) {
	text, err := os.ReadFile(example)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte("rules:\n- name: &x a\n  match: {port: [*x, 1-2, tcp/3]}\n  tags: [*x]\n"))
	shipped, services := load(f)
	f.Fuzz(func(t *testing.T, text []byte) {
		rules, err := ParseRules("f.yml", text, services)
		if err != nil {
			if rules != nil {
				t.Error("rules beside an error")
			}
			return
		}
		compiled, err := Compile(rules, shipped, services)
		if err != nil {
			t.Fatalf("rules that were parsed do not compile: %v", err)
		}
		r := record(port(6, 443), app("x"), sni("a.example.com"))
		r.SetSourceIP(netip.MustParseAddr("10.0.0.1"))
		compiled.NewMatcher().Apply(r)
		if r.FlowCategory == "" || r.FlowCategoryRule == "" {
			t.Error("no category")
		}
	})
}
