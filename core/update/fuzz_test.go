package update

import (
	"bytes"
	"runtime"
	"testing"

	"github.com/weft-sync/weft/core/lib0"
)

// seeds are updates of all kinds.
func seeds(f *testing.F) (us [][]byte) {
	us = append(us, empty, everything(), bs(1, vu(lib0.MaxSafeInteger)))
	us = append(us, randomUpdates(newRand(1), 20)...)
	us = append(us, typing(5, typists...)...)
	for _, u := range us {
		if len(u) > 4096 {
			f.Fatal("a seed is too long")
		}
	}
	return us
}

// FuzzValidate: every reader comes to the same verdict, and none allocates much
// more than it was given.
func FuzzValidate(f *testing.F) {
	for _, u := range seeds(f) {
		f.Add(u)
	}
	f.Fuzz(func(t *testing.T, u []byte) {
		err := Validate(u)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, mergeErr := Merge(u, empty)
		_, _, contentsErr := Contents(u)
		_, vectorErr := StateVectorOf(u)
		_, diffErr := Diff(u, []byte{0})
		runtime.ReadMemStats(&after)
		if got := after.TotalAlloc - before.TotalAlloc; got > 1<<16+400*uint64(len(u)) {
			t.Errorf("%d bytes were allocated for %d", got, len(u))
		}
		for _, e := range []error{mergeErr, contentsErr, vectorErr, diffErr} {
			if (e == nil) != (err == nil) {
				t.Fatalf("%v, and Validate says %v", e, err)
			}
		}
		if err != nil {
			return
		}
		structs, _, err := Inspect(u)
		if err != nil {
			t.Fatal(err)
		}
		for st := range structs {
			if p := st.AppendPreview(nil, 40); st.Len == 0 || len(p) > 40+20 {
				t.Fatalf("%+v shows %q", st, p)
			}
		}
	})
}

// FuzzMerge: the result is valid, holds what the updates hold whatever their
// order, and does not change when it is merged again.
func FuzzMerge(f *testing.F) {
	us := seeds(f)
	for i := range us {
		f.Add(us[i], us[(i+1)%len(us)], us[(i+2)%len(us)])
	}
	f.Fuzz(func(t *testing.T, a, b, c []byte) {
		if Validate(a) != nil || Validate(b) != nil || Validate(c) != nil {
			return
		}
		m := mustMerge(t, a, b, c)
		if err := Validate(m); err != nil {
			t.Fatal(err)
		}
		wantUnion(t, m, a, b, c)
		wantUnion(t, mustMerge(t, c, mustMerge(t, b, a)), a, b, c)
		tidy := mustMerge(t, m, empty)
		if again := mustMerge(t, m, m); !bytes.Equal(again, tidy) {
			t.Fatalf("%x merged with itself is %x", tidy, again)
		}
	})
}

// FuzzDiff: the result is valid, and holds all that the state vector lacks.
func FuzzDiff(f *testing.F) {
	for _, u := range seeds(f) {
		f.Add(u, []byte{0})
		f.Add(u, StateVector{1<<53 - 1: 30, 5: 3, 0: 9}.Append(nil))
	}
	f.Fuzz(func(t *testing.T, u, sv []byte) {
		have, err := DecodeStateVector(sv)
		got, diffErr := Diff(u, sv)
		if err != nil || Validate(u) != nil {
			if diffErr == nil {
				t.Fatal("malformed input was taken")
			}
			return
		}
		if diffErr != nil {
			t.Fatal(diffErr)
		}
		d := NewDoc()
		if _, err := d.Apply(bytes.Clone(u)); err != nil {
			t.Fatal(err)
		}
		mine, err := d.Diff(sv)
		if err != nil {
			t.Fatal(err)
		}
		wantDiff(t, mine, have, [][]byte{u})
		structs, deletes := union(t, u)
		s, del := union(t, got)
		for c, r := range structs.All() {
			if from := max(r.Start, have[c]); !s.Covers(c, from, r.End) {
				t.Fatalf("lacks %d from %d to %d", c, from, r.End)
			}
		}
		if !del.Equal(deletes) {
			t.Fatal("a delete is missing")
		}
	})
}

// FuzzDoc: a document that was given the parts of the input holds them all.
func FuzzDoc(f *testing.F) {
	us := seeds(f)
	for i := range us {
		f.Add(us[i], us[(i+7)%len(us)], uint8(i))
	}
	f.Fuzz(func(t *testing.T, a, b []byte, how uint8) {
		if Validate(a) != nil || Validate(b) != nil {
			return
		}
		d := NewDoc()
		mustApply(t, d, a)
		if how&1 != 0 {
			d.Encode()
		}
		if how&2 != 0 {
			if _, err := d.Diff(d.StateVector()); err != nil {
				t.Fatal(err)
			}
		}
		mustApply(t, d, b)
		if how&4 != 0 {
			mustApply(t, d, a)
		}
		checkDoc(t, d, [][]byte{a, b})
	})
}

// FuzzIDSet reads operations: three bytes each.
func FuzzIDSet(f *testing.F) {
	f.Add([]byte{1, 0, 5, 1, 7, 2, 1, 5, 2})
	f.Fuzz(func(t *testing.T, ops []byte) {
		var s IDSet
		model := map[ID]bool{}
		for ; len(ops) >= 3 && len(model) < 2000; ops = ops[3:] {
			c, start := uint64(ops[0]%16), uint64(ops[1])
			end := start + uint64(ops[2]%20)
			fresh := false
			for k := start; k < end; k++ {
				fresh = fresh || !model[ID{c, k}]
				model[ID{c, k}] = true
			}
			if s.Add(c, start, end) != fresh {
				t.Fatalf("Add(%d, %d, %d) is %v", c, start, end, !fresh)
			}
		}
		check(t, &s, model, []uint64{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}, 300)
	})
}
