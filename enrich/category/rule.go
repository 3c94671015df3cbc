package category

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"unicode/utf8"

	"go4.org/netipx"

	"github.com/weirflow/weir/enrich/service"
)

// Limits of what users' rules may hold.
const (
	maxRules = 10_000
	maxText  = 64 // bytes of a name, category, tag, site or tenant
)

// Rule is one rule of the user's. All the conditions of Match must hold; of the
// values of one condition, one must. The first rule that matches and sets a
// category, site or tenant decides it; tags of all rules that match are added.
type Rule struct {
	// Name appears in flow.category_rule as "user NAME". Required, unique.
	Name string `mapstructure:"name" yaml:"name"`
	// Match is the conditions; at least one.
	Match Match `mapstructure:"match" yaml:"match"`
	// Category is one of Names or a name of the user's own. Default: not set.
	Category string `mapstructure:"category" yaml:"category"`
	// Tags are added to tags.
	Tags []string `mapstructure:"tags" yaml:"tags"`
	// Site is written to flow.site. Default: not set.
	Site string `mapstructure:"site" yaml:"site"`
	// Tenant is written to flow.tenant. Default: not set.
	Tenant string `mapstructure:"tenant" yaml:"tenant"`
}

// Match is the conditions of a rule; an empty one always holds.
type Match struct {
	// Source are networks of the source address: 10.0.0.0/8, 2001:db8::1.
	Source []string `mapstructure:"source" yaml:"source"`
	// Destination are networks of the destination address.
	Destination []string `mapstructure:"destination" yaml:"destination"`
	// Network are networks that either address may be in.
	Network []string `mapstructure:"network" yaml:"network"`
	// Port are ports on the server's side, or on either when the server is not
	// known: 443, tcp/443, udp/5000-5100.
	Port []string `mapstructure:"port" yaml:"port"`
	// Protocol are IP protocols, by IANA keyword or number: tcp, esp, 47.
	Protocol []string `mapstructure:"protocol" yaml:"protocol"`
	// Application are application names as exporters send them; a trailing * is
	// any continuation. Case does not matter.
	Application []string `mapstructure:"application" yaml:"application"`
	// Host are host names: www.example.com, or *.example.com for the domain and
	// everything below it.
	Host []string `mapstructure:"host" yaml:"host"`
	// Interface are names, aliases or index numbers of the ingress or egress
	// interface.
	Interface []string `mapstructure:"interface" yaml:"interface"`
	// Exporter are networks of the exporter's address, or its name.
	Exporter []string `mapstructure:"exporter" yaml:"exporter"`
	// Site are sites that an earlier rule has set.
	Site []string `mapstructure:"site" yaml:"site"`
}

// RuleError is what is wrong with a rule.
type RuleError struct {
	// File is where the rule stands; "" for rules in the configuration itself.
	File string
	// Line counts from 1; 0 when it is not known.
	Line int
	// Number counts rules from 1; 0 when the fault is not within a rule.
	Number int
	// Name is the rule's name, if it has one.
	Name string
	// Key is the key within the rule, such as match.port.
	Key string
	// Err says what is wrong and what is allowed.
	Err error

	item int // entry within the key's list, from 1; 0 for the key itself
}

// Error is "file:line: rule 3 "name": key: what is wrong".
func (e *RuleError) Error() string {
	var b strings.Builder
	if e.File != "" {
		b.WriteString(e.File)
		if e.Line > 0 {
			b.WriteString(":" + strconv.Itoa(e.Line))
		}
		b.WriteString(": ")
	}
	if e.Number > 0 {
		b.WriteString("rule " + strconv.Itoa(e.Number))
		if e.Name != "" {
			b.WriteString(" " + strconv.Quote(e.Name))
		}
		b.WriteString(": ")
	}
	if e.Key != "" {
		b.WriteString(e.Key + ": ")
	}
	b.WriteString(e.Err.Error())
	return b.String()
}

