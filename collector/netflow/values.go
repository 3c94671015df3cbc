package netflow

import (
	"encoding/binary"
	"encoding/hex"
	"net/netip"
	"strconv"

	"github.com/weirflow/weir/flow"
)

// panaL7 is the engine whose selectors begin with an enterprise number (RFC
// 6759 section 4.1).
const panaL7 = 20

// application reads an application id of up to 8 bytes, or 9 with an enterprise
// number, as Fortinet sends it: then the engine is known and left out.
func application(v []byte) (key appKey, ok bool) {
	switch {
	case len(v) >= 1 && len(v) <= 8:
		return appKey{number(v), uint8(len(v))}, true
	case len(v) == 9 && v[0] == panaL7:
		return appKey{number(v[1:]), 9}, true
	}
	return appKey{}, false
}

// appIDText writes an application id as engine:selector.
func (m *run) appIDText(v []byte) string {
	var room [40]byte
	out := strconv.AppendUint(room[:0], uint64(v[0]), 10)
	out = append(out, ':')
	if v[0] == panaL7 && len(v) > 5 {
		out = strconv.AppendUint(out, number(v[1:5]), 10)
		out = strconv.AppendUint(append(out, ':'), number(v[5:]), 10)
	} else if len(v) > 1 {
		out = strconv.AppendUint(out, number(v[1:]), 10)
	}
	return m.strings.of(out)
}

// aclText writes the three hashes of 4 bytes that Cisco's ASA names an access list
// by, as its command line shows them.
func (m *run) aclText(v []byte) string {
	var room [26]byte
	out := hex.AppendEncode(room[:0], v[:4])
	out = hex.AppendEncode(append(out, '-'), v[4:8])
	return m.strings.of(hex.AppendEncode(append(out, '-'), v[8:12]))
}

// routeDistinguisher writes a route distinguisher as administrator:number (RFC
// 4364 section 4.2). Empty: none, or of a type that is not known.
func (m *run) routeDistinguisher(v []byte) string {
	if len(v) != 8 || allZero(v) {
		return ""
	}
	var room [40]byte
	out, rest := room[:0], uint64(0)
	switch binary.BigEndian.Uint16(v) {
	case 0: // AS number of 2 bytes
		out, rest = strconv.AppendUint(out, number(v[2:4]), 10), number(v[4:8])
	case 1: // address
		out, rest = netip.AddrFrom4([4]byte(v[2:6])).AppendTo(out), number(v[6:8])
	case 2: // AS number of 4 bytes
		out, rest = strconv.AppendUint(out, number(v[2:6]), 10), number(v[6:8])
	default:
		return ""
	}
	return m.strings.of(strconv.AppendUint(append(out, ':'), rest, 10))
}

// segmentTypes are the encapsulations in layer2SegmentId's first byte (IANA).
var segmentTypes = [...]string{1: "vxlan", 2: "nvgre"}

// segment takes layer2SegmentId: the kind of encapsulation, and the identifier of
// 24 bits.
func (m *run) segment(r *flow.Record, s *step, v []byte) {
	x := number(v)
	id := x & (1<<24 - 1)
	if name, ok := registered(segmentTypes[:], x>>56); ok {
		r.SetFlowTunnelType(name)
	}
	if id == 0 || x>>56 >= uint64(len(segmentTypes)) {
		m.extra(r, s, v)
		return
	}
	r.SetFlowTunnelID(id)
}

// subApp names a value that Cisco's NBAR took out of the traffic: application id,
// then the number of the value.
type subApp struct {
	application uint32
	part        uint16
}

// subApps are the values that have a field of ours (Cisco AVC Field Definition
// Guide, table B-1).
var subApps = map[subApp]flow.FieldID{
	{3<<24 | 80, 13313}:   flow.FieldURLPath,
	{3<<24 | 80, 13314}:   flow.FieldURLDomain,
	{3<<24 | 80, 13315}:   flow.FieldUserAgent,
	{3<<24 | 80, 13316}:   flow.FieldHTTPReferrer,
	{13<<24 | 453, 13313}: flow.FieldTLSServerSubject,
}

// subApplication takes a value of a sub-application: application id (4 bytes),
// number of the value (2 bytes), then the value, which may be absent.
func (m *run) subApplication(r *flow.Record, s *step, v []byte) {
	if len(v) < 6 {
		m.extra(r, s, v)
		return
	}
	key := subApp{uint32(number(v[:4])), uint16(number(v[4:6]))}
	text := trim(v[6:])
	if len(text) == 0 {
		return
	}
	if field, ok := subApps[key]; ok && !r.Has(field) {
		r.SetString(field, m.text(text))
		return
	}
	name := m.strings.of(m.subAppName(key))
	r.Extra = append(r.Extra, flow.Element{Name: name, Kind: flow.ElementString, Bytes: m.w.Copy(text)})
}

// subAppName is what an options record calls the value, else its numbers.
func (m *run) subAppName(key subApp) []byte {
	if name := m.x.applications[appKey{uint64(key.application)<<16 | uint64(key.part), subAppLength}].Name; name != "" {
		return []byte(name)
	}
	out := strconv.AppendUint([]byte("subApplication_"), uint64(key.application>>24), 10)
	out = strconv.AppendUint(append(out, '_'), uint64(key.application&0xffffff), 10)
	return strconv.AppendUint(append(out, '_'), uint64(key.part), 10)
}

// subAppLength marks names of sub-applications among those of applications: an
// id of 4 bytes with a number of 2 behind it, which no application's id has.
const subAppLength = 16
