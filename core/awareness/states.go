package awareness

import (
	"iter"
	"math"

	"github.com/weft-sync/weft/core/lib0"
)

// States holds the presence states of one document. It is not safe for
// concurrent use. Make one with [New].
//
// Its methods are getters (Len, State, All, Version, NextWake, Encode,
// EncodeAll, EncodeSince), input from peers (Apply), time (Expire), and commands
// (SetLocal, Remove, ForgetOthers). Those that change something return the [Change].
type States struct {
	limits Limits

	entries []entry        // in no order
	index   map[uint64]int // client -> place in entries
	present int            // entries with a state
	bytes   int            // sum of the lengths of all states

	local    uint64 // the local client, if hasLocal
	hasLocal bool

	version uint64 // counts changes
	wake    int64  // no entry is due before this; see NextWake

	change Change // its slices are reused
	picked []int  // scratch of the encoder
}

// An entry is what is known of one client: its newest clock, and its state
// unless it was removed.
type entry struct {
	client  uint64
	clock   uint64
	version uint64 // States.version of the last change
	heard   int64  // when the client was last heard of, or was removed
	state   []byte // JSON, owned; nil if removed
}

// A Change names the clients that a call changed, each list without repetition
// and in the order of the input. The slices are valid until the next call of a
// method that returns a Change.
type Change struct {
	Added   []uint64 // had no state before
	Updated []uint64 // had one; a mere renewal of the clock counts
	Removed []uint64 // have no state any more
}

// Empty reports whether nothing changed.
func (c Change) Empty() bool {
	return len(c.Added)+len(c.Updated)+len(c.Removed) == 0
}

// Clients returns all clients of c, in a slice of its own.
func (c Change) Clients() []uint64 {
	all := make([]uint64, 0, len(c.Added)+len(c.Updated)+len(c.Removed))
	all = append(all, c.Added...)
	all = append(all, c.Updated...)
	return append(all, c.Removed...)
}

// New returns States without clients.
func New(l Limits) *States {
	return &States{
		limits: l.withDefaults(),
		wake:   math.MaxInt64,
	}
}

// Len returns how many clients have a state.
func (s *States) Len() int { return s.present }

// Version returns a number that grows with every change, from 0 on. See
// [States.EncodeSince].
func (s *States) Version() uint64 { return s.version }

// State returns the state of a client as it arrived, and its newest clock. The
// state is nil if the client is known only as removed; ok is false if it is not
// known at all. The slice is read-only and valid until the next change.
func (s *States) State(client uint64) (state []byte, clock uint64, ok bool) {
	i, ok := s.index[client]
	if !ok {
		return nil, 0, false
	}
	return s.entries[i].state, s.entries[i].clock, true
}

// All returns the clients that have a state, in ascending order, with their
// states. The slices are read-only and valid until the next change; nothing may
// change during the iteration.
func (s *States) All() iter.Seq2[uint64, []byte] {
	return func(yield func(uint64, []byte) bool) {
		picked := s.pick(nil, func(e *entry) bool { return e.state != nil })
		for _, i := range picked {
			if !yield(s.entries[i].client, s.entries[i].state) {
				return
			}
		}
	}
}

// SetLocal makes client the local one and sets its state, JSON that is not
// null, or removes it if state is nil. The state is copied. Every call gives
// the client a newer clock. The local client is renewed by [States.Expire] and
// never removed by it or by a peer.
//
// The error is a [*lib0.Error] for a state that is no JSON and a [*LimitError]
// for one that is too large; nothing is changed then.
func (s *States) SetLocal(now int64, client uint64, state []byte) (Change, error) {
	s.begin()
	if state != nil {
		if !lib0.ValidJSON(state) || isNull(state) {
			return Change{}, &lib0.Error{Field: "state", Reason: lib0.InvalidJSON}
		}
		var g growth
		s.grow(&g, client, state)
		if err := s.fits(g, len(state)); err != nil {
			return Change{}, err
		}
	}
	if s.hasLocal && s.local != client {
		s.wake = min(s.wake, now) // the former local client expires from now on
	}
	s.local, s.hasLocal = client, true
	i, known := s.index[client]
	if !known {
		if state == nil {
			return Change{}, nil
		}
		// Clock 0 would not be accepted by anyone, see accept.
		i = s.insert(entry{client: client})
	}
	e := &s.entries[i]
	e.clock = nextClock(e.clock)
	if state == nil {
		if e.state != nil {
			s.drop(e)
		}
		s.touch(now, e)
		s.change.Removed = append(s.change.Removed, client)
	} else {
		s.put(now, e, state)
	}
	return s.end(), nil
}

