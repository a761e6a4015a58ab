package lib0

import (
	"bytes"
	"slices"
	"testing"
)

func repeat[T any](v T, n int) []T { return slices.Repeat([]T{v}, n) }

// feedColumn reads a column whole, cut at every byte and with a byte after it, and
// checks what comes of it. read reads all values and
// ends the column. A cut column may still be one, of other values: then read
// must find values missing, or not the same.
func feedColumn(t *testing.T, wire string, read func(r *Reader) (same bool)) {
	t.Helper()
	b := unhex(t, wire)
	try := func(b []byte) (bool, error) {
		r := NewReader(AppendBytes(nil, b))
		same := read(&r)
		return same, r.End("column")
	}
	if same, err := try(b); err != nil || !same {
		t.Errorf("%s: the same: %v, %v", wire, same, err)
	}
	for n := range b {
		if same, err := try(b[:n]); err == nil && same {
			t.Errorf("%s is as good when cut to %x", wire, b[:n])
		}
	}
	if _, err := try(append(bytes.Clone(b), 0x7f)); err == nil {
		t.Errorf("%s: a byte after it is taken", wire)
	}
}

// The bytes in the tables are what npm lib0@0.2.120 writes.

func TestUintColumn(t *testing.T) {
	const most = MaxSafeInteger
	for _, c := range []struct {
		values []uint64
		wire   string
	}{
		{nil, ""}, {[]uint64{0}, "00"}, {[]uint64{0, 0}, "4000"}, {[]uint64{0, 0, 0}, "4001"}, {[]uint64{5}, "05"},
		{[]uint64{5, 5}, "4500"}, {[]uint64{1, 2, 3, 3, 3}, "01024301"}, {[]uint64{64, 64, 0, 0, 7}, "c00100400007"},
		{[]uint64{most, most, 1, most}, "ffffffffffffff1f0001bfffffffffffff1f"}, {repeat[uint64](1000, 300), "e80faa02"},
		{[]uint64{70000, 63, 8191, 8192}, "b0c5083fbf7f808001"},
	} {
		var w UintColumnWriter
		for range 2 { // the second time after Reset
			for _, v := range c.values {
				w.Add(v)
			}
			got := w.AppendTo([]byte{9})
			if want := AppendBytes([]byte{9}, unhex(t, c.wire)); !bytes.Equal(got, want) || len(got)-1 > w.MaxLen() {
				t.Errorf("%v: %x, want %x", c.values, got, want)
			}
			w.Reset()
		}
		feedColumn(t, c.wire, func(r *Reader) bool {
			col := r.UintColumn("n")
			var got []uint64
			for range c.values {
				got = append(got, col.Next())
			}
			col.End()
			return slices.Equal(got, c.values)
		})
	}
}

func TestDiffColumn(t *testing.T) {
	const most = MaxSafeInteger
	for _, c := range []struct {
		values []uint64
		wire   string
	}{
		{nil, ""}, {[]uint64{0}, "00"}, {[]uint64{0, 0}, "0100"}, {[]uint64{1, 2, 3, 2}, "030142"},
		{[]uint64{1, 1, 1, 2, 3, 4, 5, 6}, "0201000303"}, {[]uint64{10, 8, 6, 4, 3, 2, 1, 0}, "1443014102"},
		{[]uint64{most, 0, most, 1}, "beffffffffffff3ffeffffffffffff3fbeffffffffffff3ffcffffffffffff3f"},
		{[]uint64{1 << 51, 1 << 52}, "818080808080801000"}, {[]uint64{5, 5}, "0a00"}, {repeat[uint64](1000, 300), "901f01a902"},
		{[]uint64{100, 50, 0}, "8803e30100"}, {[]uint64{31, 30, 94, 0}, "3e428002fc02"},
		{[]uint64{1 << 52, 3}, "8080808080808020faffffffffffff1f"},
	} {
		var w DiffColumnWriter
		for range 2 {
			for _, v := range c.values {
				w.Add(v)
			}
			got := w.AppendTo(nil)
			if want := AppendBytes(nil, unhex(t, c.wire)); !bytes.Equal(got, want) || len(got) > w.MaxLen() {
				t.Errorf("%v: %x, want %x", c.values, got, want)
			}
			w.Reset()
		}
		feedColumn(t, c.wire, func(r *Reader) bool {
			col := r.DiffColumn("n")
			var got []uint64
			for range c.values {
				got = append(got, col.Next())
			}
			col.End()
			return slices.Equal(got, c.values)
		})
	}
}

