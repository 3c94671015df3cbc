// Command gen writes what derives from the boards' definitions: weir.ndjson, the
// file that is installed, and docs/reference/dashboards.md. It is run by
// `go generate ./dashboards/kibana` and takes the repository's root as its only
// argument.
package main

import (
	"log"
	"os"
	"path/filepath"

	"github.com/weirflow/weir/dashboards/kibana/boards"
	"github.com/weirflow/weir/dashboards/kibana/savedobject"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) != 2 {
		log.Fatal("usage: gen REPOSITORY_ROOT")
	}
	for name, body := range map[string][]byte{
		"dashboards/kibana/weir.ndjson": savedobject.NDJSON(boards.Objects()),
		"docs/reference/dashboards.md":  boards.Reference(),
	} {
		if err := os.WriteFile(filepath.Join(os.Args[1], name), body, 0o644); err != nil {
			log.Fatal(err)
		}
	}
}
