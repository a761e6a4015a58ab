package lib0

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf8"
)

// Reader reads lib0 formats from a slice. What it returns aliases that slice.
// The first error stays: from then on every method reads zeros and Len is 0.
//
// The field names that the methods take are for the error only.
//
// A Reader is a value for one goroutine; a copy reads on independently.
type Reader struct {
	b      []byte
	pos    int
	err    *Error
	padded bool
}

// NewReader returns a Reader at the start of b. b must not change while the
// Reader, or anything it returned, is in use.
func NewReader(b []byte) Reader { return Reader{b: b} }

// Offset returns how many bytes have been read.
func (r *Reader) Offset() int { return r.pos }

// Len returns how many bytes are left; 0 after an error.
func (r *Reader) Len() int { return len(r.b) - r.pos }

// Rest returns the bytes that are left, without reading them.
func (r *Reader) Rest() []byte { return r.b[r.pos:] }

// Skip reads over n bytes, which must be left.
func (r *Reader) Skip(n int) { r.pos += n }

// Err returns the first error, which is an *Error, or nil.
func (r *Reader) Err() error {
	if r.err == nil {
		return nil
	}
	return r.err
}

// Failed reports whether there was an error.
func (r *Reader) Failed() bool { return r.err != nil }

// Fail records an error at the present offset, unless there is one already.
func (r *Reader) Fail(field string, reason Reason) { r.fail(r.pos, field, reason) }

// FailAt is Fail with an offset of the caller's choice.
func (r *Reader) FailAt(offset int, field string, reason Reason) { r.fail(offset, field, reason) }

func (r *Reader) fail(offset int, field string, reason Reason) {
	if r.err == nil {
		r.err = &Error{Offset: offset, Field: field, Reason: reason}
	}
	r.pos = len(r.b) // everything that follows sees the end of the input
}

// End fails with TrailingBytes unless everything was read, and returns Err.
func (r *Reader) End(field string) error {
	if r.pos < len(r.b) {
		r.Fail(field, TrailingBytes)
	}
	return r.Err()
}

// Padded reports whether an integer so far, those inside of Any values apart,
// took more bytes than it needs. Yjs reads such integers, and writes them shorter.
func (r *Reader) Padded() bool { return r.padded }

// Byte reads one byte.
func (r *Reader) Byte(field string) byte {
	if r.pos < len(r.b) {
		c := r.b[r.pos]
		r.pos++
		return c
	}
	r.Fail(field, Truncated)
	return 0
}

// Uint reads a varUint. It fails past MaxSafeInteger and past eight bytes.
// Source: lib0@0.2.120/src/decoding.js#readVarUint.
func (r *Reader) Uint(field string) uint64 {
	if i := r.pos; i < len(r.b) && r.b[i] < 0x80 {
		r.pos++
		return uint64(r.b[i])
	}
	return r.longUint(field)
}

// longUint reads a varUint of any length: eight bytes at once where there are
// that many, because client ids are random and take five.
func (r *Reader) longUint(field string) uint64 {
	if len(r.b)-r.pos < 8 {
		return r.shortUint(field)
	}
	x := binary.LittleEndian.Uint64(r.b[r.pos:])
	last := ^x & 0x8080808080808080
	if last == 0 {
		r.Fail(field, Overflow)
		return 0
	}
	size := uint(bits.TrailingZeros64(last)+1) / 8
	x &= 1<<(8*size) - 1
	if x>>(8*size-8) == 0 && size > 1 {
		r.padded = true
	}
	// Squeeze out bit 8 of each byte: groups of 7, then of 14, then of 28 bits.
	x &= 0x7f7f7f7f7f7f7f7f
	x = x&0x007f007f007f007f | x&0x7f007f007f007f00>>1
	x = x&0x00003fff00003fff | x&0x3fff00003fff0000>>2
	x = x&0x000000000fffffff | x&0x0fffffff00000000>>4
	if x > MaxSafeInteger {
		r.Fail(field, Overflow)
		return 0
	}
	r.pos += int(size)
	return x
}

// shortUint reads a varUint from the last seven bytes of the input.
func (r *Reader) shortUint(field string) uint64 {
	var v uint64
	for i := r.pos; i < len(r.b); i++ {
		c := r.b[i]
		v |= uint64(c&0x7f) << (7 * uint(i-r.pos))
		if c < 0x80 {
			if c == 0 && i > r.pos {
				r.padded = true
			}
			r.pos = i + 1
			return v
		}
	}
	r.Fail(field, Truncated)
	return 0
}

// Int reads a varInt as sign and magnitude; see AppendInt. It fails when the
// magnitude is past MaxSafeInteger.
// Source: lib0@0.2.120/src/decoding.js#readVarInt.
func (r *Reader) Int(field string) (magnitude uint64, negative bool) {
	start := r.pos
	c := r.Byte(field)
	magnitude, negative = uint64(c&0x3f), c&0x40 != 0
	if c >= 0x80 {
		high := r.Uint(field)
		if high > MaxSafeInteger>>6 {
			r.fail(start, field, Overflow)
			return 0, false
		}
		if high == 0 {
			r.padded = true
		}
		magnitude |= high << 6
	}
	return magnitude, negative
}

// Count reads a varUint that says how many entries follow, each of which takes
// at least size bytes, and fails if that many bytes are not left. A loop over
// the count, or a slice made for it, is then bounded by the input.
func (r *Reader) Count(field string, size int) int {
	start := r.pos
	n := r.Uint(field)
	if n > uint64(r.Len()/size) {
		r.fail(start, field, Truncated)
		return 0
	}
	return int(n)
}

// Bytes reads a varUint length and that many bytes, which alias the input.
// Source: lib0@0.2.120/src/decoding.js#readVarUint8Array.
func (r *Reader) Bytes(field string) []byte {
	start := r.pos
	n := r.Uint(field)
	if n > uint64(r.Len()) {
		r.fail(start, field, Truncated)
		return nil
	}
	v := r.b[r.pos : r.pos+int(n) : r.pos+int(n)]
	r.pos += int(n)
	return v
}

// String reads a varUint length in bytes and that much UTF-8, which aliases the
// input. Source: lib0@0.2.120/src/decoding.js#_readVarStringNative, whose
// TextDecoder is strict too.
func (r *Reader) String(field string) []byte {
	start := r.pos
	v := r.Bytes(field)
	if !utf8.Valid(v) {
		r.fail(start, field, InvalidUTF8)
		return nil
	}
	return v
}

// Text is String for text that Yjs counts: it also returns the length in
// UTF-16 units.
func (r *Reader) Text(field string) (text []byte, units int) {
	start := r.pos
	v := r.Bytes(field)
	units, ok := CountUTF16(v)
	if !ok {
		r.fail(start, field, InvalidUTF8)
		return nil, 0
	}
	return v, units
}

// JSON reads a String that is one JSON value.
func (r *Reader) JSON(field string) []byte {
	start := r.pos
	v := r.Bytes(field)
	if !ValidJSON(v) {
		r.fail(start, field, InvalidJSON)
		return nil
	}
	return v
}
