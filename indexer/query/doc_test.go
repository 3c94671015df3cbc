package query

import (
	"errors"
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestReferencePage reads every example of the page on the language: blocks
// without a kind, and the first column of its table. Blocks of text must show an
// error as it is.
func TestReferencePage(t *testing.T) {
	page, err := os.ReadFile("../../docs/reference/filter.md")
	if err != nil {
		t.Fatal(err)
	}
	examples := 0
	parse := func(filter string) {
		examples++
		if _, err := Parse(filter); err != nil {
			t.Errorf("%s: %v", filter, err)
		}
	}
	for _, block := range regexp.MustCompile("(?ms)^```(\\w*)\n(.*?)\n```$").FindAllStringSubmatch(string(page), -1) {
		if block[1] == "" {
			parse(block[2])
			continue
		}
		filter, want, _ := strings.Cut(block[2], "\n")
		_, err := Parse(filter)
		var e *FilterError
		if !errors.As(err, &e) || want != strings.TrimPrefix(e.Point(), filter+"\n")+"\n"+e.Error() {
			t.Errorf("%s: the page says\n%s\nbut it is\n%v", filter, want, err)
		}
		examples++
	}
	for _, row := range regexp.MustCompile("(?m)^\\| `([^`]+)` \\|").FindAllStringSubmatch(string(page), -1) {
		parse(row[1])
	}
	if examples < 20 {
		t.Errorf("only %d examples were found", examples)
	}
}
