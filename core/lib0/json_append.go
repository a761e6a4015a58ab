package lib0

import (
	"math"
	"strconv"
)

// AppendJSON appends v as JavaScript's JSON.stringify writes the value that Yjs
// reads of it, and reports whether it can: it throws on a bigint, and has no text
// for undefined by itself. Inside of an object undefined is left out, in an array
// it is null; so are infinities and NaN. Binary becomes an object of its bytes.
//
// Members are in the order of ParseJSON; one called "__proto__" is lost, because
// reading it sets the object's prototype.
// Source: lib0@0.2.120/src/decoding.js#readAny.
func AppendJSON(b []byte, v Any) ([]byte, bool) {
	switch v.Kind {
	case KindNull:
		return append(b, "null"...), true
	case KindTrue:
		return append(b, "true"...), true
	case KindFalse:
		return append(b, "false"...), true
	case KindInteger, KindFloat32, KindFloat64:
		return appendNumber(b, v.Number), true
	case KindString:
		return appendQuoted(b, v.Bytes), true
	case KindBinary:
		return appendByteObject(b, v.Bytes), true
	case KindArray:
		return appendArray(b, v.Array)
	case KindObject:
		return appendObject(b, v.Object)
	}
	return b, false
}

func appendArray(b []byte, array []Any) (_ []byte, ok bool) {
	b = append(b, '[')
	for i, v := range array {
		if i > 0 {
			b = append(b, ',')
		}
		if v.Kind == KindUndefined {
			b = append(b, "null"...)
		} else if b, ok = AppendJSON(b, v); !ok {
			return b, false
		}
	}
	return append(b, ']'), true
}

func appendObject(b []byte, members []Member) (_ []byte, ok bool) {
	b = append(b, '{')
	first := true
	for _, m := range ordered(members) {
		if m.Value.Kind == KindUndefined || string(m.Key) == "__proto__" {
			continue
		}
		if !first {
			b = append(b, ',')
		}
		first = false
		b = append(appendQuoted(b, m.Key), ':')
		if b, ok = AppendJSON(b, m.Value); !ok {
			return b, false
		}
	}
	return append(b, '}'), true
}

func appendByteObject(b, v []byte) []byte {
	b = append(b, '{')
	for i, c := range v {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, '"')
		b = strconv.AppendInt(b, int64(i), 10)
		b = append(b, '"', ':')
		b = strconv.AppendInt(b, int64(c), 10)
	}
	return append(b, '}')
}

// appendQuoted appends a string of valid UTF-8.
// Source: ECMA-262, QuoteJSONString.
func appendQuoted(b, s []byte) []byte {
	b = append(b, '"')
	from := 0
	for i, c := range s {
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		b = append(b, s[from:i]...)
		from = i + 1
		switch c {
		case '\b':
			b = append(b, `\b`...)
		case '\f':
			b = append(b, `\f`...)
		case '\n':
			b = append(b, `\n`...)
		case '\r':
			b = append(b, `\r`...)
		case '\t':
			b = append(b, `\t`...)
		case '"', '\\':
			b = append(b, '\\', c)
		default:
			b = append(b, `\u00`...)
			b = append(b, "0123456789abcdef"[c>>4], "0123456789abcdef"[c&0xf])
		}
	}
	return append(append(b, s[from:]...), '"')
}

// appendNumber appends f as JavaScript writes it: the shortest digits that mean f,
// with an exponent only outside of 1e-6 to 1e21. Source: ECMA-262, Number::toString.
func appendNumber(b []byte, f float64) []byte {
	size := math.Abs(f)
	switch {
	case f == 0:
		return append(b, '0') // -0 too
	case math.IsInf(f, 0) || f != f:
		return append(b, "null"...)
	case size >= 1e-6 && size < 1e21:
		return strconv.AppendFloat(b, f, 'f', -1, 64)
	}
	b = strconv.AppendFloat(b, f, 'e', -1, 64)
	if n := len(b); b[n-2] == '0' && (b[n-3] == '-' || b[n-3] == '+') {
		b[n-2] = b[n-1] // 1e-07
		b = b[:n-1]
	}
	return b
}
