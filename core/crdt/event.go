package crdt

import (
	"slices"

	"github.com/weft-sync/weft/core/lib0"
	"github.com/weft-sync/weft/core/update"
)

// Event says what a transaction did to one type. It is one of *TextEvent (of Text and
// XMLText), *ArrayEvent, *MapEvent (of Map and XMLHook), and *XMLEvent (of XMLFragment
// and XMLElement).
//
// What happened is worked out when it is asked for the first time, and is only there
// until the observer returns: afterwards an event has nothing but what was asked for.
// What an event returns is shared by all observers, and not to be changed.
//
// Source: yjs@13.6.33/src/utils/YEvent.js.
type Event interface {
	// Target returns the type that was changed.
	Target() Shared
	// CurrentTarget returns the type whose observers are being called: the target, or
	// in a deep observer one that it is in.
	CurrentTarget() Shared
	// Path returns the way from the current target to the target.
	Path() []Step
	// Txn returns the transaction.
	Txn() *Txn
	// ChildrenChanged reports whether the type's sequence was changed.
	ChildrenChanged() bool
	// Keys returns what became of the keys of a map, or the attributes of a text or an
	// element. Keys whose value was set and deleted at once are not among them.
	Keys() []KeyChange
	// Delta returns the change of the type's sequence: what to do from its start on to
	// the sequence that was, to get the one that is. Insert of an array or XML type is
	// a []any.
	Delta() []DeltaOp
	// Added returns what is new in the sequence, in order. Of a text it is empty.
	Added() []Item
	// Deleted returns what was deleted from the sequence, in order. Of a text it is
	// empty.
	Deleted() []Item

	base() *event
}

// Step is one step of a path: to a key of a map or the attribute of an element, or to
// an index of a sequence.
type Step struct {
	Key   string
	Index int
	Keyed bool // it is the key that counts, else the index
}

// Action is what was done to a key.
type Action uint8

// Actions of a KeyChange.
const (
	KeyAdded Action = iota + 1
	KeyUpdated
	KeyDeleted
)

// String returns the name that Yjs has for an action.
func (a Action) String() string { return [...]string{"", "add", "update", "delete"}[a] }

// KeyChange is what became of a key.
type KeyChange struct {
	Key    string
	Action Action
	Old    any // the value before; Undefined of a new key
}

// Item is a run of units of a sequence that one client made.
type Item struct {
	First  update.ID
	Length int
	Values []any
}

// TextEvent is the event of a Text or XMLText.
type TextEvent struct{ event }

// ArrayEvent is the event of an Array.
type ArrayEvent struct{ event }

// MapEvent is the event of a Map or XMLHook.
type MapEvent struct{ event }

// XMLEvent is the event of an XMLFragment or XMLElement.
type XMLEvent struct{ event }

// event is what all events have in common.
type event struct {
	tx              *Txn
	number          uint32 // of tx: an event that somebody kept outlives it
	target, current shared
	changed         []uint32 // keys, noKey for the sequence

	path           []Step
	keys           []KeyChange
	delta          []DeltaOp
	added, deleted []Item

	pathKnown, keysKnown, deltaKnown bool
}

// newEvent returns the event of a type.
func (d *Doc) newEvent(tx *Txn, s shared, keys []uint32) Event {
	e := event{tx: tx, number: tx.number, target: s, current: s, changed: keys}
	switch d.types[s.t].ref {
	case update.TypeArray:
		return &ArrayEvent{e}
	case update.TypeMap, update.TypeXMLHook:
		return &MapEvent{e}
	case update.TypeXMLElement, update.TypeXMLFragment:
		return &XMLEvent{e}
	}
	return &TextEvent{e}
}

func (e *event) base() *event { return e }

// live reports whether the observers of the event's transaction are being called.
func (e *event) live() bool {
	c := e.target.d.cleanups
	return e.tx.slot < len(c) && c[e.tx.slot] == e.tx && e.tx.number == e.number && e.target.alive()
}

func (e *event) Target() Shared { return e.target.d.sharedOf(e.target) }

func (e *event) CurrentTarget() Shared { return e.target.d.sharedOf(e.current) }

func (e *event) Txn() *Txn { return e.tx }

func (e *event) ChildrenChanged() bool { return slices.Contains(e.changed, noKey) }

// sharedOf is shared for a type that may have been collected.
func (d *Doc) sharedOf(s shared) Shared {
	if !s.alive() {
		return nil
	}
	return d.shared(s.t)
}

func (e *event) Path() []Step {
	if e.pathKnown || !e.live() {
		return e.path
	}
	d := e.target.d
	for t := e.target.t; t != e.current.t; {
		item := d.types[t].item
		if item == 0 {
			break
		}
		l := &d.lists[d.blocks[item].list]
		if l.key != noKey {
			e.path = append(e.path, Step{Key: d.keys[l.key], Keyed: true})
		} else {
			e.path = append(e.path, Step{Index: int(d.positionOf(item))})
		}
		t = d.lists[d.blocks[item].list].typ
	}
	slices.Reverse(e.path)
	e.pathKnown = true
	return e.path
}

