package segment

import (
	"bytes"
	"encoding/json"
	"math"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/flow/catalogue"
	"github.com/weirflow/weir/indexer/local/column"
)

// python gives a command that runs a script with pyarrow and DuckDB at hand.
func python(t *testing.T, script string, args ...string) *exec.Cmd {
	t.Helper()
	libraries, err := filepath.Abs("../../../build/python")
	if err != nil {
		t.Fatal(err)
	}
	environ := append(os.Environ(), "PYTHONPATH="+libraries)
	try := exec.Command("python3", "-c", "import pyarrow, duckdb")
	try.Env = environ
	if out, err := try.CombinedOutput(); err != nil {
		if os.Getenv("WEIR_REQUIRE") == "1" {
			t.Fatalf("python3 with pyarrow and duckdb is missing (`make readers` installs them): %v\n%s", err, out)
		}
		t.Skipf("SKIPPED: python3 with pyarrow and duckdb is missing; `make readers` installs them: %v", err)
	}
	cmd := exec.Command("python3", append([]string{script}, args...)...)
	cmd.Env = environ
	return cmd
}

// TestOtherReaders has pyarrow and DuckDB read a file, with its page checksums,
// and compares every value, and a sum by group.
func TestOtherReaders(t *testing.T) {
	a, _ := traffic(1, 3000)
	b, _ := traffic(2, 100)
	all := column.NewTable()
	records := flow.NewBatch(1)
	fillEverything(records.Next())
	all.Append(records.Records())
	path := filepath.Join(t.TempDir(), "flows.parquet")
	write(t, path, true, a, b, all)

	cmd := python(t, "testdata/read.py", path)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, stderr.Bytes())
	}
	var got struct {
		Arrow, DuckDB map[string][]any
		Types         map[string]string
		Groups        [][3]string
	}
	d := json.NewDecoder(bytes.NewReader(out))
	d.UseNumber()
	if err := d.Decode(&got); err != nil {
		t.Fatal(err)
	}
	s := open(t, path)
	for c := range column.Columns {
		name := column.Columns[c].Name
		want := stored(t, s, c)
		for reader, columns := range map[string]map[string][]any{"pyarrow": got.Arrow, "DuckDB": got.DuckDB} {
			if len(columns[name]) != len(want) {
				t.Errorf("%s: %s has %d values, want %d", reader, name, len(columns[name]), len(want))
				continue
			}
			for i, v := range columns[name] {
				if n, ok := v.(json.Number); ok {
					v = n.String()
				}
				want := want[i]
				if reader == "DuckDB" && column.Columns[c].Type == catalogue.Time && want != nil { // its times with a zone have microseconds
					want = want.(string)[:16] + "000"
				}
				if v != want {
					t.Errorf("%s: %s of row %d is %v, want %v", reader, name, i, v, want)
					break
				}
			}
		}
	}
	for name, want := range map[string]string{"@timestamp": "timestamp[ns, tz=UTC]", "network.bytes": "uint64", "source.port": "uint16",
		"source.ip": "string", "flow.clock_skew": "int64", "network.iana_number": "uint8", "source.as.number": "uint32"} {
		if got.Types[name] != want {
			t.Errorf("%s is %s, want %s", name, got.Types[name], want)
		}
	}
	bytesBy := map[string]uint64{}
	to, amount := stored(t, s, int(flow.FieldDestinationIP)), stored(t, s, int(flow.FieldNetworkBytes))
	for i := range to {
		n, _ := strconv.ParseUint(amount[i].(string), 10, 64)
		bytesBy[to[i].(string)] += n
	}
	if len(got.Groups) != len(bytesBy) {
		t.Errorf("DuckDB gives %d groups, want %d", len(got.Groups), len(bytesBy))
	}
	for _, g := range got.Groups {
		if g[1] != strconv.FormatUint(bytesBy[g[0]], 10) {
			t.Errorf("DuckDB sums %s up to %s, want %d", g[0], g[1], bytesBy[g[0]])
		}
	}
}

// stored gives a column's values of all rows, as texts; nil for none.
func stored(t *testing.T, s *Segment, c int) (list []any) {
	t.Helper()
	var v column.Vector
	for _, b := range s.Blocks() {
		if err := b.LoadStored(t.Context(), []int{c}, []*column.Vector{&v}); err != nil {
			t.Fatal(err)
		}
		for row := range v.N {
			switch {
			case v.Empty() || !v.Has(row):
				list = append(list, nil)
			case column.Columns[c].Kind == column.Text:
				list = append(list, v.Text(row))
			default:
				list = append(list, strconv.FormatInt(v.Int(row), 10))
			}
		}
	}
	return list
}

// fillEverything sets every field of a record, numbers to their greatest value.
func fillEverything(r *flow.Record) {
	r.AddTags("x")
	r.AddFlowMPLSLabels(1)
	r.SetSourceGeoLocation(flow.Point{Lat: -1.5, Lon: 2})
	r.SetDestinationGeoLocation(flow.Point{})
	for i := range flow.NumFields {
		a := [16]byte{0: 0x20, 15: byte(i)}
		number := uint64(math.MaxInt64)
		if column.Columns[i].Type == catalogue.Time {
			number = 1.79e18
		}
		_ = r.SetUint(i, number) || r.SetString(i, "text"+strconv.Itoa(int(i))) || r.SetMAC(i, flow.MAC{5: byte(i)}) || r.SetAddr(i, netip.AddrFrom16(a))
	}
	r.Extra = append(r.Extra, flow.Element{Name: "x", Num: math.MaxUint64})
}
