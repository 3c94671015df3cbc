package main

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestDocumentedQuestions runs every weir query and weir export that the pages
// show, over a made store.
func TestDocumentedQuestions(t *testing.T) {
	store := filepath.Join(t.TempDir(), "flows")
	makeStore(t, store, 2000, 1024)
	commands := map[string]string{} // command → page
	pages := []string{"../../README.md"}
	err := filepath.WalkDir("../../docs", func(path string, d fs.DirEntry, err error) error {
		if err == nil && filepath.Ext(path) == ".md" && filepath.Base(path) != "command-line.md" {
			pages = append(pages, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	block, command := regexp.MustCompile("(?s)```\n(.*?)```"), regexp.MustCompile(`(?m)^(?:\./build/)?weir ((?:query|export)\b.*)$`)
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range block.FindAllStringSubmatch(string(text), -1) {
			for _, m := range command.FindAllStringSubmatch(b[1], -1) {
				commands[m[1]] = page
			}
		}
	}
	for _, m := range regexp.MustCompile(`(?m)^  weir ((?:query|export)\b.*)$`).FindAllStringSubmatch(newQuery().Long+"\n"+newExport().Long, -1) {
		commands[m[1]] = "the help"
	}
	if len(commands) < 25 {
		t.Errorf("only %d commands were found", len(commands))
	}
	t.Chdir(t.TempDir()) // for the files that exports write
	for text, page := range commands {
		arguments := words(text)
		want := exitOK
		if slices.Contains(arguments, "destination.prot < 1024") {
			want = exitError // the mistake that the tutorial makes
		}
		if slices.ContainsFunc(arguments, func(s string) bool { return strings.HasSuffix(s, ".parquet") }) {
			arguments = slices.DeleteFunc(arguments, func(s string) bool { return s == "--last" || s == "1d" || s == "1h" }) // an empty file is refused
		}
		var out, errOut bytes.Buffer
		if got := run(t.Context(), append(arguments, "--data", store), nil, &out, &errOut); got != want {
			t.Errorf("%s: weir %s: exit status %d: %s", page, text, got, errOut.String())
		}
	}
}

// words splits a command line up to a pipe or a remark as a shell does, as far as
// the pages need it.
func words(line string) (list []string) {
	word, quote, any := "", rune(0), false
	end := func() {
		if any {
			list = append(list, word)
		}
		word, any = "", false
	}
	for _, r := range line {
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote != 0:
			word += string(r)
		case r == '\'' || r == '"':
			quote, any = r, true
		case r == ' ':
			end()
		case r == '|' || r == '#':
			return list
		default:
			word, any = word+string(r), true
		}
	}
	end()
	return list
}
