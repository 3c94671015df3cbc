package main

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"

	"strconv"
	"strings"

	"github.com/maxmind/mmdbwriter"
	"github.com/maxmind/mmdbwriter/mmdbtype"
	"github.com/oschwald/maxminddb-golang/v2"
)

// makeCopies puts finished databases in place.
func makeCopies(folder string, files map[string]string, out string) error {
	for name, to := range files {
		err := replace(filepath.Join(out, to), func(path string) error {
			f, err := os.Open(filepath.Join(folder, name))
			if err != nil {
				return err
			}
			defer f.Close()
			if err := save(path, f); err != nil {
				return err
			}
			return verify(path)
		})
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// makeASN builds the ASN database from the CSV files.
func makeASN(folder string, files map[string]string, out string) error {
	tree, err := mmdbwriter.New(mmdbwriter.Options{
		DatabaseType: "ip-location-db-ASN",
		Description:  map[string]string{"en": "ip-location-db ASN, CC BY 4.0: Route Views, DB-IP, NRO"},
		RecordSize:   28,
	})
	if err != nil {
		return err
	}
	skipped, to := 0, ""
	for name := range files {
		to = files[name]
		n, err := addCSV(tree, filepath.Join(folder, name))
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		skipped += n
	}
	fmt.Fprintln(os.Stderr, "geoip: networks in reserved ranges left out:", skipped)
	return replace(filepath.Join(out, to), func(path string) error {
		f, err := os.Create(path)
		if err != nil {
			return err
		}
		buffered := bufio.NewWriterSize(f, 1<<20)
		_, err = tree.WriteTo(buffered)
		if err = errors.Join(err, buffered.Flush(), f.Close()); err != nil {
			return err
		}
		return verify(path)
	})
}

func addCSV(tree *mmdbwriter.Tree, path string) (skipped int, err error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	values := map[row]mmdbtype.Map{}
	err = readCSV(bufio.NewReaderSize(f, 1<<20), func(r row) error {
		holder := row{number: r.number, organization: r.organization}
		value := values[holder]
		if value == nil {
			value = mmdbtype.Map{
				"autonomous_system_number":       mmdbtype.Uint32(r.number),
				"autonomous_system_organization": mmdbtype.String(r.organization),
			}
			values[holder] = value
		}
		err := tree.InsertRange(net.IP(r.first.AsSlice()), net.IP(r.last.AsSlice()), value)
		var reserved *mmdbwriter.ReservedNetworkError
		var aliased *mmdbwriter.AliasedNetworkError
		if errors.As(err, &reserved) || errors.As(err, &aliased) {
			skipped++
			return nil
		}
		return err
	})
	return skipped, err
}

// row is one line of the CSV files: a range of addresses and who announces it.
type row struct {
	first, last  netip.Addr
	number       uint32
	organization string
}

// readCSV calls each with every row. An error names the line.
func readCSV(r io.Reader, each func(row) error) error {
	lines := csv.NewReader(r)
	lines.FieldsPerRecord = 4
	lines.ReuseRecord = true
	for {
		f, err := lines.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		line, _ := lines.FieldPos(0)
		first, err1 := netip.ParseAddr(f[0])
		last, err2 := netip.ParseAddr(f[1])
		number, err3 := strconv.ParseUint(f[2], 10, 32)
		if err := errors.Join(err1, err2, err3); err != nil {
			return fmt.Errorf("line %d: %w", line, err)
		}
		if first.BitLen() != last.BitLen() || last.Less(first) || first.Zone() != "" || last.Zone() != "" {
			return fmt.Errorf("line %d: %s to %s is not a range of addresses", line, first, last)
		}
		if number == 0 {
			continue // not announced
		}
		if err := each(row{first, last, uint32(number), strings.Clone(f[3])}); err != nil {
			return fmt.Errorf("line %d: %w", line, err)
		}
	}
}

// verify opens a finished database and looks addresses up in it.
func verify(path string) error {
	db, err := maxminddb.Open(path)
	if err != nil {
		return fmt.Errorf("the finished file does not open: %w", err)
	}
	defer db.Close()
	found := 0
	for _, text := range []string{"8.8.8.8", "1.1.1.1", "193.0.6.139", "2001:4860:4860::8888", "2606:4700:4700::1111", "2001:67c:2e8:22::c100:68b"} {
		addr := netip.MustParseAddr(text)
		if addr.Is6() && db.Metadata.IPVersion == 4 {
			continue
		}
		if r := db.Lookup(addr); r.Err() != nil {
			return fmt.Errorf("the finished file is damaged: %w", r.Err())
		} else if r.Found() {
			found++
		}
	}
	if found < 2 {
		return fmt.Errorf("the finished file (%s) knows %d of the well-known addresses, want at least 2", db.Metadata.DatabaseType, found)
	}
	return nil
}
