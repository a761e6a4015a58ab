package update

import (
	"encoding/binary"
	"math/bits"

	"github.com/weft-sync/weft/core/lib0"
)

// Bits of a struct's info byte. Source: yjs@13.6.33/src/structs/Item.js#write.
const (
	infoKind        = 0x1f // which Kind
	infoParentSub   = 0x20 // belongs to a key of its parent; the key follows only beside a parent
	infoRightOrigin = 0x40
	infoOrigin      = 0x80
	infoOrigins     = infoOrigin | infoRightOrigin // either: then no parent follows
)

// scanner reads an update struct by struct and checks every byte of it. It
// allocates nothing. The order of calls is that of the bytes:
//
//	for s.section() { for s.next() { ... } }
//	for s.deleteClient() { for s.deleteRange() { ... } }
//	err := s.End("update")
type scanner struct {
	lib0.Reader
	sections int    // client sections not yet begun
	structs  int    // structs not yet read in this section
	client   uint64 // of this section
	clock    uint64 // after the struct last read
	odd      bool   // something apart from a padded integer that Yjs would write otherwise
	layout   layout

	// The struct last read.
	off   int    // where it starts
	info  byte   // its info byte
	start uint64 // its clock
	units uint64 // its length, never 0

	// The delete set.
	deleteClients int // not yet begun; -1 before their number is read
	deleteRanges  int // of the client, not yet read
	deleted       Range
}

// scan returns a scanner at the start of u.
func scan(u []byte, l layout) scanner {
	s := scanner{Reader: lib0.NewReader(u), deleteClients: -1, layout: l}
	if len(u) > MaxSize {
		s.Fail("update", lib0.TooLarge)
	}
	s.sections = s.Count("client sections", 3)
	return s
}

// section begins the next client section.
func (s *scanner) section() bool {
	if s.sections == 0 || s.Failed() {
		return false
	}
	s.sections--
	s.structs = s.Count("structs", 2)
	s.client = s.Uint("client")
	s.clock = s.Uint("clock")
	return !s.Failed()
}

// next reads the next struct of the section.
func (s *scanner) next() bool {
	if s.structs == 0 {
		return false
	}
	s.structs--
	s.off = s.Offset()
	s.start = s.clock
	if !s.typed() {
		s.one()
	}
	if s.units == 0 {
		s.FailAt(s.off, "struct length", lib0.Empty)
	} else if s.units > lib0.MaxSafeInteger-s.clock {
		s.FailAt(s.off, "struct length", lib0.Overflow)
	}
	s.clock += s.units
	return !s.Failed()
}

// typed reads one struct if it is text or deleted content beside an origin, as most
// structs of most documents are, and reports whether it was. It does what one would
// do, in a third of the time.
func (s *scanner) typed() bool {
	const most = 16 // characters that are looked at here
	b := s.Rest()
	if len(b) < 64 || b[0]&infoOrigin == 0 {
		return false
	}
	kind := Kind(b[0] &^ infoOrigins)
	if kind != KindString && kind != KindDeleted {
		return false
	}
	i := 1
	for n := 2 + int(b[0]&infoRightOrigin)/(infoRightOrigin/2); n > 0; n-- {
		stop := ^binary.LittleEndian.Uint64(b[i:]) & highBits
		size := bits.TrailingZeros64(stop) / 8 // without the last byte
		if size > 6 || size > 0 && b[i+size] == 0 {
			return false
		}
		i += size + 1
	}
	n := int(b[i])
	i++
	switch {
	case n == 0 || n >= 0x80:
		return false
	case kind == KindDeleted:
		s.info, s.units = b[0], uint64(n)
		s.Skip(i)
		return true
	case n > most:
		units, ok := 0, i+n <= len(b)
		if ok {
			units, ok = lib0.CountUTF16(b[i : i+n])
		}
		if !ok {
			return false
		}
		s.units = uint64(units)
	case binary.LittleEndian.Uint64(b[i:])<<(64-8*min(n, 8))&highBits != 0 ||
		n > 8 && binary.LittleEndian.Uint64(b[i+n-8:])&highBits != 0:
		return false
	default:
		s.units = uint64(n)
	}
	s.info = b[0]
	s.Skip(i + n)
	return true
}

const highBits = 0x8080808080808080