// Unwrap gives Err.
func (e *RuleError) Unwrap() error { return e.Err }

// compiled is a rule ready to be matched.
type compiled struct {
	source, destination, network *networks
	ports                        []portRange
	protocols                    *[256]bool
	applications                 map[string]bool
	stems                        []string // of applications that ended in *
	hosts, domains               map[string]bool
	interfaces                   []string
	indexes                      map[uint32]bool
	exporters                    *networks
	exporterNames                []string
	sites                        []string

	decision     *Decision // nil: the rule sets no category
	tags         []string
	site, tenant string
}

// compile checks a rule; the error lacks file, line and number.
func compile(rule Rule, services *service.Table) (*compiled, *RuleError) {
	c := &compiled{tags: rule.Tags, site: rule.Site, tenant: rule.Tenant}
	if rule.Name == "" {
		return nil, &RuleError{Key: "name", Err: fmt.Errorf("is missing: want a unique name")}
	}
	type text struct{ key, value string }
	texts := []text{{"name", rule.Name}, {"category", rule.Category}, {"site", rule.Site}, {"tenant", rule.Tenant}}
	for _, t := range texts {
		if err := checkText(t.value); t.value != "" && err != nil {
			return nil, &RuleError{Key: t.key, Err: err}
		}
	}
	for i, tag := range rule.Tags {
		if err := checkText(tag); err != nil {
			return nil, &RuleError{Key: "tags", item: i + 1, Err: err}
		}
	}
	if rule.Category == "" && len(rule.Tags) == 0 && rule.Site == "" && rule.Tenant == "" {
		return nil, &RuleError{Err: fmt.Errorf("sets nothing: want category, tags, site or tenant")}
	}
	if rule.Category != "" {
		c.decision = &Decision{rule.Category, "user " + rule.Name}
	}
	conditions := 0
	for _, condition := range []struct {
		key    string
		values []string
		add    func(string) error
	}{
		{"match.source", rule.Match.Source, into(&c.source)},
		{"match.destination", rule.Match.Destination, into(&c.destination)},
		{"match.network", rule.Match.Network, into(&c.network)},
		{"match.port", rule.Match.Port, func(v string) error {
			p, err := parsePort(v, services)
			c.ports = append(c.ports, p)
			return err
		}},
		{"match.protocol", rule.Match.Protocol, func(v string) error { return c.addProtocol(v, services) }},
		{"match.application", rule.Match.Application, c.addApplication},
		{"match.host", rule.Match.Host, c.addHost},
		{"match.interface", rule.Match.Interface, c.addInterface},
		{"match.exporter", rule.Match.Exporter, c.addExporter},
		{"match.site", rule.Match.Site, func(v string) error {
			c.sites = append(c.sites, v)
			return checkText(v)
		}},
	} {
		conditions += len(condition.values)
		for i, v := range condition.values {
			if err := condition.add(v); err != nil {
				return nil, &RuleError{Key: condition.key, item: i + 1, Err: err}
			}
		}
	}
	if conditions == 0 {
		return nil, &RuleError{Key: "match", Err: fmt.Errorf("is empty: want at least one of %s", strings.Join(matchKeys, ", "))}
	}
	for _, n := range []*networks{c.source, c.destination, c.network, c.exporters} {
		if err := n.finish(); err != nil {
			return nil, &RuleError{Key: "match", Err: err}
		}
	}
	return c, nil
}

func checkText(s string) error {
	if s == "" || len(s) > maxText || !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return fmt.Errorf("%q: want 1 to %d bytes of text without control characters", s, maxText)
	}
	return nil
}

func (c *compiled) addProtocol(v string, services *service.Table) error {
	n, ok := services.Number(strings.ToLower(v))
	if !ok {
		number, err := strconv.ParseUint(v, 10, 8)
		if err != nil {
			return fmt.Errorf("%q: want a keyword of IANA's protocol numbers (tcp, udp, icmp, gre, esp …) or a number from 0 to 255", v)
		}
		n = uint8(number)
	}
	if c.protocols == nil {
		c.protocols = new([256]bool)
	}
	c.protocols[n] = true
	return nil
}

