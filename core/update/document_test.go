package update

import (
	"bytes"
	"testing"

	"github.com/weft-sync/weft/core/lib0"
)

// mustApply applies an update and checks fresh against what was there before.
func mustApply(t testing.TB, d *Doc, u []byte) bool {
	t.Helper()
	was, wasDeleted := IDSet{}, IDSet{}
	was.Merge(d.ids)
	wasDeleted.Merge(d.deleted)
	structs, deletes := union(t, u)
	want := false
	for c, r := range structs.All() {
		want = want || !was.Covers(c, r.Start, r.End)
	}
	for c, r := range deletes.All() {
		want = want || !wasDeleted.Covers(c, r.Start, r.End)
	}
	fresh, err := d.Apply(bytes.Clone(u))
	if err != nil || fresh != want {
		t.Fatalf("Apply says %v, %v; want %v", fresh, err, want)
	}
	return fresh
}

// checkDoc checks everything that a document says against the updates in it.
func checkDoc(t testing.TB, d *Doc, us [][]byte) {
	t.Helper()
	structs, _ := union(t, us...)
	v := StateVector{}
	for c, r := range structs.All() {
		if r.Start == 0 {
			v[c] = r.End
		}
	}
	if got := d.StateVector(); !bytes.Equal(got, v.Append(nil)) {
		t.Fatalf("state vector %x, want %x", got, v.Append(nil))
	}
	for _, known := range [][]byte{{0}, d.StateVector(), vector(v, 2), vector(v, 3)} {
		u, err := d.Diff(known)
		if err != nil {
			t.Fatal(err)
		}
		have, err := DecodeStateVector(known)
		if err != nil {
			t.Fatal(err)
		}
		wantDiff(t, u, have, us)
	}
	wantUnion(t, d.Encode(), us...)
	if got, err := d.Diff([]byte{0}); err != nil || !bytes.Equal(got, d.Encode()) {
		t.Fatalf("diff for nobody is\n%x, and the document\n%x", got, d.Encode())
	}
}

// vector returns a state vector with clocks divided.
func vector(v StateVector, by uint64) []byte {
	low := StateVector{}
	for c, k := range v {
		if k/by > 0 {
			low[c] = k / by
		}
	}
	return low.Append(nil)
}

// wantDiff checks that an update has what the owner of a state vector lacks, no
// more, and every delete.
func wantDiff(t testing.TB, u []byte, have StateVector, us [][]byte) {
	t.Helper()
	if err := Validate(u); err != nil {
		t.Fatal(err)
	}
	structs, deletes := union(t, us...)
	var lacks IDSet
	for c, r := range structs.All() {
		lacks.Add(c, max(r.Start, have[c]), r.End)
	}
	s, d := union(t, u)
	if !s.Equal(lacks) || !d.Equal(deletes) {
		t.Fatalf("diff for %v holds %v, deletes %v\nwant %v, %v", have, list(s), list(d), list(lacks), list(deletes))
	}
}

func TestDocRandom(t *testing.T) {
	for seed := range uint64(150) {
		r := newRand(seed)
		d := NewDoc()
		var kept [][]byte
		for i, u := range randomUpdates(r, 30) {
			fresh := mustApply(t, d, u)
			kept = append(kept, u)
			if mustApply(t, d, u) {
				t.Fatalf("seed %d: fresh twice", seed)
			}
			_ = fresh
			if r.IntN(10) == 0 || i == 29 {
				checkDoc(t, d, kept)
			}
		}
		m := mustMerge(t, kept...)
		if mustApply(t, d, m) {
			t.Fatalf("seed %d: all of it merged is fresh", seed)
		}
		o := NewDoc()
		mustApply(t, o, d.Encode())
		checkDoc(t, o, kept)
	}
}

// Typing, in order, gives the same bytes as Merge, however often the document was
// asked on the way.
func TestDocTyping(t *testing.T) {
	us := typing(9000, typists...)
	d := NewDoc()
	for i, u := range us {
		if fresh, err := d.Apply(u); !fresh || err != nil {
			t.Fatal(fresh, err)
		}
		if i%977 == 0 {
			d.StateVector()
			if _, err := d.Diff(StateVector{typists[0]: uint64(i / 8)}.Append(nil)); err != nil {
				t.Fatal(err)
			}
		}
		if i == 5000 {
			d.Encode()
		}
	}
	checkDoc(t, d, us)
	if !bytes.Equal(d.Encode(), mustMerge(t, us...)) {
		t.Error("the document differs from the merged updates")
	}
}

// A long stream of small updates costs each byte a logarithmic number of copies,
// and leaves few parts.
func TestDocPartsAreFew(t *testing.T) {
	d := NewDoc()
	for i, u := range typing(60_000, typists...) {
		d.Apply(u)
		for k := 1; k < len(d.parts); k++ {
			if len(d.parts[k].b) > len(d.parts[k-1].b)/2 {
				t.Fatalf("after %d updates part %d has %d bytes, the one before %d", i, k, len(d.parts[k].b), len(d.parts[k-1].b))
			}
		}
		if len(d.log) >= logSize || len(d.parts) > 8 {
			t.Fatalf("after %d updates: %d parts, log of %d", i, len(d.parts), len(d.log))
		}
	}
}

