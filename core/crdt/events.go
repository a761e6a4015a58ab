package crdt

type watchers struct{}
type parentEvents struct{}

type handlers struct {
	update []func(u []byte, tx *Txn)
}

func (tx *Txn) shared() bool { return false }

func (d *Doc) notify(tx *Txn) {}

// OnUpdate calls fn after each transaction that changed the document, with its
// update in format v1, which is fn's.
func (d *Doc) OnUpdate(fn func(u []byte, tx *Txn)) { d.handlers.update = append(d.handlers.update, fn) }

func (d *Doc) emit(tx *Txn) {
	if len(d.handlers.update) == 0 {
		return
	}
	units, deletes := d.updateOf(tx)
	if len(units) == 0 && len(deletes) == 0 {
		return
	}
	d.scratch = d.appendRanges(d.appendStructs(d.scratch[:0], units), deletes)
	for _, fn := range d.handlers.update {
		fn(append([]byte(nil), d.scratch...), tx)
	}
}
