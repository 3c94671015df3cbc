package rollup

import (
	"encoding/binary"
	"math/bits"
	"math/rand/v2"
	"unsafe"

	"github.com/weirflow/weir/flow"
)

// combinations holds the sums of flows that have everything in common that they
// are summed by, hosts left out. One look-up serves all those sums: a flow meets
// this table only, and its entries go to the windows' rows when the table is full
// or a window is to be written.
//
// Texts are compared by where they are, which is quick. The same text at two
// places makes two entries that meet again in the rows. An entry keeps its texts,
// so that no other text can come to be at the same place.
type combinations struct {
	slots   []int32 // 1 and up: an entry; a power of two of them
	entries []combination
	causes  []cause // beside entries: what is read when an entry is made or spilled
	seeds   [3]uint64
}

// maxCombinations is how many entries are kept; there are twice as many slots.
const maxCombinations = 8192

// numTexts is how many texts a combination has.
const numTexts = 11

// keyWords is the length of a key: time, exporter (2), interfaces, AS numbers,
// presence, texts.
const keyWords = 6 + numTexts

type combinationKey [keyWords]uint64

type combination struct {
	key combinationKey
	sum sums
	// window is where the entry goes; exporter is the exporter's number in it.
	window   *window
	exporter uint32
}

// cause is the rest of what an entry stands for.
type cause struct {
	origin
	ingress, egress             endpoint
	source, destination         side
	application, service        string
	transport, category         string
	direction, locality         string
	site, tenant                string
	hasIngress, hasEgress       bool
	hasSourceAS, hasDestination bool
}

// endpoint is an interface.
type endpoint struct {
	id          uint32
	name, alias string
}

// side is what is known of one end of a flow beside its address.
type side struct {
	as            uint32
	holder        string
	code, country string
}

func newCombinations() *combinations {
	c := &combinations{slots: make([]int32, 2*maxCombinations), entries: make([]combination, 0, maxCombinations), causes: make([]cause, 0, maxCombinations)}
	for i := range c.seeds {
		c.seeds[i] = rand.Uint64() | 1 // exporters must not be able to choose what collides
	}
	return c
}

func (c *combinations) reset() {
	clear(c.slots)
	clear(c.causes) // lets the texts go
	c.entries, c.causes = c.entries[:0], c.causes[:0]
}

// place is where a text is, with its length. The result is a text of that length
// at that place as long as both fit, which strange notes.
func place(s string, strange *uint64) uint64 {
	p, n := uint64(uintptr(unsafe.Pointer(unsafe.StringData(s)))), uint64(len(s))
	if n == 0 {
		return 0
	}
	*strange |= p>>48 | n>>16
	return p | n<<48
}

// Bits of the presence of fields that are not texts.
const (
	hasAddress = 1 << iota
	hasAddress4
	hasIngress
	hasEgress
	hasSourceAS
	hasDestinationAS
)

// make makes the key of a flow in k, which must be zero. strange is not 0 when it
// has none. Every flow comes here: it is long as a loop over a table would be slow.
func (k *combinationKey) make(r *flow.Record, start int64) (strange uint64) {
	k[0] = uint64(start)
	var present uint64
	if r.Has(flow.FieldObserverIP) {
		a := r.ObserverIP.As16()
		k[1], k[2] = binary.LittleEndian.Uint64(a[:8]), binary.LittleEndian.Uint64(a[8:])
		present |= hasAddress
		if r.ObserverIP.Is4() {
			present |= hasAddress4
		}
	}
	if r.Has(flow.FieldIngressInterfaceID) {
		k[3] = uint64(r.IngressInterfaceID)
		present |= hasIngress
	}
	if r.Has(flow.FieldEgressInterfaceID) {
		k[3] |= uint64(r.EgressInterfaceID) << 32
		present |= hasEgress
	}
	if r.Has(flow.FieldSourceASNumber) {
		k[4] = uint64(r.SourceASNumber)
		present |= hasSourceAS
	}
	if r.Has(flow.FieldDestinationASNumber) {
		k[4] |= uint64(r.DestinationASNumber) << 32
		present |= hasDestinationAS
	}
	k[5] = present
	if r.Has(flow.FieldObserverName) {
		k[6] = place(r.ObserverName, &strange)
	}
	if r.Has(flow.FieldNetworkApplication) {
		k[7] = place(r.NetworkApplication, &strange)
	}
	if r.Has(flow.FieldFlowService) {
		k[8] = place(r.FlowService, &strange)
	}
	if r.Has(flow.FieldNetworkTransport) {
		k[9] = place(r.NetworkTransport, &strange)
	}
	if r.Has(flow.FieldFlowCategory) {
		k[10] = place(r.FlowCategory, &strange)
	}
	if r.Has(flow.FieldNetworkDirection) {
		k[11] = place(r.NetworkDirection, &strange)
	}
	if r.Has(flow.FieldFlowLocality) {
		k[12] = place(r.FlowLocality, &strange)
	}
	if r.Has(flow.FieldFlowSite) {
		k[13] = place(r.FlowSite, &strange)
	}
	if r.Has(flow.FieldFlowTenant) {
		k[14] = place(r.FlowTenant, &strange)
	}
	if r.Has(flow.FieldSourceGeoCountryCode) {
		k[15] = place(r.SourceGeoCountryCode, &strange)
	}
	if r.Has(flow.FieldDestinationGeoCountryCode) {
		k[16] = place(r.DestinationGeoCountryCode, &strange)
	}
	return strange
}

