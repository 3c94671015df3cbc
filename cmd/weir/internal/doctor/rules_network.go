package doctor

import (
	"net/netip"
	"strings"
)

// bridges are addresses behind which container engines and virtual machines hide
// who sends.
var bridges = map[netip.Addr]string{
	netip.MustParseAddr("172.17.0.1"):     "Docker's bridge",
	netip.MustParseAddr("10.88.0.1"):      "Podman's bridge",
	netip.MustParseAddr("192.168.65.1"):   "Docker Desktop's gateway",
	netip.MustParseAddr("10.0.2.2"):       "the gateway of a rootless container or a virtual machine",
	netip.MustParseAddr("10.0.2.100"):     "a rootless container's own address",
	netip.MustParseAddr("169.254.1.1"):    "the gateway of a pod",
	netip.MustParseAddr("192.168.122.1"):  "libvirt's bridge",
	netip.MustParseAddr("192.168.127.1"):  "Podman machine's gateway",
	netip.MustParseAddr("fd00:dead::1"):   "Docker's bridge",
	netip.MustParseAddr("192.168.64.1"):   "the gateway of a virtual machine",
	netip.MustParseAddr("fdc4:f303::254"): "Docker Desktop's gateway",
}

// dockerNetworks are where Docker puts the bridges of its further networks.
var dockerNetworks = netip.MustParsePrefix("172.16.0.0/12")

// several tells whether a domain's flows come from more than one device. A restart
// changes port and boot time once; two devices take turns. Port or boot time alone
// is not enough: some devices send from several ports, and the engines of some have
// boot times of their own.
func (d *Domain) several() bool {
	turns := d.FlowPorts >= 2 && d.PortReturns >= uint64(2*d.FlowPorts)
	return turns && (d.Boots >= 2 && d.BootReturns >= uint64(d.Boots) || d.Lost > 0 || d.Reordered > 1)
}

// sharedDomain: several devices with one address and one domain, whose templates
// are mixed up.
func sharedDomain(e *Exporter, _ *Report) *Finding {
	var shared []Domain
	for _, d := range e.Domains {
		if d.several() && !(d.Protocol == "sflow5" && len(e.Agents) > 1) {
			shared = append(shared, d)
		}
	}
	if len(shared) == 0 {
		return nil
	}
	return found(Error, "Weir takes them for one exporter: one's templates read the other's data, and sequence numbers say nothing. Let the addresses arrive unchanged "+
		"(no address translation between, host networking for containers), or give each device an observation domain or source id of its own.",
		"several devices or processes send with this address and the same number: %s (%s)", list(shared, domainName), evidence(&shared[0]))
}

func evidence(d *Domain) string {
	if d.Boots >= 2 {
		return plural(d.Boots, "boot time") + " and " + plural(d.FlowPorts, "source port") + " take turns"
	}
	return plural(d.FlowPorts, "source port") + " take turns, and sequence numbers jump"
}

// gatewayAddress: the address is one that hides others.
func gatewayAddress(e *Exporter, r *Report) *Finding {
	what, known := bridges[e.Address]
	switch {
	case known:
	case r.Container && e.Address == r.Gateway && e.Address.IsValid():
		what = "the gateway of this container"
	case dockerNetworks.Contains(e.Address) && strings.HasSuffix(e.Address.String(), ".0.1") && e.voices() > 1:
		what = "where Docker has the bridges of its networks"
	default:
		return nil
	}
	text := "one exporter seems to be behind it"
	if n := e.voices(); n > 1 {
		text = plural(n, "exporter") + " seem to be behind it: that many domains, agents or source ports"
	}
	f := found(Warning, "The address of every exporter is rewritten to that one, so that they cannot be told apart. Run the container with host networking; "+
		"Docker's userland proxy and its masquerading both hide the sender. If Weir runs in Kubernetes, use hostNetwork, or externalTrafficPolicy: Local.",
		"%s is %s; %s", e.Address, what, text)
	f.Commands = []string{"docker run --network host ...", "# docker compose: network_mode: host"}
	return f
}

// voices is how many exporters an address may stand for.
func (e *Exporter) voices() int {
	ports := 0
	for _, d := range e.Domains {
		if d.FlowPorts > 1 && d.PortReturns > 0 {
			ports = max(ports, d.FlowPorts)
		}
	}
	return max(len(e.Domains), len(e.Agents), ports)
}

// tellingDomains are those whose sequence numbers one process counts.
func (e *Exporter) tellingDomains() (list []Domain) {
	for _, d := range e.Domains {
		if !d.several() && !d.Split {
			list = append(list, d)
		}
	}
	return list
}

// sequenceLoss: numbers are missing.
func sequenceLoss(e *Exporter, r *Report) *Finding {
	var lost []Domain
	worst := 0.0
	for _, d := range e.tellingDomains() {
		if d.Lost == 0 || d.counted() == 0 {
			continue
		}
		lost = append(lost, d)
		worst = max(worst, float64(d.Lost)/float64(d.Lost+d.counted()))
	}
	if len(lost) == 0 {
		return nil
	}
	severity := Warning
	if worst > 0.01 {
		severity = Error
	}
	advice := "They were lost on the way, or the exporter drops them itself (its queue, its CPU). Compare with its own count of exported packets"
	switch {
	case r.Source == "files":
		advice += "; a capture that dropped packets (tcpdump says so at its end) looks the same."
	case drops(r) > 0:
		advice = "This machine dropped datagrams itself: see kernel_drops first."
	default:
		advice += ", or send over TCP where the exporter can: IPFIX over TCP loses nothing."
	}
	return found(severity, advice, "missing by sequence number: %s", list(lost, func(d Domain) string {
		return plural(d.Lost, strings.TrimSuffix(d.LostUnit, "s")) + " of " + percentOf(d) + " in " + domainName(d)
	}))
}

func percentOf(d Domain) string {
	all := d.Lost + d.counted()
	return grouped(all) + " (" + percent(d.Lost, all) + ")"
}

// counted is how many of what its sequence numbers count a domain has sent.
func (d *Domain) counted() uint64 {
	if d.LostUnit == "messages" {
		return d.Messages
	}
	return d.Flows + d.Options
}

func drops(r *Report) (n uint64) {
	for _, l := range r.Listeners {
		n += l.KernelDrops
	}
	return n
}

// reordered: many messages overtook others.
func reordered(e *Exporter, _ *Report) *Finding {
	var n, all uint64
	for _, d := range e.tellingDomains() {
		n += d.Reordered
		all += d.Messages
	}
	if n < 2 || n*20 < all {
		return nil
	}
	return found(Warning, "Several paths of different length lie between, or several processes send with the same domain. Weir copes, but a template may come after its data, and loss is judged less well.",
		"%s came after later ones (%s)", plural(n, "message"), percent(n, all))
}

// oneDirection: of TCP connections only one direction is seen.
func oneDirection(e *Exporter, _ *Report) *Finding {
	least := 20
	if e.Flow.NoSampler > 0 {
		least = 500
	}
	for _, s := range e.Sampling {
		if s.Rate > 1 {
			least = 500 // few connections are sampled twice
		}
	}
	c := e.Conversation
	if e.speaks("sflow5") || c.Seen < least || c.Both*50 > c.Seen {
		return nil
	}
	return found(Warning, "Traffic counts half, and servers cannot be told from clients. Meter every interface inbound, or one in both directions. Asymmetric routing looks the same: then the other way needs an exporter, too.",
		"%d of %d TCP connections were seen in one direction only", c.Seen-c.Both, c.Seen).with(e, topicDirection)
}
