package flow

// Append adds copies of all records of o, which may be read by others meanwhile,
// and reports false, with nothing added, when they do not fit.
func (b *Batch) Append(o *Batch) bool {
	return b.AppendSome(o, func(*Record) bool { return true })
}

// AppendSome does the same with the records that are wanted; there must be room
// for all.
func (b *Batch) AppendSome(o *Batch, wanted func(*Record) bool) bool {
	weight := b.weight + b.last() + o.weight
	if b.n+o.n > len(b.records) || b.n > 0 && weight > batchBytes {
		return false
	}
	for i := range o.Records() {
		from := o.At(i)
		if !wanted(from) {
			continue
		}
		r := &b.records[b.n]
		b.n++
		extra, tags := r.Extra[:0], r.Tags[:0]
		*r = *from
		r.Extra, r.Tags = append(extra, from.Extra...), append(tags, from.Tags...)
		for j := range r.Extra {
			if p := r.Extra[j].Bytes; p != nil {
				r.Extra[j].Bytes = b.Copy(p)
			}
		}
		b.swollen = b.swollen || cap(r.Extra) > keptElements
	}
	b.weight = weight // the copies are in o's
	return true
}
