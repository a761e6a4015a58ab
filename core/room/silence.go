package room

import "math"

// silence is the list of the members that nothing is being written to, the one
// that has heard nothing for the longest time first. As all wait equally long,
// it is a queue: entering, leaving and asking who is next take no search.
type silence struct {
	first, last *member
}

// enter appends m, which was written to, or began to listen, now.
func (s *silence) enter(m *member, now int64) {
	m.lastWrite = now
	m.older = s.last
	if s.last == nil {
		s.first = m
	} else {
		s.last.newer = m
	}
	s.last = m
}

// leave takes m out, if it is in.
func (s *silence) leave(m *member) {
	if s.first != m && m.older == nil {
		return
	}
	if m.older == nil {
		s.first = m.newer
	} else {
		m.older.newer = m.newer
	}
	if m.newer == nil {
		s.last = m.older
	} else {
		m.newer.older = m.older
	}
	m.older, m.newer = nil, nil
}

// due returns when the first member has heard nothing for the given time, or
// math.MaxInt64 if there is none.
func (s *silence) due(keepalive int64) int64 {
	if s.first == nil {
		return math.MaxInt64
	}
	return s.first.lastWrite + keepalive
}
