package main

import (
	"bytes"
	"os"
	"testing"
)

func TestUpToDate(t *testing.T) {
	table, err := os.ReadFile("../elements.tsv")
	if err != nil {
		t.Fatal(err)
	}
	want, err := generate(string(table))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile("../elements_gen.go"); err != nil || !bytes.Equal(got, want) {
		t.Errorf("elements_gen.go is not what elements.tsv gives; run `make generate` (%v)", err)
	}
}

func TestRefuses(t *testing.T) {
	for _, table := range []string{"0\t2\ta\tunsigned8\n0\t1\tb\tunsigned8", "0\t1\ta\tunsigned8\n0\t1\tb\tunsigned8", "0\t1\ta\tnothing", "x\t1\ta\tunsigned8"} {
		if _, err := generate(table); err == nil {
			t.Errorf("%q is accepted", table)
		}
	}
}
