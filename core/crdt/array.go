package crdt

import (
	"cmp"
	"iter"

	"github.com/weft-sync/weft/core/lib0"
	"github.com/weft-sync/weft/core/update"
)

// Array is a shared sequence of values.
type Array struct{ shared }

// Insert puts values at an index. The error is ErrRange, ErrValue, ErrUTF8,
// ErrTooLarge, ErrDeleted, ErrTxn or ErrClient, and nothing was put.
// Source: yjs@13.6.33/src/types/AbstractType.js#typeListInsertGenerics.
func (a Array) Insert(tx *Txn, index int, values ...any) error {
	if err := a.check(tx); err != nil {
		return err
	}
	if index < 0 || index > a.Len() {
		return ErrRange
	}
	return a.insertAt(tx, uint32(index), a.d.gapAt(a.d.sequence(a.t), uint32(index)), values)
}

// Push puts values at the end, after what was deleted there as well.
// Source: yjs@13.6.33/src/types/AbstractType.js#typeListPushGenerics.
func (a Array) Push(tx *Txn, values ...any) error {
	if err := a.check(tx); err != nil {
		return err
	}
	l := &a.d.lists[a.d.sequence(a.t)]
	return a.insertAt(tx, l.visible, gap{l.end, 0}, values)
}

// insertAt puts values into a gap, plain ones that follow each other into one block.
func (a Array) insertAt(tx *Txn, index uint32, g gap, values []any) error {
	d := a.d
	at := d.sequence(a.t)
	contents, err := d.contents(values)
	if err != nil {
		return err
	}
	for i := range contents {
		in := &contents[i]
		n := uint32(in.length)
		h := tx.insert(at, g, in)
		if l := &d.lists[at]; h != g.left {
			l.cursor, l.cursorAt = h, index
		}
		index += n
		g = gap{h, d.blocks[h].right}
	}
	return nil
}

// contents returns values as what blocks hold.
// Source: yjs@13.6.33/src/types/AbstractType.js#typeListInsertGenericsAfter.
func (d *Doc) contents(values []any) (list []incoming, err error) {
	var plain []byte
	n := uint64(0)
	pack := func() {
		if n > 0 {
			list = append(list, incoming{kind: update.KindAny, length: n, content: plain})
			plain, n = nil, 0
		}
	}
	total := 0
	var docs map[*Doc]struct{}
	for _, v := range values {
		switch v := v.(type) {
		case []byte:
			pack()
			list = append(list, incoming{kind: update.KindBinary, length: 1, content: v})
			total += len(v)
		case *Doc:
			pack()
			in, err := d.asContent(v)
			if _, twice := docs[v]; err != nil || twice {
				return nil, cmp.Or(err, ErrSubdoc)
			}
			if docs == nil {
				docs = map[*Doc]struct{}{}
			}
			docs[v] = struct{}{}
			list = append(list, in)
			total += len(in.content)
		default:
			if plain, err = appendValue(plain, v, lib0.MaxDepth); err != nil {
				return nil, err
			}
			n++
		}
		if total+len(plain) > update.MaxSize-d.Size() {
			return nil, ErrTooLarge
		}
	}
	pack()
	return list, nil
}

// insertType puts a new shared type at an index.
func (s shared) insertType(tx *Txn, index int, ref update.TypeRef, name string) (shared, error) {
	if err := s.check(tx); err != nil {
		return shared{}, err
	}
	if index < 0 || index > s.Len() {
		return shared{}, ErrRange
	}
	return s.putType(tx, uint32(index), s.d.gapAt(s.d.sequence(s.t), uint32(index)), ref, name), nil
}

// pushType is insertType at the end, after what was deleted there as well.
func (s shared) pushType(tx *Txn, ref update.TypeRef, name string) (shared, error) {
	if err := s.check(tx); err != nil {
		return shared{}, err
	}
	if !validKey(name) {
		return shared{}, ErrUTF8
	}
	l := &s.d.lists[s.d.sequence(s.t)]
	return s.putType(tx, l.visible, gap{l.end, 0}, ref, name), nil
}

