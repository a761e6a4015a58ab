package crdt

import (
	"math"
	"slices"
	"unicode/utf8"

	"github.com/weft-sync/weft/core/lib0"
	"github.com/weft-sync/weft/core/update"
)

// A value in a document is one of
//
//	nil                       null
//	Undefined                 undefined
//	bool, string              as they are; strings are valid UTF-8
//	float64                   a number
//	BigInt                    a big integer, of 64 bits
//	[]byte                    binary data
//	[]any                     an array of values
//	Object                    an object, keys in order
//	Text, Array, Map, XML…    a shared type; only read, see the Insert… and Set… methods
//	*Doc                      a subdocument
//
// Where a value is taken, any integer type, float32 and map[string]any are too: a
// number, and an object with its keys sorted. Inside of arrays and objects there
// are no shared types and no subdocuments.

// Undefined is JavaScript's undefined, which is not null.
type Undefined struct{}

// BigInt is a big integer, as 1n in JavaScript. A number is not one.
type BigInt int64

// Object is an object with its keys in order.
type Object []Member

// Member is one key of an object and its value.
type Member struct {
	Key   string
	Value any
}

// Get returns the value of a key, or Undefined.
func (o Object) Get(key string) any {
	for i := len(o) - 1; i >= 0; i-- {
		if o[i].Key == key {
			return o[i].Value
		}
	}
	return Undefined{}
}

// appendValue appends a value as lib0 Any. The error is ErrValue or ErrUTF8.
// Source: lib0@0.2.120/src/encoding.js#writeAny.
func appendValue(b []byte, v any, depth int) ([]byte, error) {
	if depth == 0 {
		return b, ErrValue
	}
	switch v := v.(type) {
	case nil:
		return append(b, byte(lib0.KindNull)), nil
	case Undefined:
		return append(b, byte(lib0.KindUndefined)), nil
	case bool:
		if v {
			return append(b, byte(lib0.KindTrue)), nil
		}
		return append(b, byte(lib0.KindFalse)), nil
	case string:
		if !utf8.ValidString(v) {
			return b, ErrUTF8
		}
		return lib0.AppendString(append(b, byte(lib0.KindString)), v), nil
	case []byte:
		return lib0.AppendBytes(append(b, byte(lib0.KindBinary)), v), nil
	case BigInt:
		return lib0.AppendAny(b, lib0.Any{Kind: lib0.KindBigInt, BigInt: int64(v)}), nil
	case []any:
		b = lib0.AppendUint(append(b, byte(lib0.KindArray)), uint64(len(v)))
		for _, e := range v {
			var err error
			if b, err = appendValue(b, e, depth-1); err != nil {
				return b, err
			}
		}
		return b, nil
	case Object:
		b = lib0.AppendUint(append(b, byte(lib0.KindObject)), uint64(len(v)))
		for _, m := range v {
			if !utf8.ValidString(m.Key) {
				return b, ErrUTF8
			}
			b = lib0.AppendString(b, m.Key)
			var err error
			if b, err = appendValue(b, m.Value, depth-1); err != nil {
				return b, err
			}
		}
		return b, nil
	case map[string]any:
		return appendValue(b, sortedObject(v), depth)
	}
	f, ok := number(v)
	if !ok {
		return b, ErrValue
	}
	if math.IsNaN(f) {
		f = nan
	}
	return lib0.AppendAny(b, lib0.Number(f)), nil
}

// nan is JavaScript's NaN; Go's has other bits.
var nan = math.Float64frombits(0x7ff8 << 48)

// sortedObject returns a map as an object with its keys sorted.
func sortedObject(m map[string]any) Object {
	o := make(Object, 0, len(m))
	for k, v := range m {
		o = append(o, Member{k, v})
	}
	slices.SortFunc(o, func(a, b Member) int {
		if a.Key < b.Key {
			return -1
		}
		return 1
	})
	return o
}

// number returns a number of any Go type that has no more digits than a float64.
func number(v any) (float64, bool) {
	switch v := v.(type) {
	case float64:
		return v, true
	case float32:
		return float64(v), true
	case int:
		return float64(v), true
	case int8:
		return float64(v), true
	case int16:
		return float64(v), true
	case int32:
		return float64(v), true
	case int64:
		return float64(v), true
	case uint:
		return float64(v), true
	case uint8:
		return float64(v), true
	case uint16:
		return float64(v), true
	case uint32:
		return float64(v), true
	case uint64:
		return float64(v), true
	}
	return math.NaN(), false
}

// fromAny returns a decoded Any as a value. Nothing of it aliases the document.
func fromAny(v lib0.Any) any {
	switch v.Kind {
	case lib0.KindNull:
		return nil
	case lib0.KindTrue, lib0.KindFalse:
		return v.Kind == lib0.KindTrue
	case lib0.KindInteger, lib0.KindFloat32, lib0.KindFloat64:
		return v.Number
	case lib0.KindBigInt:
		return BigInt(v.BigInt)
	case lib0.KindString:
		return string(v.Bytes)
	case lib0.KindBinary:
		return append([]byte{}, v.Bytes...)
	case lib0.KindArray:
		list := make([]any, len(v.Array))
		for i, e := range v.Array {
			list[i] = fromAny(e)
		}
		return list
	case lib0.KindObject:
		o := make(Object, 0, len(v.Object))
		for _, m := range v.Object {
			o = append(o, Member{string(m.Key), fromAny(m.Value)})
		}
		return o
	}
	return Undefined{}
}

// contentValue returns one of the values that a block of a kind without a table
// holds: of text the UTF-16 unit as a string, U+FFFD for half a pair.
func contentValue(kind update.Kind, content []byte, unit int) any {
	switch kind {
	case update.KindAny:
		r := lib0.NewReader(content[skipValues(content, unit):])
		return fromAny(r.Any("value"))
	case update.KindJSON:
		r := lib0.NewReader(content[skipStrings(content, unit):])
		if v := r.Bytes("value"); string(v) != "undefined" {
			return fromJSON(v)
		}
	case update.KindBinary:
		return append([]byte{}, content...)
	case update.KindString:
		at, inside := lib0.CutUTF16(content, unit)
		if r, size := utf8.DecodeRune(content[at:]); !inside && size > 0 && r < 0x10000 {
			return string(r)
		}
		return replacement
	}
	return Undefined{}
}
