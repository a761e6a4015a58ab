package awareness

import (
	"cmp"
	"slices"

	"github.com/weft-sync/weft/core/lib0"
)

// An awareness update (y-protocols@1.0.7/awareness.js#encodeAwarenessUpdate):
//
//	varUint(number of entries)
//	for each entry:
//	  varUint(client)
//	  varUint(clock)
//	  varString(state as JSON; null = removed)
//
// minEntryBytes is the length of the shortest entry, of which the state is one
// digit.
const minEntryBytes = 4

// Apply takes over what is newer in an update from a peer: an entry whose clock
// is newer than the known one, or equal while it says null and the client's
// state is known. An unknown client counts as clock 0
// (y-protocols@1.0.7/awareness.js#applyAwarenessUpdate).
//
// A removal of the local client is not carried out; the client gets a newer
// clock instead and counts as updated, so that the caller tells the others that
// it is still there.
//
// The error is a [*lib0.Error] for bytes that are no awareness update, and a
// [*LimitError] for one that would pass a limit. The states are unchanged then.
// The update is only read, and not kept.
func (s *States) Apply(now int64, update []byte) (Change, error) {
	s.begin()
	if err := s.check(update); err != nil {
		return Change{}, err
	}
	r := lib0.NewReader(update)
	for n := r.Uint("number of entries"); n > 0; n-- {
		client, clock, state := readEntry(&r)
		s.accept(now, client, clock, state)
	}
	return s.end(), nil
}

func readEntry(r *lib0.Reader) (client, clock uint64, state []byte) {
	return r.Uint("client"), r.Uint("clock"), r.Bytes("state")
}

// check validates the whole update and its limits before anything is changed.
func (s *States) check(update []byte) error {
	r := lib0.NewReader(update)
	n := r.Count("number of entries", minEntryBytes)
	if n > s.limits.maxEntries() {
		return &LimitError{Entries, s.limits.maxEntries(), n}
	}
	var g growth
	longest := 0
	for ; n > 0 && !r.Failed(); n-- {
		client, clock, state := readEntry(&r)
		i, known := s.index[client]
		// Most entries are echoes of what is known; comparing is faster than
		// validating once more. (That JSON is valid implies UTF-8.)
		same := known && len(state) > 0 && string(s.entries[i].state) == string(state)
		if !same && !r.Failed() && !lib0.ValidJSON(state) {
			r.Fail("state", lib0.InvalidJSON)
		}
		longest = max(longest, len(state))
		if !isNull(state) && clock > s.clockOf(client) {
			s.grow(&g, client, state)
		}
	}
	if err := r.End("awareness update"); err != nil {
		return err
	}
	return s.fits(g, longest)
}

// growth is how much an update adds, at most: an entry that is followed by
// another for the same client counts as if both stayed.
type growth struct{ clients, bytes int }

// grow adds to g what it takes to give the client that state.
func (s *States) grow(g *growth, client uint64, state []byte) {
	had := 0
	if i, ok := s.index[client]; ok && s.entries[i].state != nil {
		had = len(s.entries[i].state)
	} else {
		g.clients++
	}
	g.bytes += max(0, len(state)-had)
}

// fits compares with the limits what the states would be after g, and the
// longest state of the input.
func (s *States) fits(g growth, longest int) error {
	switch l := s.limits; {
	case longest > l.MaxStateBytes:
		return &LimitError{StateBytes, l.MaxStateBytes, longest}
	case g.clients > 0 && s.present+g.clients > l.MaxClients:
		return &LimitError{Clients, l.MaxClients, s.present + g.clients}
	case g.bytes > 0 && s.bytes+g.bytes > l.MaxBytes:
		return &LimitError{TotalBytes, l.MaxBytes, s.bytes + g.bytes}
	}
	return nil
}

func (s *States) clockOf(client uint64) uint64 {
	if i, ok := s.index[client]; ok {
		return s.entries[i].clock
	}
	return 0
}

// accept applies one valid entry.
func (s *States) accept(now int64, client, clock uint64, state []byte) {
	i, known := s.index[client]
	had := known && s.entries[i].state != nil
	null := isNull(state)
	current := s.clockOf(client)
	if clock < current || clock == current && !(null && had) {
		return
	}
	if !known {
		i = s.insert(entry{client: client})
	}
	e := &s.entries[i]
	e.clock = clock
	switch {
	case !null:
		s.put(now, e, state)
	case had && s.isLocal(client):
		e.clock = nextClock(clock)
		s.touch(now, e)
		s.change.Updated = append(s.change.Updated, client)
	case had:
		s.remove(now, e)
		s.forgetSurplus()
	default:
		// Only the clock is news, and nobody needs to be told.
		e.heard = now
		s.wake = min(s.wake, s.due(e))
		s.forgetSurplus()
	}
}

// isNull reports whether valid JSON is null.
func isNull(state []byte) bool {
	for len(state) > 4 && isSpace(state[0]) {
		state = state[1:]
	}
	for len(state) > 4 && isSpace(state[len(state)-1]) {
		state = state[:len(state)-1]
	}
	return string(state) == "null"
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

// Encode returns an awareness update with the newest of each of the given
// clients: its state, or null with its clock if it was removed. Clients that are
// not known (any more) are left out. The entries are in ascending order of
// clients. The result belongs to the caller.
func (s *States) Encode(clients []uint64) []byte {
	picked := s.picked[:0]
	for _, c := range clients {
		if i, ok := s.index[c]; ok {
			picked = append(picked, i)
		}
	}
	s.sortByClient(picked)
	s.picked = slices.Compact(picked)
	return s.encode(s.picked)
}

// EncodeAll returns an awareness update with all clients that have a state, in
// ascending order. The result belongs to the caller.
func (s *States) EncodeAll() []byte {
	s.picked = s.pick(s.picked[:0], func(e *entry) bool { return e.state != nil })
	return s.encode(s.picked)
}

// EncodeSince returns an awareness update with all clients that have changed
// since [States.Version] returned version, removed ones as null, in ascending
// order. Removals that are longer ago than [Memory] are left out; receivers have
// let such a client expire by themselves. The result belongs to the caller.
func (s *States) EncodeSince(version uint64) []byte {
	s.picked = s.pick(s.picked[:0], func(e *entry) bool { return e.version > version })
	return s.encode(s.picked)
}

// pick appends the places of the entries for which want is true, in ascending
// order of clients.
func (s *States) pick(places []int, want func(*entry) bool) []int {
	for i := range s.entries {
		if want(&s.entries[i]) {
			places = append(places, i)
		}
	}
	s.sortByClient(places)
	return places
}

func (s *States) sortByClient(places []int) {
	slices.SortFunc(places, func(i, j int) int {
		return cmp.Compare(s.entries[i].client, s.entries[j].client)
	})
}

// null is the state of a removed client.
const null = "null"

func (s *States) encode(places []int) []byte {
	size := lib0.SizeUint(uint64(len(places)))
	for _, i := range places {
		e := &s.entries[i]
		n := len(null)
		if e.state != nil {
			n = len(e.state)
		}
		size += lib0.SizeUint(e.client) + lib0.SizeUint(e.clock) + lib0.SizeUint(uint64(n)) + n
	}
	b := lib0.AppendUint(make([]byte, 0, size), uint64(len(places)))
	for _, i := range places {
		e := &s.entries[i]
		b = lib0.AppendUint(b, e.client)
		b = lib0.AppendUint(b, e.clock)
		if e.state == nil {
			b = lib0.AppendString(b, null)
		} else {
			b = lib0.AppendBytes(b, e.state)
		}
	}
	return b
}
