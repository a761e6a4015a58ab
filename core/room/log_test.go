package room

import (
	"bytes"
	"slices"
	"testing"
)

// logOf returns a log of batches whose updates are the given words, with one
// follower at the beginning.
func logOf(limit int, words ...string) (*updateLog, uint64) {
	l := &updateLog{limit: limit}
	place := l.enter()
	for _, w := range words {
		l.add(sealed{update: []byte(w), size: len(w)})
	}
	return l, place
}

func TestLogPlaces(t *testing.T) {
	l, slow := logOf(100, "one", "two")
	late := l.enter()
	if slow != 0 || late != 2 || l.end() != 2 || l.bytes != 6 || l.unneeded() || l.overfull() {
		t.Fatalf("slow %d, late %d, %+v", slow, late, l)
	}
	if n := l.add(sealed{update: []byte("three"), size: 5}); n != 2 {
		t.Errorf("the third batch has number %d", n)
	}
	if got := []int{l.batch(0).waiting, l.batch(1).waiting, l.batch(2).waiting, l.idle}; !slices.Equal(got, []int{1, 0, 1, 0}) {
		t.Errorf("waiting %v", got)
	}
	l.exit(slow)
	for l.unneeded() {
		l.drop()
	}
	if l.first != 2 || l.len() != 1 || l.bytes != 5 {
		t.Errorf("after the slow one left: %+v", l)
	}
	l.exit(late)
	if !l.unneeded() {
		t.Error("a batch is needed by nobody and stays")
	}
	l.drop()
	l.exit(slow) // was dropped, so nothing is taken back
	if l.idle != 0 || l.head != 0 || l.first != 3 {
		t.Errorf("empty: %+v", l)
	}
}

func TestLogOverflow(t *testing.T) {
	l, _ := logOf(6, "one", "two")
	if l.overfull() {
		t.Error("as full as it may be is overfull")
	}
	l.add(sealed{update: []byte("x"), size: 1})
	if !l.overfull() {
		t.Error("one byte more is not overfull")
	}
	if b := l.drop(); string(b.update) != "one" || b.waiting != 1 || l.overfull() {
		t.Errorf("dropped %+v, left %+v", b, l)
	}
	// The newest stays, whatever its size.
	l, _ = logOf(6, "a large one")
	if l.overfull() {
		t.Error("the only batch is to be dropped")
	}
}

// TestLogReuse checks that a log that is always read to its end, or nearly,
// does not move on in memory without end.
func TestLogReuse(t *testing.T) {
	l := &updateLog{limit: 1 << 20}
	place := l.enter()
	x := []byte("x")
	step := func() {
		l.add(sealed{update: x, size: 1})
		if l.len() > 3 {
			l.exit(place)
			place++
			l.batch(place).waiting++
			l.drop()
		}
	}
	for range 100 {
		step()
	}
	if n := testing.AllocsPerRun(1000, step); n != 0 {
		t.Errorf("%v allocations for a batch", n)
	}
	if cap(l.batches) > 16 {
		t.Errorf("room for %d batches, of which 4 are used", cap(l.batches))
	}
}

func TestLogFrames(t *testing.T) {
	l, slow := logOf(100, "one")
	frame := []byte("frame of one")
	l.cache(slow, frame)
	if got := l.cached(slow); !bytes.Equal(got, frame) {
		t.Errorf("got %q", got)
	}
	if b := l.batch(slow); &b.update[0] != &frame[len(frame)-3] {
		t.Error("the bytes are held twice")
	}
	late := l.enter()
	l.add(sealed{update: []byte("two"), size: 3, frame: []byte("frame of two")})
	if l.cached(slow) != nil || l.batch(slow).frame != nil {
		t.Error("a frame without the newest batch is kept")
	}
	if got := l.cached(late); string(got) != "frame of two" {
		t.Errorf("got %q", got)
	}
	both := []byte("frame of onetwo")
	l.cache(slow, both)
	if got := l.cached(slow); !bytes.Equal(got, both) || string(l.batch(slow).update) != "one" {
		t.Errorf("got %q", got)
	}
}

func TestBatchContents(t *testing.T) {
	a, b, c := &member{id: 1}, &member{id: 2}, &member{id: 3}
	words := func(updates [][]byte) string { return string(bytes.Join(updates, []byte(" "))) }
	alone := sealed{update: []byte("A"), from: a}
	joint := sealed{update: []byte("AB"), shares: []share{{a, []byte("A")}, {b, []byte("B")}}}
	whole := sealed{update: []byte("W")}
	for _, tt := range []struct {
		b           *sealed
		m           *member
		others, own string
		sole        bool
	}{
		{&alone, a, "", "A", true},
		{&alone, b, "A", "", false},
		{&joint, a, "B", "A", false},
		{&joint, b, "A", "B", false},
		{&joint, c, "AB", "", false},
		{&whole, a, "W", "", false},
	} {
		if got := words(tt.b.others(tt.m, nil)); got != tt.others {
			t.Errorf("%s for %d: others %q, want %q", tt.b.update, tt.m.id, got, tt.others)
		}
		if got := string(tt.b.own(tt.m)); got != tt.own || tt.b.sole(tt.m) != tt.sole {
			t.Errorf("%s for %d: own %q, want %q; sole %v", tt.b.update, tt.m.id, got, tt.own, tt.b.sole(tt.m))
		}
	}
}
