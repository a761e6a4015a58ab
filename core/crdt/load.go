package crdt

import (
	"math"
	"slices"

	"github.com/weft-sync/weft/core/lib0"
	"github.com/weft-sync/weft/core/update"
)

// An update for a document that has nothing, and that nobody watches, is checked and
// integrated in one pass: if it turns out not to be as it should, the document
// becomes again what it was. That pass takes only what is in order and complete in
// the order in which it comes; where it ends early, the general way goes on.

// pristine reports whether a document has nothing yet, and nobody watches it.
func (d *Doc) pristine() bool {
	return len(d.blocks) <= 1 && len(d.clients) == 0 && len(d.lists) == 1 && len(d.subdocs) == 0 &&
		len(d.freeTypes) == 0 && d.tx == nil && len(d.cleanups) == 0 &&
		d.pending.structs == nil && d.pending.deletes.IsEmpty() && d.quiet()
}

// saved returns what restore needs to make a pristine document again what it is.
func (d *Doc) saved() Doc {
	before := *d
	before.types = slices.Clone(d.types)
	return before
}

// restore makes the document again what it was when saved was called.
func (d *Doc) restore(before *Doc) {
	for _, t := range d.rootOrder[len(before.rootOrder):] {
		delete(d.roots, d.types[t].name)
	}
	for _, k := range d.keys[len(before.keys):] {
		delete(d.keyPlaces, k)
	}
	*d = *before
	d.spare = nil
}

// load is ApplyFrom for a pristine document.
func (d *Doc) load(u []byte, origin any) (fresh bool, err error) {
	before := d.saved()
	a := applier{d: d, tx: d.begin(false), u: u}
	a.tx.origin, a.tx.local, a.tx.silent, a.tx.bulk = origin, false, true, len(u) >= large
	if a.load() {
		a.applyWaiting()
		fresh, err = a.fresh(before.units, 0), a.rest.err
	} else {
		a.rest = rest{}
		a.sections, a.u, a.deletes, err = update.Sections(u, d.sections[:0])
		if err != nil {
			d.restore(&before)
			return false, err
		}
		if len(a.u) != len(u) || &a.u[0] != &u[0] { // it had to be rewritten
			d.restore(&before)
			return a.apply(origin)
		}
		fresh, err = a.apply(origin)
		fresh = fresh || a.fresh(before.units, 0)
	}
	if a.tx.bulk {
		d.trim()
	}
	d.finish(a.tx)
	return fresh, err
}

// load integrates u as far as it comes in order, and reports whether that was all.
func (a *applier) load() bool {
	r := lib0.NewReader(a.u)
	last := uint64(math.MaxUint64)
	for n := r.Count("client sections", 3); n > 0; n-- {
		structs := r.Count("structs", 2)
		client := r.Uint("client")
		if clock := r.Uint("clock"); r.Failed() || structs == 0 || client >= last || clock != 0 {
			return false
		}
		last = client
		size, ok := a.loadSection(r.Rest(), structs, client)
		if !ok {
			return false
		}
		r.Skip(size)
	}
	n := r.Count("clients", 2)
	for ; n > 0; n-- {
		client, at := r.Uint("client"), place{}
		for m := r.Count("ranges", 2); m > 0; m-- {
			clock, length := r.Uint("clock"), r.Uint("length")
			if length > lib0.MaxSafeInteger-clock || r.Failed() {
				return false
			}
			at = a.tx.applyDelete(at, &a.rest.deletes, client, clock, clock+length)
		}
	}
	return r.End("update") == nil && !r.Padded()
}

// loadSection integrates the structs of a section, which b begins with, and returns
// how many bytes they have.
func (a *applier) loadSection(b []byte, structs int, client uint64) (size int, ok bool) {
	d, tx, in := a.d, a.tx, &a.in
	ci := d.addClient(client)
	own := newOwnClient(client, ci)
	if tx.bulk {
		d.reserve(structs, len(b))
		d.guide(ci, structs, len(b))
	}
	off, clock := 0, uint64(0)
	for ; structs > 0; structs-- {
		n, text := d.readPlain(b[off:], in, &own, clock)
		if n > 0 && tx.plain(in, text) {
			if in.length > lib0.MaxSafeInteger-clock {
				return 0, false
			}
			off += n
			clock += in.length
			continue
		}
		if n == 0 {
			if n, ok = update.CheckStruct(b[off:]); !ok {
				return 0, false
			}
			r := lib0.NewReader(b[off : off+n])
			d.read(&r, in, &own, clock)
		} else {
			in.content = text
		}
		if in.length-1 >= lib0.MaxSafeInteger-clock || in.kind == update.KindSkip || in.kind == update.KindDoc {
			return 0, false
		}
		if _, ok := d.depends(in); !ok {
			return 0, false
		}
		tx.integrate(in)
		off += n
		clock += in.length
	}
	return off, true
}
