package update

import (
	"bytes"
	"slices"
	"testing"

	"github.com/weft-sync/weft/core/lib0"
)

// Each content in each place, in version 2: whole, cut at every byte, with a byte
// more, and back in version 1.
func TestVersion2EveryStruct(t *testing.T) {
	for _, p := range places {
		for _, c := range contents {
			t.Run(c.name+", "+p.name, func(t *testing.T) {
				v1 := up(of(7, 5, bs(int(byte(c.kind)|p.bits), p.wire, c.wire)), deletes(7, 5, 1, 9, 2))
				v2 := mustToV2(t, v1)
				structs, gone, err := ContentsV2(v2)
				if err != nil || !structs.Covers(7, 5, 5+c.len) || structs.Contains(7, 5+c.len) || !gone.Covers(7, 9, 11) {
					t.Fatalf("holds %v, %v", list(structs), err)
				}
				for n := range v2 {
					if ValidateV2(v2[:n]) == nil {
						t.Errorf("taken when cut at %d: %x", n, v2[:n])
					}
				}
				wantReason(t, ValidateV2(append(bytes.Clone(v2), 0)), lib0.TrailingBytes, "update")
				back, err := ConvertV2ToV1(v2)
				if err != nil {
					t.Fatal(err)
				}
				want := v1
				if p.bits == infoOrigin|infoParentSub { // who reads this cannot know the key
					want = up(of(7, 5, bs(int(byte(c.kind)|infoOrigin), p.wire, c.wire)), deletes(7, 5, 1, 9, 2))
				}
				if again := mustToV2(t, back); !bytes.Equal(again, v2) || !bytes.Equal(back, want) {
					t.Errorf("back is %x, want %x", back, want)
				}
			})
		}
	}
}

// Updates of version 1 that have no such form in version 2, or none that Yjs
// writes, come out as something that means the same.
func TestConvertUntidy(t *testing.T) {
	for _, c := range []struct {
		name     string
		from, to []byte
	}{
		{"deletes out of order", up(deletes(1, 9, 2, 3, 1), deletes(8, 0, 1)), up(deletes(8, 0, 1), deletes(1, 3, 1, 9, 2))},
		{"deletes overlap", up(deletes(1, 3, 4, 5, 9)), up(deletes(1, 3, 11))},
		{"deletes are repeated", up(deletes(1, 3, 4), deletes(1, 3, 4)), up(deletes(1, 3, 4))},
		{"empty deletes", up(deletes(1, 5, 0), deletes(3), deletes(2, 5, 0, 7, 1)), up(deletes(2, 7, 1))},
		{"touching deletes stay", up(deletes(1, 3, 1, 4, 1)), up(deletes(1, 3, 1, 4, 1))},
		{"sections without structs", up(of(9, 3), of(5, 0, gc(1)), of(3, 1)), up(of(5, 0, gc(1)))},
		{"clients ascending", up(of(3, 0, gc(1)), of(5, 0, gc(1))), up(of(3, 0, gc(1)), of(5, 0, gc(1)))},
		{"a client in two sections", up(of(5, 3, gc(2)), of(5, 0, gc(1))), up(of(5, 0, gc(1), skip(2), gc(2)))},
		{"skips first and last", up(of(5, 1, skip(2), gc(1), skip(7))), up(of(5, 1, skip(2), gc(1), skip(7)))},
		{"bits of a GC", up(of(5, 0, bs(0xe0, 3))), up(of(5, 0, gc(3)))},
		{"padded integers", bs(0x81, 0, 1, 5, 0, 0, 0x83, 0, 0), up(of(5, 0, gc(3)))},
		{"nothing", empty, empty},
	} {
		v2 := mustToV2(t, c.from)
		back, err := ConvertV2ToV1(v2)
		if err != nil || !bytes.Equal(back, c.to) {
			t.Errorf("%s: %x, %v; want %x", c.name, back, err, c.to)
		}
		if !bytes.Equal(mustToV2(t, back), v2) {
			t.Errorf("%s: %x and %x", c.name, v2, mustToV2(t, back))
		}
	}
}

