package crdt

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/weft-sync/weft/core/lib0"
	"github.com/weft-sync/weft/core/update"
)

// XML nodes may lie thousands deep in each other, because an update says so. Their
// text is therefore made with a list of what is still to be written, not by functions
// that call each other.

// String returns the nodes as XML, without any escaping, as Yjs does.
// Source: yjs@13.6.33/src/types/YXmlFragment.js#toString.
func (x XMLFragment) String() string { return stringOf(x) }

// String returns the element as XML, its attributes sorted, without any escaping.
// Source: yjs@13.6.33/src/types/YXmlElement.js#toString.
func (x XMLElement) String() string { return stringOf(x) }

// String returns the text as XML: each attribute of a stretch of text is an element
// around it, whose attributes are the members of the attribute's value.
// Source: yjs@13.6.33/src/types/YXmlText.js#toString.
func (x XMLText) String() string { return stringOf(x) }

// AppendTo appends what String returns to b.
func (x XMLText) AppendTo(b []byte) []byte { return append(b, x.String()...) }

// piece is something to be written: text, a node, or the rest of a sequence.
type piece struct {
	text string
	node Shared
	d    *Doc
	next handle // of d: the first block of the rest
}

func stringOf(s Shared) string {
	var b []byte
	todo := []piece{{node: s}} // the last comes first
	for len(todo) > 0 {
		p := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		switch {
		case p.node != nil:
			at := len(todo)
			todo = appendNode(todo, p.node)
			slices.Reverse(todo[at:])
		case p.next != 0:
			todo = appendRest(todo, p.d, p.next)
		default:
			b = append(b, p.text...)
		}
	}
	return string(b)
}

// appendRest appends the rest of a sequence after its first block, and that.
func appendRest(todo []piece, d *Doc, h handle) []piece {
	b := &d.blocks[h]
	if b.right != 0 {
		todo = append(todo, piece{d: d, next: b.right})
	}
	if b.visible() == 0 {
		return todo
	}
	at := len(todo)
	for v := range d.blockValues(h) {
		todo = append(todo, valuePiece(v))
	}
	slices.Reverse(todo[at:])
	return todo
}

// appendNode appends the pieces of a node in order.
func appendNode(todo []piece, s Shared) []piece {
	switch s := s.(type) {
	case XMLElement:
		name := strings.ToLower(s.Name())
		todo = append(todo, piece{text: "<" + name})
		attributes := s.Attributes()
		slices.SortStableFunc(attributes, func(a, b Member) int { return compareUTF16(a.Key, b.Key) })
		for _, m := range attributes {
			todo = append(todo, piece{text: " " + m.Key + `="`}, valuePiece(m.Value), piece{text: `"`})
		}
		todo = append(todo, piece{text: ">"})
		if start := s.seq().start; start != 0 {
			todo = append(todo, piece{d: s.d, next: start})
		}
		return append(todo, piece{text: "</" + name + ">"})
	case XMLFragment:
		if start := s.seq().start; start != 0 {
			todo = append(todo, piece{d: s.d, next: start})
		}
		return todo
	case XMLText:
		for _, op := range s.ToDelta() {
			todo = appendStretch(todo, op)
		}
		return todo
	case Text:
		return append(todo, piece{text: s.String()})
	}
	return append(todo, piece{text: anObject})
}

// appendStretch appends a stretch of text with its attributes as elements around it.
func appendStretch(todo []piece, op DeltaOp) []piece {
	around := slices.Clone(op.Attributes)
	slices.SortStableFunc(around, func(a, b Member) int { return compareUTF16(a.Key, b.Key) })
	for _, m := range around {
		todo = append(todo, piece{text: "<" + m.Key})
		inner := propertiesOf(m.Value)
		slices.SortStableFunc(inner, func(a, b Member) int { return compareUTF16(a.Key, b.Key) })
		for _, p := range inner {
			todo = append(todo, piece{text: " " + p.Key + `="`}, valuePiece(p.Value), piece{text: `"`})
		}
		todo = append(todo, piece{text: ">"})
	}
	todo = append(todo, valuePiece(op.Insert))
	for _, m := range slices.Backward(around) {
		todo = append(todo, piece{text: "</" + m.Key + ">"})
	}
	return todo
}

// propertiesOf returns what JavaScript's for…in finds in a value: the members of an
// object, the elements of an array, the UTF-16 units of a string.
func propertiesOf(v any) (o Object) {
	switch v := v.(type) {
	case Object:
		return slices.Clone(v)
	case []any:
		for i, e := range v {
			o = append(o, Member{strconv.Itoa(i), e})
		}
	case string:
		units, _ := lib0.CountUTF16([]byte(v))
		for i := range units {
			o = append(o, Member{strconv.Itoa(i), contentValue(update.KindString, []byte(v), i)})
		}
	}
	return o
}

// valuePiece returns a value to be written as JavaScript puts it into a string.
func valuePiece(v any) piece {
	if s, ok := v.(Shared); ok {
		return piece{node: s}
	}
	return piece{text: string(appendText(nil, v))}
}

const anObject = "[object Object]"

// appendText appends a value as JavaScript's String gives it.
func appendText(b []byte, v any) []byte {
	switch v := v.(type) {
	case nil:
		return append(b, "null"...)
	case Undefined:
		return append(b, "undefined"...)
	case bool:
		return strconv.AppendBool(b, v)
	case string:
		return append(b, v...)
	case BigInt:
		return strconv.AppendInt(b, int64(v), 10)
	case float64:
		switch {
		case v != v:
			return append(b, "NaN"...)
		case math.IsInf(v, 1):
			return append(b, "Infinity"...)
		case math.IsInf(v, -1):
			return append(b, "-Infinity"...)
		}
		b, _ = lib0.AppendJSON(b, lib0.Number(v))
		return b
	case []byte:
		for i, c := range v {
			if i > 0 {
				b = append(b, ',')
			}
			b = strconv.AppendUint(b, uint64(c), 10)
		}
		return b
	case []any:
		for i, e := range v {
			if i > 0 {
				b = append(b, ',')
			}
			switch e.(type) {
			case nil, Undefined:
			default:
				b = appendText(b, e)
			}
		}
		return b
	}
	return append(b, anObject...)
}

// compareUTF16 compares strings as JavaScript does, by UTF-16 units: a character from
// U+10000 up comes before those from U+E000 to U+FFFF.
func compareUTF16(a, b string) int {
	for i := 0; i < len(a) && i < len(b); i++ {
		if a[i] == b[i] {
			continue
		}
		for i > 0 && !utf8.RuneStart(a[i]) {
			i--
		}
		x, _ := utf8.DecodeRuneInString(a[i:])
		y, _ := utf8.DecodeRuneInString(b[i:])
		if (x >= 0x10000) != (y >= 0x10000) && max(x, y) >= 0x10000 && min(x, y) >= 0xE000 {
			return cmp.Compare(y, x)
		}
		return cmp.Compare(x, y)
	}
	return cmp.Compare(len(a), len(b))
}
