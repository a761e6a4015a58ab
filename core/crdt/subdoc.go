package crdt

import (
	"cmp"
	"errors"
	"slices"

	"github.com/weft-sync/weft/core/lib0"
	"github.com/weft-sync/weft/core/update"
)

// A subdocument is a document of its own that another one refers to by its guid, as
// a value of an array or a map. Only the guid and some options travel with the outer
// document; what is in the subdocument is synced separately, by whoever is told of
// it by OnSubdocs. One that an update brings is made when somebody asks for it.

// ErrSubdoc is returned when a document is put into another one that is in a document
// already, or would be in itself; or that was given no name where none can be made up.
var ErrSubdoc = errors.New("crdt: not a document that can become a subdocument")

// subdoc is a document within a document.
type subdoc struct {
	guid    string
	options []byte // an encoded object, as Yjs writes it
	load    bool   // it is to be loaded
	doc     *Doc   // nil until somebody asks
	item    handle // the block that holds it; 0: it does not any more
	refs    int    // the block, and lists of transactions
	added   uint32 // number of the transaction that is adding it
	order   uint64 // when it became one of Subdocs; 0: it is none
}

// asSubdoc is what a document is as a subdocument.
type asSubdoc struct {
	within    *Doc   // the document that it is in
	place     uint32 // in within.subdocs
	meta      any
	autoLoad  bool
	load      bool
	destroyed bool
}

// SubdocsEvent says which subdocuments a transaction added, asked to load, and
// removed. One that is removed is destroyed when the handlers have returned; a
// transaction of its own, with an event of its own, says so again, as in Yjs.
type SubdocsEvent struct {
	Added, Loaded, Removed []*Doc
	Txn                    *Txn
}

// WithMeta sets a value that travels with a subdocument.
func WithMeta(v any) Option { return func(d *Doc) { d.sub.meta = v } }

// WithAutoLoad makes everyone load the document when it is a subdocument.
func WithAutoLoad() Option { return func(d *Doc) { d.sub.autoLoad = true } }

// WithoutLoad says that a document is not to be loaded when it is put into another
// one, until Load is called.
func WithoutLoad() Option { return func(d *Doc) { d.sub.load = false } }

// GUID returns what WithGUID was given, or else a random UUID of version 4 that is
// made up at the first call. It is empty where there is no randomness to be had: in
// a build in which a document without a client id cannot be edited either.
func (d *Doc) GUID() string {
	if d.guid == "" {
		d.guid = randomUUID()
	}
	return d.guid
}

// Meta returns what WithMeta was given, or what came with a subdocument.
func (d *Doc) Meta() any { return d.sub.meta }

// AutoLoad reports whether everyone loads the subdocument.
func (d *Doc) AutoLoad() bool { return d.sub.autoLoad }

// ShouldLoad reports whether the document is to be loaded.
func (d *Doc) ShouldLoad() bool { return d.sub.load }

// Destroyed reports whether Destroy was called.
func (d *Doc) Destroyed() bool { return d.sub.destroyed }

// Within returns the document that holds the subdocument, or nil.
func (d *Doc) Within() *Doc {
	if p := d.sub.within; p != nil && p.subdocs[d.sub.place].doc == d {
		return p
	}
	return nil // none, or it was taken out in the transaction that put it in
}

// OnSubdocs calls fn after the update handlers of a transaction that added, removed
// or asked to load subdocuments.
func (d *Doc) OnSubdocs(fn func(SubdocsEvent)) (cancel func()) { return d.handlers.subdocs.add(fn) }

// OnDestroy calls fn when the document is destroyed.
func (d *Doc) OnDestroy(fn func()) (cancel func()) { return d.handlers.destroy.add(fn) }

// Load asks for the contents of a subdocument: the handlers of the document that it
// is in are told.
// Source: yjs@13.6.33/src/utils/Doc.js#load.
func (d *Doc) Load() {
	if p := d.Within(); p != nil && !d.sub.load {
		_ = p.Transact(func(tx *Txn) error {
			tx.subdocsLoaded = append(tx.subdocsLoaded, p.refer(d.sub.place))
			return nil
		})
	}
	d.sub.load = true
}

