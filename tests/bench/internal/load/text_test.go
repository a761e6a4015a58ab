package load

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/weft-sync/weft/core/update"
)

type run struct{ client, clock, length uint64 }

func runs(t *testing.T, u []byte) []run {
	t.Helper()
	var got []run
	if err := eachRun(u, func(client, clock, length uint64) { got = append(got, run{client, clock, length}) }); err != nil {
		t.Fatalf("eachRun(% x): %v", u, err)
	}
	return got
}

func TestWriterWritesValidUpdates(t *testing.T) {
	for _, tt := range []struct {
		name string
		w    writer
	}{
		{"at the end", writer{id: 1<<32 - 1}},
		{"scattered", writer{id: 7, run: 1, jump: rand.New(rand.NewPCG(1, 2)).Uint64N}},
		{"runs of five", writer{id: 7, run: 5, jump: rand.New(rand.NewPCG(1, 2)).Uint64N}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var all [][]byte
			for clock := range uint64(200) {
				u := tt.w.appendNext(nil)
				if err := update.Validate(u); err != nil {
					t.Fatalf("character %d, % x: %v", clock, u, err)
				}
				if got, want := runs(t, u), []run{{tt.w.id, clock, 1}}; !slices.Equal(got, want) {
					t.Fatalf("character %d: runs %v, want %v", clock, got, want)
				}
				all = append(all, u)
			}
			merged, err := update.Merge(all...)
			if err != nil {
				t.Fatal(err)
			}
			next := uint64(0)
			for _, r := range runs(t, merged) {
				if r.client != tt.w.id || r.clock != next {
					t.Fatalf("merged: run %v, want clock %d", r, next)
				}
				next += r.length
			}
			if next != 200 {
				t.Errorf("merged: %d characters, want 200", next)
			}
		})
	}
}

func TestEachRunReadsWhatServersMake(t *testing.T) {
	for _, tt := range []struct {
		name string
		u    []byte
		want []run
	}{
		{"empty", []byte{0, 0}, nil},
		{"a merged string", []byte{1, 1, 5, 3, refString | infoOrigin, 5, 2, 3, 'a', 'b', 'c', 0}, []run{{5, 3, 3}}},
		{"a gap and a deleted run", []byte{1, 3, 5, 0, refString, 1, 1, 't', 1, 'a', refSkip, 2, refDeleted | infoOrigin, 5, 2, 4, 0}, []run{{5, 0, 1}, {5, 3, 4}}},
		{"two clients, both origins", []byte{2, 1, 9, 0, refString | infoOrigin | infoRightOrigin, 5, 0, 5, 1, 1, 'x', 1, 5, 0, refGC, 2, 0}, []run{{9, 0, 1}, {5, 0, 2}}},
		{"a parent by id, with a key", []byte{1, 1, 5, 0, refString | infoParentSub, 0, 9, 1, 1, 'k', 1, 'v', 0}, []run{{5, 0, 1}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := runs(t, tt.u); !slices.Equal(got, tt.want) {
				t.Errorf("runs %v, want %v", got, tt.want)
			}
			// The delete set's length, the last byte, is not read.
			for n := range len(tt.u) - 1 {
				if eachRun(tt.u[:n], func(_, _, _ uint64) {}) == nil {
					t.Errorf("cut to %d bytes: no error", n)
				}
			}
		})
	}
}

func TestClocks(t *testing.T) {
	var s clocks
	for _, c := range []uint64{0, 63, 64, 1000} {
		if !s.add(c) {
			t.Errorf("add(%d): not new", c)
		}
		if s.add(c) {
			t.Errorf("add(%d) again: new", c)
		}
	}
}

func TestScheduleIsInOrder(t *testing.T) {
	draw := names(1)
	authors := []*author{newAuthor(1, 10), newAuthor(2, 10)}
	c := FanOutConfig{Rate: 20}
	strokes := schedule(c, authors, 10, draw.Int64N)
	if len(strokes) != 20 || !slices.IsSortedFunc(strokes, func(a, b stroke) int { return int(a.at - b.at) }) {
		t.Errorf("schedule: %v", strokes)
	}
	c.Together = true
	for i, s := range schedule(c, authors, 10, draw.Int64N) {
		if want := int64(i/2) * 50e6; int64(s.at) != want {
			t.Errorf("together: stroke %d at %v, want %d ns", i, s.at, want)
		}
	}
}
