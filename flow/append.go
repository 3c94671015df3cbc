package flow

// Append adds copies of all records of o, which may be read by others meanwhile,
// and reports false, with nothing added, when they do not fit.
func (b *Batch) Append(o *Batch) bool {
	weight := b.weight + b.last() + o.weight
	if b.n+o.n > len(b.records) || b.n > 0 && weight > batchBytes {
		return false
	}
	for i := range o.Records() {
		r, from := &b.records[b.n], o.At(i)
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