func TestByteColumn(t *testing.T) {
	for _, c := range []struct {
		values []byte
		wire   string
	}{
		{nil, ""}, {[]byte{0}, "00"}, {[]byte{7}, "07"}, {[]byte{1, 1, 1, 7}, "010207"}, {[]byte{1, 2, 3}, "0100020003"},
		{[]byte{255, 255}, "ff"}, {append(repeat[byte](3, 200), 4), "03c70104"}, {repeat[byte](3, 200), "03"},
	} {
		var w ByteColumnWriter
		for range 2 {
			for _, v := range c.values {
				w.Add(v)
			}
			got := w.AppendTo(nil)
			if want := AppendBytes(nil, unhex(t, c.wire)); !bytes.Equal(got, want) || len(got) > w.MaxLen() {
				t.Errorf("%v: %x, want %x", c.values, got, want)
			}
			w.Reset()
		}
		feedColumn(t, c.wire, func(r *Reader) bool {
			col := r.ByteColumn("n")
			var got []byte
			for range c.values {
				got = append(got, col.Next())
			}
			col.End()
			return slices.Equal(got, c.values)
		})
	}
}

func TestStringColumn(t *testing.T) {
	for _, c := range []struct {
		values []string
		wire   string
	}{
		{nil, "00"}, {[]string{""}, "0000"}, {[]string{"a", "b"}, "0261624100"}, {[]string{"", "", ""}, "004001"},
		{[]string{"aé", "😀", "", "x😀"}, "0c61c3a9f09f988078f09f988042000003"},
		{[]string{"The quick brown fox jumps", "over"}, "1d54686520717569636b2062726f776e20666f78206a756d70736f7665721904"},
	} {
		var w StringColumnWriter
		for range 2 {
			for _, v := range c.values {
				units, _ := CountUTF16([]byte(v))
				w.Add([]byte(v), units)
			}
			got := w.AppendTo(nil)
			if want := AppendBytes(nil, unhex(t, c.wire)); !bytes.Equal(got, want) || len(got) > w.MaxLen() {
				t.Errorf("%q: %x, want %x", c.values, got, want)
			}
			w.Reset()
		}
		feedStrings(t, c.wire, c.values)
	}
}

// What Yjs writes for strings that begin or end with half a surrogate pair.
func TestStringColumnHalves(t *testing.T) {
	const half = "\uFFFD"
	for _, c := range []struct {
		wire   string
		values []string
	}{
		{"0661f09f9880624200", []string{"a" + half, half + "b"}},
		{"08f09f9880f09f9880410002", []string{half, half, "😀"}},
		{"08f09f9880f09f9880030001", []string{"😀" + half, "", half}},
		{"0ac3a9f09f9880f09f9880420001", []string{"é" + half, half + half, half}},
	} {
		feedStrings(t, c.wire, c.values)
	}
	// A column that ends with the first half of a pair.
	r := NewReader(AppendBytes(nil, unhex(t, "04f09f988001")))
	col := r.StringColumn("text")
	if text, units := col.Next(); string(text) != half || units != 1 {
		t.Errorf("%q, %d", text, units)
	}
	col.End()
	want(t, r.Err(), TrailingBytes)
}

func feedStrings(t *testing.T, wire string, values []string) {
	t.Helper()
	feedColumn(t, wire, func(r *Reader) bool {
		col := r.StringColumn("text")
		var got []string
		for range values {
			text, units := col.Next()
			if n, ok := CountUTF16(text); !ok || n != units && !r.Failed() {
				t.Errorf("%s: %q has %d units", wire, text, units)
			}
			got = append(got, string(text))
		}
		col.End()
		return slices.Equal(got, values)
	})
}

