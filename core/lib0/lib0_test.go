package lib0

import (
	"bytes"
	"encoding/hex"
	"errors"
	"math"
	"testing"
)

// unhex is for bytes that npm lib0@0.2.120 wrote.
func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// feed reads b whole, cut at every byte, and with a byte after it, and checks
// that only the first succeeds. read must read exactly one value.
func feed(t *testing.T, b []byte, read func(*Reader)) {
	t.Helper()
	try := func(b []byte) error {
		r := NewReader(b)
		read(&r)
		return r.End("value")
	}
	if err := try(b); err != nil {
		t.Errorf("%x: %v", b, err)
	}
	for n := range b {
		want(t, try(b[:n]), Truncated)
	}
	want(t, try(append(bytes.Clone(b), 0)), TrailingBytes)
}

func want(t *testing.T, err error, reason Reason) {
	t.Helper()
	e, ok := errors.AsType[*Error](err)
	if !ok || e.Reason != reason {
		t.Errorf("got %v, want %v", err, reason)
	}
}

func TestUint(t *testing.T) {
	for _, c := range []struct {
		v    uint64
		wire string
	}{
		{0, "00"}, {1, "01"}, {127, "7f"}, {128, "8001"}, {16383, "ff7f"}, {16384, "808001"},
		{1 << 31, "8080808008"}, {1<<32 - 1, "ffffffff0f"}, {1<<49 - 1, "ffffffffffff7f"},
		{1 << 49, "8080808080808001"}, {MaxSafeInteger, "ffffffffffffff0f"},
	} {
		b := unhex(t, c.wire)
		if got := AppendUint(nil, c.v); !bytes.Equal(got, b) {
			t.Errorf("AppendUint(%d) = %x, want %x", c.v, got, b)
		}
		if got := SizeUint(c.v); got != len(b) {
			t.Errorf("SizeUint(%d) = %d, want %d", c.v, got, len(b))
		}
		feed(t, b, func(r *Reader) {
			if got := r.Uint("n"); got != c.v && !r.Failed() {
				t.Errorf("read %d, want %d", got, c.v)
			}
		})
		// The same with bytes after it, which is another way through the code.
		r := NewReader(append(bytes.Clone(b), "12345678"...))
		if got := r.Uint("n"); got != c.v || r.Offset() != len(b) || r.Padded() {
			t.Errorf("read %d (%d bytes, padded %v), want %d", got, r.Offset(), r.Padded(), c.v)
		}
	}
}

func TestUintTooLarge(t *testing.T) {
	for _, wire := range []string{
		"8080808080808010",       // 2^53
		"ffffffffffffff7f",       // 2^56-1
		"ffffffffffffffff01",     // 2^57-1
		"808080808080808000",     // 0 in nine bytes
		"ffffffffffffffffffff01", // past 64 bits
	} {
		for _, tail := range []string{"", "00", "0000000000000000"} {
			r := NewReader(unhex(t, wire+tail))
			if got := r.Uint("n"); got != 0 {
				t.Errorf("%s: read %d", wire, got)
			}
			want(t, r.Err(), Overflow)
		}
	}
}

func TestPadded(t *testing.T) {
	for _, c := range []struct {
		wire string
		v    uint64
	}{{"8000", 0}, {"ff8000", 127}, {"81808000", 1}, {"8180808080808000", 1}} {
		for _, tail := range []string{"", "0000000000000000"} {
			r := NewReader(unhex(t, c.wire+tail))
			if got := r.Uint("n"); got != c.v || !r.Padded() || r.Failed() {
				t.Errorf("%s%s: read %d, padded %v, %v", c.wire, tail, got, r.Padded(), r.Err())
			}
		}
	}
	r := NewReader([]byte{byte(KindString), 0x80, 0})
	if r.SkipAny("value"); r.Padded() || r.End("value") != nil {
		t.Error("integers inside of values count as padded")
	}
}

func TestInt(t *testing.T) {
	for _, c := range []struct {
		magnitude uint64
		negative  bool
		wire      string
	}{
		{0, false, "00"}, {0, true, "40"}, {1, false, "01"}, {1, true, "41"}, {63, false, "3f"}, {64, false, "8001"},
		{63, true, "7f"}, {64, true, "c001"}, {8191, false, "bf7f"}, {8192, false, "808001"}, {8192, true, "c08001"},
		{MaxSafeInteger, false, "bfffffffffffff1f"}, {MaxSafeInteger, true, "ffffffffffffff1f"},
	} {
		b := unhex(t, c.wire)
		if got := AppendInt(nil, c.magnitude, c.negative); !bytes.Equal(got, b) {
			t.Errorf("AppendInt(%d, %v) = %x, want %x", c.magnitude, c.negative, got, b)
		}
		feed(t, b, func(r *Reader) {
			if m, n := r.Int("n"); !r.Failed() && (m != c.magnitude || n != c.negative) {
				t.Errorf("read %d, %v, want %d, %v", m, n, c.magnitude, c.negative)
			}
		})
	}
	for _, wire := range []string{"8080808080808020", "bfffffffffffff3f", "ffffffffffffffffff01"} {
		r := NewReader(unhex(t, wire))
		r.Int("n")
		want(t, r.Err(), Overflow)
	}
}

