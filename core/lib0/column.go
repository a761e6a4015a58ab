package lib0

import "math"

// Update version 2 keeps each field of its structs in a column of its own, coded
// in runs: the same value, or the same step from one value to the next, many
// times over. The types here are named after what a column holds:
//
//	UintColumnReader    UintOptRleEncoder    numbers, repeated
//	DiffColumnReader    IntDiffOptRleEncoder numbers, in equal steps
//	ByteColumnReader    RleEncoder           bytes, repeated
//	StringColumnReader  StringEncoder        strings
//
// A column is read value by value (Next). A few bytes can stand for any number of
// values, so it is the caller who must bound how many are read. A column tells its
// errors to the Reader that it came from, and reads zeros from then on. Reading past
// the end is an error, other than in Yjs, which reads zeros there and never writes
// what would need it.
//
// A reader is valid as long as the Reader that it came from, which must not be
// copied or moved meanwhile.

// column is the bytes of a column and how far they are read.
type column struct {
	r     *Reader // for errors
	b     []byte
	pos   int
	start int // where b starts in what r reads
	field string
}

// column reads a varUint length and takes that many bytes for a column.
func (r *Reader) column(field string) column {
	b := r.Bytes(field)
	return column{r: r, b: b, start: r.pos - len(b), field: field}
}

func (c *column) fail(reason Reason) { c.r.fail(c.start+c.pos, c.field, reason) }

// end fails unless everything was read, apart from values of a run that is left.
func (c *column) end(left uint64) {
	if left > 0 || c.pos < len(c.b) {
		c.fail(TrailingBytes)
	}
}

// uint reads a varUint.
func (c *column) uint() (v uint64, ok bool) {
	if i := c.pos; i < len(c.b) && c.b[i] < 0x80 {
		c.pos++
		return uint64(c.b[i]), true
	}
	return c.tail(0, 0, MaxSafeInteger)
}

// int reads a varInt, as AppendInt has it, of a magnitude up to a limit.
func (c *column) int(limit uint64) (magnitude uint64, negative, ok bool) {
	if c.pos == len(c.b) {
		c.fail(Truncated)
		return 0, false, false
	}
	first := c.b[c.pos]
	c.pos++
	magnitude, negative = uint64(first&0x3f), first&0x40 != 0
	if first < 0x80 {
		return magnitude, negative, true
	}
	magnitude, ok = c.tail(magnitude, 6, limit)
	return magnitude, negative, ok
}

// tail reads what follows the lowest bits of an integer.
func (c *column) tail(v uint64, bits uint, limit uint64) (uint64, bool) {
	for i := c.pos; i < len(c.b); i++ {
		if bits > 56 {
			c.fail(Overflow)
			return 0, false
		}
		x := c.b[i]
		v |= uint64(x&0x7f) << bits
		bits += 7
		if x < 0x80 {
			if v > limit {
				c.fail(Overflow)
				return 0, false
			}
			c.pos = i + 1
			return v, true
		}
	}
	c.fail(Truncated)
	return 0, false
}

// UintColumnReader reads numbers that often repeat. The bytes are varInts, each a
// value; a negative one (-0 among them) says that a varUint follows, and that the
// value occurs two times more often than that.
// Source: lib0@0.2.120/src/decoding.js#UintOptRleDecoder.
type UintColumnReader struct {
	column
	value uint64
	left  uint64 // how often it is still to be read
}

// UintColumn reads a varUint length and that many bytes as a column.
func (r *Reader) UintColumn(field string) UintColumnReader {
	return UintColumnReader{column: r.column(field)}
}

// Next reads a value.
func (c *UintColumnReader) Next() uint64 {
	if c.left == 0 {
		c.fill()
	}
	c.left--
	return c.value
}

// End fails with TrailingBytes unless every value was read.
func (c *UintColumnReader) End() { c.end(c.left) }

func (c *UintColumnReader) fill() {
	value, repeated, ok := c.int(MaxSafeInteger)
	n := uint64(1)
	if repeated && ok {
		n, ok = c.uint()
		n += 2
	}
	if !ok {
		value, n = 0, math.MaxUint64
	}
	c.value, c.left = value, n
}

// DiffColumnReader reads numbers that often grow, or shrink, by equal steps. The
// bytes are varInts, each twice the step from the value before, at first from 0;
// an odd one says that a varUint follows, and that the step is taken two times
// more often than that. A column whose values would leave 0 to MaxSafeInteger,
// whether they are read or not, fails with Overflow.
// Source: lib0@0.2.120/src/decoding.js#IntDiffOptRleDecoder.
type DiffColumnReader struct {
	column
	value uint64 // last read
	step  uint64 // in two's complement
	left  uint64 // how often it is still to be taken
}

// DiffColumn reads a varUint length and that many bytes as a column.
func (r *Reader) DiffColumn(field string) DiffColumnReader {
	return DiffColumnReader{column: r.column(field)}
}

// Next reads a value.
func (c *DiffColumnReader) Next() uint64 {
	if c.left == 0 {
		c.fill()
	}
	c.left--
	c.value += c.step
	return c.value
}

// End fails with TrailingBytes unless every value was read.
func (c *DiffColumnReader) End() { c.end(c.left) }

func (c *DiffColumnReader) fill() {
	double, negative, ok := c.int(2*MaxSafeInteger + 1)
	n := uint64(1)
	if double&1 != 0 && ok {
		n, ok = c.uint()
		n += 2
	}
	// Twice the step, and 1 if it is taken more than once: the magnitude of a
	// negative step is one half, rounded up.
	size, room := double/2, MaxSafeInteger-c.value
	if negative {
		size, room = (double+1)/2, c.value
	}
	if ok && size > 0 && n > room/size {
		c.fail(Overflow)
		ok = false
	}
	switch {
	case !ok:
		c.value, c.step, c.left = 0, 0, math.MaxUint64
	case negative:
		c.step, c.left = -size, n
	default:
		c.step, c.left = size, n
	}
}

// ByteColumnReader reads bytes that often repeat. A varUint after each says how
// often it occurs, less one; after the last there is none, and that byte can be
// read without end.
// Source: lib0@0.2.120/src/decoding.js#RleDecoder, of readUint8.
type ByteColumnReader struct {
	column
	value byte
	left  uint64
}

// ByteColumn reads a varUint length and that many bytes as a column.
func (r *Reader) ByteColumn(field string) ByteColumnReader {
	return ByteColumnReader{column: r.column(field)}
}

// Next reads a value.
func (c *ByteColumnReader) Next() byte {
	if c.left == 0 {
		c.fill()
	}
	c.left--
	return c.value
}

// End fails with TrailingBytes unless every value was read, the last one once at
// least.
func (c *ByteColumnReader) End() {
	if c.left > endless/2 {
		c.end(0)
	} else {
		c.end(c.left)
	}
}

// endless is how often the last byte of a column can be read. Nobody counts to
// half of it.
const endless = math.MaxUint64

func (c *ByteColumnReader) fill() {
	c.value, c.left = 0, endless
	if c.pos == len(c.b) {
		c.fail(Truncated)
		return
	}
	value := c.b[c.pos]
	c.pos++
	if c.pos < len(c.b) {
		n, ok := c.uint()
		if !ok {
			return
		}
		c.left = n + 1
	}
	c.value = value
}
