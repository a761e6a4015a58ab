package crdt

import (
	"iter"

	"github.com/weft-sync/weft/core/update"
)

// Map is a shared map of keys to values. Of values that were set at the same time
// the one whose client has the higher id wins.
type Map struct{ shared }

// Set sets the value of a key. The error is ErrValue, ErrUTF8, ErrTooLarge,
// ErrDeleted, ErrTxn or ErrClient.
// Source: yjs@13.6.33/src/types/AbstractType.js#typeMapSet.
func (m Map) Set(tx *Txn, key string, value any) error { return m.set(tx, key, value) }

func (s shared) set(tx *Txn, key string, value any) error {
	if err := s.check(tx); err != nil {
		return err
	}
	contents, err := s.d.contents([]any{value})
	if err != nil {
		return err
	}
	_, err = s.setContent(tx, key, &contents[0])
	return err
}

func (s shared) setContent(tx *Txn, key string, in *incoming) (handle, error) {
	d := s.d
	if !validKey(key) {
		return 0, ErrUTF8
	}
	at := d.addEntry(s.t, d.keyOf([]byte(key)))
	return tx.insert(at, gap{d.lists[at].end, 0}, in), nil
}

func (s shared) setType(tx *Txn, key string, ref update.TypeRef, name string) (shared, error) {
	if err := s.check(tx); err != nil {
		return shared{}, err
	}
	h, err := s.setContent(tx, key, &incoming{kind: update.KindType, length: 1, ref: ref, label: []byte(name)})
	if err != nil {
		return shared{}, err
	}
	return s.d.of(s.d.blocks[h].content), nil
}

// SetText sets the value of a key to a new text. The error is as that of Set.
func (m Map) SetText(tx *Txn, key string) (Text, error) {
	s, err := m.setType(tx, key, update.TypeText, "")
	return Text{s}, err
}

// SetArray sets the value of a key to a new array. The error is as that of Set.
func (m Map) SetArray(tx *Txn, key string) (Array, error) {
	s, err := m.setType(tx, key, update.TypeArray, "")
	return Array{s}, err
}

// SetMap sets the value of a key to a new map. The error is as that of Set.
func (m Map) SetMap(tx *Txn, key string) (Map, error) {
	s, err := m.setType(tx, key, update.TypeMap, "")
	return Map{s}, err
}

// Delete deletes a key. It is no error if there is none.
// The error is ErrDeleted, ErrTxn or ErrClient.
func (m Map) Delete(tx *Txn, key string) error { return m.deleteKey(tx, key) }

func (s shared) deleteKey(tx *Txn, key string) error {
	if err := s.check(tx); err != nil {
		return err
	}
	if h := s.present(key); h != 0 {
		tx.delete(h)
	}
	return nil
}

// present returns the block with the value of a key, or 0.
func (s shared) present(key string) handle {
	if !s.alive() {
		return 0
	}
	k := s.d.findKey(key)
	if k == noKey {
		return 0
	}
	h := s.d.lists[s.d.types[s.t].entry(k)].end
	if h == 0 || s.d.blocks[h].deleted() {
		return 0
	}
	return h
}

// Get returns the value of a key, and whether there is one.
func (m Map) Get(key string) (value any, ok bool) { return m.get(key) }

func (s shared) get(key string) (any, bool) {
	h := s.present(key)
	if h == 0 {
		return nil, false
	}
	return s.d.value(h, int(s.d.blocks[h].length)-1), true
}

// Has reports whether a key has a value.
func (m Map) Has(key string) bool { return m.present(key) != 0 }

// Len returns how many keys have a value.
func (m Map) Len() int {
	n := 0
	for range m.keys() {
		n++
	}
	return n
}

// All returns the keys and their values, in the order in which the keys were first
// set here. The map must not change meanwhile.
func (m Map) All() iter.Seq2[string, any] { return m.allKeys() }

func (s shared) allKeys() iter.Seq2[string, any] {
	return func(yield func(string, any) bool) {
		for key, h := range s.keys() {
			if !yield(key, s.d.value(h, int(s.d.blocks[h].length)-1)) {
				return
			}
		}
	}
}

// keys returns the keys that have a value, and the block with the value.
func (s shared) keys() iter.Seq2[string, handle] {
	return func(yield func(string, handle) bool) {
		if !s.alive() {
			return
		}
		for _, e := range s.d.types[s.t].entries {
			h := s.d.lists[e.list].end
			if h != 0 && !s.d.blocks[h].deleted() && !yield(s.d.keys[e.key], h) {
				return
			}
		}
	}
}
