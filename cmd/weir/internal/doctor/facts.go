package doctor

import (
	"net/netip"
	"time"
)

// Report is everything that was found out. Its JSON keys do not change; new ones
// may come.
type Report struct {
	// Version is that of the keys: 1.
	Version int `json:"version"`
	// Source is listen or files.
	Source string `json:"source"`
	// Began and Ended are the time of listening, or of the first and the last
	// packet of the files; zero when files have no times.
	Began time.Time `json:"began,omitzero"`
	Ended time.Time `json:"ended,omitzero"`
	// Seconds is what rates refer to, 0 when there is no time to refer to.
	Seconds   float64    `json:"seconds"`
	Files     []File     `json:"files,omitempty"`
	Listeners []Listener `json:"listeners,omitempty"`
	// Container tells that the doctor runs inside a container, and Gateway where
	// its packets leave: from there come those of exporters outside, rewritten.
	Container bool       `json:"in_container"`
	Gateway   netip.Addr `json:"default_gateway,omitzero"`
	Datagrams uint64     `json:"datagrams"`
	Bytes     uint64     `json:"bytes"`
	// Untold counts the datagrams of exporters that there was no room for.
	Untold uint64 `json:"datagrams_of_further_exporters"`
	// Problems counts findings that are no hints, Hints the others.
	Problems int `json:"problems"`
	Hints    int `json:"hints"`
	// Findings are those that concern no single exporter.
	Findings  []Finding  `json:"findings"`
	Exporters []Exporter `json:"exporters"`
}

// File is a capture that was read.
type File struct {
	Path      string            `json:"path"`
	Datagrams uint64            `json:"datagrams"`
	Ignored   uint64            `json:"ignored_packets"`
	Problems  map[string]uint64 `json:"problems,omitempty"`
	Error     string            `json:"error,omitempty"`
}

// Listener is an open endpoint. The buffer and the drops are those of UDP, the
// troubles those of streams.
type Listener struct {
	Endpoint    string    `json:"endpoint"`
	Address     string    `json:"address"`
	Transport   string    `json:"transport"`
	BufferAsked int       `json:"receive_buffer_asked_bytes,omitempty"`
	BufferGiven int       `json:"receive_buffer_bytes,omitempty"`
	KernelDrops uint64    `json:"kernel_drops"`
	Troubles    []Trouble `json:"troubles,omitempty"`
}

// Trouble is connections that were refused, or that ended for the same bad reason.
type Trouble struct {
	// Reason is as collector's metrics have it.
	Reason      string `json:"reason"`
	Connections uint64 `json:"connections"`
	// Peer, Detail and Advice are of the newest one.
	Peer   string `json:"peer"`
	Detail string `json:"detail,omitempty"`
	Advice string `json:"advice,omitempty"`
}

// Exporter is what is known of one exporter: a transport address, or the verified
// name of a stream's peer.
type Exporter struct {
	Address netip.Addr `json:"address"`
	Name    string     `json:"name,omitempty"`
	// Vendor is who made it, as its templates look; empty when they tell nothing.
	Vendor     Vendor    `json:"vendor"`
	Protocols  []string  `json:"protocols"`
	Transports []string  `json:"transports"`
	FirstSeen  time.Time `json:"first_seen,omitzero"`
	LastSeen   time.Time `json:"last_seen,omitzero"`
	Messages   uint64    `json:"messages"`
	Bytes      uint64    `json:"bytes"`
	Records
	// RecordsPerSecond and BytesPerSecond are 0 when Report.Seconds is below 1.
	RecordsPerSecond float64 `json:"records_per_second"`
	BytesPerSecond   float64 `json:"bytes_per_second"`
	// Domains are the observation domains, source ids or sub-agents; MoreDomains
	// counts messages of those that there was no room for.
	Domains     []Domain `json:"domains"`
	MoreDomains uint64   `json:"messages_of_further_domains"`
	// Agents are the addresses that sFlow agents give themselves.
	Agents []netip.Addr `json:"agents,omitempty"`
	// Ports counts UDP source ports; at 64 counting ends.
	Ports    int        `json:"source_ports"`
	Sampling []Sampling `json:"sampling"`
	// ClockSkew is the time of messages minus that of their receipt; absent
	// for sFlow, which has no time, and files without times.
	ClockSkew    *ClockSkew    `json:"clock_skew,omitempty"`
	Interfaces   Names         `json:"interfaces"`
	Applications Names         `json:"applications"`
	Flow         Flows         `json:"flow"`
	Conversation Conversations `json:"conversations"`
	// Problems counts by reason what was wrong with messages.
	Problems map[string]uint64 `json:"message_problems"`
	// Examples are the first message with each reason.
	Examples []Example `json:"examples,omitempty"`
	Findings []Finding `json:"findings"`
}

// Records counts records by kind.
type Records struct {
	Flows    uint64 `json:"flows"`
	Options  uint64 `json:"options"`
	Counters uint64 `json:"counters"`
}