// Destroy takes all handlers of the document away, after those of OnDestroy were
// called. Its subdocuments are destroyed as well. In the place of a subdocument there
// is then a new one of the same name, which is not loaded.
// Source: yjs@13.6.33/src/utils/Doc.js#destroy.
func (d *Doc) Destroy() {
	d.sub.destroyed = true
	for _, place := range d.subdocPlaces() {
		// Of one that nobody has asked for, only a handler could notice.
		if d.subdocs[place].doc != nil || len(d.handlers.subdocs.list) > 0 {
			d.subdocOf(place).Destroy()
		}
	}
	if p := d.Within(); p != nil {
		d.sub.within = nil
		_ = p.Transact(func(tx *Txn) error {
			tx.replaceSubdoc(d.sub.place)
			return nil
		})
	}
	for _, fn := range d.handlers.destroy.list {
		(*fn)()
	}
	d.handlers = handlers{watching: d.handlers.watching}
}

// Subdocs returns the subdocuments, in the order in which they were added.
func (d *Doc) Subdocs() []*Doc {
	var list []*Doc
	for _, place := range d.subdocPlaces() {
		list = append(list, d.subdocOf(place))
	}
	return list
}

// SubdocGUIDs returns the names of the subdocuments, each once, in the order in which
// they were added.
func (d *Doc) SubdocGUIDs() []string {
	var list []string
	seen := map[string]struct{}{}
	for _, place := range d.subdocPlaces() {
		guid := d.subdocs[place].guid
		if _, ok := seen[guid]; !ok {
			seen[guid] = struct{}{}
			list = append(list, guid)
		}
	}
	return list
}

// subdocPlaces returns the places of the subdocuments in the order in which they were
// added.
func (d *Doc) subdocPlaces() (places []uint32) {
	for i := range d.subdocs {
		if d.subdocs[i].order != 0 {
			places = append(places, uint32(i))
		}
	}
	slices.SortFunc(places, func(a, b uint32) int { return cmp.Compare(d.subdocs[a].order, d.subdocs[b].order) })
	return places
}

// subdocOf returns a subdocument, which is made if it is asked for the first time.
func (d *Doc) subdocOf(place uint32) *Doc {
	s := &d.subdocs[place]
	if s.doc == nil {
		o := subdocOptions(s.options)
		sub := NewDoc(WithGUID(s.guid), WithClientID(d.clientID), WithMeta(o.meta))
		sub.gc, sub.sub.autoLoad, sub.sub.load = !o.keep, o.autoLoad, s.load
		sub.sub.within, sub.sub.place = d, place
		s.doc = sub
	}
	return s.doc
}

// addSubdoc adds the subdocument that a new block holds.
// Source: yjs@13.6.33/src/structs/ContentDoc.js#integrate.
func (tx *Txn) addSubdoc(h handle, in *incoming) uint32 {
	d := tx.doc
	s := subdoc{guid: string(in.label), doc: in.sub, item: h}
	if in.sub != nil {
		s.options, s.load = slices.Clone(in.content), in.sub.sub.load
	} else {
		o := subdocOptions(in.content)
		s.options, s.load = o.append(nil), o.load || o.autoLoad
		if o.named {
			s.guid = o.guid
		}
	}
	place := d.newSubdoc(s)
	if in.sub != nil {
		in.sub.sub.within, in.sub.sub.place = d, place
	}
	tx.subdocAdded(place)
	if s.load {
		tx.subdocsLoaded = append(tx.subdocsLoaded, d.refer(place))
	}
	return place
}

func (tx *Txn) subdocAdded(place uint32) {
	d := tx.doc
	d.subdocs[place].added = tx.number
	tx.subdocsAdded = append(tx.subdocsAdded, d.refer(place))
}

// removeSubdoc notes that a subdocument was deleted.
// Source: yjs@13.6.33/src/structs/ContentDoc.js#delete.
func (tx *Txn) removeSubdoc(place uint32) {
	d := tx.doc
	if s := &d.subdocs[place]; s.added == tx.number {
		s.added = 0
		return
	}
	tx.subdocsRemoved = append(tx.subdocsRemoved, d.refer(place))
}