func (e *event) Keys() []KeyChange {
	if e.keysKnown || !e.live() {
		return e.keys
	}
	for _, key := range e.changed {
		if key == noKey {
			continue
		}
		if c, ok := e.key(key); ok {
			e.keys = append(e.keys, c)
		}
	}
	e.keysKnown = true
	return e.keys
}

// key returns what became of a key, and false if nothing did in the end.
func (e *event) key(key uint32) (c KeyChange, ok bool) {
	d := e.target.d
	h := d.lists[d.types[e.target.t].entry(key)].end
	if h == 0 {
		return c, false
	}
	c.Key, c.Old = d.keys[key], Undefined{}
	deleted := e.tx.deletesBlock(h)
	if !e.tx.adds(h) {
		c.Action, c.Old = KeyDeleted, d.lastValue(h)
		return c, deleted
	}
	prev := d.blocks[h].left
	for prev != 0 && e.tx.adds(prev) {
		prev = d.blocks[prev].left
	}
	had := prev != 0 && e.tx.deletesBlock(prev)
	if had {
		c.Old = d.lastValue(prev)
	}
	switch {
	case deleted:
		c.Action = KeyDeleted
		return c, had
	case had:
		c.Action = KeyUpdated
	default:
		c.Action = KeyAdded
	}
	return c, true
}

// lastValue returns the last value that a block holds.
func (d *Doc) lastValue(h handle) any {
	b := &d.blocks[h]
	if !countable(b.kind) {
		return Undefined{}
	}
	return d.value(h, int(b.length)-1)
}

func (e *event) Added() []Item {
	e.Delta()
	return e.added
}

func (e *event) Deleted() []Item {
	e.Delta()
	return e.deleted
}

func (e *event) Delta() []DeltaOp {
	if e.deltaKnown || !e.live() {
		return e.delta
	}
	e.deltaKnown = true
	if !e.ChildrenChanged() {
		return nil
	}
	d := e.target.d
	var ops deltaOps
	for h := e.target.seq().start; h != 0; h = d.blocks[h].right {
		both, n := e.tx.stretches(h)
		for _, s := range both[:n] {
			switch {
			case d.blocks[h].deleted():
				if !s.added && e.tx.deletesBlock(h) {
					ops.delete(s.length)
					e.deleted = append(e.deleted, d.item(h, s))
				}
			case s.added:
				it := d.item(h, s)
				ops.insertValues(it.Values)
				e.added = append(e.added, it)
			default:
				ops.retain(s.length)
			}
		}
	}
	e.delta = ops.trimmed()
	return e.delta
}

// item returns a stretch of a block as an item.
func (d *Doc) item(h handle, s stretch) Item {
	b := &d.blocks[h]
	it := Item{First: update.ID{Client: d.clients[b.client].id, Clock: b.clock + uint64(s.from)}, Length: s.length}
	if !countable(b.kind) {
		return it
	}
	if b.kind == update.KindAny {
		r := lib0.NewReader(d.bytesOf(b)[d.cutValues(b, uint32(s.from)):])
		for range s.length {
			it.Values = append(it.Values, fromAny(r.Any("value")))
		}
		return it
	}
	for i := range s.length {
		it.Values = append(it.Values, d.value(h, s.from+i))
	}
	return it
}

// stretch is some of the units of a block.
type stretch struct {
	from, length int
	added        bool // by the transaction
}

// stretches returns the units of a block that were there before the transaction,
// then those that it added. Yjs has them in two items until the observers were
// called: typing makes a block longer in place here.
func (tx *Txn) stretches(h handle) (s [2]stretch, n int) {
	length, old := int(tx.doc.length(h)), int(tx.oldUnits(h))
	if old > 0 {
		s[0], n = stretch{0, old, false}, 1
	}
	if old < length {
		s[n] = stretch{old, length - old, true}
		n++
	}
	return s, n
}

// oldUnits returns how many units of a block were there before the transaction.
func (tx *Txn) oldUnits(h handle) uint64 {
	d := tx.doc
	b := &d.blocks[h]
	before, length := tx.stateBefore(b.client), d.length(h)
	switch {
	case b.clock >= before:
		return 0
	case b.clock+length <= before:
		return length
	}
	for i := range tx.touched {
		if tx.touched[i].client == b.client && tx.touched[i].joined {
			return length
		}
	}
	return before - b.clock
}

// adds reports whether a transaction added a block, or its first unit if it became
// longer.
func (tx *Txn) adds(h handle) bool {
	b := &tx.doc.blocks[h]
	return b.clock >= tx.stateBefore(b.client)
}

// deletesBlock reports whether a transaction, which is over, deleted a block.
func (tx *Txn) deletesBlock(h handle) bool { return contains(tx.deletes, tx.doc.firstID(h)) }
