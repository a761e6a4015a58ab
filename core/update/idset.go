package update

import (
	"cmp"
	"iter"
	"slices"
)

// IDSet is a set of ids, held as clock ranges per client: the ids that an update
// carries, or those that it deletes. The zero value is empty and ready.
//
// An IDSet is for one goroutine at a time. A copy of the struct shares what it
// holds with the original; use one of them only.
type IDSet struct {
	clients []clientRanges
	place   map[uint64]int32 // client to its place in clients; nil while there are few
	order   []int32          // places by client, descending; valid while as long as clients
	last    int              // the place found last: edits of one client come in bursts
}

type clientRanges struct {
	client uint64
	ranges ranges
}

// fewClients is how many clients are looked up without a map.
const fewClients = 8

// Add adds the clocks from start up to, not including, end of a client, and
// reports whether the set lacked any of them.
func (s *IDSet) Add(client, start, end uint64) bool {
	if start >= end {
		return false
	}
	return s.of(client).add(Range{start, end})
}

// of returns the ranges of a client, for which it makes room if there is none.
func (s *IDSet) of(client uint64) *ranges {
	i := s.find(client)
	if i < 0 {
		i = len(s.clients)
		s.clients = append(s.clients, clientRanges{client: client})
		if s.place != nil {
			s.place[client] = int32(i)
		} else if len(s.clients) > fewClients {
			s.place = make(map[uint64]int32, 2*fewClients)
			for k := range s.clients {
				s.place[s.clients[k].client] = int32(k)
			}
		}
	}
	s.last = i
	return &s.clients[i].ranges
}

// find returns the place of a client, or -1.
func (s *IDSet) find(client uint64) int {
	if s.last < len(s.clients) && s.clients[s.last].client == client {
		return s.last
	}
	if s.place != nil {
		if i, ok := s.place[client]; ok {
			return int(i)
		}
		return -1
	}
	for i := range s.clients {
		if s.clients[i].client == client {
			return i
		}
	}
	return -1
}

// Contains reports whether the set holds an id.
func (s *IDSet) Contains(client, clock uint64) bool { return s.Covers(client, clock, clock+1) }

// Covers reports whether the set holds every clock from start up to, not
// including, end of a client.
func (s *IDSet) Covers(client, start, end uint64) bool {
	if start >= end {
		return true
	}
	i := s.find(client)
	return i >= 0 && s.clients[i].ranges.covers(Range{start, end})
}

// Merge adds every id of o, which stays as it is.
func (s *IDSet) Merge(o IDSet) {
	for i := range o.clients {
		into := s.of(o.clients[i].client)
		o.clients[i].ranges.each(func(r Range) bool { into.add(r); return true })
	}
}

// Equal reports whether both sets hold the same ids.
func (s IDSet) Equal(o IDSet) bool {
	if len(s.clients) != len(o.clients) {
		return false
	}
	for i := range s.clients {
		c := &s.clients[i]
		k := o.find(c.client)
		if k < 0 || !c.ranges.equal(&o.clients[k].ranges) {
			return false
		}
	}
	return true
}

// IsEmpty reports whether the set holds no id.
func (s *IDSet) IsEmpty() bool { return len(s.clients) == 0 }

// Len returns how many ids the set holds, and in how many ranges.
func (s *IDSet) Len() (ids uint64, ranges int) {
	for i := range s.clients {
		ranges += s.clients[i].ranges.len()
		s.clients[i].ranges.each(func(r Range) bool { ids += r.End - r.Start; return true })
	}
	return ids, ranges
}

// All yields every range with its client: clients descending, as Yjs writes
// them, and each one's ranges ascending. The set must not change meanwhile.
func (s *IDSet) All() iter.Seq2[uint64, Range] {
	return func(yield func(uint64, Range) bool) {
		for _, i := range s.descending() {
			c := &s.clients[i]
			if !c.ranges.each(func(r Range) bool { return yield(c.client, r) }) {
				return
			}
		}
	}
}

// Ranges yields the ranges of one client, ascending.
func (s *IDSet) Ranges(client uint64) iter.Seq[Range] {
	return func(yield func(Range) bool) {
		if i := s.find(client); i >= 0 {
			s.clients[i].ranges.each(yield)
		}
	}
}

// descending returns the places of the clients in descending order.
func (s *IDSet) descending() []int32 {
	if len(s.order) == len(s.clients) {
		return s.order
	}
	s.order = make([]int32, len(s.clients)) // a copy of the set may still use the old one
	for i := range s.order {
		s.order[i] = int32(i)
	}
	slices.SortFunc(s.order, func(a, b int32) int {
		return cmp.Compare(s.clients[b].client, s.clients[a].client)
	})
	return s.order
}
