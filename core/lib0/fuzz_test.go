package lib0

import (
	"bytes"
	"encoding/json"
	"testing"
	"unicode/utf16"
	"unicode/utf8"
)

// FuzzAny: the two readers agree, and what was read is written back to the same
// value.
func FuzzAny(f *testing.F) {
	for _, c := range anyCases {
		f.Add(unhex(f, c.wire))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		skip, read := NewReader(b), NewReader(b)
		skip.SkipAny("value")
		v := read.Any("value")
		if skip.Failed() != read.Failed() || skip.Offset() != read.Offset() {
			t.Fatalf("SkipAny: %v at %d, Any: %v at %d", skip.Err(), skip.Offset(), read.Err(), read.Offset())
		}
		if read.Failed() {
			return
		}
		wire := AppendAny(nil, v)
		again := NewReader(wire)
		if got := AppendAny(nil, again.Any("value")); !bytes.Equal(got, wire) || again.End("value") != nil {
			t.Fatalf("%x was written %x and then %x", b, wire, got)
		}
	})
}

// FuzzReader: numbers and lengths, in both ways that the reader has for them.
func FuzzReader(f *testing.F) {
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f})
	f.Add([]byte{0x80, 0x80, 0x00})
	f.Fuzz(func(t *testing.T, b []byte) {
		short := NewReader(b)
		long := NewReader(append(bytes.Clone(b), make([]byte, 8)...))
		v, w := short.Uint("n"), long.Uint("n")
		if !short.Failed() && (v != w || short.Offset() != long.Offset() || short.Padded() != long.Padded()) {
			t.Fatalf("%x: %d and %d", b, v, w)
		}
		if !short.Failed() && !short.Padded() && !bytes.Equal(AppendUint(nil, v), b[:short.Offset()]) {
			t.Fatalf("%x is written as %x", b, AppendUint(nil, v))
		}
		r := NewReader(b)
		if m, neg := r.Int("n"); !r.Failed() && !r.Padded() && !bytes.Equal(AppendInt(nil, m, neg), b[:r.Offset()]) {
			t.Fatalf("%x is written as %x", b, AppendInt(nil, m, neg))
		}
	})
}

// FuzzJSON compares with encoding/json, which lets invalid UTF-8 and more depth
// pass.
func FuzzJSON(f *testing.F) {
	for _, s := range []string{`{"a":[1,-2.5e3,"\u00e9"],"b":null}`, `[true,false]`, "\"\xff\"", `01`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if bytes.Count(b, []byte("["))+bytes.Count(b, []byte("{")) > MaxDepth {
			return
		}
		if got, want := ValidJSON(b), json.Valid(b) && utf8.Valid(b); got != want {
			t.Fatalf("%q: %v, want %v", b, got, want)
		}
	})
}

// FuzzUTF16 compares with the standard library.
func FuzzUTF16(f *testing.F) {
	f.Add([]byte("plain ASCII text, and then é€😀."), 20)
	f.Add([]byte("😀😀"), 3)
	f.Add([]byte("\xed\xa0\x80"), 0)
	f.Fuzz(func(t *testing.T, b []byte, unit int) {
		units := utf16.Encode([]rune(string(b)))
		n, ok := CountUTF16(b)
		if ok != utf8.Valid(b) || ok && n != len(units) {
			t.Fatalf("%q: %d units, %v; want %d, %v", b, n, ok, len(units), utf8.Valid(b))
		}
		if !ok || unit < 0 {
			return
		}
		at, inside := CutUTF16(b, unit)
		left, _ := CountUTF16(b[:at])
		switch {
		case unit >= n:
			if at != len(b) || inside {
				t.Fatalf("%q cut at %d: %d, %v", b, unit, at, inside)
			}
		case inside:
			if left != unit-1 || !utf16.IsSurrogate(rune(units[unit])) {
				t.Fatalf("%q cut at %d: %d, inside", b, unit, at)
			}
		case left != unit:
			t.Fatalf("%q cut at %d: %d", b, unit, at)
		}
	})
}

// FuzzColumns: what was read of a column is read again from what it is written as.
func FuzzColumns(f *testing.F) {
	f.Add(unhex(f, "01024301"), 5)
	f.Add(unhex(f, "0201000303"), 8)
	f.Add(unhex(f, "03c70104"), 200)
	f.Add(unhex(f, "0ac3a9f09f9880f09f9880420001"), 3)
	f.Fuzz(func(t *testing.T, b []byte, n int) {
		n = min(max(n, 0), 300)
		wire := AppendBytes(nil, b)
		again := func(kind string, read func(r *Reader) []byte) {
			r := NewReader(wire)
			written := read(&r)
			if r.Failed() {
				return
			}
			r = NewReader(written)
			if rewritten := read(&r); r.End(kind) != nil || !bytes.Equal(rewritten, written) {
				t.Fatalf("%s %x was written %x and then %x, %v", kind, b, written, rewritten, r.Err())
			}
		}
		again("uints", func(r *Reader) []byte {
			c, w := r.UintColumn("n"), UintColumnWriter{}
			for range n {
				w.Add(c.Next())
			}
			c.End()
			return w.AppendTo(nil)
		})
		again("diffs", func(r *Reader) []byte {
			c, w := r.DiffColumn("n"), DiffColumnWriter{}
			for range n {
				w.Add(c.Next())
			}
			c.End()
			return w.AppendTo(nil)
		})
		again("bytes", func(r *Reader) []byte {
			c, w := r.ByteColumn("n"), ByteColumnWriter{}
			for range n {
				w.Add(c.Next())
			}
			c.End()
			return w.AppendTo(nil)
		})
		again("strings", func(r *Reader) []byte {
			c, w := r.StringColumn("n"), StringColumnWriter{}
			for range n {
				w.Add(c.Next())
			}
			c.End()
			return w.AppendTo(nil)
		})
	})
}

// FuzzParseJSON: what was read of a text is read again from what is written for it.
func FuzzParseJSON(f *testing.F) {
	for _, s := range []string{`{"a":[1,-2.5e3,"\u00e9\ud800"],"1":null,"a":{}}`, `[true,false,1e400]`, `-0`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		before := bytes.Clone(b)
		v, ok := ParseJSON(b)
		if ok != ValidJSON(b) || !bytes.Equal(b, before) {
			t.Fatalf("%q: %v, and is now %q", before, ok, b)
		}
		if !ok {
			return
		}
		wire := AppendAny(nil, v)
		r := NewReader(wire)
		if r.SkipAny("value"); r.End("value") != nil {
			t.Fatalf("%q: %x: %v", b, wire, r.Err())
		}
		text, ok := AppendJSON(nil, v)
		if !ok || !ValidJSON(text) {
			t.Fatalf("%q is written %q", b, text)
		}
		again, _ := ParseJSON(text)
		if second, _ := AppendJSON(nil, again); !bytes.Equal(second, text) {
			t.Fatalf("%q is written %q, and then %q", b, text, second)
		}
	})
}
