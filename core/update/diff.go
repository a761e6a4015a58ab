package update

import (
	"slices"

	"github.com/weft-sync/weft/core/lib0"
)

// Diff returns what of an update the owner of an encoded state vector lacks, byte
// for byte what Y.diffUpdate of Yjs 13.6 returns. The delete set is not reduced.
//
// The arguments are only read; the result is the caller's. The error is a
// *lib0.Error about the one that is malformed.
//
// Source: yjs@13.6.33/src/utils/updates.js#diffUpdateV2.
func Diff(u, sv []byte) ([]byte, error) {
	known, err := readClocks(sv)
	if err != nil {
		return nil, err
	}
	return diff(u, known, withJSON)
}

func diff(u []byte, known clockList, l layout) ([]byte, error) {
	d := differ{scanner: scan(u, l), known: known}
	d.out = assembler{sources: [][]byte{u}, indexes: []*index{&d.index}}
	for d.section() {
		d.clients.add(d.client)
		d.cut()
	}
	start := d.Offset()
	deletes, tidy := d.deleteSet()
	if err := d.End("update"); err != nil {
		return nil, err
	}
	if odd, repeated := d.odd || d.Padded(), d.clients.repeated(); odd || repeated {
		return diff(rewritten(u, l, odd, repeated), known, l)
	}
	if tidy {
		return append(d.out.bytes(len(u)-start), u[start:]...), nil
	}
	slices.SortStableFunc(deletes, deleteRange.compareClients)
	return appendDeletes(d.out.bytes(deletesSize(deletes)), deletes), nil
}

// differ goes over an update and collects what is to be kept.
type differ struct {
	scanner
	known   clockList
	clients clientOrder
	index   index // for its fixes
	out     assembler
}

// cut adds the present section, from the first unit that is neither known nor in
// a Skip. What comes after it is taken as it is, Skips included.
func (d *differ) cut() {
	d.out.begin(d.client)
	known := d.known.clock(d.client)
	found := false
	for !found && d.next() {
		found = d.info != byte(KindSkip) && d.clock > known
	}
	if !found {
		return
	}
	p := piece{off: uint32(d.off), fix: uint32(len(d.index.fixes))}
	r, n := Range{Start: d.start}, 1
	if d.start < known {
		raw := d.out.sources[0][d.off:d.Offset()]
		from := len(d.out.scratch)
		d.out.scratch = appendTail(d.out.scratch, raw, ID{d.client, d.start}, known-d.start)
		d.out.made(from, Range{known, d.clock})
		p.off, r.Start, n = uint32(d.Offset()), d.clock, 0
	} else {
		d.fix()
	}
	for ; d.next(); n++ {
		d.fix()
	}
	if n > 0 {
		p.stop, p.fixed, r.End = uint32(d.Offset()), uint32(len(d.index.fixes)), d.clock
		d.out.structs(p, n, r, uint32(d.off))
	}
}

// fix notes that the struct last read must be written with another info byte.
func (d *differ) fix() {
	if d.info != fixedInfo(d.info) {
		d.index.fixes = append(d.index.fixes, uint32(d.off))
	}
}

// deleteSet reads the delete set, and reports whether Yjs would write it just so.
func (d *differ) deleteSet() (deletes []deleteRange, tidy bool) {
	tidy = true
	for last := uint64(lib0.MaxSafeInteger) + 1; d.deleteClient(); last = d.client {
		tidy = tidy && d.client < last && d.deleteRanges > 0
		for d.deleteRange() {
			deletes = append(deletes, deleteRange{d.client, d.deleted})
		}
	}
	return deletes, tidy
}