// hash mixes pairs of words that do not wait for each other.
func (c *combinations) hash(k *combinationKey) uint64 {
	h := c.seeds[0]
	for i := 0; i+1 < keyWords; i += 2 {
		hi, lo := bits.Mul64(k[i]^c.seeds[1]+uint64(i), k[i+1]^c.seeds[2])
		h ^= hi ^ lo
		h = bits.RotateLeft64(h, 5)
	}
	hi, lo := bits.Mul64(h^k[keyWords-1], c.seeds[0])
	return hi ^ lo
}

// find gives the entry of a key, and the slot where it is or would be; nil when
// there is none.
func (c *combinations) find(k *combinationKey) (*combination, int) {
	mask := len(c.slots) - 1
	for at := int(c.hash(k)) & mask; ; at = (at + 1) & mask {
		n := c.slots[at]
		if n == 0 {
			return nil, at
		}
		if e := &c.entries[n-1]; e.key == *k {
			return e, at
		}
	}
}

// add makes an entry at a slot that find gave; there must be room.
func (c *combinations) add(at int, k *combinationKey, w *window, x *cause) *combination {
	c.entries = append(c.entries, combination{key: *k, window: w, exporter: w.exporter(x.origin)})
	c.causes = append(c.causes, *x)
	c.slots[at] = int32(len(c.entries))
	return &c.entries[len(c.entries)-1]
}

func (c *combinations) full() bool { return len(c.entries) == maxCombinations }

// spill adds the entries to the rows of their windows.
func (c *combinations) spill() {
	for i := range c.entries {
		e := &c.entries[i]
		e.window.addCause(e.exporter, &c.causes[i], &e.sum)
	}
	c.reset()
}

// causeOf copies what a flow is summed by. Fields that are absent have the zero
// value, which is what absent means in rows.
func causeOf(r *flow.Record) (x cause) {
	text := func(id flow.FieldID, s string) string {
		if r.Has(id) {
			return s
		}
		return ""
	}
	x.origin = originOf(r)
	if x.hasIngress = r.Has(flow.FieldIngressInterfaceID); x.hasIngress {
		x.ingress = endpoint{r.IngressInterfaceID, text(flow.FieldIngressInterfaceName, r.IngressInterfaceName), text(flow.FieldIngressInterfaceAlias, r.IngressInterfaceAlias)}
	}
	if x.hasEgress = r.Has(flow.FieldEgressInterfaceID); x.hasEgress {
		x.egress = endpoint{r.EgressInterfaceID, text(flow.FieldEgressInterfaceName, r.EgressInterfaceName), text(flow.FieldEgressInterfaceAlias, r.EgressInterfaceAlias)}
	}
	x.source, x.hasSourceAS = sourceOf(r)
	x.destination, x.hasDestination = destinationOf(r)
	x.application, x.service = text(flow.FieldNetworkApplication, r.NetworkApplication), text(flow.FieldFlowService, r.FlowService)
	x.transport, x.category = text(flow.FieldNetworkTransport, r.NetworkTransport), text(flow.FieldFlowCategory, r.FlowCategory)
	x.direction, x.locality = text(flow.FieldNetworkDirection, r.NetworkDirection), text(flow.FieldFlowLocality, r.FlowLocality)
	x.site, x.tenant = text(flow.FieldFlowSite, r.FlowSite), text(flow.FieldFlowTenant, r.FlowTenant)
	return x
}

// originOf gives the exporter of a flow.
func originOf(r *flow.Record) (o origin) {
	if r.Has(flow.FieldObserverIP) {
		o.addr = r.ObserverIP
	}
	if r.Has(flow.FieldObserverName) {
		o.name = r.ObserverName
	}
	return o
}

// sourceOf gives what is known of the source; as reports whether its number is.
func sourceOf(r *flow.Record) (s side, as bool) {
	if as = r.Has(flow.FieldSourceASNumber); as {
		s.as = r.SourceASNumber
		if r.Has(flow.FieldSourceASOrganization) {
			s.holder = r.SourceASOrganization
		}
	}
	if r.Has(flow.FieldSourceGeoCountryCode) {
		s.code = r.SourceGeoCountryCode
		if r.Has(flow.FieldSourceGeoCountryName) {
			s.country = r.SourceGeoCountryName
		}
	}
	return s, as
}

// destinationOf does the same for the destination.
func destinationOf(r *flow.Record) (s side, as bool) {
	if as = r.Has(flow.FieldDestinationASNumber); as {
		s.as = r.DestinationASNumber
		if r.Has(flow.FieldDestinationASOrganization) {
			s.holder = r.DestinationASOrganization
		}
	}
	if r.Has(flow.FieldDestinationGeoCountryCode) {
		s.code = r.DestinationGeoCountryCode
		if r.Has(flow.FieldDestinationGeoCountryName) {
			s.country = r.DestinationGeoCountryName
		}
	}
	return s, as
}
