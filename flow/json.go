package flow

import (
	"encoding/hex"
	"math"
	"net/netip"
	"strconv"
	"time"

	"github.com/weirflow/weir/flow/catalogue"
)

// Encoder writes records as JSON documents. It is not safe for concurrent use;
// its state is the text of the last second, which flows share, and room to work.
type Encoder struct {
	profile catalogue.Profile // of flows
	plain   bool              // the elements at hand have no members
	second  int64
	text    [19]byte // 2006-01-02T15:04:05
	valid   bool
	chains  chains
}

// NewEncoder gives an encoder of full documents.
func NewEncoder() *Encoder { return &Encoder{} }

// NewProfileEncoder gives an encoder whose documents of flows carry the fields of
// a profile. Documents of other kinds, of which there are few, are full.
func NewProfileEncoder(p catalogue.Profile) *Encoder { return &Encoder{profile: p} }

// AppendJSON appends the record as one JSON object without a newline. Output
// is always valid JSON and valid UTF-8, whatever bytes the record holds.
func (e *Encoder) AppendJSON(dst []byte, r *Record) []byte {
	p := catalogue.Full
	if r.Kind == KindFlow {
		p = e.profile
	}
	w, may, implied := r.set, &profileFields[p], &impliedFields[p]
	for i := range w {
		w[i] = w[i]&may[i] | implied[i]
	}
	dst = e.appendMembers(append(dst, '{'), r, &w)
	dst[len(dst)-1] = '}'
	return dst
}

// appendTime appends RFC 3339 in UTC with milliseconds, or with as many digits
// as the value has. Years outside 0 to 9999 cannot occur in int64 nanoseconds.
func (e *Encoder) appendTime(dst []byte, ns int64) []byte {
	second, rest := ns/1e9, ns%1e9
	if rest < 0 {
		second, rest = second-1, rest+1e9
	}
	if !e.valid || second != e.second {
		e.second, e.valid = second, true
		copy(e.text[:], time.Unix(second, 0).UTC().AppendFormat(make([]byte, 0, 20), "2006-01-02T15:04:05"))
	}
	dst = append(append(dst, '"'), e.text[:]...)
	digits, value := 3, rest/1e6
	switch {
	case rest%1e3 != 0:
		digits, value = 9, rest
	case rest%1e6 != 0:
		digits, value = 6, rest/1e3
	}
	dst = append(dst, ".000000000"[:digits+1]...)
	for i := len(dst) - 1; value > 0; i-- {
		dst[i] = byte('0' + value%10)
		value /= 10
	}
	return append(dst, 'Z', '"')
}

const hexUpper = "0123456789ABCDEF"

func (m MAC) appendTo(dst []byte) []byte {
	for i, b := range m {
		if i > 0 {
			dst = append(dst, '-')
		}
		dst = append(dst, hexUpper[b>>4], hexUpper[b&15])
	}
	return dst
}

// String is the form that ECS asks for: AA-BB-CC-DD-EE-FF.
func (m MAC) String() string { return string(m.appendTo(nil)) }

func (p Point) appendTo(dst []byte) []byte {
	dst = strconv.AppendFloat(append(dst, `{"lat":`...), p.Lat, 'f', -1, 64)
	dst = strconv.AppendFloat(append(dst, `,"lon":`...), p.Lon, 'f', -1, 64)
	return append(dst, '}')
}

func (l *Labels) appendTo(dst []byte) []byte {
	dst = append(dst, '[')
	for _, v := range l.List() {
		dst = append(strconv.AppendUint(dst, uint64(v), 10), ',')
	}
	return closeList(dst)
}

// closeList turns the last comma into the bracket, or closes an empty list.
func closeList(dst []byte) []byte {
	if dst[len(dst)-1] == ',' {
		dst[len(dst)-1] = ']'
		return dst
	}
	return append(dst, ']')
}

// AppendStrings appends the texts as a JSON array, as documents have it.
func AppendStrings(dst []byte, list []string) []byte { return appendStrings(dst, list) }

func appendStrings(dst []byte, list []string) []byte {
	dst = append(dst, '[')
	for _, s := range list {
		dst = append(appendString(dst, s), ',')
	}
	return closeList(dst)
}

func appendRelatedIP(dst []byte, r *Record) []byte {
	var room [6]netip.Addr
	dst = append(dst, '[')
	for _, a := range r.relatedIPs(room[:0]) {
		dst = append(a.AppendTo(append(dst, '"')), '"', ',')
	}
	return closeList(dst)
}

// appendElements writes flow.ie, or flow.counters in a counter sample. Outside of
// full documents structured data becomes a text, so that an element of one name
// has values of one kind, which columns need.
func (e *Encoder) appendElements(dst []byte, r *Record) []byte {
	if len(r.Extra) == 0 {
		return dst
	}
	if r.Kind == KindCounters {
		dst = append(dst, `"counters":`...)
	} else {
		dst = append(dst, `"ie":`...)
	}
	e.plain = r.Kind == KindFlow && e.profile != catalogue.Full
	dst = append(e.AppendElements(dst, r), ',')
	e.plain = false
	return dst
}

// AppendElements appends the record's Extra as a JSON object: the value of
// flow.ie, or of flow.counters in a counter sample.
func (e *Encoder) AppendElements(dst []byte, r *Record) []byte { return e.AppendObject(dst, r.Extra) }

// AppendObject appends elements as one JSON object. An element that occurs more
// than once becomes a list, as JSON names must not repeat.
func (e *Encoder) AppendObject(dst []byte, list []Element) []byte {
	dst = append(dst, '{')
	if len(list) == 0 {
		return append(dst, '}')
	}
	e.chains.find(list)
	for i := range list {
		x := &list[i]
		if e.chains.repeats(i) {
			continue
		}
		dst = append(appendString(dst, x.Name), ':')
		if e.chains.next(i) < 0 {
			dst = append(e.AppendElement(dst, x), ',')
			continue
		}
		dst = append(dst, '[')
		for j := i; j >= 0; j = e.chains.next(j) {
			dst = append(e.AppendElement(dst, &list[j]), ',')
		}
		dst = append(closeList(dst), ',')
	}
	dst[len(dst)-1] = '}'
	return dst
}

// AppendElement appends an element's value.
func (e *Encoder) AppendElement(dst []byte, x *Element) []byte {
	switch x.Kind {
	case ElementUint:
		return strconv.AppendUint(dst, x.Num, 10)
	case ElementInt:
		return strconv.AppendInt(dst, int64(x.Num), 10)
	case ElementFloat:
		if f := math.Float64frombits(x.Num); !math.IsNaN(f) && !math.IsInf(f, 0) {
			return strconv.AppendFloat(dst, f, 'g', -1, 64)
		}
		return append(dst, "null"...)
	case ElementBool:
		return strconv.AppendBool(dst, x.Num != 0)
	case ElementTime:
		return e.appendTime(dst, int64(x.Num))
	case ElementString:
		return appendString(dst, x.Bytes)
	case ElementAddr:
		if a, ok := netip.AddrFromSlice(x.Bytes); ok {
			return append(a.AppendTo(append(dst, '"')), '"')
		}
	case ElementMAC:
		if len(x.Bytes) == 6 {
			return append(MAC(x.Bytes).appendTo(append(dst, '"')), '"')
		}
	case ElementJSON:
		switch {
		case len(x.Bytes) == 0:
		case e.plain:
			return appendString(dst, x.Bytes)
		default:
			return append(dst, x.Bytes...)
		}
	}
	return append(hex.AppendEncode(append(dst, '"'), x.Bytes), '"')
}