func (s shared) putType(tx *Txn, index uint32, g gap, ref update.TypeRef, name string) shared {
	d := s.d
	at := d.sequence(s.t)
	in := incoming{kind: update.KindType, length: 1, ref: ref, label: []byte(name)}
	h := tx.insert(at, g, &in)
	l := &d.lists[at]
	l.cursor, l.cursorAt = h, index
	return d.of(d.blocks[h].content)
}

// InsertText puts a new text at an index. The error is as that of Insert.
func (a Array) InsertText(tx *Txn, index int) (Text, error) {
	s, err := a.insertType(tx, index, update.TypeText, "")
	return Text{s}, err
}

// InsertArray puts a new array at an index. The error is as that of Insert.
func (a Array) InsertArray(tx *Txn, index int) (Array, error) {
	s, err := a.insertType(tx, index, update.TypeArray, "")
	return Array{s}, err
}

// InsertMap puts a new map at an index. The error is as that of Insert.
func (a Array) InsertMap(tx *Txn, index int) (Map, error) {
	s, err := a.insertType(tx, index, update.TypeMap, "")
	return Map{s}, err
}

// PushText puts a new text at the end, as Push does. The error is as that of Push.
func (a Array) PushText(tx *Txn) (Text, error) {
	s, err := a.pushType(tx, update.TypeText, "")
	return Text{s}, err
}

// PushArray puts a new array at the end, as Push does. The error is as that of Push.
func (a Array) PushArray(tx *Txn) (Array, error) {
	s, err := a.pushType(tx, update.TypeArray, "")
	return Array{s}, err
}

// PushMap puts a new map at the end, as Push does. The error is as that of Push.
func (a Array) PushMap(tx *Txn) (Map, error) {
	s, err := a.pushType(tx, update.TypeMap, "")
	return Map{s}, err
}

// Delete deletes length values from an index on.
// The error is ErrRange, ErrDeleted, ErrTxn or ErrClient.
func (a Array) Delete(tx *Txn, index, length int) error { return a.deleteRange(tx, index, length) }

func (s shared) deleteRange(tx *Txn, index, length int) error {
	if err := s.check(tx); err != nil {
		return err
	}
	if index < 0 || length < 0 || index > s.Len()-length {
		return ErrRange
	}
	tx.remove(s.d.sequence(s.t), uint32(index), uint32(length))
	return nil
}

// Get returns the value at an index, or Undefined where there is none.
func (a Array) Get(index int) any {
	if index < 0 || index >= a.Len() {
		return Undefined{}
	}
	h, first := a.d.locate(a.d.types[a.t].seq, uint32(index)+1)
	return a.d.value(h, index-int(first))
}

// All returns the values with their indexes. The array must not change meanwhile.
func (a Array) All() iter.Seq2[int, any] { return a.all() }

// Values returns all values.
func (a Array) Values() []any {
	list := make([]any, 0, a.Len())
	for _, v := range a.All() {
		list = append(list, v)
	}
	return list
}

func (s shared) all() iter.Seq2[int, any] {
	return func(yield func(int, any) bool) {
		i := 0
		for h := s.seq().start; h != 0; h = s.d.blocks[h].right {
			if s.d.blocks[h].visible() == 0 {
				continue
			}
			for v := range s.d.blockValues(h) {
				if !yield(i, v) {
					return
				}
				i++
			}
		}
	}
}

// blockValues returns what a block holds, value by value.
func (d *Doc) blockValues(h handle) iter.Seq[any] {
	return func(yield func(any) bool) {
		b := &d.blocks[h]
		switch b.kind {
		case update.KindAny:
			r := lib0.NewReader(d.bytesOf(b))
			for r.Len() > 0 {
				if !yield(fromAny(r.Any("value"))) {
					return
				}
			}
		default:
			for i := range int(b.length) {
				if !yield(d.value(h, i)) {
					return
				}
			}
		}
	}
}
