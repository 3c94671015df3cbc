package query

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"
)

var noon = time.Date(2026, 9, 21, 12, 0, 0, 123_456_789, time.UTC)

// TestParse shows what each form of the language means, by how the tree is
// written back.
func TestParse(t *testing.T) {
	for filter, want := range map[string]string{
		"":                                 "",
		" ":                                "",
		`flow.category:Web`:                `flow.category:"Web"`,
		`flow.category : Web`:              `flow.category:"Web"`,
		`flow.category:Name Resolution`:    `flow.category:"Name Resolution"`,
		`flow.category:"Name Resolution" `: `flow.category:"Name Resolution"`,
		`flow.category:(Web or Email)`:     `flow.category:"Web" or flow.category:"Email"`,
		`flow.category:(Web or "E \"x\"") and source.ip:*`:      `(flow.category:"Web" or flow.category:"E \"x\"") and source.ip:*`,
		`flow.category:(not Web and not VPN)`:                   `not flow.category:"Web" and not flow.category:"VPN"`,
		`tags:(a and b) and tags:c`:                             `tags:"a" and tags:"b" and tags:"c"`,
		`not source.port:1 and source.port:2 or source.port:3`:  `not source.port:1 and source.port:2 or source.port:3`,
		`not (source.port:1 and source.port:2)`:                 `not (source.port:1 and source.port:2)`,
		`NOT(source.port:1)OR source.port:2 AND(source.port:3)`: `not source.port:1 or source.port:2 and source.port:3`,
		`(source.port:1 or source.port:2) and (source.port:3)`:  `(source.port:1 or source.port:2) and source.port:3`,
		`source.port:1 or (source.port:2 or source.port:3)`:     `source.port:1 or source.port:2 or source.port:3`,
		`not not source.port:1`:                                 `not not source.port:1`,
		`destination.port >= 1024`:                              `destination.port >= 1024`,
		`destination.port>1023`:                                 `destination.port >= 1024`,
		`destination.port <1024`:                                `destination.port <= 1023`,
		`destination.port<= 1024`:                               `destination.port <= 1024`,
		`flow.clock_skew:-5`:                                    `flow.clock_skew:-5`,
		`flow.mpls.labels:16`:                                   `flow.mpls.labels:16`,
		`source.ip:10.1.2.3`:                                    `source.ip:"10.1.2.3"`,
		`source.ip:10.1.2.3/8`:                                  `source.ip:"10.0.0.0/8"`,
		`source.ip:0.0.0.0/0`:                                   `source.ip:"0.0.0.0/0"`,
		`source.ip:::/0`:                                        `source.ip:"::/0"`,
		`source.ip:2001:db8::1`:                                 `source.ip:"2001:db8::1"`,
		`source.ip:"2001:db8::/33"`:                             `source.ip:"2001:db8::/33"`,
		`source.ip:::ffff:10.1.2.3`:                             `source.ip:"10.1.2.3"`,
		`source.ip >= 10.0.0.1 and source.ip < 10.0.0.9`:        `source.ip >= "10.0.0.1" and source.ip <= "10.0.0.8"`,
		`source.ip > 10.0.0.255`:                                `source.ip >= "10.0.1.0"`,
		`source.ip:(10.0.0.1 or 10.0.0.2)`:                      `source.ip:"10.0.0.1" or source.ip:"10.0.0.2"`,
		`related.ip:10.0.0.0/8`:                                 `related.ip:"10.0.0.0/8"`,
		`source.domain:*.example.net`:                           `source.domain:*.example.net`,
		`source.domain:w**w*`:                                   `source.domain:w*w*`,
		`source.domain:**`:                                      `source.domain:*`,
		`source.domain:"*"`:                                     `source.domain:"*"`,
		`source.domain:\*`:                                      `source.domain:"*"`,
		`source.domain:\**\(`:                                   `source.domain:\**\(`,
		`source.as.organization.name:Deutsche Tel*`:             `source.as.organization.name:Deutsche\ Tel*`,
		`user.name:\and`:                                        `user.name:"and"`,
		`user.name:\not*`:                                       `user.name:\not*`,
		`user.name:android`:                                     `user.name:"android"`,
		`user.name:"\u00e9\t\n\r\\"`:                            "user.name:\"é\t\n\r\\\\\"",
		`user.name:a\u00a0*`:                                    `user.name:a\u00a0*`,
		`user.name:""`:                                          `user.name:""`,
		`source.mac:00:1b:21:ab:cd:ef`:                          `source.mac:"00-1B-21-AB-CD-EF"`,
		`source.mac:00:1b:*`:                                    `source.mac:00-1B-*`,
		`flow.ie.ipTTL:64`:                                      `flow.ie.ipTTL:"64"`,
		`flow.ie:64`:                                            `flow.ie:"64"`,
		`flow.ie.a\:b:*`:                                        `flow.ie.a\:b:*`,
		`source.geo.location:*`:                                 `source.geo.location:*`,
		`flow.tcp_flags:(SYN and not ACK)`:                      `flow.tcp_flags:"SYN" and not flow.tcp_flags:"ACK"`,
		`network.iana_number:6`:                                 `network.iana_number:"6"`,
		`@timestamp:2026`:                                       `@timestamp:"2026"`,
		`@timestamp:2026-02`:                                    `@timestamp:"2026-02"`,
		`@timestamp:"2026-09-21"`:                               `@timestamp:"2026-09-21"`,
		`@timestamp:"2026-09-21T10"`:                            `@timestamp:"2026-09-21T10"`,
		`@timestamp:"2026-09-21T10:30"`:                         `@timestamp:"2026-09-21T10:30"`,
		`@timestamp:"2026-09-21T10:30:01"`:                      `@timestamp:"2026-09-21T10:30:01"`,
		`@timestamp:"2026-09-21T10:30:01.5"`:                    `@timestamp:"2026-09-21T10:30:01.5"`,
		`@timestamp:"2026-09-21T10:30:01.500"`:                  `@timestamp:"2026-09-21T10:30:01.5"`,
		`@timestamp:"2026-09-21T10:30:01.000"`:                  `@timestamp:"2026-09-21T10:30:01.000Z"`,
		`@timestamp:"2026-09-21T10:30:01.123456"`:               `@timestamp:"2026-09-21T10:30:01.123"`,
		`@timestamp >= 2026-09-21T10:30:00+02:00`:               `@timestamp >= "2026-09-21T08:30:00.000Z"`,
		`@timestamp > "2026-09-21"`:                             `@timestamp >= "2026-09-22T00:00:00.000Z"`,
		`@timestamp < "2026-09-21"`:                             `@timestamp <= "2026-09-20T23:59:59.999Z"`,
		`@timestamp <= "2026-09"`:                               `@timestamp <= "2026-09-30T23:59:59.999Z"`,
		`@timestamp >= now-15m`:                                 `@timestamp >= "2026-09-21T11:45:00.123Z"`,
		`event.start > now-1d+1h`:                               `event.start >= "2026-09-20T13:00:00.124Z"`,
		"source.ip:10.0.0.0/8 and\n flow.category:Web and not destination.port >= 1024": `source.ip:"10.0.0.0/8" and flow.category:"Web" and not destination.port >= 1024`,
	} {
		n, err := ParseAt(filter, noon)
		if err != nil {
			t.Errorf("%s: %v", filter, err)
			continue
		}
		got := ""
		if n != nil {
			got = n.String()
		}
		if got != want {
			t.Errorf("%s is read as %s, want %s", filter, got, want)
		}
		again, err := ParseAt(got, noon)
		if err != nil || !reflect.DeepEqual(n, again) {
			t.Errorf("%s is %#v, read again %#v (%v)", filter, n, again, err)
		}
	}
}

