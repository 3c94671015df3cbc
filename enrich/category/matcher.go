package category

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/weirflow/weir/enrich/service"
	"github.com/weirflow/weir/flow"
)

const (
	// maxHost is the longest host name that is looked at, in bytes (RFC 1035).
	maxHost = 253
	// applicationLimit bounds how many application names a matcher remembers:
	// exporters send them, so there may be any number.
	applicationLimit = 4096
)

// application is what is known of a name that an exporter has sent.
type application struct {
	normal  string
	shipped uint16
}

// Matcher applies the rules to records. One goroutine uses it.
type Matcher struct {
	rules        *Rules
	applications map[string]application
	hosts        [4][]byte // of the record at hand, in lower case
	numHosts     int
	buffers      [4][maxHost]byte
}

// NewMatcher gives a matcher with an empty cache.
func (r *Rules) NewMatcher() *Matcher {
	return &Matcher{rules: r, applications: map[string]application{}}
}

// Apply sets flow.category, flow.category_rule, flow.site, flow.tenant and tags
// of a flow record. Client and server must be known by then.
func (m *Matcher) Apply(r *flow.Record) {
	s := m.rules.shipped
	byPort := s.byPort(r)
	m.collectHosts(r, s.decisions[byPort].Category == nameResolution)
	var app application
	if r.Has(flow.FieldNetworkApplication) && r.NetworkApplication != "" {
		app = m.application(r.NetworkApplication)
	}
	var chosen *Decision
	for _, rule := range m.rules.list {
		if !m.matches(rule, r, app.normal) {
			continue
		}
		if chosen == nil {
			chosen = rule.decision
		}
		if rule.site != "" && !r.Has(flow.FieldFlowSite) {
			r.SetFlowSite(rule.site)
		}
		if rule.tenant != "" && !r.Has(flow.FieldFlowTenant) {
			r.SetFlowTenant(rule.tenant)
		}
		for i, tag := range rule.tags {
			if !slices.Contains(r.Tags, tag) {
				r.AddTags(rule.tags[i : i+1]...)
			}
		}
	}
	if chosen == nil {
		chosen = m.shipped(r, app.shipped, byPort)
	}
	r.SetFlowCategory(chosen.Category)
	r.SetFlowCategoryRule(chosen.Rule)
}

// shipped is the shipped categories' decision.
func (m *Matcher) shipped(r *flow.Record, byApplication, byPort uint16) *Decision {
	s := m.rules.shipped
	if byApplication != 0 {
		return &s.decisions[byApplication]
	}
	for _, host := range m.hosts[:m.numHosts] {
		if at := s.host(host); at != 0 {
			return &s.decisions[at]
		}
	}
	if byPort != 0 {
		return &s.decisions[byPort]
	}
	if r.Has(flow.FieldNetworkIANANumber) {
		if at := s.protocols[r.NetworkIANANumber]; at != 0 {
			return &s.decisions[at]
		}
	}
	return &other
}

// byPort looks the server's port up, or else both ports.
func (s *Shipped) byPort(r *flow.Record) uint16 {
	if !r.Has(flow.FieldNetworkIANANumber) || !service.HasPorts(r.NetworkIANANumber) {
		return 0
	}
	if r.Has(flow.FieldFlowServerPort) {
		return s.port(r.NetworkIANANumber, r.FlowServerPort)
	}
	if r.Has(flow.FieldDestinationPort) {
		if at := s.port(r.NetworkIANANumber, r.DestinationPort); at != 0 {
			return at
		}
	}
	if r.Has(flow.FieldSourcePort) {
		return s.port(r.NetworkIANANumber, r.SourcePort)
	}
	return 0
}

// application finds or computes what is known of a name.
func (m *Matcher) application(name string) application {
	if app, ok := m.applications[name]; ok {
		return app
	}
	if len(m.applications) >= applicationLimit {
		clear(m.applications)
	}
	app := application{normal: normal(name)}
	app.shipped = m.rules.shipped.application(app.normal)
	m.applications[strings.Clone(name)] = app
	return app
}

// normal is an application name's form for comparison.
func normal(name string) string {
	return strings.NewReplacer(" ", "-", "_", "-").Replace(strings.ToLower(strings.TrimSpace(name)))
}

// collectHosts notes the names of what was asked for: TLS SNI, HTTP host, DNS
// question, and the server's domain. The question of a flow that is name
// resolution itself says nothing of its kind and is left out.
func (m *Matcher) collectHosts(r *flow.Record, nameResolution bool) {
	m.numHosts = 0
	if r.Has(flow.FieldTLSServerName) {
		m.addHost(r.TLSServerName)
	}
	if r.Has(flow.FieldURLDomain) {
		m.addHost(r.URLDomain)
	}
	if r.Has(flow.FieldDNSQuestion) && !nameResolution {
		m.addHost(r.DNSQuestion)
	}
	fromServer := r.Has(flow.FieldFlowServerIP) && r.Has(flow.FieldSourceIP) && r.FlowServerIP == r.SourceIP
	switch {
	case fromServer && r.Has(flow.FieldSourceDomain):
		m.addHost(r.SourceDomain)
	case !fromServer && r.Has(flow.FieldDestinationDomain):
		m.addHost(r.DestinationDomain)
	case !r.Has(flow.FieldFlowServerIP) && r.Has(flow.FieldSourceDomain):
		m.addHost(r.SourceDomain)
	}
}