// Columns that are malformed in other ways than being cut or too long.
func TestColumnErrors(t *testing.T) {
	uints := func(r *Reader) { c := r.UintColumn("n"); c.Next(); c.Next(); c.End() }
	diffs := func(r *Reader) { c := r.DiffColumn("n"); c.Next(); c.Next(); c.End() }
	bytes := func(r *Reader) { c := r.ByteColumn("n"); c.Next(); c.Next(); c.End() }
	texts := func(r *Reader) { c := r.StringColumn("n"); c.Next(); c.Next(); c.End() }
	for _, c := range []struct {
		name   string
		read   func(*Reader)
		wire   string
		reason Reason
	}{
		{"past the end", uints, "05", Truncated},
		{"a run is left", uints, "4501", TrailingBytes},
		{"past 2^53-1", uints, "80808080808080200000", Overflow},
		{"without end", uints, "ffffffffffffffffffffffff", Overflow},
		{"a count without end", uints, "45ffffffffffffffffffffff", Overflow},
		{"no count", uints, "45", Truncated},
		{"past the end", diffs, "02", Truncated},
		{"a run is left", diffs, "0301", TrailingBytes},
		{"below 0", diffs, "0244", Overflow},
		{"below 0, in a run", diffs, "0243", Truncated},
		{"a run below 0", diffs, "024300", Overflow},
		{"past 2^53-1", diffs, "beffffffffffff3f02", Overflow},
		{"a run past 2^53-1", diffs, "03ffffffffffffff0f", Overflow},
		{"a step past 2^53-1", diffs, "80808080808080400000", Overflow},
		{"past the end", bytes, "", Truncated},
		{"past the end", bytes, "0500", Truncated},
		{"a run is left", bytes, "0502", TrailingBytes},
		{"a run is not begun", bytes, "050107", TrailingBytes},
		{"a count without end", bytes, "05ffffffffffffffffffffff", Overflow},
		{"more units than text", texts, "02616203", Truncated},
		{"more units than text", texts, "03c3a9610300", Truncated},
		{"more units than text", texts, "03c3a9614201", Truncated},
		{"text is left", texts, "0361626301", Truncated},
		{"text is left", texts, "03616263010100", TrailingBytes},
		{"text is left", texts, "036162634100", TrailingBytes},
		{"not UTF-8", texts, "02c328410000", InvalidUTF8},
		{"half a pair", texts, "03eda080014100", InvalidUTF8},
		{"text is cut", texts, "056162", Truncated},
	} {
		r := NewReader(AppendBytes(nil, unhex(t, c.wire)))
		c.read(&r)
		if e, ok := r.Err().(*Error); !ok || e.Reason != c.reason {
			t.Errorf("%s (%s): %v, want %v", c.wire, c.name, r.Err(), c.reason)
		}
	}
}

// After an error a column reads zeros, as often as it is asked to.
func TestColumnAfterError(t *testing.T) {
	r := NewReader([]byte{1, 7, 0, 2, 1, 'x'})
	u, b, s := r.UintColumn("u"), r.ByteColumn("b"), r.StringColumn("s")
	for range 3 {
		u.Next()
	}
	first := r.Err()
	for range 10 {
		text, units := s.Next()
		if v, w := u.Next(), b.Next(); v != 0 || w != 0 || len(text) != 0 || units != 0 {
			t.Errorf("%d, %d, %q", v, w, text)
		}
	}
	u.End()
	if r.Err() != first {
		t.Errorf("%v, then %v", first, r.Err())
	}
}

func TestColumnAllocs(t *testing.T) {
	var u UintColumnWriter
	var d DiffColumnWriter
	var b ByteColumnWriter
	var s StringColumnWriter
	var wire []byte
	write := func() {
		u.Reset()
		d.Reset()
		b.Reset()
		s.Reset()
		for i := range 1000 {
			u.Add(uint64(i / 3))
			d.Add(uint64(i * i))
			b.Add(byte(i / 100))
			s.Add([]byte("héllo, world"), 12)
		}
		wire = s.AppendTo(b.AppendTo(d.AppendTo(u.AppendTo(wire[:0]))))
	}
	write()
	if n := testing.AllocsPerRun(10, write); n != 0 {
		t.Errorf("writing allocates %v times", n)
	}
	var sum uint64
	r := NewReader(wire)
	n := testing.AllocsPerRun(10, func() {
		r = NewReader(wire)
		u, d, b, s := r.UintColumn("u"), r.DiffColumn("d"), r.ByteColumn("b"), r.StringColumn("s")
		for range 1000 {
			_, units := s.Next()
			sum += u.Next() + d.Next() + uint64(b.Next()) + uint64(units)
		}
		u.End()
		d.End()
		b.End()
		s.End()
	})
	if n != 0 || r.Err() != nil || sum == 0 {
		t.Errorf("reading allocates %v times, %v", n, r.Err())
	}
}
