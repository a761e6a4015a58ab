package coretest

import (
	"github.com/weft-sync/weft/core/lib0"
	"github.com/weft-sync/weft/core/update"
)

// ID names one unit of content: the client that made it, and that client's clock.
type ID struct{ Client, Clock uint64 }

// Typing returns an update (v1) in which a client types ASCII text as one run, its
// first unit with the given clock. after is what it was typed behind; nil: at the
// start of the root type "text".
//
// Layout: yjs@13.6.33/src/structs/Item.js#write, with ContentString (4).
func Typing(client, clock uint64, after *ID, text string) []byte {
	b := make([]byte, 0, len(text)+32)
	b = lib0.AppendUint(b, 1) // clients with structs
	b = lib0.AppendUint(b, 1) // structs of this client
	b = lib0.AppendUint(b, client)
	b = lib0.AppendUint(b, clock)
	const contentString, hasOrigin = 4, 0x80
	if after != nil {
		b = append(b, contentString|hasOrigin)
		b = lib0.AppendUint(b, after.Client)
		b = lib0.AppendUint(b, after.Clock)
	} else {
		b = append(b, contentString)
		b = lib0.AppendUint(b, 1) // the parent is a root type, by name
		b = lib0.AppendString(b, "text")
	}
	b = lib0.AppendString(b, text)
	return lib0.AppendUint(b, 0) // clients with deletions
}

// Deleting returns an update (v1) that deletes n units from an id on, and has no
// content.
//
// Layout: yjs@13.6.33/src/utils/DeleteSet.js#writeDeleteSet.
func Deleting(from ID, n uint64) []byte {
	b := make([]byte, 0, 16)
	b = lib0.AppendUint(b, 0) // clients with structs
	b = lib0.AppendUint(b, 1) // clients with deletions
	b = lib0.AppendUint(b, from.Client)
	b = lib0.AppendUint(b, 1) // ranges
	b = lib0.AppendUint(b, from.Clock)
	return lib0.AppendUint(b, n)
}

// Document is a document and somebody who edits it: an update.Doc with one client's
// hand. Its edits have the shape of typing: mostly runs that continue each other,
// sometimes a jump, sometimes a deletion.
type Document struct {
	*update.Doc
	Client uint64

	rand  *Rand
	clock uint64 // of the next unit
	at    *ID    // what the next run is typed behind
}

// NewDocument returns an empty document.
func NewDocument(client uint64, rand *Rand) *Document {
	return &Document{Doc: update.NewDoc(), Client: client, rand: rand}
}

// Edit makes one edit and returns its update.
func (d *Document) Edit() []byte {
	u := d.edit()
	if _, err := d.Apply(append([]byte(nil), u...)); err != nil {
		panic("coretest: an edit of our own was refused: " + err.Error())
	}
	return u
}

func (d *Document) edit() []byte {
	switch n := d.rand.Intn(100); {
	case n < 10:
		if id, ok := d.someID(); ok {
			return Deleting(id, 1)
		}
	case n < 25:
		if id, ok := d.someID(); ok {
			d.at = &id
		}
	}
	const letters = "the quick brown fox jumps over the lazy dog "
	n := 1 + d.rand.Intn(4)
	from := d.rand.Intn(len(letters) - n)
	u := Typing(d.Client, d.clock, d.at, letters[from:from+n])
	d.clock += uint64(n)
	d.at = &ID{d.Client, d.clock - 1}
	return u
}

// someID returns the id of a unit that the document has.
func (d *Document) someID() (ID, bool) {
	r := lib0.NewReader(d.StateVector())
	n := r.Uint("clients")
	if n == 0 {
		return ID{}, false
	}
	for skip := d.rand.Intn(int(n)); skip > 0; skip-- {
		r.Uint("client")
		r.Uint("clock")
	}
	client, clocks := r.Uint("client"), r.Uint("clock")
	if r.Err() != nil || clocks == 0 {
		return ID{}, false
	}
	return ID{client, uint64(d.rand.Intn(int(clocks)))}, true
}
