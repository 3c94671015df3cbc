package main

type part struct {
	name    string
	packets []packet
}

func demo() []part { return nil }
