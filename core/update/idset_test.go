package update

import (
	"bytes"
	"slices"
	"testing"

	"github.com/weft-sync/weft/core/lib0"
)

// check compares a set with a model: every id by itself.
func check(t *testing.T, s *IDSet, model map[ID]bool, clients []uint64, most uint64) {
	t.Helper()
	var want []clientRange
	for _, c := range slices.Backward(slices.Sorted(slices.Values(clients))) {
		open := false
		for k := range most + 2 {
			has := model[ID{c, k}]
			if s.Contains(c, k) != has {
				t.Fatalf("Contains(%d, %d) is %v", c, k, !has)
			}
			switch {
			case has && !open:
				want = append(want, clientRange{c, Range{k, k + 1}})
			case has:
				want[len(want)-1].End++
			}
			open = has
		}
	}
	if got := list(*s); !slices.Equal(got, want) {
		t.Fatalf("got %v, want %v", got, want)
	}
	ids, ranges := s.Len()
	if int(ids) != len(model) || ranges != len(want) || s.IsEmpty() != (len(model) == 0) {
		t.Fatalf("Len is %d, %d; want %d, %d", ids, ranges, len(model), len(want))
	}
	b := s.Append(nil)
	if len(b) != s.size() {
		t.Fatalf("size is %d, and %d bytes were appended", s.size(), len(b))
	}
	if _, d := union(t, bs(0, b)); !d.Equal(*s) || !s.Equal(d) {
		t.Fatalf("%v was written and read as %v", want, list(d))
	}
}

func TestIDSet(t *testing.T) {
	for seed := range uint64(60) {
		r := newRand(seed)
		clients := []uint64{4, 1, 1<<53 - 1}
		for c := range 3 * (seed % 10) {
			clients = append(clients, 100+c*7) // some sets with many clients
		}
		const most = 70
		var s IDSet
		model := map[ID]bool{}
		for step := range 60 {
			c := clients[r.IntN(len(clients))]
			start := r.Uint64N(most)
			end := min(start+r.Uint64N(8), most)
			fresh, covered := false, true
			for k := start; k < end; k++ {
				fresh = fresh || !model[ID{c, k}]
				covered = covered && model[ID{c, k}]
			}
			if got := s.Covers(c, start, end); got != covered {
				t.Fatalf("seed %d: Covers(%d, %d, %d) is %v", seed, c, start, end, got)
			}
			for k := start; k < end; k++ {
				model[ID{c, k}] = true
			}
			if got := s.Add(c, start, end); got != fresh {
				t.Fatalf("seed %d: Add(%d, %d, %d) is %v", seed, c, start, end, got)
			}
			if step%10 == 0 {
				check(t, &s, model, clients, most)
			}
		}
		var o IDSet
		o.Merge(s)
		if !o.Equal(s) {
			t.Fatalf("seed %d: a merged set differs", seed)
		}
		o.Add(4, most+5, most+6)
		if o.Equal(s) || s.Equal(o) || s.Equal(IDSet{}) {
			t.Fatalf("seed %d: different sets are equal", seed)
		}
	}
}