func TestBytesAndStrings(t *testing.T) {
	long := string(bytes.Repeat([]byte("0123456789é"), 20))
	for _, s := range []string{"", "a", "é", "😀", "\ufeff", long} {
		b := AppendString(nil, s)
		if got := AppendBytes(nil, []byte(s)); !bytes.Equal(got, b) {
			t.Errorf("AppendBytes(%q) = %x, AppendString %x", s, got, b)
		}
		feed(t, b, func(r *Reader) {
			if got := r.String("s"); string(got) != s && !r.Failed() {
				t.Errorf("String read %q, want %q", got, s)
			}
		})
		feed(t, b, func(r *Reader) {
			if got := r.Bytes("s"); string(got) != s && !r.Failed() {
				t.Errorf("Bytes read %q, want %q", got, s)
			}
		})
		feed(t, b, func(r *Reader) { r.Text("s") })
	}
	for _, s := range []string{"\xff", "a\xc3", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "01234567\x80"} {
		b := AppendString(nil, s)
		r := NewReader(b)
		r.String("s")
		want(t, r.Err(), InvalidUTF8)
		r = NewReader(b)
		r.Text("s")
		want(t, r.Err(), InvalidUTF8)
	}
	r := NewReader([]byte{3, 'a', 'b', 'c', 'd'})
	if got := append(r.Bytes("s"), 'x'); string(got) != "abcx" || string(r.Rest()) != "d" {
		t.Errorf("appending to what was read overwrote the input: %q", r.Rest())
	}
}

func TestReaderKeepsFirstError(t *testing.T) {
	r := NewReader([]byte{5, 1, 2})
	r.Bytes("first")
	r.Uint("second")
	r.Byte("third")
	r.SkipAny("fourth")
	r.Fail("fifth", TooLarge)
	e, ok := errors.AsType[*Error](r.Err())
	if !ok || *e != (Error{0, "first", Truncated}) {
		t.Errorf("got %+v", e)
	}
	if got, want := e.Error(), "lib0: first at byte 0: truncated"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if r.Len() != 0 || len(r.Rest()) != 0 || r.Count("sixth", 1) != 0 {
		t.Error("reading goes on after an error")
	}
}

func TestCount(t *testing.T) {
	for _, c := range []struct {
		count, size, left int
		ok                bool
	}{{0, 2, 0, true}, {3, 2, 6, true}, {3, 2, 5, false}, {1 << 30, 1, 9, false}} {
		r := NewReader(append(AppendUint(nil, uint64(c.count)), make([]byte, c.left)...))
		if got := r.Count("n", c.size); r.Failed() == c.ok || c.ok && got != c.count {
			t.Errorf("%+v: got %d, %v", c, got, r.Err())
		}
	}
}

func TestReasonStrings(t *testing.T) {
	seen := map[string]bool{}
	for r := Truncated; r <= Empty; r++ {
		if s := r.String(); s == "" || s == "unknown reason" || seen[s] {
			t.Errorf("reason %d is %q", r, s)
		} else {
			seen[s] = true
		}
	}
	if Reason(0).String() != "unknown reason" || Reason(200).String() != "unknown reason" {
		t.Error("an unknown reason has a name")
	}
	if itoa(0) != "0" || itoa(1234567890) != "1234567890" {
		t.Error("itoa is wrong")
	}
}

func TestNothingIsAllocated(t *testing.T) {
	b := AppendUint(nil, MaxSafeInteger)
	b = AppendInt(b, 77, true)
	b = AppendString(b, "some text, é and 😀")
	b = AppendAny(b, Any{Kind: KindArray, Array: []Any{Number(1), Number(0.1), {Kind: KindString, Bytes: []byte("é")}}})
	b = AppendString(b, `{"a":[1,2.5e3,"\u00e9é"]}`)
	out := make([]byte, 0, len(b))
	if n := testing.AllocsPerRun(100, func() {
		r := NewReader(b)
		v := r.Uint("uint")
		m, neg := r.Int("int")
		s, _ := r.Text("text")
		r.SkipAny("any")
		r.JSON("json")
		if r.End("end") != nil {
			t.Fatal(r.Err())
		}
		out = AppendBytes(AppendInt(AppendUint(out[:0], v), m, neg), s)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestFloatsKeepTheirBits(t *testing.T) {
	for _, f := range []float64{math.Copysign(0, -1), math.Inf(1), math.NaN(), 5e-324, math.MaxFloat64} {
		b := AppendAny(nil, Number(f))
		r := NewReader(b)
		if got := r.Any("f").Number; math.Float64bits(got) != math.Float64bits(f) {
			t.Errorf("%v came back as %v", f, got)
		}
	}
}
