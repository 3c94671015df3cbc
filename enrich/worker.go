package enrich

import (
	"net/netip"

	"github.com/weirflow/weir/enrich/category"
	"github.com/weirflow/weir/enrich/geo"
	"github.com/weirflow/weir/enrich/service"
	"github.com/weirflow/weir/enrich/vendor"
	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/flow/communityid"
)

// The values of locality and direction (ECS, network.direction).
const (
	sideInternal = "internal"
	sideExternal = "external"
	inbound      = "inbound"
	outbound     = "outbound"
)

// vendorSlots is how many MAC prefixes a worker remembers.
const vendorSlots = 1024

// Worker enriches batches. One goroutine uses it; it owns its caches.
type Worker struct {
	chain   *Chain
	files   *files
	matcher *category.Matcher
	set     *geo.Set
	memo    *geo.Memo
	cache   *cache
	vendors []vendorSlot
	names   [interfaceSlots]interfaceSlot

	ids     []byte // community ids of the batch at hand, one after the other
	holders []int  // the records that they belong to
}

type vendorSlot struct {
	key  uint64 // prefix + 1; 0 is empty
	name string
}

// Worker gives a new worker, at any time.
func (c *Chain) Worker() *Worker {
	return &Worker{chain: c, memo: geo.NewMemo(), cache: newCache(c.cfg.CacheSize), vendors: make([]vendorSlot, vendorSlots)}
}

// Enrich completes the flow records of a batch in place; other records are left
// alone. With warm caches it allocates once per batch, for the text of the
// community ids, and else not at all.
func (w *Worker) Enrich(b *flow.Batch) {
	if set := w.chain.geo.Current(); set != w.set {
		w.set = set
		w.cache.clear()
	}
	if files := w.chain.files.Load(); files != w.files {
		w.files = files
		w.matcher = files.rules.NewMatcher()
		w.names = [interfaceSlots]interfaceSlot{}
	}
	w.ids, w.holders = w.ids[:0], w.holders[:0]
	count := 0
	records := b.Records()
	for i := range records {
		r := &records[i]
		if r.Kind != flow.KindFlow {
			continue
		}
		count++
		w.record(r)
		if w.chain.cfg.CommunityID.Enabled && !r.Has(flow.FieldNetworkCommunityID) {
			w.communityID(r, i)
		}
	}
	if len(w.holders) > 0 {
		text := string(w.ids)
		for i, at := range w.holders {
			records[at].SetNetworkCommunityID(text[i*communityid.Length : (i+1)*communityid.Length])
		}
	}
	m := w.chain.metrics
	m.records.Add(float64(count))
	m.hits.Add(float64(w.cache.hits))
	m.misses.Add(float64(w.cache.misses))
	w.cache.hits, w.cache.misses = 0, 0
}

func (w *Worker) record(r *flow.Record) {
	services := w.chain.tables.services
	if r.Has(flow.FieldNetworkIANANumber) {
		if name := services.Protocol(r.NetworkIANANumber); name != "" {
			r.SetNetworkTransport(name)
		}
	}
	if r.Has(flow.FieldFlowToS) {
		r.SetFlowDSCP(services.DSCP(r.FlowToS))
	}
	hasSource, hasDestination := r.Has(flow.FieldSourceIP), r.Has(flow.FieldDestinationIP)
	var from, to address
	if hasSource {
		from = w.lookup(r.SourceIP)
	}
	if hasDestination {
		to = w.lookup(r.DestinationIP)
	}
	if hasSource && hasDestination {
		target := to.class
		if r.Has(flow.FieldDestinationNATIP) { // the packets go there
			target = w.lookup(r.DestinationNATIP).class
		}
		setDirection(r, from.class, target)
		w.ends(r, from.class, target)
	}
	if hasSource {
		setSource(r, &from)
	}
	if hasDestination {
		setDestination(r, &to)
	}
	if r.Has(flow.FieldFlowServerPort) {
		if name := services.Name(r.NetworkIANANumber, r.FlowServerPort); name != "" {
			r.SetFlowService(name)
		}
	}
	if len(w.files.interfaces) > 0 {
		w.interfaces(r)
	}
	w.matcher.Apply(r)
	if w.chain.vendors != nil {
		if r.Has(flow.FieldSourceMAC) {
			if name := w.vendor(r.SourceMAC); name != "" {
				r.SetSourceMACVendor(name)
			}
		}
		if r.Has(flow.FieldDestinationMAC) {
			if name := w.vendor(r.DestinationMAC); name != "" {
				r.SetDestinationMACVendor(name)
			}
		}
	}
}

