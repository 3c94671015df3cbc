package decode

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/weirflow/weir/ipfix"
)

// fokus is an element of FOKUS (enterprise 12325), a number in hex while it has no
// name.
func fokus(id uint16) rule {
	e, known := ipfix.Lookup(12325, id)
	if known {
		return ie(e.Name)
	}
	return with(func(v any) any {
		n, _ := strconv.ParseUint(v.(string), 16, 64)
		return json.Number(strconv.FormatUint(n, 10))
	}, is, "flow.ie.12325_"+strconv.Itoa(int(id)))
}

// ipfix4javaRules maps the names in ipfix4java's dump.
var ipfix4javaRules = map[string]rule{
	"destinationIPv4Address": is("destination.ip"), "observationDomainId": is("flow.ie.observationDomainId"),
	"observationTimeMilliseconds": with(millis, is, "event.end"), "systemInitTimeMilliseconds": with(millis, is, "flow.ie.systemInitTimeMilliseconds"),
	"rtt_usec": fokus(199), "sessionId": fokus(330), "transactionId": fokus(331), "template id": nowhere, "nfields": nowhere,
}

func TestExpectedIPFIX4Java(t *testing.T) {
	dir, _ := index(t)
	text, err := os.ReadFile(filepath.Join(dir, "ipfix4java/expected/nc.ipfix.txt"))
	if err != nil {
		t.Fatal(err)
	}
	list := docsOf(t, dir, "127.0.0.1", nil, []string{"ipfix4java/fokus-nc.ipfix"})
	j := newJudge(t, ipfix4javaRules, nil)
	records := strings.Split(string(text), "DATA RECORD:")[1:]
	if len(records) != len(list) {
		t.Fatalf("%d documents, %d expected", len(list), len(records))
	}
	for i, record := range records {
		want := map[string]any{}
		for line := range strings.Lines(record) {
			if strings.HasPrefix(line, "IPFIX-HDR") {
				break
			}
			if name, value, ok := strings.Cut(strings.TrimSpace(line), ": "); ok {
				want[name] = strings.TrimSpace(value)
			}
		}
		j.compare("nc#"+strconv.Itoa(i), list[i], want)
	}
	j.done("ipfix4java")
}
