package update

import (
	"cmp"

	"github.com/weft-sync/weft/core/lib0"
)

// deleteRange is one range of a delete set, as it was read: it may be empty, and
// overlap others.
type deleteRange struct {
	client uint64
	Range
}

// before orders ranges as a merged delete set has them.
func (d *deleteRange) before(o *deleteRange) bool {
	if d.client != o.client {
		return d.client > o.client
	}
	return d.Start < o.Start
}

// compareClients orders ranges as a delete set has them that was not merged.
func (d deleteRange) compareClients(o deleteRange) int { return cmp.Compare(o.client, d.client) }

// mergeDeletes sorts ranges, and joins those that overlap or touch. It uses the
// given slice for the result.
// Source: yjs@13.6.33/src/utils/DeleteSet.js#mergeDeleteSets.
func mergeDeletes(ds []deleteRange) []deleteRange {
	if len(ds) == 0 {
		return ds
	}
	ds = sortDeletes(ds)
	n := 1
	for _, d := range ds[1:] {
		if left := &ds[n-1]; left.client == d.client && left.End >= d.Start {
			left.End = max(left.End, d.End)
			continue
		}
		ds[n] = d
		n++
	}
	return ds[:n]
}

// sortDeletes is a stable merge sort that begins with the ascending stretches it
// finds. Each update brings one such stretch, and a large one is not sorted anew
// for the sake of a few small ones.
func sortDeletes(ds []deleteRange) []deleteRange {
	bounds := []int{0}
	for i := 1; i < len(ds); i++ {
		if ds[i].before(&ds[i-1]) {
			bounds = append(bounds, i)
		}
	}
	if len(bounds) == 1 {
		return ds
	}
	bounds = append(bounds, len(ds))
	to := make([]deleteRange, len(ds))
	for len(bounds) > 2 {
		n := 0
		for i := 0; i+1 < len(bounds); i += 2 {
			lo, mid := bounds[i], bounds[i+1]
			hi := mid
			if i+2 < len(bounds) {
				hi = bounds[i+2]
			}
			interleave(to[lo:lo:hi], ds[lo:mid], ds[mid:hi])
			bounds[n] = lo
			n++
		}
		bounds = append(bounds[:n], len(ds))
		ds, to = to, ds
	}
	return ds
}

// interleave appends two sorted stretches to an empty one with room for both.
func interleave(to, a, b []deleteRange) {
	for len(a) > 0 && len(b) > 0 {
		if b[0].before(&a[0]) {
			to, b = append(to, b[0]), b[1:]
		} else {
			to, a = append(to, a[0]), a[1:]
		}
	}
	to = append(to, a...)
	_ = append(to, b...)
}

// appendDeletes appends ranges as a delete set: those of one client must be
// together. Source: yjs@13.6.33/src/utils/DeleteSet.js#writeDeleteSet.
func appendDeletes(b []byte, ds []deleteRange) []byte {
	b = lib0.AppendUint(b, uint64(countClients(ds)))
	for len(ds) > 0 {
		n := sameClient(ds)
		b = lib0.AppendUint(b, ds[0].client)
		b = lib0.AppendUint(b, uint64(n))
		for _, d := range ds[:n] {
			b = lib0.AppendUint(b, d.Start)
			b = lib0.AppendUint(b, d.End-d.Start)
		}
		ds = ds[n:]
	}
	return b
}

// deletesSize returns how many bytes appendDeletes appends.
func deletesSize(ds []deleteRange) int {
	size := lib0.SizeUint(uint64(countClients(ds)))
	for len(ds) > 0 {
		n := sameClient(ds)
		size += lib0.SizeUint(ds[0].client) + lib0.SizeUint(uint64(n))
		for _, d := range ds[:n] {
			size += lib0.SizeUint(d.Start) + lib0.SizeUint(d.End-d.Start)
		}
		ds = ds[n:]
	}
	return size
}

// sameClient returns how many of the first ranges are the first one's client's.
func sameClient(ds []deleteRange) int {
	n := 1
	for n < len(ds) && ds[n].client == ds[0].client {
		n++
	}
	return n
}

func countClients(ds []deleteRange) (clients int) {
	for len(ds) > 0 {
		ds = ds[sameClient(ds):]
		clients++
	}
	return clients
}