// Remove removes the states of the given clients; those that have none are left
// out. The clients' clocks stay as they are, as peers accept a removal with the
// clock they know; only the local client gets a newer one
// (y-protocols@1.0.7/awareness.js#removeAwarenessStates).
func (s *States) Remove(now int64, clients ...uint64) Change {
	s.begin()
	for _, c := range clients {
		if i, ok := s.index[c]; ok && s.entries[i].state != nil {
			if s.isLocal(c) {
				s.entries[i].clock = nextClock(s.entries[i].clock)
			}
			s.remove(now, &s.entries[i])
		}
	}
	s.forgetSurplus()
	return s.end()
}

func (s *States) isLocal(client uint64) bool { return s.hasLocal && client == s.local }

// nextClock returns the clock after c. At the end of what can be written it
// stays: the client cannot be heard any more until it is forgotten.
func nextClock(c uint64) uint64 {
	return min(c+1, lib0.MaxSafeInteger)
}

// begin starts a call that may change something.
func (s *States) begin() {
	s.change.Added = s.change.Added[:0]
	s.change.Updated = s.change.Updated[:0]
	s.change.Removed = s.change.Removed[:0]
}

// end finishes it: if something changed, there is a new version, which the
// changed entries have from touch already.
func (s *States) end() Change {
	if s.change.Empty() {
		return Change{}
	}
	s.version++
	return s.change
}

// insert adds an entry for an unknown client and returns its place.
func (s *States) insert(e entry) int {
	if s.index == nil {
		s.index = make(map[uint64]int)
	}
	s.index[e.client] = len(s.entries)
	s.entries = append(s.entries, e)
	return len(s.entries) - 1
}

// forget deletes the entry at place i, clock and all. The last entry takes its
// place.
func (s *States) forget(i int) {
	last := len(s.entries) - 1
	delete(s.index, s.entries[i].client)
	if i != last {
		s.entries[i] = s.entries[last]
		s.index[s.entries[i].client] = i
	}
	s.entries[last] = entry{}
	s.entries = s.entries[:last]
}

// put sets the state of e, which is copied, and notes the change.
func (s *States) put(now int64, e *entry, state []byte) {
	if e.state == nil {
		s.present++
		s.change.Added = append(s.change.Added, e.client)
	} else {
		s.change.Updated = append(s.change.Updated, e.client)
	}
	s.bytes += len(state) - len(e.state)
	// A cursor that moves reuses the bytes it had, unless they are many more
	// than it needs.
	if e.state == nil || cap(e.state) < len(state) || cap(e.state) > 4*len(state)+64 {
		e.state = make([]byte, len(state))
	}
	e.state = e.state[:len(state)]
	copy(e.state, state)
	s.touch(now, e)
}

// remove takes the state from e, which has one, and notes the change.
func (s *States) remove(now int64, e *entry) {
	s.drop(e)
	s.touch(now, e)
	s.change.Removed = append(s.change.Removed, e.client)
}

// drop takes the state from e.
func (s *States) drop(e *entry) {
	s.present--
	s.bytes -= len(e.state)
	e.state = nil
}

// touch notes that e was heard of now and belongs to the version that end will
// make.
func (s *States) touch(now int64, e *entry) {
	e.heard = now
	e.version = s.version + 1
	s.wake = min(s.wake, s.due(e))
}