// replaceSubdoc puts a new subdocument into the place of one that was destroyed.
func (tx *Txn) replaceSubdoc(place uint32) {
	d := tx.doc
	tx.subdocsRemoved = append(tx.subdocsRemoved, d.refer(place))
	old := d.subdocs[place]
	if old.item == 0 {
		return
	}
	fresh := d.newSubdoc(subdoc{guid: old.guid, options: old.options, item: old.item})
	b := &d.blocks[old.item]
	b.content = fresh
	d.subdocs[place].item = 0
	d.unrefer(place)
	if !b.deleted() {
		tx.subdocAdded(fresh)
	}
}

// newSubdoc adds a subdocument to which a block refers, and returns its place.
func (d *Doc) newSubdoc(s subdoc) uint32 {
	s.refs = 1
	if n := len(d.freeSubdocs); n > 0 {
		place := d.freeSubdocs[n-1]
		d.freeSubdocs = d.freeSubdocs[:n-1]
		d.subdocs[place] = s
		return place
	}
	d.subdocs = append(d.subdocs, s)
	return uint32(len(d.subdocs) - 1)
}

// refer counts a list that has a subdocument, and returns its place.
func (d *Doc) refer(place uint32) uint32 {
	d.subdocs[place].refs++
	return place
}

// unrefer is the end of what refer began.
func (d *Doc) unrefer(place uint32) {
	s := &d.subdocs[place]
	if s.refs--; s.refs == 0 {
		*s = subdoc{}
		d.freeSubdocs = append(d.freeSubdocs, place)
	}
}

// collectSubdoc forgets the subdocument of a block whose content is collected.
func (d *Doc) collectSubdoc(place uint32) {
	d.subdocs[place].item = 0
	d.unrefer(place)
}

// announceSubdocs tells the handlers what a transaction did to subdocuments.
// Source: yjs@13.6.33/src/utils/Transaction.js#cleanupTransactions.
func (d *Doc) announceSubdocs(tx *Txn) {
	added, loaded, removed := tx.subdocsAdded, tx.subdocsLoaded, tx.subdocsRemoved
	if len(added)+len(loaded)+len(removed) == 0 {
		return
	}
	still := make([]uint32, 0, len(added))
	for _, place := range added {
		s := &d.subdocs[place]
		if s.added != tx.number {
			continue
		}
		still = append(still, place)
		d.subdocCount++
		s.added, s.order = 0, d.subdocCount
		if s.doc != nil {
			s.doc.clientID = d.clientID
		}
	}
	for _, place := range removed {
		d.subdocs[place].order = 0
	}
	if len(still)+len(loaded)+len(removed) > 0 && len(d.handlers.subdocs.list) > 0 {
		e := SubdocsEvent{d.subdocsAt(still), d.subdocsAt(loaded), d.subdocsAt(removed), tx}
		for _, fn := range d.handlers.subdocs.list {
			(*fn)(e)
		}
	}
	for _, place := range removed {
		if sub := d.subdocs[place].doc; sub != nil {
			sub.Destroy()
		}
	}
	for _, list := range [][]uint32{added, loaded, removed} {
		for _, place := range list {
			d.unrefer(place)
		}
	}
}

func (d *Doc) subdocsAt(places []uint32) []*Doc {
	var list []*Doc
	for _, place := range places {
		list = append(list, d.subdocOf(place))
	}
	return list
}

// asContent returns a document as what a block holds, if it can become a subdocument
// of d.
func (d *Doc) asContent(sub *Doc) (in incoming, err error) {
	if sub.Within() != nil || sub.GUID() == "" {
		return in, ErrSubdoc
	}
	for outer := d; outer != nil; outer = outer.Within() {
		if outer == sub {
			return in, ErrSubdoc
		}
	}
	o := options{keep: !sub.gc, autoLoad: sub.sub.autoLoad}
	if sub.sub.meta != nil {
		b, err := appendValue(nil, sub.sub.meta, lib0.MaxDepth-1)
		if err != nil {
			return in, err
		}
		o.metaBytes = b
	}
	return incoming{kind: update.KindDoc, length: 1, label: []byte(sub.guid), content: o.append(nil), sub: sub}, nil
}
