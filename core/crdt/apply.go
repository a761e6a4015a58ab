package crdt

import (
	"cmp"
	"math"
	"slices"

	"github.com/weft-sync/weft/core/lib0"
	"github.com/weft-sync/weft/core/update"
)

// Apply integrates an update of format v1, and reports whether it brought a unit or
// a delete that the document lacked, or that it has to wait with (see Pending). u is
// only read, and nothing of it is kept.
//
// The update is checked completely before anything of it takes effect. The error is
// a *lib0.Error about u, and the document is as before; or ErrPending, when what has
// to wait is more than Limits allow: then what can take effect has, and what would
// have to wait is dropped.
//
// Source: yjs@13.6.33/src/utils/encoding.js#applyUpdate.
func (d *Doc) Apply(u []byte) (fresh bool, err error) { return d.ApplyFrom(u, nil) }

// ApplyFrom is Apply with an origin for the transaction, as WithOrigin.
func (d *Doc) ApplyFrom(u []byte, origin any) (fresh bool, err error) {
	if len(u) > update.MaxSize-d.Size() {
		return false, &lib0.Error{Field: "update", Reason: lib0.TooLarge}
	}
	if len(u) == 2 && u[0]|u[1] == 0 && d.quiet() {
		return false, nil // as in the handshake of who has nothing
	}
	if len(u) >= d.loadFrom && d.pristine() {
		return d.load(u, origin)
	}
	a := applier{d: d, sections: d.sections[:0]}
	a.sections, a.u, a.deletes, err = update.Sections(u, a.sections)
	if err != nil {
		return false, err
	}
	return a.apply(origin)
}

// applier integrates one update.
type applier struct {
	d        *Doc
	tx       *Txn
	u        []byte
	sections []update.Section
	deletes  int // where the delete set is in u
	queue    []queued
	in       incoming
	rest     rest // what has to wait
}

// queued is what is left to do of a section.
type queued struct {
	client  uint32
	off     int    // of the next struct
	clock   uint64 // of the next struct
	left    int    // structs
	waiting bool   // it is on the stack
	stuck   bool   // what is left has to wait
}

// apply integrates what was checked, in the running transaction or in one of its own.
func (a *applier) apply(origin any) (fresh bool, err error) {
	d := a.d
	if a.tx = d.tx; a.tx == nil {
		a.tx = d.begin(false)
		a.tx.origin, a.tx.silent = origin, d.quiet()
		defer d.finish(a.tx)
	}
	a.tx.local = false
	units, deletes := d.units, len(a.tx.deletes)
	a.tx.bulk = len(a.u) >= large
	a.reserve()
	a.structs()
	if len(a.u) >= large {
		d.trim()
	}
	d.sections = a.sections[:0]
	retry := d.keepPending(&a.rest)
	a.applyDeletes()
	if err := a.retry(retry); err != nil {
		return true, err
	}
	return a.fresh(units, deletes), a.rest.err
}

// fresh reports whether the update brought anything, or has to wait with anything new,
// since there were so many units and deletes.
func (a *applier) fresh(units uint64, deletes int) bool {
	return a.d.units != units || len(a.tx.deletes) != deletes || a.rest.kept
}

// retry applies the structs that were waiting, if some of them can go on now.
func (a *applier) retry(now bool) error {
	if !now {
		return nil
	}
	p := &a.d.pending
	u := p.structs
	p.structs, p.missing = nil, nil
	_, err := a.d.Apply(u)
	return err
}

// large is how many bytes an update has for which it is worth to make room before.
const large = 1 << 12

// reserve makes room for the structs of a large update at once.
func (a *applier) reserve() {
	if len(a.u) < large {
		return
	}
	d := a.d
	n := 0
	for i := range a.sections {
		n += a.sections[i].Structs
	}
	d.reserve(n, len(a.u))
}

// reserve makes room for the structs of an update with so many bytes.
func (d *Doc) reserve(structs, bytes int) {
	// A struct of an update that a document wrote takes six bytes and more.
	d.room(min(structs, bytes/6), bytes/2)
}

// reserveV2 is reserve for an update of format v2, of which text is the most.
func (d *Doc) reserveV2(structs, bytes int) {
	d.room(min(structs, bytes), bytes/4*3)
}

// room makes room for blocks and bytes of the arena.
func (d *Doc) room(blocks, arena int) {
	if len(d.blocks) <= 1 {
		d.blocks = make([]block, 1, blocks+1)
		d.arena = make([]byte, 0, arena) // not all of it is cleared by hand, as Grow does
		return
	}
	d.blocks = slices.Grow(d.blocks, blocks)
	d.arena = slices.Grow(d.arena, arena)
}

// guide gives a client that is to be filled with many structs a guide, which lasts
// until the transaction ends.
func (d *Doc) guide(ci uint32, structs, bytes int) {
	if c := &d.clients[ci]; structs > chunkLen && len(c.chunks) == 0 {
		c.guide = newGuide(min(structs, bytes/6))
	}
}

