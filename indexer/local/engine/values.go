package engine

import (
	"encoding/json"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/flow/catalogue"
	"github.com/weirflow/weir/indexer/local/column"
	"github.com/weirflow/weir/indexer/query"
)

// reader turns what columns store into a field's values as documents show them.
// One goroutine uses it.
type reader struct {
	field query.Field
	// columns holds the values: one, four for related.ip, none for a constant.
	columns []int
	// ints tells that values are numbers or times, held as int64.
	ints bool
	// list tells that a stored value can stand for none or several.
	list bool
	// constant is the value of every row; documents show it as a list when
	// listed is set.
	constant string
	listed   bool

	texts []string
	nums  []int64
}

var relatedColumns = []int{
	int(flow.FieldSourceIP), int(flow.FieldDestinationIP), int(flow.FieldSourceNATIP), int(flow.FieldDestinationNATIP),
	int(flow.FieldInnerSourceIP), int(flow.FieldInnerDestinationIP),
}

// columnOf gives the column that stores a field; ok is false for fields that are
// not in one.
func columnOf(f query.Field) (number int, ok bool) {
	if f.Element != "" {
		return column.Elements, true
	}
	return column.Lookup(f.Name)
}

func newReader(f query.Field) reader {
	r := reader{field: f, ints: f.Class == query.Number || f.Class == query.Time, list: f.List()}
	switch f.Catalogue.Form {
	case catalogue.FormConst, catalogue.FormKind: // the store holds no kind whose event.kind is metric
		r.constant = constantOf(f)
		r.listed = strings.HasPrefix(f.Catalogue.Const, "[")
		return r
	case catalogue.FormRelatedIP:
		r.columns, r.list = relatedColumns, false // each of the columns has one value
		return r
	}
	number, _ := columnOf(f)
	r.columns = []int{number}
	return r
}

// constantOf is the value of a field that is the same in all documents.
func constantOf(f query.Field) string {
	var one string
	var list []string
	if json.Unmarshal([]byte(f.Catalogue.Const), &one) == nil {
		return one
	}
	if json.Unmarshal([]byte(f.Catalogue.Const), &list) == nil && len(list) > 0 {
		return list[0] // the catalogue's lists have one value
	}
	return ""
}

func (r *reader) constantValue() any {
	if r.listed {
		return []any{r.constant}
	}
	return r.constant
}

// textsOf gives the values of a stored text or number, each once; valid until the
// next call.
func (r *reader) textsOf(k *coding, code uint32) []string {
	if k.ints != nil {
		return flow.Names(r.field.Catalogue.Form, uint64(k.ints[code]))
	}
	return r.textsOfText(k.texts[code])
}

func (r *reader) textsOfText(stored string) []string {
	r.texts = r.texts[:0]
	switch r.field.Catalogue.Type {
	case catalogue.Elements:
		eachElement(stored, func(name, value string) {
			if (r.field.Element == "" || name == r.field.Element) && !slices.Contains(r.texts, value) {
				r.texts = append(r.texts, value)
			}
		})
	case catalogue.Keywords:
		var all []string
		if json.Unmarshal([]byte(stored), &all) == nil {
			for _, s := range all {
				if !slices.Contains(r.texts, s) {
					r.texts = append(r.texts, s)
				}
			}
		}
	case catalogue.IP:
		r.texts = append(r.texts, plainAddress(stored))
	default:
		r.texts = append(r.texts, stored)
	}
	return r.texts
}

// plainAddress gives an IPv4-mapped address its IPv4 form, as an index does.
func plainAddress(s string) string {
	if strings.HasPrefix(s, "::ffff:") {
		if a, err := netip.ParseAddr(s); err == nil {
			return a.Unmap().String()
		}
	}
	return s
}

// addressOf reads an address; an IPv4-mapped one is given as IPv4. The usual form
// of IPv4 is read here, as netip takes several times as long.
func addressOf(s string) (a netip.Addr, ok bool) {
	var b [4]byte
	part, digits, v := 0, 0, 0
	for i := range len(s) {
		c := s[i]
		switch {
		case c >= '0' && c <= '9' && digits < 3:
			v = v*10 + int(c-'0')
			digits++
		case c == '.' && digits > 0 && part < 3 && v < 256:
			b[part] = byte(v)
			part, digits, v = part+1, 0, 0
		default:
			return otherAddress(s)
		}
	}
	if part != 3 || digits == 0 || v > 255 {
		return otherAddress(s)
	}
	b[3] = byte(v)
	return netip.AddrFrom4(b), true
}

func otherAddress(s string) (a netip.Addr, ok bool) {
	a, err := netip.ParseAddr(s)
	return a.Unmap(), err == nil
}

// numsOf gives the values of a stored number, or list of numbers; valid until the
// next call.
func (r *reader) numsOf(k *coding, code uint32) []int64 {
	r.nums = r.nums[:0]
	if k.ints != nil {
		r.nums = append(r.nums, k.ints[code])
		return r.nums
	}
	return r.numsOfText(k.texts[code])
}

func (r *reader) numsOfText(stored string) []int64 {
	r.nums = r.nums[:0]
	for part := range strings.SplitSeq(strings.Trim(stored, "[]"), ",") {
		if v, err := strconv.ParseInt(part, 10, 64); err == nil {
			r.nums = append(r.nums, v)
		}
	}
	return r.nums
}

// shown gives a row's value as an answer shows it: nil, one value, or a list for
// fields that are lists.
func (r *reader) shown(v *column.Vector, row int) any {
	if v.Empty() || !v.Has(row) {
		return nil
	}
	c := r.field.Catalogue
	switch {
	case r.field.Class == query.Time:
		return time.Unix(0, v.Int(row)).UTC()
	case c.Type == catalogue.Labels:
		return list(r.numsOfText(v.Text(row)))
	case r.ints:
		return v.Int(row)
	case c.Form == catalogue.FormTCPFlags, c.Form == catalogue.FormEventType:
		return list(flow.Names(c.Form, uint64(v.Int(row))))
	case v.Ints != nil || v.IntDict != nil:
		return flow.Names(c.Form, uint64(v.Int(row)))[0]
	case c.Type == catalogue.GeoPoint:
		lat, lon, _ := strings.Cut(v.Text(row), ",")
		return json.RawMessage(`{"lat":` + lat + `,"lon":` + lon + `}`)
	case c.Type == catalogue.Elements && r.field.Element == "":
		return json.RawMessage(strings.Clone(v.Text(row)))
	case c.Type == catalogue.Keywords:
		var all []string
		if json.Unmarshal([]byte(v.Text(row)), &all) != nil {
			return nil
		}
		return list(all)
	case c.Type == catalogue.Elements:
		values := r.textsOfText(v.Text(row))
		switch len(values) {
		case 0:
			return nil
		case 1:
			return strings.Clone(values[0])
		}
		return list(values)
	}
	return strings.Clone(v.Text(row))
}

func list[T any](values []T) any {
	out := make([]any, len(values))
	for i, v := range values {
		out[i] = v
		if s, ok := any(v).(string); ok {
			out[i] = strings.Clone(s)
		}
	}
	return out
}
