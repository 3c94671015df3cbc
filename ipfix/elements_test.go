package ipfix

import (
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestEveryElement looks every row of the table up, in IPFIX, in NetFlow v9 where
// it has a number there, and in the reverse direction where it has one.
func TestEveryElement(t *testing.T) {
	table, err := os.ReadFile("elements.tsv")
	if err != nil {
		t.Fatal(err)
	}
	rows, enterprises := 0, map[string]bool{}
	for line := range strings.Lines(string(table)) {
		cells := strings.Split(line, "\t")
		if strings.HasPrefix(line, "#") || cells[0] == "pen" {
			continue
		}
		rows++
		enterprises[cells[0]] = true
		number := func(s string, bits int) uint64 {
			n, err := strconv.ParseUint(s, 10, bits)
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		pen, id := uint32(number(cells[0], 32)), uint16(number(cells[1], 16))
		e, ok := Lookup(pen, id)
		if !ok || e.Name != cells[2] || e.Type == TypeUnknown {
			t.Errorf("%d/%d is %+v, %v", pen, id, e, ok)
		}
		switch pen {
		case 0:
			if nine, ok := Lookup9(id); !ok || nine != e {
				t.Errorf("NetFlow v9 type %d is %+v, want %+v", id, nine, e)
			}
			want := "reverse" + strings.ToUpper(e.Name[:1]) + e.Name[1:]
			if back, ok := Lookup(ReversePEN, id); !ok || back.Name != want || back.Type != e.Type || back.PEN != ReversePEN {
				t.Errorf("the reverse of %s is %+v", e.Name, back)
			}
		case ciscoPEN:
			if nine, ok := Lookup9(id | 0x8000); !ok || nine != e {
				t.Errorf("NetFlow v9 type %d is %+v, want %+v", id|0x8000, nine, e)
			}
		case ntopPEN:
			if nine, ok := Lookup9(id + ntopOffset); !ok || nine != e {
				t.Errorf("NetFlow v9 type %d is %+v, want %+v", id+ntopOffset, nine, e)
			}
		}
	}
	if rows < 1893 || rows != len(elements) || len(enterprises) < 18 {
		t.Errorf("%d rows of %d enterprises, %d elements", rows, len(enterprises), len(elements))
	}
}

// TestVendorTypes9 are the types of NetFlow v9 that no rule gives a name.
func TestVendorTypes9(t *testing.T) {
	for id, e := range elements9 {
		got, ok := Lookup9(id)
		if !ok || got != e || e.Name == "" || e.PEN != 0 {
			t.Errorf("type %d is %+v, %v", id, got, ok)
		}
		// One with IANA's number is what IANA says.
		if iana, known := Lookup(0, e.ID); known && iana != e {
			t.Errorf("type %d is %+v, IANA has %+v", id, e, iana)
		}
	}
	for id, name := range map[uint16]string{33002: "fwExtEvent", 34000: "sgtSourceTag", 37083: "tcpWindowSizeMin", 40005: "firewallEvent", 44952: "sequencePacketLengths",
		45003: "appHTTPHost", 56702: "panosUserId", 57590: "L7_PROTO"} {
		if e, ok := Lookup9(id); !ok || e.Name != name {
			t.Errorf("type %d is %q, want %s", id, e.Name, name)
		}
	}
	if e, ok := Lookup9(65000); ok || e.PEN != 0 || e.ID != 65000 {
		t.Errorf("an unknown type is %+v", e)
	}
}

// TestNamesAreKeys: names become keys of documents.
func TestNamesAreKeys(t *testing.T) {
	for _, e := range slices.Concat(elements[:], slices.Collect(maps.Values(elements9))) {
		if strings.Trim(e.Name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") != "" || e.Name == "" {
			t.Errorf("%d/%d has the name %q", e.PEN, e.ID, e.Name)
		}
	}
}