// In version 2, sections that only hold no struct, and clients twice.
func TestConvertUntidyV2(t *testing.T) {
	var e EncoderV2
	e.Sections(3)
	e.Section(1, 5, 3)
	e.Info(byte(KindGC))
	e.Len(2)
	e.Section(0, 7, 9)
	e.Section(1, 5, 0)
	e.Info(byte(KindGC))
	e.Len(1)
	e.DeleteClients(3)
	e.DeleteClient(1, 1)
	e.DeleteRange(Range{5, 7})
	e.DeleteClient(9, 0)
	e.DeleteClient(1, 1)
	e.DeleteRange(Range{2, 3})
	u := e.AppendTo(nil)
	want := up(of(5, 0, gc(1), skip(2), gc(2)), deletes(1, 2, 1, 5, 2))
	if got, err := ConvertV2ToV1(u); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%x, %v; want %x", got, err, want)
	}
	if got, err := MergeV2(u, unhex(t, emptyV2)); err != nil || !bytes.Equal(got, mustToV2(t, want)) {
		t.Errorf("%x, %v; want %x", got, err, mustToV2(t, want))
	}
	if sv, err := StateVectorOfV2(u); err != nil || !bytes.Equal(sv, bs(1, 5, 1)) {
		t.Errorf("%x, %v", sv, err)
	}
	if got, err := DiffV2(u, bs(1, 5, 1)); err != nil || !bytes.Equal(got, mustToV2(t, up(of(5, 3, gc(2)), deletes(1, 2, 1, 5, 2)))) {
		t.Errorf("%x, %v", got, err)
	}
}

// fields is an update of one struct with an origin, whose content is what write
// writes.
func fields(kind int, write func(e *EncoderV2)) []byte {
	var e EncoderV2
	e.Sections(1)
	e.Section(1, 1, 0)
	e.Info(byte(kind) | infoOrigin)
	e.LeftID(ID{1, 0})
	write(&e)
	e.DeleteClients(0)
	return e.AppendTo(nil)
}

func TestValidateV2Refuses(t *testing.T) {
	const most = lib0.MaxSafeInteger
	text := func(s string) func(*EncoderV2) { return func(e *EncoderV2) { e.String([]byte(s)) } }
	structs := func(clock uint64, write ...func(e *EncoderV2)) []byte {
		var e EncoderV2
		e.Sections(1)
		e.Section(len(write), 1, clock)
		for _, w := range write {
			w(&e)
		}
		e.DeleteClients(0)
		return e.AppendTo(nil)
	}
	gc := func(n uint64) func(*EncoderV2) { return func(e *EncoderV2) { e.Info(0); e.Len(n) } }
	skip := func(n uint64) func(*EncoderV2) { return func(e *EncoderV2) { e.Info(byte(KindSkip)); e.SkipLen(n) } }
	for _, c := range []struct {
		name   string
		u      []byte
		reason lib0.Reason
		field  string
	}{
		{"nothing", nil, lib0.Truncated, "features"},
		{"a feature", bs(1, make([]byte, 12)), lib0.UnknownType, "features"},
		{"huge column", bs(0, vu(1<<40)), lib0.Truncated, "key clock"},
		{"gc of no length", structs(0, gc(0)), lib0.Empty, "struct length"},
		{"skip of no length", structs(0, skip(0)), lib0.Empty, "struct length"},
		{"gc past the last clock", structs(1, gc(most)), lib0.Overflow, "struct length"},
		{"structs past the last clock", structs(0, gc(most-1), gc(1), gc(1)), lib0.Overflow, "struct length"},
		{"skip past the last clock", structs(1, skip(most)), lib0.Overflow, "struct length"},
		{"deleted nothing", fields(1, func(e *EncoderV2) { e.Len(0) }), lib0.Empty, "struct length"},
		{"json nothing", fields(2, func(e *EncoderV2) { e.Len(0) }), lib0.Empty, "struct length"},
		{"huge count of json", fields(2, func(e *EncoderV2) { e.Len(1 << 40); e.String([]byte("1")) }), lib0.Truncated, "json count"},
		{"json", fields(2, func(e *EncoderV2) { e.Len(1); e.String([]byte("NaN")) }), lib0.InvalidJSON, "json"},
		{"empty text", fields(4, text("")), lib0.Empty, "struct length"},
		{"half a character", fields(4, func(e *EncoderV2) { e.text.Add([]byte("\xc3"), 1) }), lib0.InvalidUTF8, "string"},
		{"embed", fields(5, func(e *EncoderV2) { e.Any([]byte{1}) }), lib0.UnknownType, "embed"},
		{"format value", fields(6, func(e *EncoderV2) { e.Key([]byte("k")); e.Any([]byte{119, 1, 0xff}) }), lib0.InvalidUTF8, "format value"},
		{"no type", fields(7, func(e *EncoderV2) { e.TypeRef(7) }), lib0.UnknownType, "type"},
		{"any nothing", fields(8, func(e *EncoderV2) { e.Len(0) }), lib0.Empty, "struct length"},
		{"huge count of values", fields(8, func(e *EncoderV2) { e.Len(1 << 40); e.Any([]byte{126}) }), lib0.Truncated, "any count"},
		{"too deep", fields(8, func(e *EncoderV2) { e.Len(1); e.Any(append(bytes.Repeat([]byte{117, 1}, lib0.MaxDepth+1), 126)) }), lib0.TooDeep, "any"},
		{"options null", fields(9, func(e *EncoderV2) { e.String([]byte("g")); e.Any([]byte{126}) }), lib0.UnknownType, "subdocument options"},
		{"options undefined", fields(9, func(e *EncoderV2) { e.String([]byte("g")); e.Any([]byte{127}) }), lib0.UnknownType, "subdocument options"},
		{"kind 11", fields(11, func(*EncoderV2) {}), lib0.UnknownType, "struct info"},
		{"a skip with bits", fields(10, func(*EncoderV2) {}), lib0.UnknownType, "struct info"},
		{"delete past the last clock", bs(unhex(t, emptyV2)[:12], 1, 1, 1, vu(most), 0), lib0.Overflow, "delete length"},
		{"delete length past 2^53-1", bs(unhex(t, emptyV2)[:12], 1, 1, 1, 0, vu(most)), lib0.Overflow, "delete length"},
		{"huge count of deleting clients", bs(unhex(t, emptyV2)[:12], vu(1<<40), 1, 1, 0, 0), lib0.Truncated, "delete set clients"},
		{"huge count of delete ranges", bs(unhex(t, emptyV2)[:12], 1, 1, vu(1<<40), 0, 0), lib0.Truncated, "delete ranges"},
		{"huge count of sections", bs(unhex(t, emptyV2)[:11], vu(1<<40), 0, 0), lib0.Truncated, "client sections"},
		{"a value without a struct", bs(0, 0, 1, 5, unhex(t, emptyV2)[3:]), lib0.TrailingBytes, "client"},
	} {
		t.Run(c.name, func(t *testing.T) {
			wantReason(t, ValidateV2(c.u), c.reason, c.field)
			_, err := MergeV2(c.u, unhex(t, emptyV2))
			wantReason(t, err, c.reason, c.field)
			_, err = ConvertV2ToV1(c.u)
			wantReason(t, err, c.reason, c.field)
		})
	}
	_, err := ConvertV2ToV1(fields(5, func(e *EncoderV2) { e.Any([]byte{127}) }))
	wantReason(t, err, lib0.NotJSON, "embed")
	_, err = ConvertV1ToV2(bs(1))
	wantReason(t, err, lib0.Truncated, "")
}

