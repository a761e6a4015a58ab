package crdt

import (
	"iter"
	"strings"

	"github.com/weft-sync/weft/core/update"
)

// XMLFragment is a shared sequence of XML nodes: XMLElement, XMLText and XMLHook.
type XMLFragment struct{ shared }

// XMLElement is an XML element: a node name, attributes, and children.
type XMLElement struct{ XMLFragment }

// XMLText is a text among XML nodes. It may have attributes, as an element has.
type XMLText struct{ Text }

// XMLHook is a map in the place of an XML node, for an editor to show as it likes.
type XMLHook struct{ Map }

// InsertElement puts a new element at an index. The error is ErrRange, ErrUTF8,
// ErrDeleted, ErrTxn or ErrClient.
func (x XMLFragment) InsertElement(tx *Txn, index int, name string) (XMLElement, error) {
	s, err := x.insertNamed(tx, index, update.TypeXMLElement, name)
	return XMLElement{XMLFragment{s}}, err
}

// InsertText puts a new text at an index. The error is as that of InsertElement.
func (x XMLFragment) InsertText(tx *Txn, index int) (XMLText, error) {
	s, err := x.insertType(tx, index, update.TypeXMLText, "")
	return XMLText{Text{s}}, err
}

// InsertHook puts a new hook at an index. The error is as that of InsertElement.
func (x XMLFragment) InsertHook(tx *Txn, index int, name string) (XMLHook, error) {
	s, err := x.insertNamed(tx, index, update.TypeXMLHook, name)
	return XMLHook{Map{s}}, err
}

// insertNamed is insertType of a type with a name from outside.
func (s shared) insertNamed(tx *Txn, index int, ref update.TypeRef, name string) (shared, error) {
	if !validKey(name) {
		return shared{}, ErrUTF8
	}
	return s.insertType(tx, index, ref, name)
}

// InsertElementAfter puts a new element right after a child, before what was deleted
// there, or first after nil. The error is as that of InsertElement, ErrRange of what is
// no child.
// Source: yjs@13.6.33/src/types/YXmlFragment.js#insertAfter.
func (x XMLFragment) InsertElementAfter(tx *Txn, child Shared, name string) (XMLElement, error) {
	s, err := x.insertAfter(tx, child, update.TypeXMLElement, name)
	return XMLElement{XMLFragment{s}}, err
}

// InsertTextAfter is InsertElementAfter of a text.
func (x XMLFragment) InsertTextAfter(tx *Txn, child Shared) (XMLText, error) {
	s, err := x.insertAfter(tx, child, update.TypeXMLText, "")
	return XMLText{Text{s}}, err
}

// InsertHookAfter is InsertElementAfter of a hook.
func (x XMLFragment) InsertHookAfter(tx *Txn, child Shared, name string) (XMLHook, error) {
	s, err := x.insertAfter(tx, child, update.TypeXMLHook, name)
	return XMLHook{Map{s}}, err
}

func (x XMLFragment) insertAfter(tx *Txn, child Shared, ref update.TypeRef, name string) (shared, error) {
	if err := x.check(tx); err != nil {
		return shared{}, err
	}
	if !validKey(name) {
		return shared{}, ErrUTF8
	}
	d := x.d
	at := d.sequence(x.t)
	g := gap{0, d.lists[at].start}
	if child != nil {
		c := child.handle()
		if c.d != d || !c.alive() || d.types[c.t].item == 0 || d.blocks[d.types[c.t].item].list != at {
			return shared{}, ErrRange
		}
		g.left = d.types[c.t].item
		g.right = d.blocks[g.left].right
	}
	h := tx.insert(at, g, &incoming{kind: update.KindType, length: 1, ref: ref, label: []byte(name)})
	return d.of(d.blocks[h].content), nil
}

// Delete deletes length children from an index on.
// The error is ErrRange, ErrDeleted, ErrTxn or ErrClient.
func (x XMLFragment) Delete(tx *Txn, index, length int) error {
	return x.deleteRange(tx, index, length)
}

// Get returns the child at an index, or nil where there is none.
func (x XMLFragment) Get(index int) Shared {
	if index < 0 || index >= x.Len() {
		return nil
	}
	h, _ := x.d.locate(x.d.types[x.t].seq, uint32(index)+1)
	return x.d.node(h)
}

// node returns the type that a block holds, or nil.
func (d *Doc) node(h handle) Shared {
	if b := &d.blocks[h]; h != 0 && b.kind == update.KindType && !b.deleted() {
		return d.shared(b.content)
	}
	return nil
}

// Children returns the children in order. They must not change meanwhile.
func (x XMLFragment) Children() iter.Seq[Shared] {
	return func(yield func(Shared) bool) {
		for h := x.seq().start; h != 0; h = x.d.blocks[h].right {
			if n := x.d.node(h); n != nil && !yield(n) {
				return
			}
		}
	}
}

// FirstChild returns the first child, or nil.
func (x XMLFragment) FirstChild() Shared {
	for n := range x.Children() {
		return n
	}
	return nil
}

// Walk returns all nodes below in the order of the document. They must not change
// meanwhile.
// Source: yjs@13.6.33/src/types/YXmlFragment.js#YXmlTreeWalker.
func (x XMLFragment) Walk() iter.Seq[Shared] {
	return func(yield func(Shared) bool) {
		d := x.d
		way := []handle{x.seq().start} // on each level, the node to come
		for len(way) > 0 {
			top := &way[len(way)-1]
			h := *top
			if h == 0 {
				way = way[:len(way)-1]
				continue
			}
			*top = d.blocks[h].right
			n := d.node(h)
			if n == nil {
				continue
			}
			if !yield(n) {
				return
			}
			switch n := n.(type) {
			case XMLElement:
				way = append(way, n.seq().start)
			case XMLFragment:
				way = append(way, n.seq().start)
			}
		}
	}
}

