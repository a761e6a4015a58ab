package awareness

import (
	"math"
	"slices"
)

// ForgetOthers removes every client but the local one, the clocks of removed ones
// too, as if nothing had ever been heard of them. It is for a client that has lost
// its connection: the next one tells the states that still hold, with the clocks
// they have, and a remembered clock would refuse them until their renewal
// (y-protocols@1.0.7/awareness.js#applyAwarenessUpdate takes newer clocks only).
//
// The removals cannot be encoded, so peers are not told of them. They are in the
// Change in ascending order. The local client keeps its state and its clock.
func (s *States) ForgetOthers() Change {
	s.begin()
	s.wake = math.MaxInt64
	// From the end, as forget fills a gap with the last entry.
	for i := len(s.entries) - 1; i >= 0; i-- {
		e := &s.entries[i]
		if s.isLocal(e.client) {
			s.wake = s.due(e)
			continue
		}
		if e.state != nil {
			s.drop(e)
			s.change.Removed = append(s.change.Removed, e.client)
		}
		s.forget(i)
	}
	slices.Sort(s.change.Removed)
	return s.end()
}
