package load

import "errors"

// A writer types single characters as an author does, and encodes each as the
// update that Yjs emits for it.
//
// The bytes are made by hand and not by the project's own encoder, so that a
// fault of the code under test cannot hide in its load.
type writer struct {
	id    uint64 // the Yjs client id
	clock uint64 // the next character's clock; each character takes one

	// jump, if it is set, draws where the cursor goes after every run
	// characters; otherwise all is typed at the end.
	jump func(n uint64) uint64
	run  uint64
	left uint64 // the character that the next one is typed behind
	// right holds, for every character, the clock + 1 of the one behind it; 0
	// is the end. It is kept only by writers that jump.
	right []uint64
}

// Content references and flags of a struct's info byte
// (yjs@13.6.33/src/structs/Item.js#contentRefs).
const (
	refGC      = 0
	refDeleted = 1
	refString  = 4
	refSkip    = 10

	infoParentSub   = 0x20
	infoRightOrigin = 0x40
	infoOrigin      = 0x80
)

// root is the name of the shared text that everybody types into.
const root = "text"

// appendNext appends the update that inserts the writer's next character:
//
//	clients=1  structs=1  client  clock  info  origin | parent  right  string  deletes=0
func (w *writer) appendNext(b []byte) []byte {
	b = append(b, 1, 1)
	b = appendUint(b, w.id)
	b = appendUint(b, w.clock)
	if w.clock == 0 {
		b = append(b, refString, 1) // 1: the parent is a root, by its name
		b = appendString(b, root)
	} else {
		left, right := w.place()
		info := byte(refString | infoOrigin)
		if right != 0 {
			info |= infoRightOrigin
		}
		b = append(b, info)
		b = appendUint(b, w.id)
		b = appendUint(b, left)
		if right != 0 {
			b = appendUint(b, w.id)
			b = appendUint(b, right-1)
		}
	}
	b = append(b, 1, 'a'+byte(w.clock%26), 0)
	w.left = w.clock
	w.clock++
	return b
}

// place returns between which characters the next one goes; right is one more
// than its clock, or 0 at the end.
func (w *writer) place() (left, right uint64) {
	if w.jump == nil {
		return w.left, 0
	}
	if w.clock%w.run == 0 {
		w.left = w.jump(w.clock)
	}
	for uint64(len(w.right)) <= w.clock {
		w.right = append(w.right, 0)
	}
	right = w.right[w.left]
	w.right[w.clock] = right
	w.right[w.left] = w.clock + 1
	return w.left, right
}

var errUpdate = errors.New("load: a server sent an update that the load program cannot read")

// eachRun calls f for every run of clocks in a v1 update, in its order. It reads what
// a server can make of the writers' characters: strings, whole or merged, and
// Skip, GC and Deleted structs; anything else is errUpdate.
func eachRun(u []byte, f func(client, clock, length uint64)) error {
	r := reader{b: u}
	for range r.uint() {
		structs, client, clock := r.uint(), r.uint(), r.uint()
		for range structs {
			length, skip := r.structLength()
			if r.bad {
				return errUpdate
			}
			if !skip {
				f(client, clock, length)
			}
			clock += length
		}
		if r.bad {
			return errUpdate
		}
	}
	if r.bad {
		return errUpdate
	}
	return nil
}

func (r *reader) structLength() (length uint64, skip bool) {
	info := r.byte()
	switch ref := info & 0x1f; ref {
	case refGC, refSkip:
		return r.uint(), ref == refSkip
	case refDeleted, refString:
		if info&infoOrigin != 0 {
			r.uint()
			r.uint()
		}
		if info&infoRightOrigin != 0 {
			r.uint()
			r.uint()
		}
		if info&(infoOrigin|infoRightOrigin) == 0 {
			if r.uint() == 1 {
				r.bytes()
			} else {
				r.uint()
				r.uint()
			}
			if info&infoParentSub != 0 {
				r.bytes()
			}
		}
		if ref == refDeleted {
			return r.uint(), false
		}
		return uint64(len(r.bytes())), false // the writers type ASCII only
	}
	r.bad = true
	return 0, false
}

func appendUint(b []byte, v uint64) []byte {
	for v >= 0x80 {
		b = append(b, byte(v)|0x80)
		v >>= 7
	}
	return append(b, byte(v))
}

func appendString(b []byte, s string) []byte {
	return append(appendUint(b, uint64(len(s))), s...)
}

func appendBytes(b, v []byte) []byte {
	return append(appendUint(b, uint64(len(v))), v...)
}

// reader reads lib0 varints and length-prefixed bytes; bad is set for good
// when they end too early.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) byte() byte {
	if len(r.b) == 0 {
		r.bad = true
		return 0
	}
	c := r.b[0]
	r.b = r.b[1:]
	return c
}

func (r *reader) uint() uint64 {
	var v uint64
	for shift := 0; shift < 63; shift += 7 {
		c := r.byte()
		v |= uint64(c&0x7f) << shift
		if c < 0x80 {
			return v
		}
	}
	r.bad = true
	return 0
}

func (r *reader) bytes() []byte {
	n := r.uint()
	if r.bad || n > uint64(len(r.b)) {
		r.bad = true
		return nil
	}
	v := r.b[:n]
	r.b = r.b[n:]
	return v
}