// Query returns the elements below that have a node name, in upper or lower case, in
// the order of the document.
// Source: yjs@13.6.33/src/types/YXmlFragment.js#querySelectorAll.
func (x XMLFragment) Query(name string) iter.Seq[XMLElement] {
	name = strings.ToUpper(name)
	return func(yield func(XMLElement) bool) {
		for n := range x.Walk() {
			if e, ok := n.(XMLElement); ok && strings.ToUpper(e.Name()) == name && !yield(e) {
				return
			}
		}
	}
}

// Name returns the node name.
func (x XMLElement) Name() string { return x.name() }

// Name returns the name of the hook.
func (x XMLHook) Name() string { return x.name() }

func (s shared) name() string {
	if !s.alive() {
		return ""
	}
	if t := &s.d.types[s.t]; t.item != 0 {
		return t.name
	}
	return "UNDEFINED" // of a root, as in Yjs
}

// SetAttribute sets an attribute. The error is as that of Map.Set.
func (x XMLElement) SetAttribute(tx *Txn, name string, value any) error {
	return x.set(tx, name, value)
}

// RemoveAttribute takes an attribute away. The error is as that of Map.Delete.
func (x XMLElement) RemoveAttribute(tx *Txn, name string) error { return x.deleteKey(tx, name) }

// Attribute returns the value of an attribute, and whether it is set.
func (x XMLElement) Attribute(name string) (value any, ok bool) { return x.get(name) }

// Attributes returns all attributes, in the order of JavaScript's objects.
func (x XMLElement) Attributes() Attrs { return x.members().ordered() }

// NextSibling returns the node after the element, or nil.
func (x XMLElement) NextSibling() Shared { return x.sibling(false) }

// PrevSibling returns the node before the element, or nil.
func (x XMLElement) PrevSibling() Shared { return x.sibling(true) }

// NextSibling returns the node after the text, or nil.
func (x XMLText) NextSibling() Shared { return x.sibling(false) }

// PrevSibling returns the node before the text, or nil.
func (x XMLText) PrevSibling() Shared { return x.sibling(true) }

// sibling returns the type next to the one that holds this, or nil.
func (s shared) sibling(before bool) Shared {
	if !s.alive() {
		return nil
	}
	d := s.d
	for h := d.types[s.t].item; h != 0; {
		if before {
			h = d.blocks[h].left
		} else {
			h = d.blocks[h].right
		}
		if h != 0 && !d.blocks[h].deleted() {
			return d.node(h)
		}
	}
	return nil
}

// InsertXMLFragment puts a new fragment at an index. The error is as that of Insert.
func (a Array) InsertXMLFragment(tx *Txn, index int) (XMLFragment, error) {
	s, err := a.insertType(tx, index, update.TypeXMLFragment, "")
	return XMLFragment{s}, err
}

// InsertXMLElement puts a new element at an index. The error is as that of Insert.
func (a Array) InsertXMLElement(tx *Txn, index int, name string) (XMLElement, error) {
	s, err := a.insertNamed(tx, index, update.TypeXMLElement, name)
	return XMLElement{XMLFragment{s}}, err
}

// InsertXMLText puts a new XML text at an index. The error is as that of Insert.
func (a Array) InsertXMLText(tx *Txn, index int) (XMLText, error) {
	s, err := a.insertType(tx, index, update.TypeXMLText, "")
	return XMLText{Text{s}}, err
}

// SetXMLFragment sets the value of a key to a new fragment. The error is as that of
// Set.
func (m Map) SetXMLFragment(tx *Txn, key string) (XMLFragment, error) {
	s, err := m.setType(tx, key, update.TypeXMLFragment, "")
	return XMLFragment{s}, err
}

// SetXMLElement sets the value of a key to a new element. The error is as that of Set.
func (m Map) SetXMLElement(tx *Txn, key, name string) (XMLElement, error) {
	if !validKey(name) {
		return XMLElement{}, ErrUTF8
	}
	s, err := m.setType(tx, key, update.TypeXMLElement, name)
	return XMLElement{XMLFragment{s}}, err
}

// SetXMLText sets the value of a key to a new XML text. The error is as that of Set.
func (m Map) SetXMLText(tx *Txn, key string) (XMLText, error) {
	s, err := m.setType(tx, key, update.TypeXMLText, "")
	return XMLText{Text{s}}, err
}

// PushXMLFragment puts a new fragment at the end. The error is as that of Push.
func (a Array) PushXMLFragment(tx *Txn) (XMLFragment, error) {
	s, err := a.pushType(tx, update.TypeXMLFragment, "")
	return XMLFragment{s}, err
}

// PushXMLElement puts a new element at the end. The error is as that of Push.
func (a Array) PushXMLElement(tx *Txn, name string) (XMLElement, error) {
	s, err := a.pushType(tx, update.TypeXMLElement, name)
	return XMLElement{XMLFragment{s}}, err
}

// PushXMLText puts a new XML text at the end. The error is as that of Push.
func (a Array) PushXMLText(tx *Txn) (XMLText, error) {
	s, err := a.pushType(tx, update.TypeXMLText, "")
	return XMLText{Text{s}}, err
}
