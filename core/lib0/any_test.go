package lib0

import (
	"bytes"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func str(s string) Any     { return Any{Kind: KindString, Bytes: []byte(s)} }
func bin(b ...byte) Any    { return Any{Kind: KindBinary, Bytes: b} }
func big(v int64) Any      { return Any{Kind: KindBigInt, BigInt: v} }
func list(vs ...Any) Any   { return Any{Kind: KindArray, Array: vs} }
func kind(k Kind) Any      { return Any{Kind: k} }
func obj(ms ...Member) Any { return Any{Kind: KindObject, Object: ms} }
func member(k string, v Any) Member {
	return Member{[]byte(k), v}
}

// anyCases are values with the bytes that writeAny of npm lib0@0.2.120 writes.
var anyCases = []struct {
	v    Any
	wire string
}{
	{kind(KindUndefined), "7f"},
	{kind(KindNull), "7e"},
	{kind(KindTrue), "78"},
	{kind(KindFalse), "79"},
	{Number(0), "7d00"},
	{Number(math.Copysign(0, -1)), "7d40"},
	{Number(1), "7d01"},
	{Number(-1), "7d41"},
	{Number(64), "7d8001"},
	{Number(-64), "7dc001"},
	{Number(8192), "7d808001"},
	{Number(math.MaxInt32), "7dbfffffff0f"},
	{Number(-math.MaxInt32), "7dffffffff0f"},
	{Number(1 << 31), "7c4f000000"},
	{Number(-1 << 31), "7ccf000000"},
	{Number(-0.5), "7cbf000000"},
	{Number(0.1), "7b3fb999999999999a"},
	{Number(1e300), "7b7e37e43c8800759c"},
	{Number(math.Inf(-1)), "7cff800000"},
	{Number(MaxSafeInteger), "7b433fffffffffffff"},
	{big(5), "7a0000000000000005"},
	{big(-1), "7affffffffffffffff"},
	{big(math.MaxInt64), "7a7fffffffffffffff"},
	{str(""), "7700"},
	{str("é"), "7702c3a9"},
	{str("😀"), "7704f09f9880"},
	{list(), "7500"},
	{list(kind(KindNull), list(Number(1))), "75027e75017d01"},
	{obj(), "7600"},
	{obj(member("a", Number(1)), member("é", obj(member("b", list(kind(KindTrue)))))), "760201617d0102c3a976010162750178"},
	{bin(), "7400"},
	{bin(1, 255), "740201ff"},
}

func TestAny(t *testing.T) {
	for _, c := range anyCases {
		b := unhex(t, c.wire)
		if got := AppendAny(nil, c.v); !bytes.Equal(got, b) {
			t.Errorf("%+v is written %x, want %x", c.v, got, b)
		}
		feed(t, b, func(r *Reader) { r.SkipAny("value") })
		feed(t, b, func(r *Reader) {
			got := r.Any("value")
			if d := cmp.Diff(c.v, got, cmpopts.EquateEmpty()); d != "" && !r.Failed() {
				t.Errorf("%x (-want +got):\n%s", b, d)
			}
		})
	}
}

func TestAnyRefused(t *testing.T) {
	deep := func(n int) []byte { return append(bytes.Repeat([]byte{byte(KindArray), 1}, n), byte(KindNull)) }
	for _, c := range []struct {
		name   string
		wire   []byte
		reason Reason
	}{
		{"tag before the first", []byte{115}, UnknownType},
		{"tag after the last", []byte{128}, UnknownType},
		{"tag 0", []byte{0}, UnknownType},
		{"inside an array", []byte{117, 2, 126, 1}, UnknownType},
		{"string", []byte{119, 1, 0xff}, InvalidUTF8},
		{"key", []byte{118, 1, 1, 0xff, 126}, InvalidUTF8},
		{"huge array", []byte{117, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f, 126}, Truncated},
		{"huge object", []byte{118, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f, 0, 126}, Truncated},
		{"huge binary", []byte{116, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f, 126}, Truncated},
		{"too deep", deep(MaxDepth + 1), TooDeep},
		{"hopelessly deep", deep(1 << 20), TooDeep},
	} {
		r := NewReader(c.wire)
		r.SkipAny("value")
		want(t, r.Err(), c.reason)
		r = NewReader(c.wire)
		if v := r.Any("value"); v.Kind != KindUndefined {
			t.Errorf("%s: a value came with the error: %v", c.name, v.Kind)
		}
		want(t, r.Err(), c.reason)
	}
	r := NewReader(deep(MaxDepth))
	if r.SkipAny("value"); r.End("value") != nil {
		t.Errorf("%d levels: %v", MaxDepth, r.Err())
	}
}
