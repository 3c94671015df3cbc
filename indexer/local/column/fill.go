package column

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/flow/catalogue"
)

// Fill sets the field of a column from the value that row has in v, so that a
// stored row becomes a record again, and flow.Encoder gives the document that it
// was. It does nothing when the row has no value. An error tells that the value
// is not one that the column can have; r is as it was then.
func Fill(r *flow.Record, column int, v *Vector, row int) error {
	if v.Empty() || !v.Has(row) {
		return nil
	}
	if Columns[column].Kind == Int {
		return FillInt(r, column, v.Int(row))
	}
	return FillText(r, column, v.Text(row))
}

// FillInt sets the field of an Int column.
func FillInt(r *flow.Record, column int, v int64) error {
	if !r.SetUint(flow.FieldID(column), uint64(v)) {
		return fmt.Errorf("column %s takes no number", Columns[column].Name)
	}
	return nil
}

// FillText sets the field of a Text column.
func FillText(r *flow.Record, column int, s string) error {
	c := &Columns[column]
	var err error
	switch c.Type {
	case catalogue.Keyword:
		switch {
		case column == Action:
			fillAction(r, s)
		case column == CommunityID && s == "": // see Table.addCommunityID
			return nil
		case !r.SetString(c.Field, s):
			err = fmt.Errorf("it takes no text")
		}
	case catalogue.IP:
		var a netip.Addr
		if a, err = netip.ParseAddr(s); err == nil {
			r.SetAddr(c.Field, a)
		}
	case catalogue.MAC:
		var m flow.MAC
		if m, err = parseMAC(s); err == nil {
			r.SetMAC(c.Field, m)
		}
	case catalogue.GeoPoint:
		err = fillPoint(r, column, s)
	case catalogue.Keywords:
		var list []string
		if err = json.Unmarshal([]byte(s), &list); err == nil {
			r.AddTags(list...)
		}
	case catalogue.Labels:
		var list []uint32
		if err = json.Unmarshal([]byte(s), &list); err == nil {
			for _, v := range list {
				r.AddFlowMPLSLabels(v)
			}
		}
	case catalogue.Elements:
		err = fillElements(r, s)
	default:
		err = fmt.Errorf("it takes no text")
	}
	if err != nil {
		return fmt.Errorf("column %s: %w", c.Name, err)
	}
	return nil
}

// fillAction sets what event.action says: the record's kind, or what happened.
func fillAction(r *flow.Record, s string) {
	for _, k := range []flow.Kind{flow.KindFlow, flow.KindOptions, flow.KindCounters} {
		if k.String() == s {
			r.Kind = k
			return
		}
	}
	r.SetEventAction(s)
}

func parseMAC(s string) (m flow.MAC, err error) {
	b, err := hex.DecodeString(strings.ReplaceAll(s, "-", ""))
	if err != nil || len(b) != len(m) {
		return m, fmt.Errorf("%q is no hardware address", s)
	}
	return flow.MAC(b), nil
}

func fillPoint(r *flow.Record, column int, s string) (err error) {
	var p flow.Point
	lat, lon, ok := strings.Cut(s, ",")
	if !ok {
		return fmt.Errorf("%q is no point", s)
	}
	if p.Lat, err = strconv.ParseFloat(lat, 64); err != nil {
		return err
	}
	if p.Lon, err = strconv.ParseFloat(lon, 64); err != nil {
		return err
	}
	switch flow.FieldID(column) {
	case flow.FieldSourceGeoLocation:
		r.SetSourceGeoLocation(p)
	case flow.FieldDestinationGeoLocation:
		r.SetDestinationGeoLocation(p)
	default:
		return fmt.Errorf("it takes no point")
	}
	return nil
}

// fillElements reads a JSON object into r.Extra, in its order.
func fillElements(r *flow.Record, s string) error {
	before := len(r.Extra)
	err := readElements(r, s)
	if err != nil {
		r.Extra = r.Extra[:before]
	}
	return err
}

func readElements(r *flow.Record, s string) error {
	d := json.NewDecoder(strings.NewReader(s))
	d.UseNumber()
	if token, err := d.Token(); err != nil || token != json.Delim('{') {
		return fmt.Errorf("%.40q is no JSON object", s)
	}
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return err
		}
		name, _ := token.(string)
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return err
		}
		if r.Extra, err = appendElement(r.Extra, name, value); err != nil {
			return err
		}
	}
	_, err := d.Token()
	return err
}

// appendElement adds the elements whose document form is the value. A list of
// two values or more is what an element that repeats looks like; other lists and
// objects are structured data, which stays JSON.
func appendElement(list []flow.Element, name string, value json.RawMessage) ([]flow.Element, error) {
	d := json.NewDecoder(bytes.NewReader(value))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return list, err
	}
	values, isList := v.([]any)
	if !isList {
		values = []any{v}
	}
	structured := isList && len(values) < 2
	for _, v := range values {
		switch v.(type) {
		case []any, map[string]any:
			structured = true
		}
	}
	if structured {
		return append(list, flow.Element{Name: name, Kind: flow.ElementJSON, Bytes: value}), nil
	}
	for _, v := range values {
		list = append(list, element(name, v))
	}
	return list, nil
}

// element gives the element whose document form is v.
func element(name string, v any) flow.Element {
	switch v := v.(type) {
	case string:
		return flow.Element{Name: name, Kind: flow.ElementString, Bytes: []byte(v)}
	case bool:
		e := flow.Element{Name: name, Kind: flow.ElementBool}
		if v {
			e.Num = 1
		}
		return e
	case json.Number:
		return numberElement(name, v.String())
	}
	return flow.Element{Name: name, Kind: flow.ElementFloat, Num: notANumber} // null
}