// TestParseErrors holds every error to its column and its words.
func TestParseErrors(t *testing.T) {
	for _, test := range []struct {
		filter string
		column int
		reason string
	}{
		{`dns`, 1, `expected a condition such as source.ip:10.0.0.0/8, not "dns" alone`},
		{`"dns"`, 1, `not a text without a field`},
		{`source.ip:10.0.0.0/8 and`, 25, `expected a condition such as source.ip:10.0.0.0/8, not the end`},
		{`and source.port:1`, 1, `not the word "and"`},
		{`source.port:1 source.port:2`, 15, `expected "and", "or" or the end, not "source.port:2"`},
		{`flow.category:Web source.port:2`, 19, `expected "and" or "or" before the next condition`},
		{`flow.category:Web (source.port:2)`, 19, `expected "and", "or" or the end, not "(source.port:2)"`},
		{`flow.category:Web not source.port:2`, 19, `expected "and", "or" or the end, not "not"`},
		{`source.prot:1`, 1, `no field is called "source.prot"; did you mean source.port?`},
		{`é:1`, 1, `no field is called "é"; docs/fields.md lists them`},
		{`bytes > 5`, 1, `did you mean network.bytes?`},
		{`Source.IP:1.2.3.4`, 1, `did you mean source.ip?`},
		{`source.*:1`, 1, `a field's name cannot have wildcards`},
		{`source.port`, 12, `expected :, <, <=, > or >= after source.port, not the end`},
		{`source.port 5`, 13, `expected :, <, <=, > or >= after source.port, not "5"`},
		{`source.port:`, 13, `expected a value of source.port, not the end`},
		{`source.port:and`, 13, `expected a value of source.port, not "and"`},
		{`source.port:web`, 13, `expected a whole number, not "web"`},
		{`source.port:1.5`, 13, `expected a whole number, not "1.5"`},
		{`network.bytes > 10MB`, 17, `expected a whole number, not "10MB"`},
		{`network.bytes > 9223372036854775808`, 17, `expected a number from -9223372036854775808 to 9223372036854775807`},
		{`network.bytes > 9223372036854775807`, 17, `no number is beyond this one`},
		{`source.port:4*`, 13, `wildcards are for texts; source.port is a whole number`},
		{`source.port > *`, 15, `expected a whole number, not a wildcard`},
		{`source.ip:10.*`, 11, `an address cannot have wildcards; write a network such as 10.0.0.0/8`},
		{`source.ip:10.0.0`, 11, `expected an address or a network such as 10.0.0.0/8, not "10.0.0"`},
		{`source.ip:10.0.0.0/33`, 11, `expected a prefix length from 0 to 32 after /, not "33"`},
		{`source.ip:10.0.0.0/+8`, 11, `expected a prefix length`},
		{`source.ip:fe80::1%eth0`, 11, `expected an address`},
		{`source.ip > 10.0.0.0/8`, 13, `expected an address, not "10.0.0.0/8"`},
		{`flow.category > a`, 15, `> compares numbers, times and addresses; flow.category is a text`},
		{`flow.ie.x >= 5`, 11, `>= compares numbers, times and addresses; flow.ie.x is a text`},
		{`source.geo.location:1`, 21, `a position can be asked for its presence only, as source.geo.location:*`},
		{`source.mac:00-1B`, 12, `expected a hardware address such as 00-1B-21-AB-CD-EF, not "00-1B"`},
		{`@timestamp > yesterday`, 14, `expected a time such as "2026-09-21", "2026-09-21T14:30:00Z", now or now-15m, not "yesterday"`},
		{`@timestamp > now-15`, 14, `not "now-15" (units: s, m, h, d, w)`},
		{`@timestamp > 1500`, 14, `expected a time in the years 1678 to 2261`},
		{`(source.port:1`, 1, `this bracket is not closed`},
		{`source.port:(1 or 2`, 13, `this bracket is not closed`},
		{`source.port:(1 2)`, 16, `expected "and", "or" or ")", not "2)"`},
		{`source.port:1)`, 14, `this bracket closes nothing`},
		{`user.name:"a`, 11, `this quote is not closed`},
		{`user.name:a\x`, 12, `\ does not protect what follows; write \\ for a backslash`},
		{`user.name:a\`, 12, `expected a character after \`},
		{`user.name:"\ud800"`, 12, `expected four hexadecimal digits of a character after \u`},
		{`user.name:{a}`, 11, `expected a value of user.name`},
		{`user.name:a{b}`, 12, `"{" is for nested fields, which flows do not have`},
		{`日本 and`, 1, `not "日本" alone`},
		{`user.name:"日本" and source.port:x`, 32, `expected a whole number, not "x"`},
		{strings.Repeat("(", 200) + "source.port:1" + strings.Repeat(")", 200), 101, `nested 100 deep`},
		{"user.name:\xff", 1, `not valid UTF-8`},
		{strings.Repeat(" ", 33000), 1, `up to 32768 bytes`},
	} {
		n, err := ParseAt(test.filter, noon)
		var e *FilterError
		if !errors.As(err, &e) || n != nil {
			t.Errorf("%.80s: gave %v and the error %v", test.filter, n, err)
			continue
		}
		if e.Column != test.column || !strings.Contains(e.Reason, test.reason) {
			t.Errorf("%.80s: %v; want column %d: %s", test.filter, err, test.column, test.reason)
		}
	}
}

func TestPoint(t *testing.T) {
	_, err := Parse("source.port:1 and\tuser.name:a\\x")
	var e *FilterError
	if !errors.As(err, &e) {
		t.Fatal(err)
	}
	if want := "source.port:1 and user.name:a\\x\n                             ^"; e.Point() != want {
		t.Errorf("\n%s\nwant\n%s", e.Point(), want)
	}
}

func TestLikeMatches(t *testing.T) {
	for _, test := range []struct {
		pattern string
		yes, no []string
	}{
		{"*.example.net", []string{"a.example.net", ".example.net"}, []string{"example.net", "a.example.net.", "A.EXAMPLE.NET"}},
		{"a*", []string{"a", "ab"}, []string{"", "ba"}},
		{"a*a", []string{"aa", "aba"}, []string{"a", "ab"}},
		{"*b*c*", []string{"bc", "abxcd"}, []string{"cb", "b"}},
		{"a*b*b", []string{"abb", "axbxb"}, []string{"ab", "aab"}},
	} {
		n, err := Parse("user.name:" + test.pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range test.yes {
			if !n.(Like).Match(s) {
				t.Errorf("%s does not match %q", test.pattern, s)
			}
		}
		for _, s := range test.no {
			if n.(Like).Match(s) {
				t.Errorf("%s matches %q", test.pattern, s)
			}
		}
	}
}

// FuzzParse: no text panics, and what is read is written so that it reads the
// same.
func FuzzParse(f *testing.F) {
	for _, s := range []string{
		`source.ip:10.0.0.0/8 and flow.category:Web and not destination.port >= 1024`,
		`source.domain:*.example.net or flow.ie.x:(a or "b \" c") and not (tags:\and or tags:\**)`,
		`@timestamp > now-1h and event.start:"2026-09-21T10:30:01.5" or source.mac:00-1B-*`,
		`related.ip > 2001:db8::1 and source.ip:::/0 or user.name:a\u00a0b c*`, "user.name:\x00\t", `flow.clock_skew <= -9223372036854775808`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, filter string) {
		n, err := ParseAt(filter, noon)
		if err != nil {
			var e *FilterError
			if n != nil || !errors.As(err, &e) || e.Column < 1 || e.Point() == "" {
				t.Fatalf("%q: %v, %v", filter, n, err)
			}
			return
		}
		if n == nil {
			return
		}
		text := n.String()
		if len(text) > maxFilter {
			return // names repeated in a list of values can make it longer
		}
		again, err := ParseAt(text, noon)
		if err != nil || !reflect.DeepEqual(n, again) {
			t.Fatalf("%q is written as %q, which is read as %#v (%v), not %#v", filter, text, again, err, n)
		}
	})
}
