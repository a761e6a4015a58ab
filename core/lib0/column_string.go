package lib0

import (
	"encoding/binary"
	"unicode/utf8"
)

// StringColumnReader reads strings, which the column holds as one:
//
//	varString(all strings, one after another)
//	UintColumn of their lengths in UTF-16 units
//
// Source: lib0@0.2.120/src/decoding.js#StringDecoder.
type StringColumnReader struct {
	text  []byte
	pos   int
	ascii bool // then a unit is a byte
	half  bool // of the pair that comes next, the first unit was read
	units UintColumnReader
}

// StringColumn reads a varUint length and that many bytes as a column.
func (r *Reader) StringColumn(field string) StringColumnReader {
	c := StringColumnReader{units: r.UintColumn(field)}
	inner := NewReader(c.units.b)
	text, units := inner.Text(field)
	if inner.Failed() {
		r.fail(c.units.start+inner.err.Offset, field, inner.err.Reason)
	}
	c.text, c.ascii = text, units == len(text)
	c.units.pos = inner.pos
	return c
}

// Left returns how many bytes of text are left.
func (c *StringColumnReader) Left() int { return len(c.text) - c.pos }

// Next reads a string and its length in UTF-16 units. It aliases the input.
//
// A string may begin or end in the middle of a surrogate pair. Half a pair has no
// UTF-8, so U+FFFD stands for it, as in what Yjs writes in version 1; such a
// string is a copy.
func (c *StringColumnReader) Next() (text []byte, units int) {
	n := c.units.Next()
	from := c.pos
	if n > uint64(len(c.text)-from) { // there are at most as many units as bytes
		c.fail()
		return nil, 0
	}
	if c.ascii {
		c.pos += int(n)
		return c.text[from:c.pos:c.pos], int(n)
	}
	return c.cut(int(n))
}

func (c *StringColumnReader) fail() {
	c.units.fail(Truncated)
	c.pos, c.half = len(c.text), false
}

// cut takes n units of text that is not all ASCII.
func (c *StringColumnReader) cut(n int) ([]byte, int) {
	if n == 0 {
		return nil, 0
	}
	s, from, left := c.text, c.pos, n
	if c.half {
		from += utf8.UTFMax
		left--
	}
	at, split := from, false
	for left > 0 && !split {
		if left >= 8 && len(s)-at >= 8 && binary.LittleEndian.Uint64(s[at:])&0x8080808080808080 == 0 {
			at += 8
			left -= 8
			continue
		}
		if at >= len(s) {
			c.fail()
			return nil, 0
		}
		size, units := 1, 1
		switch lead := s[at]; { // valid UTF-8: the first byte says how many there are
		case lead >= 0xf0:
			size, units = 4, 2
		case lead >= 0xe0:
			size = 3
		case lead >= utf8.RuneSelf:
			size = 2
		}
		if split = units > left; !split {
			at += size
			left -= units
		}
	}
	text := s[from:at:at]
	if c.half || split {
		text = halved(text, c.half, split)
	}
	c.pos, c.half = at, split
	return text, n
}

// halved returns a copy of text with U+FFFD in front of it, after it, or both.
func halved(text []byte, before, after bool) []byte {
	const replacement = "\uFFFD"
	b := make([]byte, 0, len(text)+2*len(replacement))
	if before {
		b = append(b, replacement...)
	}
	b = append(b, text...)
	if after {
		b = append(b, replacement...)
	}
	return b
}

// End fails with TrailingBytes unless every string was read.
func (c *StringColumnReader) End() {
	if c.pos < len(c.text) {
		c.units.fail(TrailingBytes)
	}
	c.units.End()
}
