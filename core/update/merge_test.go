package update

import (
	"bytes"
	"testing"

	"github.com/weft-sync/weft/core/lib0"
)

// What Yjs makes of updates is in tests/vectors. Here is what Yjs gets wrong or
// does not say.

func TestMergeOne(t *testing.T) {
	u := everything()
	got := mustMerge(t, u)
	if &got[0] != &u[0] {
		t.Error("a single update was copied")
	}
	if got := mustMerge(t); !bytes.Equal(got, empty) {
		t.Errorf("nothing merged is %x", got)
	}
}

func TestMergeLeavesInputsAlone(t *testing.T) {
	us := [][]byte{everything(), up(of(1<<53-1, 2, gc(9))), bs(0x81, 0, 1, 5, 0, gc(1), 0)}
	var was [][]byte
	for _, u := range us {
		was = append(was, bytes.Clone(u))
	}
	args := append([][]byte(nil), us...)
	m := mustMerge(t, args...)
	for i := range us {
		if !bytes.Equal(us[i], was[i]) || &args[i][0] != &us[i][0] {
			t.Errorf("update %d was changed", i)
		}
	}
	kept := bytes.Clone(m)
	for _, u := range us {
		clear(u)
	}
	if !bytes.Equal(m, kept) {
		t.Error("the result aliases an update")
	}
}

// Sections in any order, and several of one client, lose nothing.
func TestMergeUnordered(t *testing.T) {
	a := up(of(1, 0, word(1, 0, "abc")), of(9, 0, word(9, 0, "xyz")), of(5, 2, gc(3)), deletes(1, 0, 1), deletes(9, 1, 1))
	b := up(of(5, 0, gc(2)), of(1, 3, word(1, 3, "d")), deletes(5, 0, 9))
	twice := up(of(5, 0, gc(2)), of(5, 4, word(5, 4, "ef")), of(5, 1, gc(2)))
	again := up(of(5, 9, gc(1)), of(7, 0, gc(1)), of(5, 0, word(5, 0, "abcd")), of(5, 2, gc(9)), deletes(7, 0, 1), deletes(5, 0, 1), deletes(7, 1, 1))
	all := [][]byte{a, b, twice, again}
	for i, u := range all {
		wantUnion(t, mustMerge(t, u, empty), u)
		wantUnion(t, mustMerge(t, empty, u, u), u)
		for _, v := range all[i+1:] {
			wantUnion(t, mustMerge(t, u, v), u, v)
			wantUnion(t, mustMerge(t, v, u), u, v)
		}
	}
	m := mustMerge(t, all...)
	wantUnion(t, m, all...)
	last := uint64(1 << 53)
	for s := scan(m, withJSON); s.section(); last = s.client {
		if s.client >= last {
			t.Errorf("client %d comes after %d", s.client, last)
		}
		for s.next() {
		}
	}
}

// Diff and StateVectorOf take a client's second section for what it is.
func TestRepeatedSections(t *testing.T) {
	u := up(of(5, 0, gc(2)), of(5, 4, word(5, 4, "ef")), of(3, 0, gc(1)), of(5, 2, gc(1)))
	sv, err := StateVectorOf(u)
	if want := (StateVector{5: 3, 3: 1}).Append(nil); err != nil || !bytes.Equal(sv, want) {
		t.Errorf("state vector %x, want %x, %v", sv, want, err)
	}
	for _, c := range []struct {
		known uint64
		want  []byte
	}{
		{0, up(of(5, 0, gc(3), skip(1), word(5, 4, "ef")), of(3, 0, gc(1)))},
		{1, up(of(5, 1, gc(2), skip(1), word(5, 4, "ef")), of(3, 0, gc(1)))},
		{4, up(of(5, 4, word(5, 4, "ef")), of(3, 0, gc(1)))},
		{6, up(of(3, 0, gc(1)))},
	} {
		got, err := Diff(u, StateVector{5: c.known}.Append(nil))
		if err != nil || !bytes.Equal(got, c.want) {
			t.Errorf("diff from %d is %x, want %x, %v", c.known, got, c.want, err)
		}
	}
	// In any order, but each once: Yjs keeps the order, and so does Diff.
	u = up(of(3, 0, gc(2)), of(5, 0, gc(2)))
	if got, err := Diff(u, StateVector{3: 1}.Append(nil)); err != nil || !bytes.Equal(got, up(of(3, 1, gc(1)), of(5, 0, gc(2)))) {
		t.Errorf("got %x, %v", got, err)
	}
}

