package coretest

import (
	"bytes"
	"strconv"
	"unicode/utf16"

	"github.com/weft-sync/weft/core/lib0"
	"github.com/weft-sync/weft/core/update"
)

// Difference says how two documents, each given as one update (v1), differ, and ""
// if they hold the same: the same ids with the same content in the same places, and
// the same deletions. How content is cut into structs does not count, as the same
// typing may reach one as letters and another as a word. Content that was collected
// in one and not in the other counts.
func Difference(a, b []byte) string {
	if bytes.Equal(a, b) {
		return ""
	}
	structsA, deletesA, err := update.Contents(a)
	if err != nil {
		return "the first cannot be read: " + err.Error()
	}
	structsB, deletesB, err := update.Contents(b)
	if err != nil {
		return "the second cannot be read: " + err.Error()
	}
	for _, d := range []struct {
		all, part *update.IDSet
		what      string
	}{
		{&structsB, &structsA, "the second lacks content "},
		{&structsA, &structsB, "the first lacks content "},
		{&deletesB, &deletesA, "the second lacks deletion "},
		{&deletesA, &deletesB, "the first lacks deletion "},
	} {
		if client, r, ok := missing(d.all, d.part); ok {
			return d.what + number(client) + ":" + number(r.Start) + "-" + number(r.End)
		}
	}
	return compareUnits(a, b)
}

func number(v uint64) string { return strconv.FormatUint(v, 10) }

// missing returns a range of part that is not in all.
func missing(all, part *update.IDSet) (client uint64, r update.Range, ok bool) {
	for client, r := range part.All() {
		if !all.Covers(client, r.Start, r.End) {
			return client, r, true
		}
	}
	return 0, update.Range{}, false
}

// compareUnits compares two updates with the same ids unit by unit.
func compareUnits(a, b []byte) string {
	unitsA, unitsB := hashUnits(a), hashUnits(b)
	for _, client := range unitsA.order {
		x, y := unitsA.of[client], unitsB.of[client]
		for i := range min(len(x), len(y)) {
			if x[i] != y[i] {
				return "they have different content at " + number(client) + ":" + number(x[i].clock)
			}
		}
		if len(x) != len(y) {
			return "they have different content of " + number(client)
		}
	}
	return ""
}

// units holds a hash of each unit of an update, by client, ascending.
type units struct {
	order []uint64
	of    map[uint64][]unit
}

type unit struct {
	clock uint64
	sum   uint64 // of its place and content
}

// hashUnits hashes what an update, which must be well formed, says of each unit. A
// unit that is not the first of its struct is where Yjs puts it when it cuts the
// struct there: behind the one before it.
func hashUnits(u []byte) units {
	out := units{of: map[uint64][]unit{}}
	structs, _, err := update.Inspect(u)
	if err != nil {
		return out
	}
	var b []byte
	for s := range structs {
		if s.Kind == update.KindSkip {
			continue
		}
		if out.of[s.Client] == nil {
			out.order = append(out.order, s.Client)
		}
		contents := splitContent(s)
		for i := range s.Len {
			b = append(b[:0], byte(s.Kind))
			if s.Kind != update.KindGC {
				b = appendPlace(b, s, i)
			}
			if int(i) < len(contents) {
				b = append(b, contents[i]...)
			}
			out.of[s.Client] = append(out.of[s.Client], unit{s.Clock + i, hash(fnvOffset, b)})
		}
	}
	return out
}

// appendPlace appends where the i-th unit of an item is.
func appendPlace(b []byte, s update.Struct, i uint64) []byte {
	p := s.Place
	if i > 0 {
		p = update.Place{
			HasOrigin: true, Origin: update.ID{Client: s.Client, Clock: s.Clock + i - 1},
			HasRightOrigin: p.HasRightOrigin, RightOrigin: p.RightOrigin,
		}
	}
	for _, id := range []struct {
		has bool
		id  update.ID
	}{{p.HasOrigin, p.Origin}, {p.HasRightOrigin, p.RightOrigin}, {p.HasParent && p.ParentName == nil, p.ParentID}} {
		if !id.has {
			b = append(b, 0)
			continue
		}
		b = lib0.AppendUint(append(b, 1), id.id.Client)
		b = lib0.AppendUint(b, id.id.Clock)
	}
	b = lib0.AppendBytes(b, p.ParentName)
	return lib0.AppendBytes(b, p.ParentSub)
}

// splitContent returns the content of each unit of an item.
func splitContent(s update.Struct) [][]byte {
	r := lib0.NewReader(s.Content)
	var all [][]byte
	switch s.Kind {
	case update.KindGC, update.KindDeleted:
	case update.KindString:
		for _, c := range string(r.String("text")) {
			if high, low := utf16.EncodeRune(c); high != 0xfffd {
				all = append(all, []byte{byte(high >> 8), byte(high)}, []byte{byte(low >> 8), byte(low)})
			} else {
				all = append(all, []byte{byte(c >> 8), byte(c)})
			}
		}
	case update.KindJSON, update.KindAny:
		for range r.Uint("values") {
			rest := r.Rest()
			if s.Kind == update.KindAny {
				r.SkipAny("value")
			} else {
				r.String("value")
			}
			all = append(all, rest[:len(rest)-r.Len()])
		}
	default:
		all = append(all, s.Content)
	}
	return all
}
