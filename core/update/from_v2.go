package update

import (
	"slices"

	"github.com/weft-sync/weft/core/lib0"
)

// fromVersion2 turns updates of version 2 into the layout of version 1, struct by
// struct, and checks all of them. It can be used again for the next one.
type fromVersion2 struct {
	d      DecoderV2
	layout layout
	check  bool // what is written is dropped, struct by struct

	b        []byte // the sections, without their number
	text     []byte // JSON text, before its length is known
	sections int
	clients  clientOrder
	deletes  []deleteRange
}

// update returns u in the layout of version 1: without empty sections, and with
// the delete set in the order in which Yjs writes one. It may only be that a
// client occurs twice.
func (f *fromVersion2) update(u []byte) (b []byte, repeated bool, err error) {
	f.b = make([]byte, sectionsSize, 2*sectionsSize+len(u)+len(u)/2)
	f.sections, f.deletes = 0, f.deletes[:0]
	f.clients.reset()
	if err := f.read(u); err != nil {
		return nil, false, err
	}
	slices.SortStableFunc(f.deletes, deleteRange.compareClients)
	b = f.b[prefix(f.b, f.sections):]
	return appendDeletes(b, f.deletes), f.clients.repeated(), nil
}

// sectionsSize is room for a number of sections.
const sectionsSize = 8

// prefix writes a number of sections right before what comes after the first
// sectionsSize bytes, and returns the offset of its first byte.
func prefix(b []byte, sections int) int {
	at := sectionsSize - lib0.SizeUint(uint64(sections))
	lib0.AppendUint(b[:at], uint64(sections))
	return at
}

// fromV2 is update of who has one only, as far as Any is wanted.
func fromV2(u []byte) ([]byte, error) {
	f := fromVersion2{layout: withAny}
	b, _, err := f.update(u)
	return b, err
}

// ValidateV2 is Validate for an update of version 2.
func ValidateV2(u []byte) error {
	f := fromVersion2{layout: withAny, check: true}
	return f.read(u)
}

func (f *fromVersion2) read(u []byte) error {
	d := &f.d
	d.Reset(u)
	for range d.Sections() {
		n, client, clock := d.Section()
		if d.Failed() {
			break
		}
		if n == 0 {
			continue
		}
		f.sections++
		f.clients.add(client)
		f.b = lib0.AppendUint(f.b, uint64(n))
		f.b = appendID(f.b, ID{client, clock})
		for range n {
			units := f.one()
			if units == 0 {
				d.Fail("struct length", lib0.Empty)
			} else if units > lib0.MaxSafeInteger-clock {
				d.Fail("struct length", lib0.Overflow)
			} else if len(f.b) > MaxSize {
				d.Fail("update", lib0.TooLarge)
			}
			if d.Failed() {
				return d.Err()
			}
			clock += units
			if f.check {
				f.b = f.b[:0]
			}
		}
	}
	for range d.DeleteClients() {
		client, ranges := d.DeleteClient()
		for range ranges {
			r := d.DeleteRange()
			if d.Failed() {
				break
			}
			if !f.check {
				f.deletes = append(f.deletes, deleteRange{client, r})
			}
		}
	}
	return d.End()
}

// one writes one struct, and returns its length.
func (f *fromVersion2) one() (units uint64) {
	d := &f.d
	info := d.Info()
	switch {
	case info&infoKind == byte(KindGC):
		units = d.Len()
		f.b = lib0.AppendUint(append(f.b, byte(KindGC)), units)
		return units
	case info == byte(KindSkip):
		units = d.SkipLen()
		f.b = lib0.AppendUint(append(f.b, byte(KindSkip)), units)
		return units
	}
	f.b = append(f.b, fixedInfo(info))
	if info&infoOrigin != 0 {
		f.b = appendID(f.b, d.LeftID())
	}
	if info&infoRightOrigin != 0 {
		f.b = appendID(f.b, d.RightID())
	}
	if info&infoOrigins == 0 {
		if d.NamedParent() {
			f.b = append(f.b, 1)
			f.string()
		} else {
			f.b = appendID(append(f.b, 0), d.LeftID())
		}
		if info&infoParentSub != 0 {
			f.string()
		}
	}
	return f.content(Kind(info & infoKind))
}

// string writes a string, and returns its length in units.
func (f *fromVersion2) string() uint64 {
	text, units := f.d.Text()
	f.b = lib0.AppendBytes(f.b, text)
	return uint64(units)
}

// content writes an item's content, and returns its length in units.
func (f *fromVersion2) content(kind Kind) uint64 {
	d := &f.d
	switch kind {
	case KindString:
		return f.string()
	case KindDeleted:
		n := d.Len()
		f.b = lib0.AppendUint(f.b, n)
		return n
	case KindJSON:
		n := d.JSONCount()
		f.b = lib0.AppendUint(f.b, uint64(n))
		for i := 0; i < n && !d.Failed(); i++ {
			v, _ := d.Text()
			if !d.Failed() && string(v) != "undefined" && !lib0.ValidJSON(v) {
				d.Fail("json", lib0.InvalidJSON)
			}
			f.b = lib0.AppendBytes(f.b, v)
		}
		return uint64(n)
	case KindBinary:
		f.b = lib0.AppendBytes(f.b, d.Bytes())
	case KindEmbed:
		f.value("embed")
	case KindFormat:
		f.b = lib0.AppendBytes(f.b, d.Key())
		f.value("format value")
	case KindType:
		ref := d.TypeRef()
		f.b = lib0.AppendUint(f.b, uint64(ref))
		if ref > TypeXMLText {
			d.Fail("type", lib0.UnknownType)
		} else if ref.named() {
			f.b = lib0.AppendBytes(f.b, d.Key())
		}
	case KindAny:
		n := d.AnyCount()
		f.b = lib0.AppendUint(f.b, uint64(n))
		for i := 0; i < n && !d.Failed(); i++ {
			f.b = append(f.b, d.Any("any")...)
		}
		return uint64(n)
	case KindDoc:
		f.string()
		v := d.Any("subdocument options")
		if len(v) > 0 && !isOptions(v) {
			d.Fail("subdocument options", lib0.UnknownType)
		}
		f.b = append(f.b, v...)
	default:
		d.Fail("struct info", lib0.UnknownType)
	}
	return 1
}

// value writes the value of an embed or a format. As JSON it may have no text.
func (f *fromVersion2) value(field string) {
	wire := f.d.Any(field)
	if f.layout == withAny || len(wire) == 0 {
		f.b = append(f.b, wire...)
		return
	}
	r := lib0.NewReader(wire)
	text, ok := lib0.AppendJSON(f.text[:0], r.Any(field))
	if !ok {
		f.d.Fail(field, lib0.NotJSON)
	}
	f.text = text
	f.b = lib0.AppendBytes(f.b, text)
}
