package coretest

// schedule is what is to happen, ordered by time and, within a millisecond, by the
// order in which it was planned.
type schedule struct {
	now   int64
	seq   uint64
	items []planned // a binary heap, first on top
}

type planned struct {
	at  int64
	seq uint64
	do  func()
}

func (a planned) before(b planned) bool {
	return a.at < b.at || a.at == b.at && a.seq < b.seq
}

// at plans a call. A time in the past means now.
func (s *schedule) at(t int64, do func()) {
	s.seq++
	s.items = append(s.items, planned{max(t, s.now), s.seq, do})
	for i := len(s.items) - 1; i > 0; {
		parent := (i - 1) / 2
		if !s.items[i].before(s.items[parent]) {
			break
		}
		s.items[i], s.items[parent] = s.items[parent], s.items[i]
		i = parent
	}
}

// after plans a call for the given number of milliseconds from now.
func (s *schedule) after(delay int64, do func()) { s.at(s.now+delay, do) }

// step moves the clock to the next call, if that is due until the given time, and
// makes it.
func (s *schedule) step(until int64) bool {
	if len(s.items) == 0 || s.items[0].at > until {
		return false
	}
	first := s.items[0]
	last := len(s.items) - 1
	s.items[0] = s.items[last]
	s.items[last] = planned{}
	s.items = s.items[:last]
	for i := 0; ; {
		child := 2*i + 1
		if child >= last {
			break
		}
		if child+1 < last && s.items[child+1].before(s.items[child]) {
			child++
		}
		if !s.items[child].before(s.items[i]) {
			break
		}
		s.items[i], s.items[child] = s.items[child], s.items[i]
		i = child
	}
	s.now = first.at
	first.do()
	return true
}