// one reads one struct. Source: yjs@13.6.33/src/utils/updates.js#lazyStructReaderGenerator.
func (s *scanner) one() {
	s.info = s.Byte("struct info")
	switch {
	case s.info&infoKind == byte(KindGC):
		s.units = s.Uint("gc length")
		return
	case s.info == byte(KindSkip):
		s.units = s.Uint("skip length")
		return
	}
	if s.info&infoOrigins == 0 {
		switch s.Uint("parent form") {
		case 1:
			s.String("parent name")
		case 0:
			s.id("parent id")
		default: // Yjs takes whatever is not 1 for 0
			s.odd = true
			s.id("parent id")
		}
		if s.info&infoParentSub != 0 {
			s.String("parent key")
		}
	} else {
		if s.info&infoOrigin != 0 {
			s.id("origin")
		}
		if s.info&infoRightOrigin != 0 {
			s.id("right origin")
		}
	}
	s.units = s.content()
}

func (s *scanner) id(field string) {
	s.Uint(field)
	s.Uint(field)
}

// content reads an item's content and returns its length in units.
// Source: yjs@13.6.33/src/structs/Item.js#contentRefs.
func (s *scanner) content() uint64 {
	switch Kind(s.info & infoKind) {
	case KindDeleted:
		return s.Uint("deleted length")
	case KindJSON:
		n := s.Count("json count", 1)
		for i := 0; i < n && !s.Failed(); i++ {
			s.json()
		}
		return uint64(n)
	case KindBinary:
		s.Bytes("binary")
	case KindString:
		_, units := s.Text("string")
		return uint64(units)
	case KindEmbed:
		s.value("embed")
	case KindFormat:
		s.String("format key")
		s.value("format value")
	case KindType:
		at := s.Offset()
		switch ref := TypeRef(s.Uint("type")); {
		case ref > TypeXMLText:
			s.FailAt(at, "type", lib0.UnknownType)
		case ref.named():
			s.String("type name")
		}
	case KindAny:
		n := s.Count("any count", 1)
		for i := 0; i < n && !s.Failed(); i++ {
			s.SkipAny("any")
		}
		return uint64(n)
	case KindDoc:
		s.String("subdocument guid")
		s.docOptions()
	default:
		s.FailAt(s.off, "struct info", lib0.UnknownType)
	}
	return 1
}

// value reads the value of an embed or a format.
func (s *scanner) value(field string) {
	if s.layout == withAny {
		s.SkipAny(field)
	} else {
		s.JSON(field)
	}
}

// json reads one value of ContentJSON, which spells JavaScript's undefined as a
// word. Source: yjs@13.6.33/src/structs/ContentJSON.js#readContentJSON.
func (s *scanner) json() {
	at := s.Offset()
	v := s.Bytes("json")
	if string(v) != "undefined" && !lib0.ValidJSON(v) && !s.Failed() {
		s.FailAt(at, "json", lib0.InvalidJSON)
	}
}

// docOptions reads a subdocument's options: any value that has properties, as
// JavaScript sees it. Yjs throws on null and undefined.
// Source: yjs@13.6.33/src/structs/ContentDoc.js#createDocFromOpts.
func (s *scanner) docOptions() {
	at := s.Offset()
	if rest := s.Rest(); len(rest) > 0 && !isOptions(rest) {
		s.FailAt(at, "subdocument options", lib0.UnknownType)
		return
	}
	s.SkipAny("subdocument options")
}

// isOptions reports whether a value, of which there is one byte at least, has
// properties.
func isOptions(wire []byte) bool {
	k := lib0.Kind(wire[0])
	return k != lib0.KindNull && k != lib0.KindUndefined
}

// startDeletes begins the delete set, and returns how many clients it has.
func (s *scanner) startDeletes() int {
	if s.deleteClients < 0 {
		s.deleteClients = s.Count("delete set clients", 2)
	}
	return s.deleteClients
}

// deleteClient begins the next client of the delete set.
// Source: yjs@13.6.33/src/utils/DeleteSet.js#readDeleteSet.
func (s *scanner) deleteClient() bool {
	if s.startDeletes() == 0 || s.Failed() {
		return false
	}
	s.deleteClients--
	s.client = s.Uint("delete set client")
	s.deleteRanges = s.Count("delete ranges", 2)
	return !s.Failed()
}

// deleteRange reads the next range of the client, into s.deleted. Yjs writes no
// empty range, but reads one without harm.
func (s *scanner) deleteRange() bool {
	if s.deleteRanges == 0 {
		return false
	}
	s.deleteRanges--
	at := s.Offset()
	clock := s.Uint("delete clock")
	n := s.Uint("delete length")
	if n > lib0.MaxSafeInteger-clock {
		s.FailAt(at, "delete length", lib0.Overflow)
	}
	s.deleted = Range{clock, clock + n}
	return !s.Failed()
}

// rest checks the delete set, and that nothing comes after it.
func (s *scanner) rest() error {
	for s.deleteClient() {
		for s.deleteRange() {
		}
	}
	return s.End("update")
}
