package update

import (
	"strconv"
	"unicode/utf8"

	"github.com/weft-sync/weft/core/lib0"
)

// AppendPreview appends what an item contains, in one line for a person, cut with
// "…" after about limit bytes: text and values in the manner of JSON, the class of
// a type, the guid of a subdocument. A GC, a Skip and deleted content have none.
func (st *Struct) AppendPreview(b []byte, limit int) []byte {
	w := preview{b: b, end: len(b) + limit}
	r := lib0.NewReader(st.Content)
	switch st.Kind {
	case KindJSON:
		for n := r.Uint("count"); n > 0 && !w.full(); n-- {
			w.raw(r.Bytes("json"))
			w.separate(n)
		}
	case KindBinary:
		w.binary(r.Bytes("binary"))
	case KindString:
		w.quoted(r.Bytes("string"))
	case KindEmbed:
		w.value(st, &r)
	case KindFormat:
		w.quoted(r.Bytes("key"))
		w.text(": ")
		w.value(st, &r)
	case KindType:
		ref := TypeRef(r.Uint("type"))
		w.text(ref.String())
		if ref.named() {
			w.text(" ")
			w.quoted(r.Bytes("name"))
		}
	case KindAny:
		for n := r.Uint("count"); n > 0 && !w.full(); n-- {
			w.any(r.Any("any"))
			w.separate(n)
		}
	case KindDoc:
		w.quoted(r.Bytes("guid"))
		w.text(" ")
		w.any(r.Any("options"))
	}
	if w.full() {
		w.b = append(w.b, "…"...)
	}
	return w.b
}

// value appends the value of an embed or a format.
func (w *preview) value(st *Struct, r *lib0.Reader) {
	if st.layout == withAny {
		w.any(r.Any("value"))
	} else {
		w.raw(r.Bytes("value"))
	}
}

// preview appends until it is full.
type preview struct {
	b   []byte
	end int
}

func (w *preview) full() bool { return len(w.b) >= w.end }

func (w *preview) text(s string) {
	if !w.full() {
		w.b = append(w.b, s...)
	}
}

// separate ends one of several values, of which n were left with it.
func (w *preview) separate(n uint64) {
	if n > 1 {
		w.text(", ")
	}
}

// raw appends text that is valid UTF-8, with control characters shown as spaces.
func (w *preview) raw(s []byte) {
	for len(s) > 0 && !w.full() {
		c, size := utf8.DecodeRune(s)
		if control(c) {
			w.b = append(w.b, ' ')
		} else {
			w.b = append(w.b, s[:size]...)
		}
		s = s[size:]
	}
}

// quoted appends text with quotation marks.
func (w *preview) quoted(s []byte) {
	w.text(`"`)
	for len(s) > 0 && !w.full() {
		c, size := utf8.DecodeRune(s)
		switch {
		case c == '"' || c == '\\':
			w.b = append(w.b, '\\', byte(c))
		case control(c):
			q := strconv.QuoteRuneToASCII(c)
			w.b = append(w.b, q[1:len(q)-1]...)
		default:
			w.b = append(w.b, s[:size]...)
		}
		s = s[size:]
	}
	w.text(`"`)
}

// control reports whether a character would break the line, move the terminal's
// cursor, or not be seen.
func control(c rune) bool {
	return c < ' ' || c >= 0x7f && c < 0xa0 || c == '\u2028' || c == '\u2029' || c == '\ufeff'
}

func (w *preview) binary(v []byte) {
	w.text("<")
	w.b = strconv.AppendInt(w.b, int64(len(v)), 10)
	w.text(" bytes>")
}

func (w *preview) any(v lib0.Any) {
	switch v.Kind {
	case lib0.KindNull:
		w.text("null")
	case lib0.KindUndefined:
		w.text("undefined")
	case lib0.KindTrue:
		w.text("true")
	case lib0.KindFalse:
		w.text("false")
	case lib0.KindInteger, lib0.KindFloat32, lib0.KindFloat64:
		if !w.full() {
			w.b = strconv.AppendFloat(w.b, v.Number, 'g', -1, 64)
		}
	case lib0.KindBigInt:
		if !w.full() {
			w.b = append(strconv.AppendInt(w.b, v.BigInt, 10), 'n')
		}
	case lib0.KindString:
		w.quoted(v.Bytes)
	case lib0.KindBinary:
		w.binary(v.Bytes)
	case lib0.KindArray:
		w.text("[")
		for i := range v.Array {
			w.any(v.Array[i])
			w.separate(uint64(len(v.Array) - i))
		}
		w.text("]")
	case lib0.KindObject:
		w.text("{")
		for i, m := range v.Object {
			w.quoted(m.Key)
			w.text(": ")
			w.any(m.Value)
			w.separate(uint64(len(v.Object) - i))
		}
		w.text("}")
	}
}
