package room

import (
	"math"
	"testing"
)

func TestSilence(t *testing.T) {
	var s silence
	a, b, c := &member{id: 1}, &member{id: 2}, &member{id: 3}
	if s.due(10) != math.MaxInt64 {
		t.Error("somebody is due in an empty list")
	}
	s.leave(a) // is not in it
	s.enter(a, 5)
	s.enter(b, 6)
	s.enter(c, 8)
	want := func(due int64, members ...*member) {
		t.Helper()
		if got := s.due(10); got != due {
			t.Errorf("due at %d, want %d", got, due)
		}
		m := s.first
		for i, x := range members {
			if m != x {
				t.Fatalf("place %d is wrong", i)
			}
			if i > 0 && m.older != members[i-1] {
				t.Fatalf("place %d is linked wrong", i)
			}
			m = m.newer
		}
		if m != nil || len(members) > 0 && s.last != members[len(members)-1] || len(members) == 0 && s.last != nil {
			t.Fatal("the end is wrong")
		}
	}
	want(15, a, b, c)
	s.leave(b)
	want(15, a, c)
	s.leave(b)
	want(15, a, c)
	s.leave(a)
	want(18, c)
	s.enter(a, 9)
	want(18, c, a)
	s.leave(a)
	want(18, c)
	s.leave(c)
	want(math.MaxInt64)
	s.enter(b, 20)
	want(30, b)
}
