package crdt

import "slices"

// watchers is who observes a type.
type watchers struct {
	own  hooks[func(Event)]
	deep hooks[func([]Event, *Txn)]
}

// parentEvents holds the events of a transaction by the types that they happened in
// or under, in the order in which the types came up.
type parentEvents struct {
	list  []typeEvents
	index map[uint32]int
}

type typeEvents struct {
	typ    uint32
	events []Event
}

// under returns the events of a type and all that is in it.
func (p *parentEvents) under(t uint32) []Event {
	if i, ok := p.index[t]; ok {
		return p.list[i].events
	}
	return nil
}

func (p *parentEvents) add(t uint32, e Event) {
	i, ok := p.index[t]
	if !ok {
		if p.index == nil {
			p.index = map[uint32]int{}
		}
		i = len(p.list)
		p.index[t] = i
		p.list = append(p.list, typeEvents{typ: t})
	}
	p.list[i].events = append(p.list[i].events, e)
}

// watch adds an observer of a type.
func (s shared) watch(add func(*watchers) (cancel func())) (cancel func()) {
	if !s.alive() {
		return func() {}
	}
	ty := &s.d.types[s.t]
	if ty.watch == nil {
		ty.watch = new(watchers)
	}
	return s.d.watched(add(ty.watch))
}

// observe calls fn with the events of one kind.
func observe[E Event](s shared, fn func(E)) (cancel func()) {
	return s.watch(func(w *watchers) func() {
		return w.own.add(func(e Event) {
			if e, ok := e.(E); ok {
				fn(e)
			}
		})
	})
}

// Observe calls fn after each transaction that changed the text or its attributes.
// fn is not called any more after cancel, nor when the text is deleted.
func (t Text) Observe(fn func(*TextEvent)) (cancel func()) { return observe(t.shared, fn) }

// Observe calls fn after each transaction that changed the array; see Text.Observe.
func (a Array) Observe(fn func(*ArrayEvent)) (cancel func()) { return observe(a.shared, fn) }

// Observe calls fn after each transaction that changed the map; see Text.Observe.
func (m Map) Observe(fn func(*MapEvent)) (cancel func()) { return observe(m.shared, fn) }

// Observe calls fn after each transaction that changed the children or the attributes;
// see Text.Observe.
func (x XMLFragment) Observe(fn func(*XMLEvent)) (cancel func()) { return observe(x.shared, fn) }

// ObserveDeep calls fn after each transaction that changed the type or one that is in
// it at any depth, with an event of each of them: those nearer to the type come first.
func (s shared) ObserveDeep(fn func([]Event, *Txn)) (cancel func()) {
	return s.watch(func(w *watchers) func() { return w.deep.add(fn) })
}

// group is a type that was changed, with its keys; noKey is its sequence.
type group struct {
	typ  uint32
	keys []uint32
}

// groups returns what a transaction changed, by type.
func (tx *Txn) groups() []group {
	list := make([]group, 0, min(len(tx.changed), 8))
	var places map[uint32]int
	if len(tx.changed) > 8 {
		places = make(map[uint32]int, len(tx.changed))
	}
	for _, c := range tx.changed {
		i, ok := places[c.typ]
		if places == nil {
			i = slices.IndexFunc(list, func(g group) bool { return g.typ == c.typ })
			ok = i >= 0
		}
		if !ok {
			i = len(list)
			list = append(list, group{typ: c.typ})
			if places != nil {
				places[c.typ] = i
			}
		}
		list[i].keys = append(list[i].keys, c.key)
	}
	return list
}

// callObservers makes an event of each type that a transaction changed, and calls the
// observers of these.
// Source: yjs@13.6.33/src/types/AbstractType.js#callTypeObservers.
func (d *Doc) callObservers(tx *Txn) {
	for _, g := range tx.groups() {
		s := d.of(g.typ)
		if s.Deleted() || d.types[g.typ].untyped {
			continue
		}
		e := d.newEvent(tx, s, g.keys)
		for t := g.typ; ; {
			tx.parents.add(t, e)
			item := d.types[t].item
			if item == 0 {
				break
			}
			t = d.lists[d.blocks[item].list].typ
		}
		if w := d.types[g.typ].watch; w != nil {
			for _, fn := range w.own.list {
				(*fn)(e)
			}
		}
	}
}

// callDeep calls the deep observers of types that something happened in.
func (d *Doc) callDeep(tx *Txn) {
	type call struct {
		s      shared
		events []Event
		w      *watchers
	}
	var calls []call
	for _, p := range tx.parents.list {
		if w := d.types[p.typ].watch; w != nil && len(w.deep.list) > 0 && !d.of(p.typ).Deleted() {
			calls = append(calls, call{d.of(p.typ), p.events, w})
		}
	}
	for _, c := range calls {
		events := make([]Event, 0, len(c.events))
		for _, e := range c.events {
			if b := e.base(); !b.target.Deleted() {
				b.current, b.path, b.pathKnown = c.s, nil, false
				events = append(events, e)
			}
		}
		slices.SortStableFunc(events, func(a, b Event) int { return len(a.Path()) - len(b.Path()) })
		for _, fn := range c.w.deep.list {
			(*fn)(events, tx)
		}
	}
}
