package lib0

import (
	"bytes"
	"math"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// Where Yjs writes JSON text in version 1 of its updates, it writes an Any in
// version 2. To turn one into the other is to do what JavaScript does: parse into
// objects, and write these, whose members have an order of their own.

// ParseJSON returns the value that JavaScript's JSON.parse makes of b, with its
// numbers as Yjs would write them (Number). It reports whether ValidJSON holds.
//
// The members of an object are in JavaScript's order: array indexes first,
// ascending, then the other keys as they come; of a repeated key the last value
// counts, in the first one's place. Half a surrogate pair becomes U+FFFD, as
// in all that Yjs writes. Strings without escapes alias b.
func ParseJSON(b []byte) (Any, bool) {
	if !ValidJSON(b) {
		return Any{Kind: KindUndefined}, false
	}
	p := jsonParser{b: b}
	v := p.value()
	return v, true
}

// jsonParser parses text that was checked.
type jsonParser struct {
	b   []byte
	pos int
}

// space passes white space, and returns the byte after it.
func (p *jsonParser) space() byte {
	p.pos = jsonSpace(p.b, p.pos)
	return p.b[p.pos]
}

func (p *jsonParser) value() Any {
	switch p.space() {
	case '"':
		return Any{Kind: KindString, Bytes: whole(p.string())}
	case '{':
		return p.object()
	case '[':
		return p.array()
	case 't':
		p.pos += len("true")
		return Any{Kind: KindTrue}
	case 'f':
		p.pos += len("false")
		return Any{Kind: KindFalse}
	case 'n':
		p.pos += len("null")
		return Any{Kind: KindNull}
	}
	start := p.pos
	p.pos = jsonNumber(p.b, start)
	return Number(parseNumber(p.b[start:p.pos]))
}

func (p *jsonParser) array() Any {
	v := Any{Kind: KindArray}
	p.pos++
	for p.space() != ']' {
		v.Array = append(v.Array, p.value())
		if p.space() == ',' {
			p.pos++
		}
	}
	p.pos++
	return v
}

func (p *jsonParser) object() Any {
	v := Any{Kind: KindObject}
	p.pos++
	for p.space() != '}' {
		key := p.string()
		p.space()
		p.pos++ // the colon
		v.Object = append(v.Object, Member{key, p.value()})
		if p.space() == ',' {
			p.pos++
		}
	}
	p.pos++
	v.Object = ordered(v.Object)
	for i := range v.Object {
		v.Object[i].Key = whole(v.Object[i].Key)
	}
	return v
}

// string returns a string as UTF-8, in which half a surrogate pair is written as
// if it were a character, in three bytes from ED A0 80 to ED BF BF: two keys may
// differ in that alone.
func (p *jsonParser) string() []byte {
	p.space()
	start := p.pos + 1
	p.pos = jsonString(p.b, p.pos)
	raw := p.b[start : p.pos-1 : p.pos-1]
	if bytes.IndexByte(raw, '\\') < 0 {
		return raw
	}
	s := make([]byte, 0, len(raw))
	for {
		i := bytes.IndexByte(raw, '\\')
		if i < 0 {
			return append(s, raw...)
		}
		s = append(s, raw[:i]...)
		c := raw[i+1]
		raw = raw[i+2:]
		switch c {
		case 'b':
			s = append(s, '\b')
		case 'f':
			s = append(s, '\f')
		case 'n':
			s = append(s, '\n')
		case 'r':
			s = append(s, '\r')
		case 't':
			s = append(s, '\t')
		case 'u':
			r := hex4(raw)
			raw = raw[4:]
			if utf16.IsSurrogate(r) && len(raw) >= 6 && raw[0] == '\\' && raw[1] == 'u' {
				if pair := utf16.DecodeRune(r, hex4(raw[2:])); pair != utf8.RuneError {
					r, raw = pair, raw[6:]
				}
			}
			if utf16.IsSurrogate(r) {
				s = append(s, 0xe0|byte(r>>12), 0x80|byte(r>>6)&0x3f, 0x80|byte(r)&0x3f)
			} else {
				s = utf8.AppendRune(s, r)
			}
		default: // the quotation mark, the backslash, the slash
			s = append(s, c)
		}
	}
}

func hex4(b []byte) (r rune) {
	for _, c := range b[:4] {
		if c >= 'A' {
			c = c&0xf + 9
		}
		r = r<<4 | rune(c&0xf)
	}
	return r
}

// whole puts U+FFFD in the place of each half of a surrogate pair. It changes s,
// which aliases the input only if there is none.
func whole(s []byte) []byte {
	for i := 0; ; {
		k := bytes.IndexByte(s[i:], 0xed)
		if k < 0 {
			return s
		}
		if i += k; s[i+1] >= 0xa0 {
			copy(s[i:], "\uFFFD")
		}
		i += 3
	}
}

// parseNumber returns the nearest float64, or an infinity, like JavaScript.
func parseNumber(s []byte) float64 {
	digits, negative := s, s[0] == '-'
	if negative {
		digits = s[1:]
	}
	if len(digits) <= 15 {
		n := uint64(0)
		for i, c := range digits {
			if c < '0' || c > '9' {
				break
			}
			if n = n*10 + uint64(c-'0'); i == len(digits)-1 {
				return signed(float64(n), negative)
			}
		}
	}
	f, _ := strconv.ParseFloat(string(s), 64) // its error says that it is infinite
	return f
}

func signed(f float64, negative bool) float64 {
	if negative {
		return math.Copysign(f, -1)
	}
	return f
}
