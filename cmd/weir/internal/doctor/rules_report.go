package doctor

import (
	"fmt"
	"slices"
	"strings"
)

func nothingReceived(r *Report) *Finding {
	if r.Datagrams > 0 {
		return nil
	}
	if r.Source == "files" {
		return found(Error, "Capture what goes to the collector's ports, and look where its packets arrive: tcpdump -ni any -s 0 -w exports.pcap 'udp port 2055 or udp port 9995 or udp port 4739 or udp port 6343'",
			"the files hold no datagram and no IPFIX stream")
	}
	var ports []string
	for _, l := range r.Listeners {
		if _, port, ok := cutLast(l.Address, ":"); ok && l.Transport == "udp" {
			ports = append(ports, "port "+port)
		}
	}
	f := found(Error, "See whether anything reaches this machine at all. If tcpdump shows packets, a firewall or the reverse-path filter takes them away; if it shows none, "+
		"look at the exporter's target address and port, and at what is between.", "nothing has arrived")
	f.Commands = []string{"tcpdump -ni any '" + strings.Join(ports, " or ") + "'", "nft list ruleset", "sysctl net.ipv4.conf.all.rp_filter"}
	return f
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

func kernelDrops(r *Report) *Finding {
	drops, asked, capped := uint64(0), 0, false
	for _, l := range r.Listeners {
		drops += l.KernelDrops
		if l.BufferGiven < l.BufferAsked {
			asked, capped = max(asked, l.BufferAsked), true
		}
	}
	if drops == 0 {
		return nil
	}
	f := found(Error, "Datagrams come faster than this machine takes them. Raise collectors.receive_buffer and collectors.workers, or give the machine more CPU.",
		"the kernel dropped %s because the receive buffer was full", plural(drops, "datagram"))
	if capped {
		f.Advice = "The kernel gives less receive buffer than the configuration asks for: raise its limit, or grant CAP_NET_ADMIN. If that is not enough, raise collectors.workers."
		f.Commands = []string{fmt.Sprintf("sysctl -w net.core.rmem_max=%d", asked)}
	}
	return f
}

func receiveBuffer(r *Report) *Finding {
	for _, l := range r.Listeners {
		if l.BufferGiven >= l.BufferAsked {
			continue
		}
		f := found(Hint, "Nothing was lost by it yet, but a burst may be. Raise the kernel's limit, or grant CAP_NET_ADMIN.",
			"the kernel gives %d of the %d bytes of receive buffer that collectors.receive_buffer asks for", l.BufferGiven, l.BufferAsked)
		f.Commands = []string{fmt.Sprintf("sysctl -w net.core.rmem_max=%d", l.BufferAsked)}
		if l.KernelDrops > 0 {
			return nil // kernel_drops says it
		}
		return f
	}
	return nil
}

// connections tells of those that brought nothing, with what to do about each kind.
func connections(r *Report) *Finding {
	var troubles, advice []string
	for _, l := range r.Listeners {
		for _, t := range l.Troubles {
			what := fmt.Sprintf("%s on %s, the last from %s (%s", plural(t.Connections, "connection"), l.Endpoint, t.Peer, t.Reason)
			if t.Detail != "" {
				what += ": " + t.Detail
			}
			troubles = append(troubles, what+")")
			if t.Advice != "" && !slices.Contains(advice, t.Advice) {
				advice = append(advice, t.Advice)
			}
		}
	}
	if troubles == nil {
		return nil
	}
	if advice == nil {
		advice = []string{"look at the exporter's own log"}
	}
	return found(Warning, capital(strings.Join(advice, "; "))+".", "refused, or ended badly: %s", list(troubles, func(s string) string { return s }))
}

func capital(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

func tooManyExporters(r *Report) *Finding {
	if r.Untold == 0 {
		return nil
	}
	return found(Warning, "If there are not so many exporters, somebody sends with forged addresses: restrict who may send (a firewall, or an access list at the edge).",
		"more than %d exporters, or more facts about them than are kept: %s are not told about here", maxExporters, plural(r.Untold, "datagram"))
}

func damagedFile(r *Report) *Finding {
	var bad []string
	for _, f := range r.Files {
		if f.Error != "" {
			bad = append(bad, f.Path+": "+f.Error)
		}
	}
	if bad == nil {
		return nil
	}
	return found(Warning, "What could be read was looked at. Capture again with full packets (tcpdump -s 0), and stop tcpdump before the file is copied.", "%s", list(bad, func(s string) string { return s }))
}
