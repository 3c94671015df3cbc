package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/weirflow/weir/cmd/weir/internal/config"
	"github.com/weirflow/weir/indexer/elastic"
)

// exportAll writes the files of each configured cluster, or of one that need not
// be there.
func (o *setupOptions) exportAll(ctx context.Context, loaded *config.Loaded, out io.Writer) error {
	list, err := elasticConfigs(loaded)
	if err != nil && o.product != "" { // nobody is asked, so that nobody need be named
		c := loaded.Index.Elasticsearch
		c.URLs = []string{"http://localhost:9200"}
		list, err = []elastic.Config{c}, nil
	}
	if err != nil {
		return err
	}
	if len(list) > 1 {
		return fmt.Errorf("--export writes the files of one server, and %d are configured; name one with --output elasticsearch:URL", len(list))
	}
	name, version := o.product, o.productVersion
	if name == "" || version == "" {
		if name == "" && version == "" {
			name, version, err = detected(ctx, list[0])
		} else {
			err = fmt.Errorf("--product and --product-version belong together")
		}
		if err != nil {
			return err
		}
	}
	files, requests, err := elastic.ExportFiles(name, version, list[0])
	if err != nil {
		return err
	}
	if text := savedObjects(); len(text) > 0 {
		files = append(files, elastic.File{Name: "dashboards.ndjson", Text: text})
	}
	files = append(files, elastic.File{Name: "README.md", Text: exportReadme(name, version, files, requests)})
	if err := os.MkdirAll(o.export, 0o755); err != nil {
		return err
	}
	for _, f := range files {
		if err := os.WriteFile(filepath.Join(o.export, f.Name), f.Text, 0o644); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintf(out, "%d files for %s %s are in %s; README.md there says how to use them\n", len(files), name, version, o.export)
	return err
}

func detected(ctx context.Context, c elastic.Config) (name, version string, err error) {
	s, err := elastic.NewSetup(c, nil)
	if err != nil {
		return "", "", err
	}
	defer s.Close()
	name, version, err = s.Product(ctx)
	if err != nil {
		err = fmt.Errorf("%w; to export without a server, give --product and --product-version", err)
	}
	return name, version, err
}

// exportReadme says how to send the files with curl. Requests without a body have
// no file.
func exportReadme(name, version string, files []elastic.File, requests []elastic.Request) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "# Weir on %s %s\n\nWhat `weir setup` would send to a new cluster, in order. Set `ES` and, with dashboards, `KIBANA` to the\nURLs, "+
		"with user and password where they are needed; the roles need a cluster with security.\nThen set `index.elasticsearch.setup: manual`.\n\n```\nES=https://localhost:9200\nKIBANA=https://localhost:5601\n\n", name, version)
	next := 0
	for _, q := range requests {
		if len(q.Body) == 0 {
			fmt.Fprintf(&b, "curl -X %s \"$ES%s\"\n", q.Method, q.Path)
			continue
		}
		fmt.Fprintf(&b, "curl -X %s -H 'Content-Type: application/json' --data-binary @%s \"$ES%s\"\n", q.Method, files[next].Name, q.Path)
		next++
	}
	if next < len(files) {
		fmt.Fprintf(&b, "curl -X POST -H 'kbn-xsrf: weir' -H 'osd-xsrf: weir' -F file=@%s \"$KIBANA/api/saved_objects/_import?overwrite=true\"\n", files[next].Name)
	}
	b.WriteString("```\n")
	return b.Bytes()
}
