// Package kibana holds the saved objects for Kibana and OpenSearch Dashboards:
// data views, saved searches, visualizations and dashboards, as one file that
// loads on Kibana 7.10 to 9 and OpenSearch Dashboards 1 to 3.
//
// The file is generated from the definitions in dashboards/kibana/boards. This
// package does no I/O and speaks to no server.
package kibana

//go:generate go run ./gen ../..

import (
	_ "embed"
	"slices"
)

//go:embed weir.ndjson
var objects []byte

// Objects gives the saved objects as the products' import takes them: one JSON
// object a line, each with an id that begins with weir-. The caller owns the
// copy.
func Objects() []byte { return slices.Clone(objects) }
