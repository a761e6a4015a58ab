package crdt

import (
	"math"

	"github.com/weft-sync/weft/core/lib0"
	"github.com/weft-sync/weft/core/update"
)

// loadV2 is load for format v2. It is not ok, and the document is as before, if the
// update has to be integrated in the general way, or refused.
func (d *Doc) loadV2(u []byte, origin any) (fresh, ok bool, err error) {
	before := d.saved()
	a := applierV2{applier: applier{d: d, tx: d.begin(false)}}
	a.tx.origin, a.tx.local, a.tx.silent, a.tx.bulk = origin, false, true, len(u) >= large
	a.dec.Reset(u)
	if !a.load(len(u)) {
		d.restore(&before)
		return false, false, nil
	}
	a.applyWaiting()
	fresh, err = a.fresh(before.units, 0), a.rest.err
	if a.tx.bulk {
		d.trim()
	}
	d.finish(a.tx)
	return fresh, true, err
}

// load integrates an update as far as it comes in order, and reports whether that was
// all.
func (a *applierV2) load(size int) bool {
	last := uint64(math.MaxUint64)
	for range a.dec.Sections() {
		structs, client, clock := a.dec.Section()
		if structs == 0 || client >= last || clock != 0 {
			return false
		}
		last = client
		if !a.loadSection(structs, client, size) {
			return false
		}
	}
	a.deletes()
	return a.dec.End() == nil
}

// loadSection integrates the structs of a section of an update of so many bytes.
func (a *applierV2) loadSection(structs int, client uint64, size int) bool {
	d, tx, in := a.d, a.tx, &a.in
	ci := d.addClient(client)
	if tx.bulk {
		d.reserveV2(structs, size)
		d.guide(ci, structs, size)
	}
	clock := uint64(0)
	for ; structs > 0; structs-- {
		d.readV2(&a.dec, in, client, ci, clock)
		if a.dec.Failed() || in.length-1 >= lib0.MaxSafeInteger-clock {
			return false
		}
		if !tx.plain(in, in.content) {
			if !loadable(in) || !d.satisfied(in) {
				return false
			}
			tx.integrate(in)
		}
		clock += in.length
	}
	return true
}

// loadable reports whether what was read of a struct is all that CheckV2 looks at.
func loadable(in *incoming) bool {
	switch in.kind {
	case update.KindGC, update.KindDeleted, update.KindBinary, update.KindString, update.KindEmbed, update.KindFormat,
		update.KindAny:
		return true
	case update.KindType:
		return in.ref <= update.TypeXMLText
	}
	return false
}
