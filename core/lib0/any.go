package lib0

import (
	"encoding/binary"
	"math"
)

// Kind is the tag byte in front of an Any value. The numbers are part of the
// format. Source: lib0@0.2.120/src/encoding.js#writeAny.
type Kind byte

const (
	KindBinary    Kind = 116 // varUint length, bytes
	KindArray     Kind = 117 // varUint count, that many Any
	KindObject    Kind = 118 // varUint count, that many pairs of string and Any
	KindString    Kind = 119 // varUint length, UTF-8
	KindTrue      Kind = 120
	KindFalse     Kind = 121
	KindBigInt    Kind = 122 // 8 bytes, big endian, two's complement
	KindFloat64   Kind = 123 // 8 bytes, big endian
	KindFloat32   Kind = 124 // 4 bytes, big endian
	KindInteger   Kind = 125 // varInt
	KindNull      Kind = 126
	KindUndefined Kind = 127
)

// Any is a decoded Any value. Which fields mean something depends on Kind.
type Any struct {
	Kind   Kind
	Number float64  // KindInteger (may be -0), KindFloat32, KindFloat64
	BigInt int64    // KindBigInt
	Bytes  []byte   // KindString (UTF-8), KindBinary; aliases the input
	Array  []Any    // KindArray
	Object []Member // KindObject, in the order of the input, repeated keys kept
}

// Member is one key of an object and its value.
type Member struct {
	Key   []byte // UTF-8; aliases the input
	Value Any
}

// Number returns f as Yjs writes it: an integer up to 2^31-1 as such, else
// float32 if that is exact, else float64.
// Source: lib0@0.2.120/src/encoding.js#writeAny, #isFloat32.
func Number(f float64) Any {
	switch {
	case f == math.Trunc(f) && math.Abs(f) <= math.MaxInt32:
		return Any{Kind: KindInteger, Number: f}
	case float64(float32(f)) == f:
		return Any{Kind: KindFloat32, Number: f}
	}
	return Any{Kind: KindFloat64, Number: f}
}

// AppendAny appends v. A KindInteger must be a whole number no larger than
// MaxSafeInteger either way.
func AppendAny(b []byte, v Any) []byte {
	b = append(b, byte(v.Kind))
	switch v.Kind {
	case KindInteger:
		b = AppendInt(b, uint64(math.Abs(v.Number)), math.Signbit(v.Number))
	case KindFloat32:
		b = binary.BigEndian.AppendUint32(b, math.Float32bits(float32(v.Number)))
	case KindFloat64:
		b = binary.BigEndian.AppendUint64(b, math.Float64bits(v.Number))
	case KindBigInt:
		b = binary.BigEndian.AppendUint64(b, uint64(v.BigInt))
	case KindString, KindBinary:
		b = AppendBytes(b, v.Bytes)
	case KindArray:
		b = AppendUint(b, uint64(len(v.Array)))
		for _, e := range v.Array {
			b = AppendAny(b, e)
		}
	case KindObject:
		b = AppendUint(b, uint64(len(v.Object)))
		for _, m := range v.Object {
			b = AppendAny(AppendBytes(b, m.Key), m.Value)
		}
	}
	return b
}

// Any reads one Any value. What it allocates is at most some fifty times the
// bytes that it reads; SkipAny allocates nothing.
// Source: lib0@0.2.120/src/decoding.js#readAny.
func (r *Reader) Any(field string) Any {
	padded := r.padded
	v := r.any(field, MaxDepth)
	r.padded = padded
	return v
}

func (r *Reader) any(field string, depth int) Any {
	start := r.pos
	v := Any{Kind: Kind(r.Byte(field))}
	switch v.Kind {
	case KindNull, KindUndefined, KindTrue, KindFalse:
	case KindInteger:
		magnitude, negative := r.Int(field)
		v.Number = float64(magnitude)
		if negative {
			v.Number = math.Copysign(v.Number, -1)
		}
	case KindFloat32:
		if b := r.fixed(field, 4); b != nil {
			v.Number = float64(math.Float32frombits(binary.BigEndian.Uint32(b)))
		}
	case KindFloat64:
		if b := r.fixed(field, 8); b != nil {
			v.Number = math.Float64frombits(binary.BigEndian.Uint64(b))
		}
	case KindBigInt:
		if b := r.fixed(field, 8); b != nil {
			v.BigInt = int64(binary.BigEndian.Uint64(b))
		}
	case KindString:
		v.Bytes = r.String(field)
	case KindBinary:
		v.Bytes = r.Bytes(field)
	case KindArray:
		if n := r.nested(field, 1, depth); n > 0 {
			v.Array = make([]Any, 0, min(n, 16))
			for ; n > 0 && r.err == nil; n-- {
				v.Array = append(v.Array, r.any(field, depth-1))
			}
		}
	case KindObject:
		if n := r.nested(field, 2, depth); n > 0 {
			v.Object = make([]Member, 0, min(n, 16))
			for ; n > 0 && r.err == nil; n-- {
				key := r.String(field)
				v.Object = append(v.Object, Member{Key: key, Value: r.any(field, depth-1)})
			}
		}
	default:
		r.fail(start, field, UnknownType)
	}
	if r.err != nil {
		return Any{Kind: KindUndefined}
	}
	return v
}

// SkipAny reads over one Any value and checks all of it. It allocates nothing.
func (r *Reader) SkipAny(field string) {
	padded := r.padded
	r.skipAny(field, MaxDepth)
	r.padded = padded
}

func (r *Reader) skipAny(field string, depth int) {
	start := r.pos
	switch Kind(r.Byte(field)) {
	case KindNull, KindUndefined, KindTrue, KindFalse:
	case KindInteger:
		r.Int(field)
	case KindFloat32:
		r.fixed(field, 4)
	case KindFloat64, KindBigInt:
		r.fixed(field, 8)
	case KindString:
		r.String(field)
	case KindBinary:
		r.Bytes(field)
	case KindArray:
		for n := r.nested(field, 1, depth); n > 0 && r.err == nil; n-- {
			r.skipAny(field, depth-1)
		}
	case KindObject:
		for n := r.nested(field, 2, depth); n > 0 && r.err == nil; n-- {
			r.String(field)
			r.skipAny(field, depth-1)
		}
	default:
		r.fail(start, field, UnknownType)
	}
}

// AnyBytes reads over one Any value, checks all of it, and returns its bytes.
func (r *Reader) AnyBytes(field string) []byte {
	start := r.pos
	if r.SkipAny(field); r.err != nil {
		return nil
	}
	return r.b[start:r.pos:r.pos]
}

// nested reads how many entries an array or object has.
func (r *Reader) nested(field string, size, depth int) int {
	if depth <= 0 {
		r.Fail(field, TooDeep)
		return 0
	}
	return r.Count(field, size)
}

func (r *Reader) fixed(field string, size int) []byte {
	if r.Len() < size {
		r.Fail(field, Truncated)
		return nil
	}
	r.pos += size
	return r.b[r.pos-size : r.pos]
}
