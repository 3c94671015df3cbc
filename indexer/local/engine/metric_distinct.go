package engine

// addDistinct counts different values.
func (a *metric) addDistinct(c *chunk, rows, groups []uint32) error {
	switch len(a.columns) {
	case 0:
		h := hashText(a.constant)
		for i := range rows {
			a.see(at(groups, i), h)
		}
		return nil
	case 1:
	default:
		return a.related(c, rows, func(i int, h uint64) { a.see(at(groups, i), h) })
	}
	k, err := c.coding(a.columns[0])
	if err != nil || k.none {
		return err
	}
	hashes := a.memo(0, k.entries)
	for i, row := range rows {
		if k.present != nil && !k.has(row) {
			continue
		}
		code := k.codes[row]
		h := hashes[code]
		switch {
		case groups == nil && h != 0:
			continue // its block's rows are all in one group: it has been counted
		case h == 0 && !a.list:
			h = a.hashOf(k, code)
			hashes[code] = h
		case h == 0:
			a.eachHash(k, code, func(h uint64) { a.see(at(groups, i), h) })
			if groups == nil {
				hashes[code] = 1
			}
			continue
		}
		a.see(at(groups, i), h)
	}
	return nil
}

// memo gives room for the hashes of a column's entries; 0 is unknown.
func (a *metric) memo(column, entries int) []uint64 {
	for len(a.hashes) <= column {
		a.hashes = append(a.hashes, nil)
	}
	a.hashes[column] = zeroed(a.hashes[column], entries)
	return a.hashes[column]
}

// hashOf gives the hash of an entry with one value; never 0.
func (a *metric) hashOf(k *coding, code uint32) (h uint64) {
	a.eachHash(k, code, func(x uint64) { h = x })
	return max(h, 1)
}

func (a *metric) eachHash(k *coding, code uint32, visit func(h uint64)) {
	if a.ints {
		for _, v := range a.numsOf(k, code) {
			visit(hashNumber(v))
		}
		return
	}
	for _, s := range a.textsOf(k, code) {
		visit(hashText(s))
	}
}

// related visits the different values of rows in several columns.
func (a *metric) related(c *chunk, rows []uint32, visit func(i int, h uint64)) error {
	codings := make([]*coding, len(a.columns))
	for i, col := range a.columns {
		var err error
		if codings[i], err = c.coding(col); err != nil {
			return err
		}
		a.memo(i, codings[i].entries)
	}
	var seen [4]uint64
	for i, row := range rows {
		n := 0
	columns:
		for j, k := range codings {
			if k.none || !k.has(row) {
				continue
			}
			code := k.codes[row]
			h := a.hashes[j][code]
			if h == 0 {
				h = a.hashOf(k, code)
				a.hashes[j][code] = h
			}
			for _, other := range seen[:n] {
				if other == h {
					continue columns
				}
			}
			seen[n] = h
			n++
			visit(i, h)
		}
	}
	return nil
}

// see counts a value of a group.
func (a *metric) see(g uint32, h uint64) {
	s := a.sets[g]
	if s == nil {
		s = &sketch{}
		a.sets[g] = s
		a.memory += s.bytes()
	}
	before := len(s.set)
	s.add(h, a.limit)
	if len(s.set) != before {
		a.memory += int64(len(s.set)-before) * 8
		if s.registers != nil {
			a.memory += int64(len(s.registers))
		}
	}
}

// change changes the sketch of a group and keeps account of its size.
func (a *metric) change(g uint32, do func(s *sketch)) {
	if a.sets[g] == nil {
		a.sets[g] = &sketch{}
	} else {
		a.memory -= a.sets[g].bytes()
	}
	do(a.sets[g])
	a.memory += a.sets[g].bytes()
}

// estimateLarge gives up the exact sets of more values than registers take room.
func (a *metric) estimateLarge() {
	for g, s := range a.sets {
		if s != nil && len(s.set)*8 > 1<<precision {
			a.change(uint32(g), (*sketch).estimate)
		}
	}
}
