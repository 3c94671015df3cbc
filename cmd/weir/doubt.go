package main

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/flow/catalogue"
	"github.com/weirflow/weir/indexer/query"
)

// doubt tells the values in a filter that no flow can have, such as a misspelt
// flag of TCP: the filter is right as it stands, and never matches.
func (s *selection) doubt(n query.Node, errOut io.Writer) {
	switch n := n.(type) {
	case query.And:
		for _, x := range n.Nodes {
			s.doubt(x, errOut)
		}
	case query.Or:
		for _, x := range n.Nodes {
			s.doubt(x, errOut)
		}
	case query.Equal:
		names := namesOf(n.Field)
		if _, err := strconv.ParseUint(n.Value, 10, 16); err == nil || len(names) == 0 {
			return // a number that has no name is written as it is
		}
		for _, name := range names {
			if name == n.Value {
				return
			}
		}
		last := len(names) - 1
		fmt.Fprintf(errOut, "weir: %s is never %q; it is %s or %s\n", n.Field.Name, n.Value, strings.Join(names[:last], ", "), names[last])
	case query.Between:
		most := int64(math.MaxInt64)
		switch {
		case n.Field.Element != "" || n.Field.Catalogue == nil:
		case n.Field.Catalogue.Type == catalogue.U8:
			most = math.MaxUint8
		case n.Field.Catalogue.Type == catalogue.U16:
			most = math.MaxUint16
		}
		if n.Min > most {
			fmt.Fprintf(errOut, "weir: %s is never %d or more; it is 0 to %d\n", n.Field.Name, n.Min, most)
		}
	}
}

// namesOf gives the values of a field that has a closed list of them.
func namesOf(f query.Field) (names []string) {
	if f.Catalogue == nil || f.Element != "" {
		return nil
	}
	form, most := f.Catalogue.Form, uint64(0)
	switch form {
	case catalogue.FormTCPFlags:
		return flow.Names(form, math.MaxUint16)
	case catalogue.FormDirection:
		most = 1
	case catalogue.FormEndReason:
		most = 5
	default:
		return nil
	}
	for v := range most + 1 {
		for _, name := range flow.Names(form, v) {
			if _, err := strconv.Atoi(name); err != nil {
				names = append(names, name)
			}
		}
	}
	return names
}
