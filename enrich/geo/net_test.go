package geo

import (
	"net"
	"net/netip"
)

// ipNet is the form of a network that mmdbwriter takes.
func ipNet(p netip.Prefix) *net.IPNet {
	return &net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())}
}
