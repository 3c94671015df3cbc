package doctor

import "slices"

// Vendor is who made an exporter, or which program it is.
type Vendor string

// The vendors that are told apart, as far as exports show them.
const (
	VendorUnknown   Vendor = ""
	VendorMikroTik  Vendor = "MikroTik RouterOS"
	VendorCisco     Vendor = "Cisco IOS"
	VendorCiscoXR   Vendor = "Cisco IOS XR"
	VendorCiscoASA  Vendor = "Cisco ASA"
	VendorJuniper   Vendor = "Juniper Junos"
	VendorFortinet  Vendor = "Fortinet FortiOS"
	VendorPaloAlto  Vendor = "Palo Alto PAN-OS"
	VendorHuawei    Vendor = "Huawei"
	VendorVMware    Vendor = "VMware"
	VendorNetScaler Vendor = "Citrix NetScaler"
	VendorSonicWall Vendor = "SonicWall"
	VendorNtop      Vendor = "ntop nProbe"
	VendorYAF       Vendor = "CERT YAF"
	VendorSoftflowd Vendor = "softflowd or pmacct"
)

// enterprises are the numbers of IANA's list that a vendor's own elements have.
var enterprises = map[uint32]Vendor{9: VendorCisco, 2636: VendorJuniper, 12356: VendorFortinet, 25461: VendorPaloAlto, 14988: VendorMikroTik, 2011: VendorHuawei,
	6876: VendorVMware, 5951: VendorNetScaler, 8741: VendorSonicWall, 35632: VendorNtop, 6871: VendorYAF}

// Field types of NetFlow v9, which has no enterprise numbers.
const (
	asaEvent   = 40005
	asaReason  = 33002
	panosApp   = 56701
	panosUser  = 56702
	ntopFirst  = 57472
	ciscoFirst = 40000
)

// beginnings are how templates begin that a vendor has made the same way for
// years.
var beginnings = []struct {
	vendor Vendor
	fields []uint16
	// from is the lowest number of the template.
	from uint16
}{
	{VendorMikroTik, []uint16{60, 22, 21, 2, 1}, 0},
	{VendorFortinet, []uint16{1, 23, 2, 24, 22, 21}, 0},
	{VendorHuawei, []uint16{8, 12, 15, 2, 1, 22, 21}, 0},
	{VendorSoftflowd, []uint16{8, 12}, 1024},
	{VendorSoftflowd, []uint16{27, 28}, 1024},
	{VendorSoftflowd, []uint16{153, 152}, 1024},
}

// juniperDomains is from where on Junos numbers its observation domains.
const juniperDomains = 1 << 19

// recognise guesses who made an exporter: by what only one vendor sends, then by
// how its templates look.
func recognise(e *Exporter) Vendor {
	if e.Flow.LittleEndian > 0 {
		return VendorMikroTik
	}
	for _, guess := range []func(*Template, *Domain) Vendor{byElement, byBeginning, byContent} {
		for i := range e.Domains {
			d := &e.Domains[i]
			for j := range d.Templates {
				if v := guess(&d.Templates[j], d); v != VendorUnknown {
					return v
				}
			}
		}
	}
	return VendorUnknown
}

func byElement(t *Template, d *Domain) Vendor {
	for _, f := range t.Fields {
		if v, ok := enterprises[f.Enterprise]; ok {
			return v
		}
		if f.Enterprise != 0 || d.Protocol != "netflow9" {
			continue
		}
		switch {
		case f.ID == asaEvent || f.ID == asaReason:
			return VendorCiscoASA
		case f.ID == panosApp || f.ID == panosUser:
			return VendorPaloAlto
		case f.ID >= ntopFirst:
			return VendorNtop
		case f.ID >= ciscoFirst:
			return VendorCisco
		}
	}
	return VendorUnknown
}

func byBeginning(t *Template, d *Domain) Vendor {
	ids := make([]uint16, len(t.Fields))
	for i, f := range t.Fields {
		ids[i] = f.ID
	}
	for _, b := range beginnings {
		if len(ids) > len(b.fields) && slices.Equal(ids[:len(b.fields)], b.fields) && t.ID >= b.from {
			return b.vendor
		}
	}
	if d.ID >= juniperDomains && d.ID < 2*juniperDomains {
		return VendorJuniper
	}
	return VendorUnknown
}

// mostFields is more than a template has that somebody means.
const mostFields = 200

func byContent(t *Template, _ *Domain) Vendor {
	all := func(ids ...uint16) bool {
		for _, id := range ids {
			if !slices.ContainsFunc(t.Fields, func(f Field) bool { return f.Enterprise == 0 && f.ID == id }) {
				return false
			}
		}
		return true
	}
	switch {
	case len(t.Fields) > mostFields:
	case all(206, 184, 186): // multicast, and TCP's numbers and window
		return VendorMikroTik
	case all(234, 235, 48), all(234, 235, 302): // VRFs and sampler
		return VendorCiscoXR
	case t.Options && all(130, 214, 215):
		return VendorJuniper
	case t.Options && (all(95, 96, 94) || all(48, 49, 50)), all(95, 61): // application and sampler tables
		return VendorCisco
	}
	return VendorUnknown
}