// Keys of XML types that are only referred to must not make much of little.
func TestKeyReferencesAreBounded(t *testing.T) {
	const n = 100_000
	long := bytes.Repeat([]byte("k"), 1000)
	var e EncoderV2
	e.Sections(1)
	e.Section(n, 1, 0)
	for i := range uint64(n) {
		e.Info(byte(KindType) | infoOrigin)
		e.LeftID(ID{1, i})
		e.TypeRef(TypeXMLElement)
		e.keyClock.Add(0)
	}
	e.String(long)
	e.DeleteClients(0)
	wantReason(t, ValidateV2(e.AppendTo(nil)), lib0.TooLarge, "key")
}

// Values that JSON does not have stay as they are while version 2 is merged.
func TestVersion2KeepsValues(t *testing.T) {
	value := []byte{118, 2, 1, 'b', 122, 0, 0, 0, 0, 0, 0, 0, 5, 1, 'a', 127} // {b: 5n, a: undefined}
	u := fields(6, func(e *EncoderV2) { e.Key([]byte("k")); e.Any(value) })
	got, err := MergeV2(u, u)
	if err != nil || !bytes.Equal(got, u) {
		t.Errorf("%x, %v; want %x", got, err, u)
	}
	structs, _, err := InspectV2(u)
	if err != nil {
		t.Fatal(err)
	}
	for st := range structs {
		if got := string(st.AppendPreview(nil, 60)); got != `"k": {"b": 5n, "a": undefined}` {
			t.Errorf("shows %s", got)
		}
	}
}