func (r Records) all() uint64 { return r.Flows + r.Options + r.Counters }

// Domain is an observation domain of one protocol.
type Domain struct {
	Protocol string `json:"protocol"`
	ID       uint32 `json:"domain"`
	Messages uint64 `json:"messages"`
	Bytes    uint64 `json:"bytes"`
	Records
	// Lost is what sequence numbers say is missing, in LostUnit: records or
	// messages. Reordered counts messages that came after later ones.
	Lost      uint64 `json:"lost"`
	LostUnit  string `json:"lost_unit"`
	Reordered uint64 `json:"reordered"`
	// Definitions counts templates read, repeated ones too.
	Definitions uint64     `json:"template_definitions"`
	Templates   []Template `json:"templates"`
	// Missing are templates that data needs and that never came. Late counts the
	// sets of data that came before their template; Held counts those that were
	// kept for it, and Released those of them that were decoded when it came.
	Missing  []Missing `json:"missing_templates"`
	Late     uint64    `json:"sets_before_template"`
	Held     uint64    `json:"sets_held"`
	Released uint64    `json:"sets_released"`
	// Samplers counts the rates that options data has told.
	Samplers int `json:"samplers"`
	// BootTime tells that the exporter says when it booted: in headers, or in
	// options data.
	BootTime bool `json:"boot_time"`
	// Ports counts UDP source ports, FlowPorts those that flows came from, and
	// PortReturns how often one of these came back after another. Boots and
	// BootReturns are the same of boot times.
	Ports       int    `json:"source_ports"`
	FlowPorts   int    `json:"flow_source_ports"`
	PortReturns uint64 `json:"flow_source_port_returns"`
	Boots       int    `json:"boot_times"`
	BootReturns uint64 `json:"boot_time_returns"`
	// Split tells that templates or options come from another port than flows, as
	// Junos sends them: with sequence numbers of their own.
	Split bool `json:"options_from_another_port"`
}

// Template is a template as it was last defined.
type Template struct {
	ID      uint16  `json:"id"`
	Options bool    `json:"options"`
	Fields  []Field `json:"fields"`
	// Sets counts the sets of data that used it.
	Sets uint64 `json:"sets"`
}

// Field is a field of a template; Length 65535 is a variable one.
type Field struct {
	Name       string `json:"name"`
	Enterprise uint32 `json:"enterprise,omitempty"`
	ID         uint16 `json:"id"`
	Length     uint16 `json:"length"`
	Scope      bool   `json:"scope,omitempty"`
}

// Missing is a template that data needs.
type Missing struct {
	ID    uint16 `json:"id"`
	Sets  uint64 `json:"sets"`
	Bytes uint64 `json:"bytes"`
}

// Sampling is a rate, who says so, and how many flows it holds for.
type Sampling struct {
	Rate   uint64 `json:"rate"`
	Source string `json:"source"`
	Flows  uint64 `json:"flows"`
}

// ClockSkew is in seconds; below 0 the exporter's clock is late.
type ClockSkew struct {
	Min float64 `json:"min_seconds"`
	Max float64 `json:"max_seconds"`
}

// Names counts things with numbers that flows name, and those of them whose name
// is known. Unnamed lists the first of the others.
type Names struct {
	Seen    int      `json:"seen"`
	Named   int      `json:"named"`
	Unnamed []string `json:"unnamed,omitempty"`
}

// Flows is what flow records are like.
type Flows struct {
	// Times counts by flow.time_source.
	Times map[string]uint64 `json:"times"`
	// Long counts flows that took over LongFlow; Longest is in seconds.
	Long    uint64  `json:"long"`
	Longest float64 `json:"longest_seconds"`
	// ASCarried tells that records have a place for AS numbers, AS counts those in
	// which one is set.
	ASCarried bool   `json:"as_numbers_carried"`
	AS        uint64 `json:"with_as_number"`
	// Mapped counts flows with IPv4-mapped IPv6 addresses.
	Mapped uint64 `json:"ipv4_mapped"`
	// Empty counts flows of no bytes and no packets that are no events.
	Empty uint64 `json:"without_traffic"`
	// NAT counts flows with an address after translation.
	NAT uint64 `json:"with_nat"`
	// NoSampler counts flows whose sampler is not known.
	NoSampler uint64 `json:"sampler_unknown"`
	// LittleEndian counts sampling values with the low byte first.
	LittleEndian uint64 `json:"little_endian_sampling"`
}

// Conversations counts TCP connections, and those of them that were seen in both
// directions. At 1,024 counting of new ones ends.
type Conversations struct {
	Seen int `json:"seen"`
	Both int `json:"both_directions"`
}

// Example is a message with a problem.
type Example struct {
	Reason string `json:"reason"`
	Text   string `json:"text"`
	// Hex is the first bytes.
	Hex string `json:"first_bytes"`
	// Looks says what it may be, empty when nobody knows.
	Looks string `json:"looks_like,omitempty"`
}
