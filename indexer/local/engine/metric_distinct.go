package engine

// addDistinct counts different values.
func (a *metric) addDistinct(c *chunk, rows, groups []uint32) error {
	a.coding = nil
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
	switch {
	case a.local && !a.list:
		a.coding = k
		last := ^uint64(0)
		for i, row := range rows {
			if k.has(row) {
				if pair := uint64(groups[i])<<32 | uint64(k.codes[row]); pair != last {
					a.pairs.add(pair)
					last = pair
				}
			}
		}
	case groups == nil: // each entry counts once
		for _, row := range rows {
			if !k.has(row) || hashes[k.codes[row]] != 0 {
				continue
			}
			hashes[k.codes[row]] = 1
			a.eachHash(k, k.codes[row], func(h uint64) { a.see(0, h) })
		}
	default:
		for i, row := range rows {
			switch {
			case !k.has(row):
			case a.list:
				a.eachHash(k, k.codes[row], func(h uint64) { a.see(groups[i], h) })
			default:
				a.see(groups[i], a.hashOf(k, k.codes[row], hashes))
			}
		}
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

// hashOf gives the hash of an entry with one value.
func (a *metric) hashOf(k *coding, code uint32, memo []uint64) uint64 {
	if memo[code] == 0 {
		a.eachHash(k, code, func(h uint64) { memo[code] = max(h, 1) })
	}
	return memo[code]
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
			h := a.hashOf(k, k.codes[row], a.hashes[j])
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

// eachPair visits the groups of a tally and the hashes of their values.
func (a *metric) eachPair(visit func(g uint32, h uint64)) {
	for _, pair := range a.pairs.keys {
		n := uint32(pair)
		if a.coding != nil {
			visit(uint32(pair>>32), a.hashOf(a.coding, n, a.hashes[0]))
		} else {
			visit(uint32(pair>>32), a.values.keys[n])
		}
	}
}

// see counts a value of a group.
func (a *metric) see(g uint32, h uint64) {
	if a.local {
		a.pairs.add(uint64(g)<<32 | uint64(a.values.add(h)))
		return
	}
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