// trim gives the arena's spare room back, where a large update left much.
func (d *Doc) trim() {
	const much = 16 << 10
	if spare := cap(d.arena) - len(d.arena); spare > much && spare > len(d.arena)/4 {
		d.arena = append(make([]byte, 0, len(d.arena)+len(d.arena)/16), d.arena...)
	}
}

// structs integrates all structs whose dependencies are there, client by client
// from the highest. A section whose next struct needs units that are further on in
// the update waits on a stack until just those are integrated.
// Source: yjs@13.6.33/src/utils/encoding.js#integrateStructs.
func (a *applier) structs() {
	a.queue = a.d.queue[:0]
	for _, s := range a.sections {
		a.queue = append(a.queue, queued{client: unknownClient, off: s.Off, clock: s.Clock, left: s.Structs})
	}
	type waiter struct {
		at   int    // which waits
		goal uint64 // the clock that the one after it has to reach
	}
	var stack []waiter
	for at := range a.queue {
		goal := uint64(math.MaxUint64)
		for {
			q := &a.queue[at]
			q.waiting = false
			need, ok := a.run(at, goal)
			if !ok {
				if k := a.find(need.Client); k >= 0 && k != at && a.queue[k].ready() {
					q.waiting = true
					stack = append(stack, waiter{at, goal})
					at, goal = k, need.Clock+1
					continue
				}
				q.stuck = true
				for _, w := range stack {
					a.queue[w.at].stuck = true
				}
				stack = stack[:0]
			}
			if len(stack) == 0 {
				break
			}
			at, goal = stack[len(stack)-1].at, stack[len(stack)-1].goal
			stack = stack[:len(stack)-1]
		}
	}
	for i, s := range a.sections {
		if q := &a.queue[i]; q.left > 0 {
			a.rest.add(s.Client, q.clock, q.left, a.u[q.off:s.End])
		}
	}
	a.d.queue = a.queue[:0]
}

// ready reports whether a section has structs that can be tried.
func (q *queued) ready() bool { return q.left > 0 && !q.waiting && !q.stuck }

// find returns the place of a client's section, or -1.
func (a *applier) find(client uint64) int {
	i, ok := slices.BinarySearchFunc(a.sections, client, func(s update.Section, client uint64) int {
		return cmp.Compare(client, s.Client)
	})
	if !ok {
		return -1
	}
	return i
}

// run integrates structs of a section, until the client's state reaches a goal or one
// has to wait: then it returns false and the id that is needed.
func (a *applier) run(at int, goal uint64) (need update.ID, ok bool) {
	d, q, s := a.d, &a.queue[at], &a.sections[at]
	if q.stuck {
		return update.ID{}, true
	}
	if q.client == unknownClient {
		q.client = d.addClient(s.Client)
		if a.tx.bulk {
			d.guide(q.client, s.Structs, len(a.u))
		}
	}
	r := lib0.NewReader(a.u)
	r.Skip(q.off)
	in := &a.in
	own := newOwnClient(s.Client, q.client)
	for q.left > 0 && d.clients[q.client].state < goal {
		size := 0
		if r.Len() >= plainRoom {
			size, in.content = d.readPlain(r.Rest(), in, &own, q.clock)
		}
		if size == 0 {
			d.read(&r, in, &own, q.clock)
		} else {
			r.Skip(size)
			if d.clients[q.client].state == q.clock && a.tx.plain(in, in.content) {
				q.off, q.clock = r.Offset(), in.clock+in.length
				q.left--
				continue
			}
		}
		if in.kind != update.KindSkip {
			if d.clients[q.client].state < q.clock {
				a.rest.miss(s.Client, q.clock-1)
				return update.ID{Client: s.Client, Clock: q.clock - 1}, false
			}
			if need, ok := d.depends(in); !ok {
				if k := a.find(need.Client); k < 0 || k == at || !a.queue[k].ready() {
					a.rest.miss(need.Client, d.state(d.clientOf(need.Client)))
				}
				return need, false
			}
			a.tx.integrate(in)
		}
		q.off, q.clock = r.Offset(), in.clock+in.length
		q.left--
	}
	return update.ID{}, true
}

// depends reports whether the units that a struct refers to are there, or names one
// that is not. Yjs writes no struct that refers to itself or a later one of its own
// client; it waits here like any whose dependencies never come.
func (d *Doc) depends(in *incoming) (need update.ID, ok bool) {
	for i, dep := range [...]id{in.origin, in.right, in.parent} {
		switch {
		case dep.client == noClient || dep.client == in.client && dep.clock < in.clock:
		case dep.client == unknownClient:
			return update.ID{Client: in.unknown[i], Clock: dep.clock}, false
		case dep.clock >= d.clients[dep.client].state:
			return update.ID{Client: d.clients[dep.client].id, Clock: dep.clock}, false
		}
	}
	return update.ID{}, true
}