func TestInspectV2(t *testing.T) {
	v1, err := ConvertV2ToV1(unhex(t, exampleV2))
	if err != nil {
		t.Fatal(err)
	}
	structs, deletes, err := InspectV2(unhex(t, exampleV2))
	if err != nil {
		t.Fatal(err)
	}
	same, sameDeletes, err := Inspect(v1)
	if err != nil {
		t.Fatal(err)
	}
	got, want := slices.Collect(structs), slices.Collect(same)
	if len(got) != len(want) || len(got) < 15 {
		t.Fatalf("%d structs, and %d in version 1", len(got), len(want))
	}
	for i := range got {
		if got[i].ID != want[i].ID || got[i].Len != want[i].Len || got[i].Kind != want[i].Kind || got[i].Place.Origin != want[i].Place.Origin {
			t.Errorf("%+v, and in version 1 %+v", got[i], want[i])
		}
	}
	if !slices.Equal(slices.Collect(deletes), slices.Collect(sameDeletes)) {
		t.Error("the deletes differ")
	}
}

func TestSnapshot(t *testing.T) {
	s := Snapshot{Known: StateVector{5: 9, 1 << 40: 1}}
	s.Deleted.Add(5, 2, 4)
	s.Deleted.Add(5, 6, 7)
	s.Deleted.Add(1<<40, 0, 1)
	v1 := bs(2, vu(1<<40), 1, 0, 1, 5, 2, 2, 2, 6, 1, 2, vu(1<<40), 1, 5, 9)
	v2 := bs(2, vu(1<<40), 1, 0, 0, 5, 2, 2, 1, 2, 0, 2, vu(1<<40), 1, 5, 9)
	if got := s.Append(nil); !bytes.Equal(got, v1) {
		t.Errorf("%x, want %x", got, v1)
	}
	if got := s.AppendV2(nil); !bytes.Equal(got, v2) {
		t.Errorf("%x, want %x", got, v2)
	}
	for _, c := range []struct {
		wire   []byte
		decode func([]byte) (Snapshot, error)
	}{{v1, DecodeSnapshot}, {v2, DecodeSnapshotV2}} {
		got, err := c.decode(c.wire)
		if err != nil || !got.Equal(&s) || !s.Equal(&got) {
			t.Errorf("%v, %v", got, err)
		}
		for n := range c.wire {
			if _, err := c.decode(c.wire[:n]); err == nil {
				t.Errorf("taken when cut at %d", n)
			}
		}
		_, err = c.decode(append(bytes.Clone(c.wire), 0))
		wantReason(t, err, lib0.TrailingBytes, "snapshot")
	}
	later := Snapshot{Deleted: s.Deleted, Known: StateVector{5: 10, 1 << 40: 1}}
	var none Snapshot
	if s.Equal(&later) || s.Equal(&none) || !none.Equal(&Snapshot{Known: StateVector{}}) {
		t.Error("different snapshots are equal, or the other way round")
	}
}

func TestIDSetCodec(t *testing.T) {
	var s IDSet
	r := newRand(7)
	for range 300 {
		start := r.Uint64N(5000)
		s.Add(r.Uint64N(5)<<33, start, start+1+r.Uint64N(9))
	}
	for _, c := range []struct {
		wire   []byte
		decode func([]byte) (IDSet, error)
	}{{s.Append(nil), DecodeIDSet}, {s.AppendV2(nil), DecodeIDSetV2}} {
		got, err := c.decode(c.wire)
		if err != nil || !got.Equal(s) {
			t.Errorf("%v, %v", list(got), err)
		}
		for n := range c.wire {
			if _, err := c.decode(c.wire[:n]); err == nil {
				t.Errorf("taken when cut at %d", n)
			}
		}
		_, err = c.decode(append(bytes.Clone(c.wire), 0))
		wantReason(t, err, lib0.TrailingBytes, "delete set")
	}
}

// Checking takes no memory in proportion to the update.
func TestValidateV2Allocs(t *testing.T) {
	u := mustToV2(t, mustMerge(t, typing(20_000, typists...)...))
	if n := testing.AllocsPerRun(10, func() {
		if err := ValidateV2(u); err != nil {
			t.Fatal(err)
		}
	}); n > 10 {
		t.Errorf("%v allocations", n)
	}
}

// Yjs loses structs of an update whose clients are not in descending order.
func TestMergeV2ClientsOutOfOrder(t *testing.T) {
	a := mustToV2(t, up(of(3, 0, word(3, 0, "abc")), of(5, 0, word(5, 0, "de")), of(4, 0, gc(2))))
	b := mustToV2(t, up(of(4, 1, gc(3)), of(9, 0, word(9, 0, "f"))))
	got, err := MergeV2(a, b)
	if err != nil {
		t.Fatal(err)
	}
	want := mustToV2(t, up(of(9, 0, word(9, 0, "f")), of(5, 0, word(5, 0, "de")), of(4, 0, gc(4)), of(3, 0, word(3, 0, "abc"))))
	if !bytes.Equal(got, want) {
		t.Errorf("%x, want %x", got, want)
	}
}
