package update

import "github.com/weft-sync/weft/core/lib0"

// run is a stretch of one client's structs without a gap: contiguous in clocks
// and in bytes. Merging copies runs and looks inside one only where two updates
// overlap.
type run struct {
	client     uint64
	clock, end uint64 // of the first unit, and after the last
	off, stop  uint32 // where the bytes are in the source
	last       uint32 // where the last struct starts
	n          uint32 // how many structs
	src        uint32 // which source
	fix, fixed uint32 // the range of index.fixes that is about this run

	mark, marked uint32 // the range of index.marks that is about this run
}

// mark is the place of a struct in a run. A long run has some, so that a clock
// in it is found without reading the run from its start.
type mark struct {
	clock  uint64
	off    uint32 // in the source
	passed uint32 // structs of the run before it
}

// markEvery is how many structs of a run there are from one mark to the next.
const markEvery = 64

// index says where the structs of some updates are, and what they delete.
type index struct {
	runs    []run         // those of one source together, in the order of its bytes
	fixes   []uint32      // offsets of info bytes that must be written otherwise
	marks   []mark        // in the order of the runs
	gcs     bool          // whether there is a GC among the structs
	deletes []deleteRange // those of one source together, in the order of its bytes
}

// reset empties the index, and keeps its memory unless that is much.
func (x *index) reset() {
	if cap(x.runs) > 64 || cap(x.fixes)+cap(x.marks)+cap(x.deletes) > 512 {
		*x = index{}
		return
	}
	x.runs, x.fixes, x.marks, x.deletes = x.runs[:0], x.fixes[:0], x.marks[:0], x.deletes[:0]
}

// add checks all of u and adds it as source src. It reports whether u must be
// rewritten first (canonical). On an error the index holds parts of u.
func (x *index) add(src uint32, u []byte, l layout) (odd bool, err error) {
	s := scan(u, l)
	for s.section() {
		r := run{client: s.client, src: src}
		for s.next() {
			if s.info == byte(KindSkip) {
				x.close(&r)
				continue
			}
			if r.n == 0 {
				r.clock, r.off = s.start, uint32(s.off)
				r.fix, r.mark = uint32(len(x.fixes)), uint32(len(x.marks))
			} else if r.n%markEvery == 0 {
				x.marks = append(x.marks, mark{s.start, uint32(s.off), r.n})
			}
			r.n++
			r.last = uint32(s.off)
			r.end, r.stop = s.clock, uint32(s.Offset())
			x.gcs = x.gcs || s.info&infoKind == byte(KindGC)
			if s.info != fixedInfo(s.info) {
				x.fixes = append(x.fixes, uint32(s.off))
			}
		}
		x.close(&r)
	}
	for s.deleteClient() {
		for s.deleteRange() {
			x.deletes = append(x.deletes, deleteRange{s.client, s.deleted})
		}
	}
	return s.odd || s.Padded(), s.End("update")
}

// close adds a run that has come to its end, and makes r ready for the next.
func (x *index) close(r *run) {
	if r.n > 0 {
		r.fixed, r.marked = uint32(len(x.fixes)), uint32(len(x.marks))
		x.runs = append(x.runs, *r)
		r.n = 0
	}
}

// shift adds to the offsets of a run and its marks.
func (x *index) shift(i int, by uint32) {
	r := &x.runs[i]
	r.off += by
	r.last += by
	r.stop += by
	for k := r.mark; k < r.marked; k++ {
		x.marks[k].off += by
	}
}

// seek returns the last mark of a run, from a number of structs on, that is not
// past a clock.
func (x *index) seek(r *run, passed uint32, clock uint64) (mark, bool) {
	marks := x.marks[r.mark:r.marked]
	lo, hi := 0, len(marks)
	for lo < hi {
		if mid := (lo + hi) / 2; marks[mid].clock <= clock {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	if lo == 0 || marks[lo-1].passed <= passed {
		return mark{}, false
	}
	return marks[lo-1], true
}

// fixedInfo returns the info byte that Yjs writes for a struct that it read with
// this one: the bits of a GC are dropped, and so is the key's bit where no key
// follows, because the reader leaves the key unknown then.
func fixedInfo(info byte) byte {
	if info&infoKind == byte(KindGC) {
		return byte(KindGC)
	}
	if info&infoOrigins != 0 {
		return info &^ infoParentSub
	}
	return info
}

// structLen returns the length in units of the struct at an offset of u, which
// was checked, and where the next one starts.
func structLen(u []byte, off uint32, l layout) (units uint64, next uint32) {
	s := scanner{Reader: lib0.NewReader(u[off:]), layout: l}
	s.one()
	return s.units, off + uint32(s.Offset())
}
