// Package boards says what Weir shows in Kibana and OpenSearch Dashboards: the
// data views, the saved searches and the boards with their panels.
//
// It holds definitions only, made of dashboards/kibana/savedobject's forms and of
// the field catalogue's names. `go generate ./dashboards/kibana` writes them as
// the file that is installed, and documents them. Ids are stable: people's own
// links and boards refer to them.
package boards

import (
	"github.com/weirflow/weir/dashboards/kibana/savedobject"
)

// Objects gives every saved object, those first that others refer to.
func Objects() []savedobject.Object {
	var objects []savedobject.Object
	for _, v := range Views() {
		objects = append(objects, v.Object())
	}
	for _, s := range Searches() {
		objects = append(objects, s.Object())
	}
	for _, b := range Boards() {
		objects = append(objects, b.Objects()...)
	}
	return objects
}
