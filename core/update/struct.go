package update

import (
	"iter"

	"github.com/weft-sync/weft/core/lib0"
)

// ID names one unit of a document: the clock-th one that a client made.
type ID struct{ Client, Clock uint64 }

// Struct is one struct of an update, decoded as far as a reader needs who has no
// document. Its slices alias the update.
type Struct struct {
	ID           // of its first unit
	Len   uint64 // in units, at least 1; text counts UTF-16 units
	Kind  Kind
	Place Place // of an item

	// Content is an item's content as version 1 encodes it. In an update of
	// version 2, the values of embeds and formats are Any instead of JSON.
	Content []byte
	layout  layout
}

// Place is what an item says about where it belongs.
type Place struct {
	Origin, RightOrigin       ID     // its neighbours when it was made
	HasOrigin, HasRightOrigin bool   // the start and the end of a sequence have none
	HasParent                 bool   // only when there is no neighbour to copy the parent from
	ParentName                []byte // the name of a root type; nil if the parent is an item
	ParentID                  ID     // the parent's item
	ParentSub                 []byte // the key, in a map or among attributes
	HasParentSub              bool   // a sequence's items have none
}

// DeleteRange is a run of ids that an update deletes.
type DeleteRange struct {
	ID
	Len uint64
}

// Inspect checks u and returns iterators over its structs and over its delete
// set, both in the order of the bytes. They alias u, which must not change.
func Inspect(u []byte) (iter.Seq[Struct], iter.Seq[DeleteRange], error) {
	if err := Validate(u); err != nil {
		return nil, nil, err
	}
	structs, deletes := inspect(u, withJSON)
	return structs, deletes, nil
}

// inspect is Inspect of an update that was checked.
func inspect(u []byte, l layout) (iter.Seq[Struct], iter.Seq[DeleteRange]) {
	structs := func(yield func(Struct) bool) {
		s := scan(u, l)
		for s.section() {
			for s.next() {
				if !yield(s.decoded(u)) {
					return
				}
			}
		}
	}
	deletes := func(yield func(DeleteRange) bool) {
		s := scan(u, l)
		for s.section() {
			for s.next() {
			}
		}
		for s.deleteClient() {
			for s.deleteRange() {
				r := s.deleted
				if !yield(DeleteRange{ID{s.client, r.Start}, r.End - r.Start}) {
					return
				}
			}
		}
	}
	return structs, deletes
}

// decoded returns the struct last read from u.
func (s *scanner) decoded(u []byte) Struct {
	st := Struct{ID: ID{s.client, s.start}, Len: s.units, Kind: Kind(s.info & infoKind), layout: s.layout}
	if st.Kind == KindGC || st.Kind == KindSkip {
		return st
	}
	r := lib0.NewReader(u[s.off:s.Offset()])
	st.Place = readPlace(&r)
	st.Content = r.Rest()
	return st
}

// readPlace reads an item that was checked, from its info byte up to its content.
func readPlace(r *lib0.Reader) (p Place) {
	info := r.Byte("struct info")
	p.HasParent = info&infoOrigins == 0
	p.HasOrigin = info&infoOrigin != 0
	p.HasRightOrigin = info&infoRightOrigin != 0
	if p.HasOrigin {
		p.Origin = readID(r)
	}
	if p.HasRightOrigin {
		p.RightOrigin = readID(r)
	}
	if p.HasParent {
		if r.Uint("parent form") == 1 {
			p.ParentName = r.Bytes("parent name")
		} else {
			p.ParentID = readID(r)
		}
		if p.HasParentSub = info&infoParentSub != 0; p.HasParentSub {
			p.ParentSub = r.Bytes("parent key")
		}
	}
	return p
}

func readID(r *lib0.Reader) (id ID) {
	id.Client = r.Uint("client")
	id.Clock = r.Uint("clock")
	return id
}

// appendTo appends an item's info byte and place the way Yjs does, which is:
// the key is flagged whenever it is known, and written only beside a parent.
// Source: yjs@13.6.33/src/structs/Item.js#write.
func (p *Place) appendTo(b []byte, kind Kind) []byte {
	info := byte(kind)
	if p.HasOrigin {
		info |= infoOrigin
	}
	if p.HasRightOrigin {
		info |= infoRightOrigin
	}
	if p.HasParentSub {
		info |= infoParentSub
	}
	b = append(b, info)
	if p.HasOrigin {
		b = appendID(b, p.Origin)
	}
	if p.HasRightOrigin {
		b = appendID(b, p.RightOrigin)
	}
	if p.HasOrigin || p.HasRightOrigin {
		return b
	}
	if p.ParentName != nil {
		b = lib0.AppendBytes(append(b, 1), p.ParentName)
	} else {
		b = appendID(append(b, 0), p.ParentID)
	}
	if p.HasParentSub {
		b = lib0.AppendBytes(b, p.ParentSub)
	}
	return b
}

func appendID(b []byte, id ID) []byte {
	return lib0.AppendUint(lib0.AppendUint(b, id.Client), id.Clock)
}
