package crdt

import "slices"

// hooks is a list of handlers of one kind. A handler may add and cancel handlers
// while the list is being called: that counts from the next call on.
type hooks[F any] struct{ list []*F }

// add adds a handler, and returns what takes it away again.
func (k *hooks[F]) add(fn F) (cancel func()) {
	p := &fn
	k.list = append(k.list, p)
	return func() {
		if i := slices.Index(k.list, p); i >= 0 {
			k.list = slices.Concat(k.list[:i], k.list[i+1:])
		}
	}
}

// handlers is who wants to know of a document's transactions.
type handlers struct {
	begins    hooks[func(*Txn)]
	observers hooks[func(*Txn)]
	after     hooks[func(*Txn)]
	settled   hooks[func(*Txn)]
	update    hooks[func(u []byte, tx *Txn)]
	updateV2  hooks[func(u []byte, tx *Txn)]
	subdocs   hooks[func(SubdocsEvent)]
	destroy   hooks[func()]
	allBegin  hooks[func()]
	allEnd    hooks[func([]*Txn)]

	// watching counts the observers of types and the handlers that ask which types
	// were changed: while there are none, no events are made.
	watching int
}

// The handlers of a document are called in this order:
//
//	OnFirstTransaction    before a transaction while no other is being ended
//	OnTransaction         when it has begun
//	                      … the transaction …
//	OnBeforeObservers     before the observers of the types that it changed
//	                      … Observe, then ObserveDeep, of those types …
//	OnAfterTransaction    before what was deleted is collected
//	OnSettled             after that
//	OnUpdate, OnUpdateV2  with what is to be sent to others
//	OnSubdocs             if it added, removed or asked to load subdocuments
//	OnLastTransaction     after it and all that the handlers began
//
// A transaction that a handler begins runs at once; its own handlers are called when
// those of the transactions before it are done. A transaction is not to be kept when
// the handler returns. Each method returns a function that takes the handler away.
//
// Source: yjs@13.6.33/src/utils/Transaction.js#cleanupTransactions.

// OnFirstTransaction calls fn before a transaction, if no other is running or being
// ended.
func (d *Doc) OnFirstTransaction(fn func()) (cancel func()) { return d.handlers.allBegin.add(fn) }

// OnTransaction calls fn when a transaction has begun.
func (d *Doc) OnTransaction(fn func(tx *Txn)) (cancel func()) { return d.handlers.begins.add(fn) }

// OnBeforeObservers calls fn when a transaction has ended, before observers.
func (d *Doc) OnBeforeObservers(fn func(tx *Txn)) (cancel func()) {
	return d.handlers.observers.add(fn)
}

// OnAfterTransaction calls fn when the observers of a transaction were called. What
// it deleted is still there.
func (d *Doc) OnAfterTransaction(fn func(tx *Txn)) (cancel func()) {
	return d.watched(d.handlers.after.add(fn))
}

// OnSettled calls fn when what a transaction deleted has been collected.
func (d *Doc) OnSettled(fn func(tx *Txn)) (cancel func()) { return d.handlers.settled.add(fn) }

// OnUpdate calls fn after each transaction that changed the document, with its
// update in format v1, which is fn's.
func (d *Doc) OnUpdate(fn func(u []byte, tx *Txn)) (cancel func()) { return d.handlers.update.add(fn) }

// OnUpdateV2 is OnUpdate with the update in format v2.
func (d *Doc) OnUpdateV2(fn func(u []byte, tx *Txn)) (cancel func()) {
	return d.handlers.updateV2.add(fn)
}

// OnLastTransaction calls fn when a transaction and all that its handlers began are
// done, with all of them.
func (d *Doc) OnLastTransaction(fn func(txs []*Txn)) (cancel func()) {
	return d.handlers.allEnd.add(fn)
}

// watched counts a handler that needs events until it is canceled.
func (d *Doc) watched(cancel func()) func() {
	d.handlers.watching++
	return func() {
		if cancel != nil {
			cancel()
			cancel = nil
			d.handlers.watching--
		}
	}
}

// quiet reports whether no handler and no observer would know of a transaction.
func (d *Doc) quiet() bool {
	k := &d.handlers
	return k.watching == 0 && len(k.begins.list)+len(k.observers.list)+len(k.after.list)+len(k.settled.list)+
		len(k.update.list)+len(k.updateV2.list)+len(k.allBegin.list)+len(k.allEnd.list) == 0
}

// announce calls the handlers of a transaction that has begun.
func (d *Doc) announce(tx *Txn) {
	if tx.slot == 0 {
		for _, fn := range d.handlers.allBegin.list {
			(*fn)()
		}
	}
	for _, fn := range d.handlers.begins.list {
		(*fn)(tx)
	}
}

// notify calls the observers of what a transaction changed, and those who want to
// know of it before what was deleted is collected.
func (d *Doc) notify(tx *Txn) {
	k := &d.handlers
	for _, fn := range k.observers.list {
		(*fn)(tx)
	}
	if k.watching > 0 {
		d.callObservers(tx)
		d.callDeep(tx)
	}
	for _, fn := range k.after.list {
		(*fn)(tx)
	}
	if !tx.local && d.needsCleaning(tx) {
		d.cleanAfter(tx)
	}
}

// emit calls the update handlers.
func (d *Doc) emit(tx *Txn) {
	for _, fn := range d.handlers.settled.list {
		(*fn)(tx)
	}
	v1, v2 := d.handlers.update.list, d.handlers.updateV2.list
	if len(v1)+len(v2) == 0 {
		return
	}
	units, deletes := d.updateOf(tx)
	if len(units) == 0 && len(deletes) == 0 {
		return
	}
	var u1, u2 []byte
	if len(v1) > 0 {
		d.scratch = d.appendRanges(d.appendStructs(d.scratch[:0], units), deletes)
		u1 = make([]byte, len(d.scratch))
		copy(u1, d.scratch)
	}
	if len(v2) > 0 {
		w := d.writer()
		w.structs(units, false)
		w.ranges(deletes)
		u2 = w.e.AppendTo(make([]byte, 0, w.e.MaxLen()))
	}
	hand(v1, u1, tx)
	hand(v2, u2, tx)
}

// hand calls handlers with an update, each with one of its own.
func hand(list []*func([]byte, *Txn), u []byte, tx *Txn) {
	for i, fn := range list {
		own := u
		if i+1 < len(list) {
			u = slices.Clone(u) // before the handler has it, which may change it
		}
		(*fn)(own, tx)
	}
}
