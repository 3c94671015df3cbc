package yardstick

import (
	"database/sql"
	"encoding/binary"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	_ "modernc.org/sqlite" // SQLite in Go, as the store must do without cgo, too

	"github.com/weirflow/weir/flow"
)

// columns are what the flows have that the panels and the newest rows show.
// Addresses are numbers, so that networks are ranges.
var columns = []struct {
	definition string
	value      func(r *flow.Record) any
}{
	{"time INTEGER", func(r *flow.Record) any { return r.Timestamp }},
	{"start INTEGER", func(r *flow.Record) any { return r.EventStart }},
	{"created INTEGER", func(r *flow.Record) any { return r.EventCreated }},
	{"source_ip INTEGER", func(r *flow.Record) any { return number(r.SourceIP) }},
	{"destination_ip INTEGER", func(r *flow.Record) any { return number(r.DestinationIP) }},
	{"source_port INTEGER", func(r *flow.Record) any { return r.SourcePort }},
	{"destination_port INTEGER", func(r *flow.Record) any { return r.DestinationPort }},
	{"protocol INTEGER", func(r *flow.Record) any { return r.NetworkIANANumber }},
	{"bytes INTEGER", func(r *flow.Record) any { return int64(r.NetworkBytes) }},
	{"packets INTEGER", func(r *flow.Record) any { return int64(r.NetworkPackets) }},
	{"flags INTEGER", func(r *flow.Record) any { return r.FlowTCPFlags }},
	{"category TEXT", func(r *flow.Record) any { return r.FlowCategory }},
	{"rule TEXT", func(r *flow.Record) any { return r.FlowCategoryRule }},
	{"service TEXT", func(r *flow.Record) any { return r.FlowService }},
	{"direction TEXT", func(r *flow.Record) any { return r.NetworkDirection }},
	{"source_as INTEGER", func(r *flow.Record) any { return r.SourceASNumber }},
	{"destination_as INTEGER", func(r *flow.Record) any { return r.DestinationASNumber }},
	{"source_country TEXT", func(r *flow.Record) any { return r.SourceGeoCountryCode }},
	{"destination_country TEXT", func(r *flow.Record) any { return r.DestinationGeoCountryCode }},
	{"observer TEXT", func(r *flow.Record) any { return r.ObserverName }},
	{"ingress INTEGER", func(r *flow.Record) any { return r.IngressInterfaceID }},
	{"egress INTEGER", func(r *flow.Record) any { return r.EgressInterfaceID }},
	{"end_reason INTEGER", func(r *flow.Record) any { return r.FlowEndReason }},
	{"community_id TEXT", func(r *flow.Record) any { return r.NetworkCommunityID }},
}

// indexes are those that somebody would make who knows the panels, without one
// for each of them.
var indexes = []string{
	"CREATE INDEX by_time ON flows (time)",
	"CREATE INDEX by_source ON flows (source_ip, time)",
}

func number(a netip.Addr) int64 {
	b := a.As4()
	return int64(binary.BigEndian.Uint32(b[:]))
}

// database makes the database once.
var database = sync.OnceValues(func() (string, error) {
	path := filepath.Join(folder, fmt.Sprint("sqlite-", rows(), ".db"))
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	db, err := sql.Open("sqlite", path+".new?_pragma=journal_mode(off)&_pragma=synchronous(off)&_pragma=cache_size(-65536)")
	if err != nil {
		return "", err
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	if err := load(db); err != nil {
		return "", err
	}
	for _, statement := range append(indexes, "ANALYZE") {
		if _, err := db.Exec(statement); err != nil {
			return "", fmt.Errorf("%s: %w", statement, err)
		}
	}
	if err := db.Close(); err != nil {
		return "", err
	}
	return path, os.Rename(path+".new", path)
})

func load(db *sql.DB) error {
	var definitions []string
	for _, c := range columns {
		definitions = append(definitions, c.definition)
	}
	if _, err := db.Exec("CREATE TABLE flows (" + strings.Join(definitions, ", ") + ")"); err != nil {
		return err
	}
	tx, err := db.Begin()
	if err != nil {
		return err
	}
	insert, err := tx.Prepare("INSERT INTO flows VALUES (?" + strings.Repeat(", ?", len(columns)-1) + ")")
	if err != nil {
		return err
	}
	values := make([]any, len(columns))
	err = everyFlow(func(records []flow.Record) error {
		for i := range records {
			for j, c := range columns {
				values[j] = c.value(&records[i])
			}
			if _, err := insert.Exec(values...); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return tx.Commit()
}

// BenchmarkSQLite answers each panel from SQLite. Its memory is not Go's, and not
// in the figures.
func BenchmarkSQLite(b *testing.B) {
	for _, p := range panels() {
		b.Run(p.name, func(b *testing.B) {
			path, err := database()
			if err != nil {
				b.Fatal(err)
			}
			db, err := sql.Open("sqlite", path+"?mode=ro&_pragma=cache_size(-65536)")
			if err != nil {
				b.Fatal(err)
			}
			defer db.Close()
			used := processorTime()
			for b.Loop() {
				if n, err := read(db, p); err != nil || n == 0 {
					b.Fatalf("%d rows, %v", n, err)
				}
			}
			b.ReportMetric(float64((processorTime()-used).Milliseconds())/float64(b.N), "cpu-ms/op")
		})
	}
}

// read reads every row of a panel's answer.
func read(db *sql.DB, p panel) (n int, err error) {
	rows, err := db.Query(p.sql, p.request.From.UnixNano(), p.request.To.UnixNano())
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		return 0, err
	}
	values := make([]any, len(names))
	for i := range values {
		values[i] = new(any)
	}
	for rows.Next() {
		if err := rows.Scan(values...); err != nil {
			return 0, err
		}
		n++
	}
	return n, rows.Err()
}

// TestSameAnswers holds the two against each other, so that they measure the same
// work.
func TestSameAnswers(t *testing.T) {
	if rows() > 1_000_000 {
		t.Skip("SKIPPED: WEIR_BENCH_ROWS is for benchmarks; the answers are compared for fewer flows")
	}
	if testing.Short() {
		t.Skip("SKIPPED: -short leaves out what takes minutes with the race detector")
	}
	path, err := database()
	if err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", path+"?mode=ro")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	list, release, err := snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	for _, p := range panels() {
		want, err := theirs(db, p)
		if err != nil {
			t.Fatal(err)
		}
		got, err := ours(t.Context(), list, p.request)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("%s:\n%s\nSQLite:\n%s", p.name, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
}

// theirs gives SQLite's answer as sorted lines.
func theirs(db *sql.DB, p panel) (lines []string, err error) {
	rows, err := db.Query(p.sql, p.request.From.UnixNano(), p.request.To.UnixNano())
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	for rows.Next() {
		values, show := make([]any, len(names)), make([]any, len(names))
		for i := range values {
			values[i] = &show[i]
		}
		if err := rows.Scan(values...); err != nil {
			return nil, err
		}
		for i, name := range names {
			if v, ok := show[i].(int64); ok && strings.HasSuffix(name, "_ip") {
				show[i] = netip.AddrFrom4([4]byte(binary.BigEndian.AppendUint32(nil, uint32(v)))).String()
			}
			if name == "bucket" {
				show[i] = time.Unix(0, show[i].(int64)*int64(bucket)).UTC()
			}
		}
		if p.request.Newest != nil {
			show = []any{time.Unix(0, show[0].(int64)).UTC()} // of rows at the same time either may be among them
		}
		lines = append(lines, fmt.Sprintln(show...))
	}
	return sorted(lines), rows.Err()
}
