package crdt

import "github.com/weft-sync/weft/core/update"

// shared is a shared type of a document: what all kinds have in common. It is a
// small value that can be copied and compared with ==.
type shared struct {
	d   *Doc
	t   uint32 // place in Doc.types
	gen uint32 // of that place
}

// Shared is one of the shared types: Text, Array, Map, XMLFragment, XMLElement,
// XMLText or XMLHook.
type Shared interface {
	// Doc returns the document that the type is in.
	Doc() *Doc
	// Deleted reports whether the type is not in the document any more.
	Deleted() bool
	// Parent returns the type that holds this one, or nil of a root.
	Parent() Shared

	handle() shared
}

func (s shared) handle() shared { return s }

func (s shared) Doc() *Doc { return s.d }

func (s shared) Deleted() bool {
	if !s.alive() {
		return true
	}
	item := s.d.types[s.t].item
	return item != 0 && s.d.blocks[item].deleted()
}

// alive reports whether the type has not been collected.
func (s shared) alive() bool { return s.d != nil && s.d.types[s.t].gen == s.gen }

func (s shared) Parent() Shared {
	if !s.alive() {
		return nil
	}
	item := s.d.types[s.t].item
	if item == 0 {
		return nil
	}
	return s.d.shared(s.d.lists[s.d.blocks[item].list].typ)
}

// check returns an error if the type cannot be changed in a transaction.
func (s shared) check(tx *Txn) error {
	switch {
	case tx == nil || !tx.running || tx.doc != s.d:
		return ErrTxn
	case !s.alive():
		return ErrDeleted
	case s.d.clientID == 0:
		return ErrClient
	}
	return nil
}

// seq returns the sequence of the type, or nil where there is none yet.
func (s shared) seq() *list {
	if !s.alive() || s.d.types[s.t].seq == 0 {
		return &s.d.lists[0]
	}
	return &s.d.lists[s.d.types[s.t].seq]
}

// Len returns how many units the type's sequence has: UTF-16 units and embedded
// values of a text, values of an array, children of an XML type.
func (s shared) Len() int { return int(s.seq().visible) }

// of returns the handle of a type.
func (d *Doc) of(t uint32) shared { return shared{d, t, d.types[t].gen} }

// shared returns a type as what it is. A root that was not asked for by its kind
// is taken for what it looks like: a map if it has keys, else an array.
func (d *Doc) shared(t uint32) Shared {
	s := d.of(t)
	ty := &d.types[t]
	if ty.untyped {
		if len(ty.entries) > 0 {
			return Map{s}
		}
		return Array{s}
	}
	switch ty.ref {
	case update.TypeArray:
		return Array{s}
	case update.TypeMap:
		return Map{s}
	case update.TypeText:
		return Text{s}
	case update.TypeXMLElement:
		return XMLElement{XMLFragment{s}}
	case update.TypeXMLFragment:
		return XMLFragment{s}
	case update.TypeXMLHook:
		return XMLHook{Map{s}}
	}
	return XMLText{Text{s}}
}

// rootAs returns a root, which has from now on the kind that it was first asked
// for as.
func (d *Doc) rootAs(name string, ref update.TypeRef) shared {
	t, ok := d.roots[name]
	if !ok {
		t = d.root([]byte(name))
	}
	if ty := &d.types[t]; ty.untyped {
		ty.untyped, ty.ref = false, ref
		ty.cleaned = false // only after the next format: Yjs makes a new type here
	}
	return d.of(t)
}

// Text returns the root text of a name. A root has no kind on the wire: asked for
// as several kinds, it is shown as each, and its events are those of the first.
func (d *Doc) Text(name string) Text { return Text{d.rootAs(name, update.TypeText)} }

// Array returns the root array of a name; see Text.
func (d *Doc) Array(name string) Array { return Array{d.rootAs(name, update.TypeArray)} }

// Map returns the root map of a name; see Text.
func (d *Doc) Map(name string) Map { return Map{d.rootAs(name, update.TypeMap)} }

// XMLFragment returns the root fragment of a name; see Text.
func (d *Doc) XMLFragment(name string) XMLFragment {
	return XMLFragment{d.rootAs(name, update.TypeXMLFragment)}
}

// XMLElement returns the root element of a name, whose node name is "undefined", as
// in Yjs; see Text.
func (d *Doc) XMLElement(name string) XMLElement {
	return XMLElement{XMLFragment{d.rootAs(name, update.TypeXMLElement)}}
}

// XMLText returns the root XML text of a name; see Text.
func (d *Doc) XMLText(name string) XMLText { return XMLText{Text{d.rootAs(name, update.TypeXMLText)}} }