// Marks say where structs are.
func TestDocMarks(t *testing.T) {
	d := NewDoc()
	us := typing(20_000, typists...)
	for i, u := range us {
		d.Apply(u)
		if i%3000 == 2999 {
			d.Diff([]byte{0})
		}
		if i == 11_000 {
			d.Encode()
		}
	}
	o := NewDoc()
	o.Apply(d.Encode())
	for _, p := range append(append([]part(nil), d.parts...), o.parts...) {
		n := 0
		for _, r := range p.index.runs {
			off, clock, passed := r.off, r.clock, uint32(0)
			for _, m := range p.index.marks[r.mark:r.marked] {
				for passed < m.passed {
					units, next := structLen(p.b, off, withJSON)
					off, clock, passed = next, clock+units, passed+1
				}
				if m != (mark{clock, off, passed}) {
					t.Fatalf("mark %+v, and the struct is %+v", m, mark{clock, off, passed})
				}
				n++
			}
			for passed+1 < r.n {
				units, next := structLen(p.b, off, withJSON)
				off, clock, passed = next, clock+units, passed+1
			}
			if units, next := structLen(p.b, off, withJSON); off != r.last || next != r.stop || clock+units != r.end {
				t.Fatalf("run %+v ends with a struct at %d, and %d at %d", r, off, clock+units, next)
			}
		}
		if len(p.b) > 10_000 && n < len(p.b)/10_000 {
			t.Errorf("%d marks in %d bytes", n, len(p.b))
		}
	}
	// Positions found by marks.
	for k := uint64(0); k < 5000; k += 97 {
		known := StateVector{typists[0]: k, typists[1]: 5000 - k, typists[2]: k / 2, typists[3]: 1 << 40}
		got, err := d.Diff(known.Append(nil))
		if err != nil {
			t.Fatal(err)
		}
		want, err := Diff(d.Encode(), known.Append(nil))
		if err != nil || !bytes.Equal(got, want) {
			t.Fatalf("diff from %d:\n%x\nwant\n%x", k, got, want)
		}
	}
}

func TestDocLargeUpdates(t *testing.T) {
	us := typing(30_000, typists...)
	base := mustMerge(t, us...)
	d := NewDoc()
	for _, u := range [][]byte{base, us[5], mustMerge(t, us[:9000]...), up(section9()), base} {
		mustApply(t, d, u)
	}
	checkDoc(t, d, [][]byte{base, up(section9())})
	if &d.Encode()[0] != &d.parts[0].b[0] {
		t.Error("the encoded document is held twice")
	}
}

func section9() sec {
	return of(9, 0, bs(int(KindBinary), 1, vs("r"), vu(90_000), make([]byte, 90_000)))
}

func TestDocErrorChangesNothing(t *testing.T) {
	d := NewDoc()
	us := [][]byte{up(of(5, 0, gc(3)), deletes(5, 0, 3)), up(of(5, 9, gc(1)))}
	for _, u := range us {
		mustApply(t, d, u)
	}
	bad := up(of(7, 0, gc(1)), of(5, 3, gc(6)), deletes(7, 0, 1))
	for n := range bad {
		if fresh, err := d.Apply(bad[:n]); fresh || err == nil {
			t.Fatalf("taken when cut at %d", n)
		}
	}
	_, err := d.Apply(append(bytes.Clone(bad), 0))
	wantReason(t, err, lib0.TrailingBytes, "update")
	checkDoc(t, d, us)
}

// What was handed out does not change.
func TestDocResultsAreStable(t *testing.T) {
	d := NewDoc()
	var results, copies [][]byte
	keep := func(b []byte) {
		results, copies = append(results, b), append(copies, bytes.Clone(b))
	}
	for i, u := range typing(3000, 5, 6) {
		if _, err := d.Apply(u); err != nil {
			t.Fatal(err)
		}
		if i%100 == 0 {
			keep(d.StateVector())
			keep(d.Encode())
			diff, err := d.Diff([]byte{1, 5, 9})
			if err != nil {
				t.Fatal(err)
			}
			keep(diff)
		}
	}
	for i := range results {
		if !bytes.Equal(results[i], copies[i]) {
			t.Fatalf("result %d changed", i)
		}
	}
	if a, b := d.Encode(), d.Encode(); &a[0] != &b[0] {
		t.Error("the document was encoded twice")
	}
	if a, b := d.StateVector(), d.StateVector(); &a[0] != &b[0] {
		t.Error("the state vector was encoded twice")
	}
}

func TestDocEmpty(t *testing.T) {
	d := NewDoc()
	if !bytes.Equal(d.Encode(), empty) || !bytes.Equal(d.StateVector(), []byte{0}) || d.Size() != 0 {
		t.Errorf("empty document: %x, %x, %d", d.Encode(), d.StateVector(), d.Size())
	}
	for _, u := range [][]byte{empty, up(of(1, 5)), up(of(1, 5, skip(3))), up(deletes(1)), up(deletes(1, 4, 0))} {
		if mustApply(t, d, u) {
			t.Errorf("%x is fresh", u)
		}
	}
	if !mustApply(t, d, up(deletes(1, 4, 1))) || !bytes.Equal(d.Encode(), up(deletes(1, 4, 1))) {
		t.Errorf("a delete of an unknown id was lost: %x", d.Encode())
	}
}

func TestDocApplyAllocates(t *testing.T) {
	us := typing(3000, typists...)
	d := NewDoc()
	for _, u := range us[:1000] {
		d.Apply(u)
	}
	i := 1000
	if n := testing.AllocsPerRun(1000, func() {
		d.Apply(us[i])
		i++
	}); n > 1 {
		t.Errorf("%v allocations for a small update", n)
	}
	if n := testing.AllocsPerRun(100, func() { d.Apply(us[7]) }); n != 0 {
		t.Errorf("%v allocations for a stale update", n)
	}
}
