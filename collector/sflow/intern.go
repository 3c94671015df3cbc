package sflow

import "strconv"

// interner gives one string for equal bytes, so that user and host names which
// come with every packet are allocated once. It is emptied when it is full.
type interner map[string]string

const (
	internMax    = 4096 // strings
	internLength = 128  // bytes; longer ones are not kept
	namesMax     = 1024 // names of unknown records and structures
)

func (i interner) of(b []byte) string {
	if s, ok := i[string(b)]; ok {
		return s
	}
	s := string(b)
	if len(b) > internLength {
		return s
	}
	if len(i) >= internMax {
		clear(i)
	}
	i[s] = s
	return s
}

// string gives a text field of the last record.
func (m *run) string(b []byte) string {
	if len(b) > internLength {
		m.w.Weigh(len(b))
	}
	return m.strings.of(b)
}

// unknownName gives prefix_enterprise_format for a data format that has no
// parser here. kind tells prefixes apart.
func (d *Decoder) unknownName(kind uint64, prefix string, format uint32) string {
	key := kind<<32 | uint64(format)
	if s, ok := d.names[key]; ok {
		return s
	}
	s := prefix + "_" + strconv.Itoa(int(format>>12)) + "_" + strconv.Itoa(int(format&0xfff))
	if len(d.names) >= namesMax {
		clear(d.names)
	}
	d.names[key] = s
	return s
}
