package awareness

import (
	"cmp"
	"math"
	"slices"
)

// NextWake returns when [States.Expire] has something to do, at the earliest, in
// milliseconds, or math.MaxInt64 if never. It may change after every call that
// changes something.
func (s *States) NextWake() int64 { return s.wake }

// Expire does what is due at now: it removes remote clients that have not been
// heard of for [Timeout], renews the local client after [Renewal] (it counts as
// updated; the caller tells the others), and forgets the clocks of clients that
// were removed [Memory] ago. Before NextWake it does nothing, at no cost.
func (s *States) Expire(now int64) Change {
	s.begin()
	if now < s.wake {
		return Change{}
	}
	s.wake = math.MaxInt64
	// From the end, as forget fills a gap with the last entry.
	for i := len(s.entries) - 1; i >= 0; i-- {
		e := &s.entries[i]
		switch {
		case now < s.due(e):
			s.wake = min(s.wake, s.due(e))
		case e.state == nil:
			s.forget(i)
		case s.isLocal(e.client):
			e.clock = nextClock(e.clock)
			s.touch(now, e)
			s.change.Updated = append(s.change.Updated, e.client)
		default:
			s.remove(now, e)
		}
	}
	slices.Sort(s.change.Removed)
	s.forgetSurplus()
	return s.end()
}

// due returns when time will change something about e.
func (s *States) due(e *entry) int64 {
	switch {
	case s.isLocal(e.client) && e.state == nil:
		return math.MaxInt64 // its next state needs the clock
	case e.state == nil:
		return e.heard + Memory
	case s.isLocal(e.client):
		return e.heard + Renewal
	default:
		return e.heard + Timeout
	}
}

// forgetSurplus forgets, if too many removed clients are remembered, the half
// of them that was removed first. So one removal in many pays for it, and a peer
// that removes clients it makes up cannot make the memory grow.
func (s *States) forgetSurplus() {
	if len(s.entries)-s.present <= s.limits.maxRemoved() {
		return
	}
	s.picked = s.picked[:0]
	for i := range s.entries {
		if e := &s.entries[i]; e.state == nil && !s.isLocal(e.client) {
			s.picked = append(s.picked, i)
		}
	}
	slices.SortFunc(s.picked, func(i, j int) int {
		return cmp.Compare(s.entries[i].heard, s.entries[j].heard)
	})
	oldest := s.picked[:len(s.picked)/2]
	slices.Sort(oldest)
	for _, i := range slices.Backward(oldest) {
		s.forget(i)
	}
}
