package doctor

import (
	"bytes"
	"context"
	"encoding/json"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/weirflow/weir/collector/netflow"
)

// read reads captures, all as one exporter's when there are several.
func read(t *testing.T, paths ...string) *Report {
	t.Helper()
	// A hang would show here, not as the test's own time-out.
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	d := New(Config{NetFlow: netflow.DefaultConfig()})
	how := Reading{}
	if len(paths) > 1 {
		how.Exporter = netip.MustParseAddr("127.0.0.1")
	}
	files := NewFiles(d, how)
	for _, path := range paths {
		if err := files.Read(ctx, path); err != nil {
			t.Fatal(err)
		}
	}
	r := d.Report(Report{Source: "files", Files: files.List()})
	if _, err := json.Marshal(r); err != nil {
		t.Errorf("%s: %v", paths, err)
	}
	for _, style := range []Style{{}, {Width: 40, Templates: true}} {
		var text bytes.Buffer
		if err := r.WriteText(&text, style); err != nil || text.Len() == 0 {
			t.Errorf("%s: %v", paths, err)
		}
	}
	return r
}

// all gives the ids of a report's findings, hints too if they are wanted.
func all(r *Report, hints bool) (ids []string) {
	list := r.Findings
	for _, e := range r.Exporters {
		list = slices.Concat(list, e.Findings)
	}
	for _, f := range list {
		if hints || f.Severity != Hint {
			ids = append(ids, f.ID)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// TestExports: the findings of each capture of testdata/exports. All of them are of
// old packets that exporters read from a file, so that their times are far off.
func TestExports(t *testing.T) {
	old, oldClock := []string{"times_rejected"}, []string{"clock_skew", "times_rejected"}
	for file, want := range map[string][]string{
		"nfreplay-v5": oldClock, "nfreplay-v9": oldClock,
		"pmacctd-ipfix": old, "pmacctd-ipfix-demo": old, "pmacctd-v5": old, "pmacctd-v9": old,
		"pmacctd-sflow": nil, "pmacctd-sflow-1in10": nil, "pmacctd-sflow-demo": nil,
		"softflowd-ipfix": oldClock, "softflowd-v5": oldClock, "softflowd-v5-demo": oldClock, "softflowd-v9": oldClock, "softflowd-v9-demo": oldClock,
	} {
		r := read(t, "../../../../testdata/exports/"+file+".pcap")
		if got := all(r, false); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", file, got, want)
		}
		if len(r.Exporters) != 1 || r.Exporters[0].Flows < 100 {
			t.Errorf("%s: %+v", file, r.Exporters)
		}
		if e := &r.Exporters[0]; e.templated() && !strings.HasPrefix(file, "nfreplay") && e.Vendor != VendorSoftflowd {
			t.Errorf("%s looks like %q", file, e.Vendor)
		}
	}
	listed, err := filepath.Glob("../../../../testdata/exports/*.pcap")
	if err != nil || len(listed) != 14 {
		t.Errorf("%d exports, 14 are tested (%v)", len(listed), err)
	}
}

// TestQuirks: what is wrong with each quirk is found. quirks.json names what the
// decoders report; further findings stand here.
func TestQuirks(t *testing.T) {
	const folder = "../../../../testdata/quirks/"
	text, err := os.ReadFile(folder + "quirks.json")
	if err != nil {
		t.Fatal(err)
	}
	var quirks []struct {
		File     string
		Expected struct {
			Flows, Counters int
			Problems        []string
		}
	}
	if err := json.Unmarshal(text, &quirks); err != nil {
		t.Fatal(err)
	}
	further := map[string]string{
		"v5-sequence-gap.pcap": "sequence_loss", "ipfix-time-no-boot.bin": "no_boot_time", "ipfix-varlen-only.bin": "empty_flows",
		"v9-mikrotik-little-endian.bin": "sampling_byte_order", "ipfix-mikrotik-interval-space.bin": "mikrotik_offload",
		"v9-data-before-template.pcap": "late_template", "v9-no-template-among-good.bin": "missing_template", "sflow-flow.bin": "interface_names",
	}
	for _, q := range quirks {
		got := all(read(t, folder+q.File), true)
		want := []string{}
		if id := further[q.File]; id != "" {
			want = append(want, id)
			delete(further, q.File)
		}
		if q.Expected.Flows == 0 && q.Expected.Counters > 0 {
			want = append(want, "no_flows")
		}
		for _, reason := range q.Expected.Problems {
			switch reason {
			case "no_template":
				if !slices.ContainsFunc(got, func(id string) bool { return strings.HasSuffix(id, "_template") || id == "no_templates" }) {
					t.Errorf("%s: %v, and nothing about templates", q.File, got)
				}
				continue
			case "unknown_version", "truncated_header":
				reason = "not_understood"
			case "no_sampler":
				reason = "sampler_unknown"
			}
			want = append(want, reason)
		}
		for _, id := range want {
			if !slices.Contains(got, id) {
				t.Errorf("%s: %v, want %s", q.File, got, id)
			}
		}
	}
	if len(further) > 0 {
		t.Errorf("no such quirks: %v", further)
	}
}

// shared gives the folder of real exporters' captures, and their list; without it
// the test is skipped.
func shared(t *testing.T) (folder string, rows []map[string]string) {
	root := os.Getenv("WEIR_SHARED")
	if root == "" {
		root = "../../../../../shared" // beside the repository
	}
	folder = filepath.Join(root, "captures")
	text, err := os.ReadFile(filepath.Join(folder, "INDEX.tsv"))
	if err != nil {
		if os.Getenv("WEIR_REQUIRE") == "1" {
			t.Fatalf("the captures are required: %v", err)
		}
		t.Skipf("no captures of real exporters here: %v", err)
	}
	lines := strings.Split(strings.TrimRight(string(text), "\n"), "\n")
	names := strings.Split(lines[0], "\t")
	for _, line := range lines[1:] {
		row := map[string]string{}
		for i, cell := range strings.Split(line, "\t") {
			row[names[i]] = strings.TrimSpace(cell)
		}
		rows = append(rows, row)
	}
	return folder, rows
}

// known is what must be found in captures of real exporters, and who they are.
var known = map[string]struct {
	vendor Vendor
	ids    []string
}{
	"logstash-codec-netflow/mikrotik-ros6392-ipfix-data258.dat": {VendorMikroTik, []string{"no_boot_time", "mikrotik_offload", "interface_names"}},
	"logstash-codec-netflow/mikrotik-ros6392-ipfix-data259.dat": {VendorMikroTik, []string{"no_boot_time"}},
	"logstash-codec-netflow/cisco-asa2-nfv9-nsel-data.dat":      {VendorCiscoASA, nil},
	"logstash-codec-netflow/cisco-nbar-nfv9-data262.dat":        {VendorCisco, []string{"application_names"}},
	"logstash-codec-netflow/cisco-asr9k-nfv9-data260.dat":       {VendorCiscoXR, []string{"sampler_unknown"}},
	"logstash-codec-netflow/huawei-nfv9-netstream-data.dat":     {VendorHuawei, []string{"active_timeout"}},
	"logstash-codec-netflow/paloalto-panos-nfv9-appid-data.dat": {VendorPaloAlto, nil},
	"logstash-codec-netflow/vmware-vds-ipfix-data264.dat":       {VendorVMware, nil},
	"logstash-codec-netflow/fortinet-fortios521-nfv9-tpl.dat":   {VendorFortinet, []string{"no_flows"}},
	"graylog2-server/fortinet-fgt300d-nfv9.pcap":                {VendorFortinet, []string{"late_template", "application_names"}},
	"graylog2-server/cisco-asa-nfv9.pcap":                       {VendorCiscoASA, nil},
	"graylog-plugin-netflow/freebsd-ng_netflow-nfv5.pcap":       {VendorUnknown, []string{"active_timeout", "clock_skew"}},
	"opennms-lokahi/juniper-mx-nfv9-data-valid.dat":             {VendorJuniper, []string{"active_timeout"}},
	"opennms-lokahi/juniper-mx-nfv9-broken-template.dat":        {VendorUnknown, []string{"bad_template", "zero_size_template"}},
	"akvorado/iosxr-nfv9-multisampling-data.pcap":               {VendorCiscoXR, nil},
	"cesnet-ipfixcol/only-data-no-templates.ipfix":              {VendorUnknown, []string{"no_templates"}},
	"cesnet-ipfixcol/missing-template-258.ipfix":                {VendorUnknown, []string{"missing_template"}},
	"vflow/juniper-mx-ipfix-hammer-data-1.dat":                  {VendorUnknown, []string{"no_templates"}},
	"python-netflow-softflowd/paloalto-nfv9-trailing-zeros.dat": {VendorUnknown, []string{"no_templates"}},
	"tcpdump/sflow-segv-fuzz.pcap":                              {VendorUnknown, []string{"not_understood"}},
	"gopacket/sflow-lacp-counter.bin":                           {VendorUnknown, []string{"truncated_sample", "no_flows"}},
	"telegraf/sflow-v5-example.bin":                             {VendorUnknown, []string{"no_flows"}},
	"telegraf/yaf-ipfix-example-2.bin":                          {VendorYAF, nil},
	"telegraf/nprobe-ipfix-pen35632-3.bin":                      {VendorNtop, nil},
	"rust-netflow_parser/citrix-netscaler-ipfix-data.dat":       {VendorNetScaler, nil},
	"overflowd/nfv5-anonymised-4MB.pcap":                        {VendorUnknown, []string{"damaged_file", "as_zero"}},
	"pmacct/cisco-asr9k-xr-nfv9-tpl313.pcap":                    {VendorCiscoXR, []string{"sequence_loss", "clock_skew", "times_rejected"}},
	"akvorado/sflow-discard-interface.pcap":                     {VendorUnknown, []string{"trailing_bytes"}},
	"traffic-reproducer/swisscom-ipfix-multi-sources.pcap":      {VendorJuniper, []string{"late_template", "clock_skew"}},
}

// TestCaptures looks at every capture of a real exporter.
func TestCaptures(t *testing.T) {
	folder, rows := shared(t)
	if len(rows) < 248 {
		t.Errorf("the index lists %d captures, want 248", len(rows))
	}
	found := 0
	for _, row := range rows {
		var paths []string
		for _, need := range strings.FieldsFunc(row["needs_template_from"], func(r rune) bool { return r == ';' || r == ',' }) {
			paths = append(paths, filepath.Join(folder, need))
		}
		r := read(t, append(paths, filepath.Join(folder, row["path"]))...)
		if len(r.Exporters) == 0 && row["datagrams"] != "0" {
			t.Errorf("%s: no exporter", row["path"])
		}
		want, listed := known[row["path"]]
		if !listed {
			continue
		}
		found++
		got := all(r, true)
		for _, id := range want.ids {
			if !slices.Contains(got, id) {
				t.Errorf("%s: %v, want %s", row["path"], got, id)
			}
		}
		if v := r.Exporters[0].Vendor; v != want.vendor {
			t.Errorf("%s looks like %q, want %q", row["path"], v, want.vendor)
		}
		// Junos' options have sequence numbers of their own, no other device's.
		if slices.Contains(r.Exporters[0].ids(), "shared_domain") {
			t.Errorf("%s: %+v", row["path"], r.Exporters[0].Findings)
		}
	}
	if found != len(known) {
		t.Errorf("%d captures of %d are in the index", found, len(known))
	}
}