func (c *compiled) addApplication(v string) error {
	if err := checkText(v); err != nil {
		return err
	}
	name := normal(v)
	if stem, ok := strings.CutSuffix(name, "*"); ok {
		c.stems = append(c.stems, stem)
		return nil
	}
	if c.applications == nil {
		c.applications = map[string]bool{}
	}
	c.applications[name] = true
	return nil
}

func (c *compiled) addHost(v string) error {
	name := strings.TrimSuffix(strings.ToLower(v), ".")
	domain, below := strings.CutPrefix(name, "*.")
	if domain == "" || len(domain) > maxHost || strings.ContainsAny(domain, "*/: \t") || strings.Contains(domain, "..") || domain[0] == '.' {
		return fmt.Errorf("%q: want a host name (www.example.com) or a domain and everything below it (*.example.com)", v)
	}
	set := &c.hosts
	if below {
		set = &c.domains
	}
	if *set == nil {
		*set = map[string]bool{}
	}
	(*set)[domain] = true
	return nil
}

func (c *compiled) addInterface(v string) error {
	if n, err := strconv.ParseUint(v, 10, 32); err == nil {
		if c.indexes == nil {
			c.indexes = map[uint32]bool{}
		}
		c.indexes[uint32(n)] = true
		return nil
	}
	c.interfaces = append(c.interfaces, v)
	if v == "" || len(v) > 255 {
		return fmt.Errorf("%q: want the name, alias or index number of an interface", v)
	}
	return nil
}

func (c *compiled) addExporter(v string) error {
	if _, err := parseNetwork(v); err == nil {
		return into(&c.exporters)(v)
	}
	c.exporterNames = append(c.exporterNames, v)
	if v == "" || len(v) > 255 || strings.ContainsAny(v, "/") {
		return fmt.Errorf("%q: want the address, network or name of an exporter", v)
	}
	return nil
}

// networks is a set of prefixes.
type networks struct {
	list []netip.Prefix
	set  *netipx.IPSet // instead of list when that is long
}

// linearLimit is how many prefixes are compared one by one: fewer than that is
// faster than a search.
const linearLimit = 8

func into(n **networks) func(string) error {
	return func(v string) error {
		p, err := parseNetwork(v)
		if err != nil {
			return err
		}
		if *n == nil {
			*n = &networks{}
		}
		(*n).list = append((*n).list, p)
		return nil
	}
}

// parseNetwork reads a prefix or a single address.
func parseNetwork(v string) (netip.Prefix, error) {
	if a, err := netip.ParseAddr(v); err == nil && a.Zone() == "" {
		a = a.Unmap()
		return netip.PrefixFrom(a, a.BitLen()), nil
	}
	p, err := netip.ParsePrefix(v)
	if err != nil || p.Addr().Is4In6() {
		return p, fmt.Errorf("%q: want an address (192.0.2.1) or a network (10.0.0.0/8, 2001:db8::/32)", v)
	}
	if p.Masked() != p {
		return p, fmt.Errorf("%q: has bits beyond its length: want %v", v, p.Masked())
	}
	return p, nil
}

// finish prepares the set; n may be nil.
func (n *networks) finish() error {
	if n == nil || len(n.list) <= linearLimit {
		return nil
	}
	var b netipx.IPSetBuilder
	for _, p := range n.list {
		b.AddPrefix(p)
	}
	var err error
	n.set, err = b.IPSet()
	return err
}

func (n *networks) contains(a netip.Addr) bool {
	if n.set != nil {
		return n.set.Contains(a)
	}
	for _, p := range n.list {
		if p.Contains(a) {
			return true
		}
	}
	return false
}
