package update

import (
	"bytes"
	"errors"
	"runtime"
	"testing"

	"github.com/weft-sync/weft/core/lib0"
)

// seedsV2 are updates of version 2 of all kinds.
func seedsV2(f *testing.F) (us [][]byte) {
	us = append(us, unhex(f, emptyV2), unhex(f, exampleV2))
	for _, u := range seeds(f) {
		if v2, err := ConvertV1ToV2(u); err == nil {
			us = append(us, v2)
		}
	}
	return us
}

// FuzzVersion2: every reader comes to the same verdict, and none allocates much
// more than it was given. What is valid has a form in version 1, unless JSON
// cannot hold it, and from there on nothing changes.
func FuzzVersion2(f *testing.F) {
	for _, u := range seedsV2(f) {
		f.Add(u)
	}
	none := unhex(f, emptyV2)
	f.Fuzz(func(t *testing.T, u []byte) {
		check := fromVersion2{layout: withAny, check: true}
		err := check.read(u)
		claimed := freeClaims + claimsPerByte*uint64(len(u)) - check.d.claims
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		validErr := ValidateV2(u)
		merged, mergeErr := MergeV2(u, none)
		_, _, contentsErr := ContentsV2(u)
		_, vectorErr := StateVectorOfV2(u)
		_, diffErr := DiffV2(u, []byte{0})
		runtime.ReadMemStats(&after)
		if got := after.TotalAlloc - before.TotalAlloc; got > 1<<16+1000*uint64(len(u))+600*claimed {
			t.Errorf("%d bytes were allocated for %d, which claim %d structs", got, len(u), claimed)
		}
		for _, e := range []error{validErr, mergeErr, contentsErr, vectorErr, diffErr} {
			if (e == nil) != (err == nil) {
				t.Fatalf("%v, and ValidateV2 says %v", e, err)
			}
		}
		v1, err1 := ConvertV2ToV1(u)
		if e, ok := errors.AsType[*lib0.Error](err1); ok && e.Reason == lib0.NotJSON {
			return
		}
		if (err1 == nil) != (err == nil) {
			t.Fatalf("%v, and ValidateV2 says %v", err1, err)
		}
		if err != nil {
			return
		}
		if again, err := MergeV2(merged, none); err != nil || !bytes.Equal(again, merged) {
			t.Fatalf("%x, merged again, is %x, %v", merged, again, err)
		}
		if err := Validate(v1); err != nil {
			t.Fatalf("%x: %v", v1, err)
		}
		v2 := mustToV2(t, v1) // in which deletes are in order; in v1 they need not be
		again, err := ConvertV2ToV1(v2)
		if err != nil || !bytes.Equal(mustToV2(t, again), v2) {
			t.Fatalf("%x becomes %x and then %x, %v", v1, v2, again, err)
		}
		structs, deletes := unionV2(t, u)
		if s, d := union(t, v1); !s.Equal(structs) || !d.Equal(deletes) {
			t.Fatalf("%x and %x do not hold the same", u, v1)
		}
	})
}

// FuzzConvert: what is valid in version 1, and nothing else, has a form in version
// 2, which holds the same and is stable.
func FuzzConvert(f *testing.F) {
	for _, u := range seeds(f) {
		f.Add(u)
	}
	f.Fuzz(func(t *testing.T, u []byte) {
		v2, err := ConvertV1ToV2(u)
		if (Validate(u) == nil) != (err == nil) {
			t.Fatalf("%v, and Validate says %v", err, Validate(u))
		}
		if err != nil {
			return
		}
		v1, err := ConvertV2ToV1(v2)
		if err != nil {
			t.Fatalf("%x: %v", v2, err)
		}
		wantUnion(t, v1, u)
		again := mustToV2(t, v1)
		if back, err := ConvertV2ToV1(again); err != nil || !bytes.Equal(back, v1) || !bytes.Equal(mustToV2(t, back), again) {
			t.Fatalf("%x becomes %x, %v", v1, back, err)
		}
	})
}

// FuzzMergeV2: the result is valid, and holds what the updates hold.
func FuzzMergeV2(f *testing.F) {
	us := seedsV2(f)
	for i := range us {
		f.Add(us[i], us[(i+1)%len(us)], us[(i+2)%len(us)])
	}
	f.Fuzz(func(t *testing.T, a, b, c []byte) {
		m, err := MergeV2(a, b, c)
		if err != nil {
			if ValidateV2(a) == nil && ValidateV2(b) == nil && ValidateV2(c) == nil {
				t.Fatal(err)
			}
			return
		}
		if err := ValidateV2(m); err != nil {
			t.Fatal(err)
		}
		structs, deletes := unionV2(t, a, b, c)
		if s, d := unionV2(t, m); !s.Equal(structs) || !d.Equal(deletes) {
			t.Fatalf("%x holds %v, deletes %v", m, list(s), list(d))
		}
	})
}

// unionV2 returns what all of some updates of version 2 hold.
func unionV2(t *testing.T, us ...[]byte) (structs, deletes IDSet) {
	t.Helper()
	for _, u := range us {
		s, d, err := ContentsV2(u)
		if err != nil {
			t.Fatalf("%x: %v", u, err)
		}
		structs.Merge(s)
		deletes.Merge(d)
	}
	return structs, deletes
}

// FuzzSnapshot: what was read is written to the same snapshot, in both versions.
func FuzzSnapshot(f *testing.F) {
	s := Snapshot{Known: StateVector{5: 9, 1 << 40: 1}}
	s.Deleted.Add(5, 2, 4)
	s.Deleted.Add(1<<40, 0, 1)
	f.Add(s.Append(nil), false)
	f.Add(s.AppendV2(nil), true)
	f.Fuzz(func(t *testing.T, b []byte, v2 bool) {
		decode := DecodeSnapshot
		if v2 {
			decode = DecodeSnapshotV2
		}
		s, err := decode(b)
		if err != nil {
			return
		}
		one, err1 := DecodeSnapshot(s.Append(nil))
		two, err2 := DecodeSnapshotV2(s.AppendV2(nil))
		if err1 != nil || err2 != nil || !one.Equal(&s) || !two.Equal(&s) {
			t.Fatalf("%x: %v, %v; %v, %v", b, one, err1, two, err2)
		}
	})
}