// lookup is what is known of an address.
func (w *Worker) lookup(a netip.Addr) address {
	if cached := w.cache.get(a); cached != nil {
		return *cached
	}
	var known address
	plain := a.Unmap().WithZone("")
	known.class = classify(plain, w.chain.networks, w.chain.cfg.PrivateNetworks)
	if known.class&local == 0 && w.chain.cfg.Geo.Enabled {
		known.place, known.as = w.set.Lookup(plain, w.memo)
	}
	w.cache.put(a, known)
	return known
}

// setDirection sets localities and direction. A group address has no side of
// its own and takes the other end's; between two of them all is internal.
func setDirection(r *flow.Record, from, to class) {
	a, b := from&internal != 0, to&internal != 0
	switch {
	case from&group != 0 && to&group != 0:
		a, b = true, true
	case from&group != 0:
		a = b
	case to&group != 0:
		b = a
	}
	r.SetSourceLocality(locality(a))
	r.SetDestinationLocality(locality(b))
	r.SetFlowLocality(locality(a && b))
	switch {
	case a && b:
		r.SetNetworkDirection(sideInternal)
	case a:
		r.SetNetworkDirection(outbound)
	case b:
		r.SetNetworkDirection(inbound)
	default:
		r.SetNetworkDirection(sideExternal)
	}
}

func locality(ours bool) string {
	if ours {
		return sideInternal
	}
	return sideExternal
}

// setSource adds place and AS. The exporter's AS number wins, 0 being none; the
// organisation is named only when the number is the one that was found.
func setSource(r *flow.Record, known *address) {
	if p := known.place; p != nil {
		if p.CountryCode != "" {
			r.SetSourceGeoCountryCode(p.CountryCode)
		}
		if p.CountryName != "" {
			r.SetSourceGeoCountryName(p.CountryName)
		}
		if p.City != "" {
			r.SetSourceGeoCityName(p.City)
		}
		if p.HasPoint {
			r.SetSourceGeoLocation(flow.Point{Lat: p.Latitude, Lon: p.Longitude})
		}
	}
	if as := known.as; as != nil {
		if !r.Has(flow.FieldSourceASNumber) || r.SourceASNumber == 0 {
			r.SetSourceASNumber(as.Number)
		}
		if r.SourceASNumber == as.Number && as.Organization != "" {
			r.SetSourceASOrganization(as.Organization)
		}
	}
}

// setDestination is setSource for the other end.
func setDestination(r *flow.Record, known *address) {
	if p := known.place; p != nil {
		if p.CountryCode != "" {
			r.SetDestinationGeoCountryCode(p.CountryCode)
		}
		if p.CountryName != "" {
			r.SetDestinationGeoCountryName(p.CountryName)
		}
		if p.City != "" {
			r.SetDestinationGeoCityName(p.City)
		}
		if p.HasPoint {
			r.SetDestinationGeoLocation(flow.Point{Lat: p.Latitude, Lon: p.Longitude})
		}
	}
	if as := known.as; as != nil {
		if !r.Has(flow.FieldDestinationASNumber) || r.DestinationASNumber == 0 {
			r.SetDestinationASNumber(as.Number)
		}
		if r.DestinationASNumber == as.Number && as.Organization != "" {
			r.SetDestinationASOrganization(as.Organization)
		}
	}
}

// vendor is the holder of a MAC address's prefix, or "".
func (w *Worker) vendor(mac flow.MAC) string {
	prefix := vendor.Prefix(mac)
	slot := &w.vendors[(prefix*0x9e3779b97f4a7c15)>>(64-10)]
	if slot.key != prefix+1 {
		*slot = vendorSlot{prefix + 1, w.chain.vendors.Lookup(prefix)}
	}
	return slot.name
}

// communityID appends the record's identifier to those of the batch, if it has
// what that takes.
func (w *Worker) communityID(r *flow.Record, at int) {
	if !r.Has(flow.FieldSourceIP) || !r.Has(flow.FieldDestinationIP) || !r.Has(flow.FieldNetworkIANANumber) {
		return
	}
	t := communityid.Tuple{Source: r.SourceIP, Destination: r.DestinationIP, Protocol: r.NetworkIANANumber}
	switch t.Protocol {
	case service.TCP, service.UDP, service.SCTP:
		if !r.Has(flow.FieldSourcePort) || !r.Has(flow.FieldDestinationPort) {
			return // a fragment, or an exporter that leaves ports out
		}
		t.SourcePort, t.DestinationPort = r.SourcePort, r.DestinationPort
	case service.ICMP, service.IPv6ICMP:
		kind, code, ok := icmp(r)
		if !ok {
			return
		}
		t.SourcePort, t.DestinationPort = uint16(kind), uint16(code)
	}
	before := len(w.ids)
	if w.ids = communityid.Append(w.ids, w.chain.cfg.CommunityID.Seed, t); len(w.ids) > before {
		w.holders = append(w.holders, at)
	}
}