// Many ranges of one client, in several chunks, filled in any order until one is
// left.
func TestIDSetChunks(t *testing.T) {
	const n = 20 * chunkLen
	for seed := range uint64(4) {
		r := newRand(seed)
		order := r.Perm(n)
		if seed == 0 {
			slices.Sort(order)
		}
		if seed == 1 {
			slices.SortFunc(order, func(a, b int) int { return b - a })
		}
		var s IDSet
		for _, k := range order { // every second clock
			if !s.Add(1, uint64(2*k), uint64(2*k+1)) || s.Add(1, uint64(2*k), uint64(2*k+1)) {
				t.Fatal("Add is wrong about what is new")
			}
		}
		if ids, ranges := s.Len(); ids != n || ranges != n {
			t.Fatalf("Len is %d, %d", ids, ranges)
		}
		for _, c := range s.clients[0].ranges.more {
			if len(c) == 0 || len(c) > chunkLen {
				t.Fatalf("a chunk of %d", len(c))
			}
		}
		if seed == 0 {
			if got := len(s.clients[0].ranges.more); got != n/chunkLen {
				t.Errorf("%d chunks when filled in order, want %d", got, n/chunkLen)
			}
		}
		at := uint64(0)
		for got := range s.Ranges(1) {
			if got != (Range{at, at + 1}) {
				t.Fatalf("got %v at %d", got, at)
			}
			at += 2
		}
		for i := range n / 4 { // the gaps of a quarter, one by one, then in blocks
			k := uint64(order[i])
			if !s.Add(1, 2*k+1, 2*k+2) || !s.Covers(1, 2*k, 2*k+2) {
				t.Fatal("a filled gap is not covered")
			}
		}
		for k := uint64(0); k < 2*n; k += 1000 {
			end := min(k+900, 2*n)
			s.Add(1, k, end)
			if !s.Covers(1, k, end) {
				t.Fatal("a block is not covered")
			}
			last := uint64(0)
			for got := range s.Ranges(1) {
				if got.Start >= got.End || last > 0 && got.Start <= last {
					t.Fatalf("%v after %d", got, last)
				}
				last = got.End
			}
		}
		s.Add(1, 0, 2*n)
		if got := list(s); !slices.Equal(got, []clientRange{{1, Range{0, 2 * n}}}) || s.clients[0].ranges.more != nil {
			t.Fatalf("got %v", got)
		}
	}
}

func TestIDSetIteration(t *testing.T) {
	var s IDSet
	for c := range uint64(20) {
		s.Add(c, 0, 1)
		s.Add(c, 2, 3)
	}
	n := 0
	for c, r := range s.All() {
		if n++; n == 3 {
			if c != 18 || r != (Range{0, 1}) {
				t.Errorf("the third is %d, %v", c, r)
			}
			break
		}
	}
	for range s.Ranges(77) {
		t.Error("a client that is not there has ranges")
	}
	if s.Add(1, 5, 5) || s.Add(1, 5, 4) || !s.Covers(1, 9, 9) {
		t.Error("an empty range means something")
	}
}

func TestMergeDeletes(t *testing.T) {
	for seed := range uint64(200) {
		r := newRand(seed)
		var ds []deleteRange
		var s IDSet
		for range r.IntN(60) {
			c, start := r.Uint64N(3), r.Uint64N(100)
			d := deleteRange{c, Range{start, start + 1 + r.Uint64N(4)}}
			ds = append(ds, d)
			s.Add(c, d.Start, d.End)
		}
		got := mergeDeletes(ds)
		b := appendDeletes(nil, got)
		if !bytes.Equal(b, s.Append(nil)) || len(b) != deletesSize(got) {
			t.Fatalf("seed %d: %x, want %x", seed, b, s.Append(nil))
		}
	}
}

func TestStateVector(t *testing.T) {
	v := StateVector{}
	for c := range uint64(50) {
		v[c*c*977] = c + 1
	}
	b := v.Append(nil)
	got, err := DecodeStateVector(b)
	if err != nil || len(got) != len(v) {
		t.Fatalf("got %v, %v", got, err)
	}
	for c, k := range v {
		if got[c] != k {
			t.Errorf("client %d: %d, want %d", c, got[c], k)
		}
	}
	for n := range b {
		_, err := DecodeStateVector(b[:n])
		wantReason(t, err, lib0.Truncated, "")
		_, err = Diff(empty, b[:n])
		wantReason(t, err, lib0.Truncated, "")
		_, err = NewDoc().Diff(b[:n])
		wantReason(t, err, lib0.Truncated, "")
	}
	_, err = DecodeStateVector(append(b, 0))
	wantReason(t, err, lib0.TrailingBytes, "state vector")
	_, err = DecodeStateVector(vu(1 << 50))
	wantReason(t, err, lib0.Truncated, "state vector clients")
	// In any order; of a client that is there twice the last clock counts.
	list, err := readClocks(bs(4, 1, 5, 9, 2, 1, 7, 3, 0))
	if want := (clockList{{9, 2}, {3, 0}, {1, 7}}); err != nil || !slices.Equal(list, want) {
		t.Errorf("got %v, %v", list, err)
	}
	if list.clock(9) != 2 || list.clock(1) != 7 || list.clock(4) != 0 {
		t.Error("clock is wrong")
	}
}
