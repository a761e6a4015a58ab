package crdt

import (
	"github.com/weft-sync/weft/core/lib0"
	"github.com/weft-sync/weft/core/update"
)

// ApplyV2 is Apply for an update of format v2.
func (d *Doc) ApplyV2(u []byte) (fresh bool, err error) { return d.ApplyV2From(u, nil) }

// ApplyV2From is ApplyV2 with an origin for the transaction, as WithOrigin.
func (d *Doc) ApplyV2From(u []byte, origin any) (fresh bool, err error) {
	if len(u) > update.MaxSize-d.Size() {
		return false, &lib0.Error{Field: "update", Reason: lib0.TooLarge}
	}
	if len(u) >= d.loadFrom && d.pristine() {
		if fresh, ok, err := d.loadV2(u, origin); ok {
			return fresh, err
		}
	}
	ordered, err := update.CheckV2(u)
	if err != nil {
		return false, err
	}
	// What is put aside below is integrated later than Yjs does, which observers and the
	// clean-up of formats would notice; and no document writes an update out of order.
	if !ordered || d.handlers.watching > 0 || d.formats {
		if u, err = update.ConvertV2ToV1(u); err != nil {
			return false, err
		}
		return d.ApplyFrom(u, origin)
	}
	a := applierV2{applier: applier{d: d}}
	return a.apply(u, origin)
}

// applierV2 integrates one update of format v2. Its columns can only be read from
// the start to the end, so what needs units that are further on is put aside, in
// format v1, and applied as that afterwards.
type applierV2 struct {
	applier
	dec  update.DecoderV2
	head []byte // structs that were put aside, of the section being read
	n    int    // how many
	from uint64 // the clock of the first
}

func (a *applierV2) apply(u []byte, origin any) (fresh bool, err error) {
	d := a.d
	if a.tx = d.tx; a.tx == nil {
		a.tx = d.begin(false)
		a.tx.origin, a.tx.silent = origin, d.quiet()
		defer d.finish(a.tx)
	}
	a.tx.local = false
	units, deletes := d.units, len(a.tx.deletes)
	a.tx.bulk = len(u) >= large
	a.dec.Reset(u)
	aside := rest{}
	for range a.dec.Sections() {
		a.section(&aside)
	}
	if aside.sections > 0 {
		late := applier{d: d, tx: a.tx}
		if late.sections, late.u, late.deletes, err = update.Sections(aside.update(), nil); err != nil {
			return true, err
		}
		late.structs()
		a.rest = late.rest
	}
	retry := d.keepPending(&a.rest)
	a.deletes()
	a.applyWaiting()
	if err := a.retry(retry); err != nil {
		return true, err
	}
	return a.fresh(units, deletes), a.rest.err
}

// deletes applies the delete set.
func (a *applierV2) deletes() {
	for range a.dec.DeleteClients() {
		client, n := a.dec.DeleteClient()
		at := place{}
		for range n {
			r := a.dec.DeleteRange()
			at = a.tx.applyDelete(at, &a.rest.deletes, client, r.Start, r.End)
		}
	}
}

// section integrates the structs of a section, from the first that has to wait on
// into aside.
func (a *applierV2) section(aside *rest) {
	d, in := a.d, &a.in
	n, client, clock := a.dec.Section()
	if n == 0 {
		return
	}
	ci := d.addClient(client)
	for ; n > 0; n-- {
		d.readV2(&a.dec, in, client, ci, clock)
		switch {
		case in.kind == update.KindSkip:
			if a.n > 0 {
				a.head = lib0.AppendUint(append(a.head, byte(update.KindSkip)), in.length)
				a.n++
			}
		case a.n == 0 && d.clients[ci].state == clock && a.tx.plain(in, in.content):
		case a.n > 0 || d.clients[ci].state < clock || !d.satisfied(in):
			if a.n == 0 {
				a.head = a.head[:0]
				a.from = clock
			}
			a.head = d.appendIncoming(a.head, in)
			a.n++
		default:
			a.tx.integrate(in)
		}
		clock = in.clock + in.length
	}
	if a.n > 0 {
		aside.add(client, a.from, a.n, a.head)
		a.n = 0
	}
}

func (d *Doc) satisfied(in *incoming) bool {
	_, ok := d.depends(in)
	return ok
}
