package update

import (
	"cmp"
	"slices"
)

// Range is the clocks from Start up to, not including, End.
type Range struct{ Start, End uint64 }

// ranges is a set of clocks as sorted ranges that neither overlap nor touch.
//
// Nearly every client of a document has one range of ids, so one range needs no
// slice. A client whose text was much deleted has tens of thousands: those are
// held in chunks, so that a deletion in the middle moves one chunk and not all.
type ranges struct {
	one  Range     // the only range, or the empty range; unused once more is set
	more [][]Range // no chunk is empty
}

// chunkLen is the most ranges in a chunk: 4 KiB of them.
const chunkLen = 256

// add adds the clocks in r, which must not be empty, and reports whether any of
// them was missing.
func (s *ranges) add(r Range) bool {
	if s.more == nil {
		switch {
		case s.one.End == 0:
			s.one = r
			return true
		case r.Start >= s.one.Start && r.End <= s.one.End:
			return false
		case r.Start <= s.one.End && r.End >= s.one.Start:
			s.one = Range{min(r.Start, s.one.Start), max(r.End, s.one.End)}
			return true
		case r.Start > s.one.End:
			s.more = [][]Range{{s.one, r}}
		default:
			s.more = [][]Range{{r, s.one}}
		}
		return true
	}
	c, i := s.find(r.Start)
	if c == len(s.more) {
		s.insert(c-1, len(s.more[c-1]), r)
		return true
	}
	at := &s.more[c][i]
	switch {
	case at.Start <= r.Start && r.End <= at.End:
		return false
	case r.End < at.Start:
		s.insert(c, i, r)
	default:
		at.Start, at.End = min(at.Start, r.Start), max(at.End, r.End)
		s.absorb(c, i)
	}
	return true
}

// find returns the place of the first range that ends at or after clock; the
// chunk is len(s.more) if there is none.
func (s *ranges) find(clock uint64) (chunk, i int) {
	last := s.more[len(s.more)-1]
	if last[len(last)-1].End < clock {
		return len(s.more), 0
	}
	chunk, _ = slices.BinarySearchFunc(s.more, clock, func(c []Range, clock uint64) int {
		return cmp.Compare(c[len(c)-1].End, clock)
	})
	i, _ = slices.BinarySearchFunc(s.more[chunk], clock, func(r Range, clock uint64) int {
		return cmp.Compare(r.End, clock)
	})
	return chunk, i
}

// insert puts r, which touches no other range, before place i of a chunk.
func (s *ranges) insert(chunk, i int, r Range) {
	c := s.more[chunk]
	if len(c) == chunkLen {
		at := chunkLen / 2
		if chunk == len(s.more)-1 && i == chunkLen {
			at = chunkLen // in ascending order, which is usual, chunks stay full
		}
		s.more = append(s.more, nil)
		copy(s.more[chunk+2:], s.more[chunk+1:])
		s.more[chunk+1] = append([]Range(nil), c[at:]...)
		s.more[chunk] = c[:at]
		if i > at || at == chunkLen {
			chunk, i = chunk+1, i-at
		}
		c = s.more[chunk]
	}
	c = append(c, Range{})
	copy(c[i+1:], c[i:])
	c[i] = r
	s.more[chunk] = c
}

// absorb merges into the range at a place, which has grown, those after it that
// it now overlaps or touches.
func (s *ranges) absorb(chunk, i int) {
	grown := &s.more[chunk][i]
	k, from := chunk, i+1
	for ; k < len(s.more); k, from = k+1, 0 {
		c := s.more[k]
		to := from
		for to < len(c) && c[to].Start <= grown.End {
			grown.End = max(grown.End, c[to].End)
			to++
		}
		s.more[k] = append(c[:from], c[to:]...)
		if to < len(c) {
			break
		}
	}
	if k > chunk+1 { // those in between were absorbed whole
		s.more = append(s.more[:chunk+1], s.more[k:]...)
	}
	if len(s.more) == 1 && len(s.more[0]) == 1 {
		s.one, s.more = s.more[0][0], nil
	}
}

// covers reports whether every clock in r is in the set.
func (s *ranges) covers(r Range) bool {
	at := s.one
	if s.more != nil {
		c, i := s.find(r.End)
		if c == len(s.more) {
			return false
		}
		at = s.more[c][i]
	}
	return at.Start <= r.Start && r.End <= at.End
}

// each calls yield for each range in ascending order until it returns false.
func (s *ranges) each(yield func(Range) bool) bool {
	if s.more == nil {
		return s.one.End == 0 || yield(s.one)
	}
	for _, c := range s.more {
		for _, r := range c {
			if !yield(r) {
				return false
			}
		}
	}
	return true
}

// len returns the number of ranges.
func (s *ranges) len() int {
	if s.more == nil {
		if s.one.End == 0 {
			return 0
		}
		return 1
	}
	n := 0
	for _, c := range s.more {
		n += len(c)
	}
	return n
}

// equal reports whether both sets hold the same clocks.
func (s *ranges) equal(o *ranges) bool {
	if s.more == nil || o.more == nil {
		return s.more == nil && o.more == nil && s.one == o.one
	}
	if s.len() != o.len() {
		return false
	}
	chunk, i := 0, 0
	return s.each(func(r Range) bool {
		if i == len(o.more[chunk]) {
			chunk, i = chunk+1, 0
		}
		i++
		return o.more[chunk][i-1] == r
	})
}

// first returns the lowest range.
func (s *ranges) first() Range {
	if s.more == nil {
		return s.one
	}
	return s.more[0][0]
}
