// Command gen writes countries.tsv, the English country names by ISO 3166-1
// alpha-2 code, from the Unicode CLDR data of golang.org/x/text. The module
// version in go.mod fixes the result.
package main

import (
	"bytes"
	"fmt"
	"log"
	"os"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
)

func main() {
	log.SetFlags(0)
	names := display.English.Regions()
	var out bytes.Buffer
	out.WriteString("# Country names: ISO 3166-1 alpha-2 code, English name.\n" +
		"# Source: Unicode CLDR (Unicode License v3), as carried by golang.org/x/text. Written by enrich/geo/gen; DO NOT EDIT.\n")
	for a := 'A'; a <= 'Z'; a++ {
		for b := 'A'; b <= 'Z'; b++ {
			code := string([]rune{a, b})
			region, err := language.ParseRegion(code)
			if err != nil || !region.IsCountry() || region.String() != code {
				continue
			}
			if name := names.Name(region); name != "" { // withdrawn codes have none
				fmt.Fprintf(&out, "%s\t%s\n", code, name)
			}
		}
	}
	if err := os.WriteFile("countries.tsv", out.Bytes(), 0o644); err != nil {
		log.Fatal(err)
	}
}