// Integers that take more bytes than they need come out as Yjs writes them, also
// in content, but not inside of values.
func TestPaddedIntegers(t *testing.T) {
	pad := func(v byte) []byte { return bs(int(v|0x80), 0) }
	padded := bs(1, pad(8), pad(5), pad(0),
		0, pad(2),
		10, pad(1),
		int(KindString), pad(1), pad(1), "r", pad(2), "ab",
		byte(KindDeleted)|infoOrigins, pad(5), pad(2), pad(9), pad(1), pad(3),
		byte(KindJSON)|infoOrigin, pad(5), pad(2), pad(2), pad(1), "1", vs("undefined"),
		byte(KindFormat)|infoOrigin, pad(5), pad(2), pad(1), "b", pad(1), "1",
		byte(KindType)|infoOrigin, pad(5), pad(2), pad(3), pad(1), "p",
		byte(KindDoc)|infoParentSub, pad(0), pad(5), pad(0), pad(1), "k", pad(1), "g", 118, 0,
		pad(1), pad(5), pad(1), pad(0), pad(2))
	tidy := up(of(5, 0, gc(2), skip(1),
		bs(4, 1, vs("r"), vs("ab")),
		bs(byte(KindDeleted)|infoOrigins, 5, 2, 9, 1, 3),
		after(5, 2, KindJSON, bs(2, vs("1"), vs("undefined"))),
		after(5, 2, KindFormat, bs(vs("b"), vs("1"))),
		after(5, 2, KindType, bs(3, vs("p"))),
		bs(byte(KindDoc)|infoParentSub, 0, 5, 0, vs("k"), vs("g"), 118, 0)), deletes(5, 0, 2))
	if got := mustMerge(t, padded, empty); !bytes.Equal(got, tidy) {
		t.Errorf("merged\n%x, want\n%x", got, tidy)
	}
	if got, err := Diff(padded, []byte{0}); err != nil || !bytes.Equal(got, tidy) {
		t.Errorf("diff\n%x, want\n%x, %v", got, tidy, err)
	}
	if got, err := StateVectorOf(padded); err != nil || !bytes.Equal(got, []byte{1, 5, 2}) {
		t.Errorf("state vector %x, %v", got, err)
	}
	d := NewDoc()
	if _, err := d.Apply(padded); err != nil || !bytes.Equal(d.Encode(), tidy) {
		t.Errorf("document\n%x, want\n%x, %v", d.Encode(), tidy, err)
	}
	// A parent that is neither 0 nor 1 is an item's, and a value stays as it is.
	odd := up(of(5, 0, bs(int(KindAny), 2, 7, 1, 1, 119, pad(1), "x")))
	want := up(of(5, 0, bs(int(KindAny), 0, 7, 1, 1, 119, pad(1), "x")))
	if got := mustMerge(t, odd, empty); !bytes.Equal(got, want) {
		t.Errorf("merged\n%x, want\n%x", got, want)
	}
	if got, err := Diff(odd, []byte{0}); err != nil || !bytes.Equal(got, want) {
		t.Errorf("diff\n%x, want\n%x, %v", got, want, err)
	}
}

// The same in every order and grouping: content is never lost, and merging what
// is merged changes nothing.
func TestMergeRandom(t *testing.T) {
	for seed := range uint64(300) {
		r := newRand(seed)
		us := randomUpdates(r, 2+r.IntN(8))
		m := mustMerge(t, us...)
		if err := Validate(m); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		wantUnion(t, m, us...)
		if again := mustMerge(t, m, m); !bytes.Equal(again, mustMerge(t, m, empty)) {
			t.Fatalf("seed %d: merging with itself\n%x\ngives\n%x", seed, m, again)
		}
		r.Shuffle(len(us), func(i, k int) { us[i], us[k] = us[k], us[i] })
		wantUnion(t, mustMerge(t, mustMerge(t, us[:len(us)/2]...), mustMerge(t, us[len(us)/2:]...)), us...)
	}
}

// A heap does what sorting does, as long as there is no GC among the structs.
func TestQueueHeapAgreesWithSorting(t *testing.T) {
	for seed := range uint64(300) {
		us := randomUpdates(newRand(seed), 2+int(seed%60))
		for i, u := range us {
			us[i] = withoutGC(u)
		}
		var got [2][]byte
		for i := range got {
			m := merger{queue: queue{heap: i == 1}}
			deletes := m.mustLoad(us)
			m.plan()
			got[i] = appendDeletes(m.out.bytes(0), mergeDeletes(deletes))
		}
		if !bytes.Equal(got[0], got[1]) {
			t.Fatalf("seed %d:\nsorted %x\nheap   %x", seed, got[0], got[1])
		}
	}
}

// withoutGC returns an update with items in place of its GCs.
func withoutGC(u []byte) []byte {
	structs, ranges, err := Inspect(u)
	if err != nil {
		panic(err)
	}
	var parts []any
	for st := range structs {
		k := len(parts) - 1
		if k < 0 || parts[k].(sec).client != st.Client {
			parts = append(parts, of(st.Client, st.Clock))
			k++
		}
		s := parts[k].(sec)
		if st.Kind == KindGC {
			s.structs = append(s.structs, after(1, 1, KindDeleted, vu(st.Len)))
		} else {
			s.structs = append(s.structs, st.appendTo(nil))
		}
		parts[k] = s
	}
	for d := range ranges {
		parts = append(parts, deletes(d.Client, d.Clock, d.Len))
	}
	return up(parts...)
}

// An id that is a GC in one of many updates and an item in another is kept.
func TestMergeManyWithTies(t *testing.T) {
	us := typing(200, 7, 3)
	for clock := range uint64(50) {
		us = append(us, up(of(7, clock, gc(2))))
	}
	m := mustMerge(t, us...)
	wantUnion(t, m, us...)
}

func TestMergeErrorIsTheFirst(t *testing.T) {
	_, err := Merge(up(of(1, 0, gc(1))), []byte{1}, nil)
	wantReason(t, err, lib0.Truncated, "client sections")
}
