package crdt

import "github.com/weft-sync/weft/core/update"

// list is a sequence of blocks: the sequence of a shared type, or all values that
// a key of it ever had, of which the last is the present one.
type list struct {
	typ        uint32 // whose it is: place in Doc.types
	key        uint32 // place in Doc.keys; noKey: the sequence of the type
	start, end handle
	visible    uint32 // positions

	// Where positions are; see positions.go and tree.go.
	root     uint32 // of the tree; 0: none
	cursor   handle // a visible block whose position is known; 0: none
	cursorAt uint32 // the position of its first unit
}

const noKey = 0

// typ is a shared type of the document.
type typ struct {
	gen       uint32 // how many types had this place before
	ref       update.TypeRef
	untyped   bool   // a root that nobody has asked for by its kind yet
	formatted bool   // there are, or were, formats in it
	cleaned   bool   // its formats are cleaned up after changes from elsewhere, as Yjs does
	item      handle // the block that holds it; 0: a root
	seq       uint32 // its sequence: place in Doc.lists; 0: there was none yet
	name      string // of a root, an element or a hook
	entries   []keyEntry
	places    map[uint32]uint32 // key to place in entries; nil while there are few
	watch     *watchers         // nil: nobody observes it
	marks     *marks            // what is in force after some blocks, see marks.go
}

// keyEntry is a key of a type and the list of its values.
type keyEntry struct{ key, list uint32 }

// fewEntries is how many keys of a type are looked up without a map.
const fewEntries = 8

// newType adds a type and returns its place.
func (d *Doc) newType(t typ) uint32 {
	if n := len(d.freeTypes); n > 0 {
		i := d.freeTypes[n-1]
		d.freeTypes = d.freeTypes[:n-1]
		t.gen = d.types[i].gen
		d.types[i] = t
		return i
	}
	d.types = append(d.types, t)
	return uint32(len(d.types) - 1)
}

// newList adds a list and returns its place.
func (d *Doc) newList(typ, key uint32) uint32 {
	if n := len(d.freeLists); n > 0 {
		i := d.freeLists[n-1]
		d.freeLists = d.freeLists[:n-1]
		d.lists[i] = list{typ: typ, key: key}
		return i
	}
	d.lists = append(d.lists, list{typ: typ, key: key})
	return uint32(len(d.lists) - 1)
}

// root returns the place of a root type, which is added where there is none.
func (d *Doc) root(name []byte) uint32 {
	if i, ok := d.roots[string(name)]; ok {
		return i
	}
	i := d.newType(typ{untyped: true, name: string(name)})
	if d.roots == nil {
		d.roots = map[string]uint32{}
	}
	d.roots[string(name)] = i
	d.rootOrder = append(d.rootOrder, i)
	return i
}

// sequence returns the list of a type's sequence.
func (d *Doc) sequence(t uint32) uint32 {
	if d.types[t].seq == 0 {
		l := d.newList(t, noKey)
		d.types[t].seq = l
	}
	return d.types[t].seq
}

// entry returns the list of a key's values, or 0.
func (t *typ) entry(key uint32) uint32 {
	if t.places != nil {
		if i, ok := t.places[key]; ok {
			return t.entries[i].list
		}
		return 0
	}
	for _, e := range t.entries {
		if e.key == key {
			return e.list
		}
	}
	return 0
}

// addEntry is entry that adds the key where there is none.
func (d *Doc) addEntry(at, key uint32) uint32 {
	if l := d.types[at].entry(key); l != 0 {
		return l
	}
	l := d.newList(at, key)
	t := &d.types[at]
	t.entries = append(t.entries, keyEntry{key, l})
	switch {
	case t.places != nil:
		t.places[key] = uint32(len(t.entries) - 1)
	case len(t.entries) > fewEntries:
		t.places = make(map[uint32]uint32, 2*len(t.entries))
		for i, e := range t.entries {
			t.places[e.key] = uint32(i)
		}
	}
	return l
}

// keyOf returns the place of a key in Doc.keys, which is added where there is none.
func (d *Doc) keyOf(key []byte) uint32 {
	if i, ok := d.keyPlaces[string(key)]; ok {
		return i
	}
	if d.keyPlaces == nil {
		d.keyPlaces = map[string]uint32{}
	}
	s := string(key)
	i := uint32(len(d.keys))
	d.keys = append(d.keys, s)
	d.keyPlaces[s] = i
	return i
}

// findKey returns the place of a key in Doc.keys, or noKey.
func (d *Doc) findKey(key string) uint32 { return d.keyPlaces[key] }

// link puts a block into its list after left, which is 0 at the start. The block's
// left and right are set.
func (d *Doc) link(h, left handle) {
	b := &d.blocks[h]
	l := &d.lists[b.list]
	b.left = left
	if left == 0 {
		b.right = l.start
		l.start = h
	} else {
		b.right = d.blocks[left].right
		d.blocks[left].right = h
	}
	if b.right == 0 {
		l.end = h
	} else {
		d.blocks[b.right].left = h
	}
	size := b.visible()
	l.visible += size
	l.cursor = 0
	if l.root != 0 {
		d.treeInsert(b.list, left, h, size)
	}
	if b.kind == update.KindFormat {
		d.formatMoved(h)
	}
}

// unlink takes a block that was merged into its left neighbour out of its list.
func (d *Doc) unlink(h handle) {
	b := &d.blocks[h]
	l := &d.lists[b.list]
	d.blocks[b.left].right = b.right
	if b.right == 0 {
		l.end = b.left
	} else {
		d.blocks[b.right].left = b.left
	}
	if l.cursor == h {
		l.cursor = 0
	}
	if b.flags&flagMark != 0 {
		d.unmark(h)
	}
	if l.root != 0 {
		d.treeRemove(h)
	}
}

// hide tells the list of a block, which takes size positions, that it was deleted.
func (d *Doc) hide(h handle, size uint32) {
	if size == 0 {
		return
	}
	l := &d.lists[d.blocks[h].list]
	l.visible -= size
	l.cursor = 0
	if l.root != 0 {
		d.treeResize(h, size, 0)
	}
}