func (m *Matcher) addHost(name string) {
	name = strings.TrimSuffix(name, ".")
	if name == "" || len(name) > maxHost {
		return
	}
	buf := m.buffers[m.numHosts][:len(name)]
	for i := range buf {
		c := name[i]
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		buf[i] = c
	}
	m.hosts[m.numHosts] = buf
	m.numHosts++
}

// matches reports whether every condition of the rule holds.
func (m *Matcher) matches(c *compiled, r *flow.Record, app string) bool {
	var source, destination netip.Addr
	if r.Has(flow.FieldSourceIP) {
		source = r.SourceIP
	}
	if r.Has(flow.FieldDestinationIP) {
		destination = r.DestinationIP
	}
	return (c.source == nil || c.source.contains(source)) &&
		(c.destination == nil || c.destination.contains(destination)) &&
		(c.network == nil || c.network.contains(source) || c.network.contains(destination)) &&
		(c.ports == nil || c.portMatches(r)) &&
		(c.protocols == nil || r.Has(flow.FieldNetworkIANANumber) && c.protocols[r.NetworkIANANumber]) &&
		(c.applications == nil && c.stems == nil || c.applicationMatches(app)) &&
		(c.hosts == nil && c.domains == nil || m.hostMatches(c)) &&
		(c.interfaces == nil && c.indexes == nil || c.interfaceMatches(r)) &&
		(c.exporters == nil && c.exporterNames == nil || c.exporterMatches(r)) &&
		(c.sites == nil || r.Has(flow.FieldFlowSite) && slices.Contains(c.sites, r.FlowSite))
}

func (c *compiled) portMatches(r *flow.Record) bool {
	if !r.Has(flow.FieldNetworkIANANumber) || !service.HasPorts(r.NetworkIANANumber) {
		return false
	}
	for _, p := range c.ports {
		if p.protocol != 0 && p.protocol != r.NetworkIANANumber {
			continue
		}
		if r.Has(flow.FieldFlowServerPort) {
			if p.contains(r.FlowServerPort) {
				return true
			}
			continue
		}
		if r.Has(flow.FieldSourcePort) && p.contains(r.SourcePort) || r.Has(flow.FieldDestinationPort) && p.contains(r.DestinationPort) {
			return true
		}
	}
	return false
}

func (p portRange) contains(port uint16) bool { return port >= p.first && port <= p.last }

func (c *compiled) applicationMatches(app string) bool {
	if app == "" {
		return false
	}
	for _, stem := range c.stems {
		if strings.HasPrefix(app, stem) {
			return true
		}
	}
	return c.applications[app]
}

func (m *Matcher) hostMatches(c *compiled) bool {
	for _, host := range m.hosts[:m.numHosts] {
		if c.hosts[string(host)] {
			return true
		}
		for name := host; c.domains != nil; {
			if c.domains[string(name)] {
				return true
			}
			dot := indexDot(name)
			if dot < 0 {
				break
			}
			name = name[dot+1:]
		}
	}
	return false
}

func (c *compiled) interfaceMatches(r *flow.Record) bool {
	if r.Has(flow.FieldIngressInterfaceID) && c.indexes[r.IngressInterfaceID] || r.Has(flow.FieldEgressInterfaceID) && c.indexes[r.EgressInterfaceID] {
		return true
	}
	for _, name := range c.interfaces {
		if r.Has(flow.FieldIngressInterfaceName) && strings.EqualFold(name, r.IngressInterfaceName) ||
			r.Has(flow.FieldIngressInterfaceAlias) && strings.EqualFold(name, r.IngressInterfaceAlias) ||
			r.Has(flow.FieldEgressInterfaceName) && strings.EqualFold(name, r.EgressInterfaceName) ||
			r.Has(flow.FieldEgressInterfaceAlias) && strings.EqualFold(name, r.EgressInterfaceAlias) {
			return true
		}
	}
	return false
}

func (c *compiled) exporterMatches(r *flow.Record) bool {
	if c.exporters != nil && r.Has(flow.FieldObserverIP) && c.exporters.contains(r.ObserverIP) {
		return true
	}
	for _, name := range c.exporterNames {
		if r.Has(flow.FieldObserverName) && strings.EqualFold(name, r.ObserverName) {
			return true
		}
	}
	return false
}
