package room

import (
	"bytes"
	"testing"
)

func TestBatchSeal(t *testing.T) {
	var b batch
	one, two, three := &member{id: 1}, &member{id: 2}, &member{id: 3}

	// A single update: its frame is what others are sent.
	b.add(one, insert(1, 0, "a"), []byte("frame"))
	s, err := b.seal()
	if err != nil {
		t.Fatal(err)
	}
	if s.from != one || s.shares != nil || string(s.frame) != "frame" || describeUpdate(s.update) != "1:0-1" || s.size != len(s.update) {
		t.Errorf("one update: %+v", s)
	}
	if !b.empty() || one.share != 0 {
		t.Error("the batch is not empty afterwards")
	}

	// Several of one member: the frame is of no use.
	b.add(one, insert(1, 1, "b"), []byte("frame"))
	b.add(one, insert(1, 2, "c"), nil)
	if s, err = b.seal(); err != nil {
		t.Fatal(err)
	}
	if s.from != one || s.shares != nil || s.frame != nil || describeUpdate(s.update) != "1:1-3" {
		t.Errorf("one member: %+v", s)
	}

	// Several members, in turns.
	b.add(two, insert(2, 0, "a"), []byte("frame"))
	b.add(one, insert(1, 3, "d"), nil)
	b.add(two, insert(2, 1, "b"), nil)
	b.add(three, remove(1, 0, 1), nil)
	if s, err = b.seal(); err != nil {
		t.Fatal(err)
	}
	if s.from != nil || s.frame != nil || len(s.shares) != 3 || describeUpdate(s.update) != "2:0-2 1:3-4 del:1:0-1" {
		t.Fatalf("several members: %+v", s)
	}
	size := len(s.update)
	for i, want := range []struct {
		from *member
		what string
	}{{two, "2:0-2"}, {one, "1:3-4"}, {three, "del:1:0-1"}} {
		if got := s.shares[i]; got.from != want.from || describeUpdate(got.update) != want.what {
			t.Errorf("share %d is of %d: %s", i, got.from.id, describeUpdate(got.update))
		}
		size += len(s.shares[i].update)
	}
	if s.size != size {
		t.Errorf("size %d, want %d", s.size, size)
	}

	// Nothing of it is left.
	for _, g := range b.shares[:cap(b.shares)] {
		for _, u := range g.updates[:cap(g.updates)] {
			if u != nil {
				t.Error("an update is kept")
			}
		}
		if g.from != nil {
			t.Error("a member is kept")
		}
	}
	for _, u := range b.all[:cap(b.all)] {
		if u != nil {
			t.Error("a merged update is kept")
		}
	}
}

func TestBatchSealFails(t *testing.T) {
	var b batch
	one, two := &member{id: 1}, &member{id: 2}
	bad := []byte("no update")
	b.add(one, bad, nil)
	b.add(one, bad, nil)
	b.add(two, insert(2, 0, "a"), nil)
	if _, err := b.seal(); err == nil {
		t.Error("merged what cannot be merged")
	}
	if !b.empty() || one.share != 0 || two.share != 0 {
		t.Error("the batch is not empty afterwards")
	}
}

func TestBatchAllocs(t *testing.T) {
	var b batch
	m, u, frame := &member{}, insert(1, 0, "a"), []byte("frame")
	if n := testing.AllocsPerRun(100, func() {
		b.add(m, u, frame)
		s, err := b.seal()
		if err != nil || !bytes.Equal(s.frame, frame) {
			t.Fatal(s, err)
		}
	}); n != 0 {
		t.Errorf("%v allocations for a single update", n)
	}
}
