package room

import "github.com/weft-sync/weft/core/update"

// What a member is known to have is an encoded state vector. It starts as the
// one in its step 1 and is renewed now and then when the member has taken
// everything: then it is the document's own, which all members share. It may be
// too low, never too high. Too low means that a diff against it repeats some of
// what the member has.

// renewAfter is how many bytes of updates go to or come from a member before
// what it is known to have is renewed, at least: state vectors have an entry for
// each client that ever wrote, so they are not encoded for every batch. A small
// QueueLimit lowers it.
const renewAfter = 64 << 10

var nothing = []byte{0} // an empty state vector

// knownBy returns what m is known to have.
func knownBy(m *member) []byte {
	if m.known == nil {
		return nothing
	}
	return m.known
}

// renew notes that m has been sent all that the document holds.
func (r *Room) renew(m *member) {
	m.known = r.doc.StateVector()
	m.traffic = 0
	m.complete = true
}

// countTraffic counts bytes of updates that m was sent, or sent itself. m has
// taken everything, unless renewing can wait.
func (r *Room) countTraffic(m *member, n int) {
	m.traffic += n
	if m.traffic > min(renewAfter, r.cfg.QueueLimit/4) && m.complete &&
		m.feed == following && m.at == r.log.end() {
		r.renew(m)
	}
}

// hasTakenAll reports whether m was sent everything that has come by now.
func (r *Room) hasTakenAll(m *member) bool {
	return m.feed == following && m.at == r.log.end() && r.batch.empty()
}

// lowest returns what two clients have at least that are behind one member: the
// one with the state vector asker, and the one with the encoded one known.
func lowest(asker update.StateVector, known []byte) []byte {
	other, err := update.DecodeStateVector(known)
	if err != nil {
		return nothing // cannot be: it was decoded before it was kept
	}
	both := update.StateVector{}
	for client, clock := range asker {
		if clock = min(clock, other[client]); clock > 0 {
			both[client] = clock
		}
	}
	return both.Append(nil)
}

// withOwn returns known, advanced by what the given updates hold, which their
// sender has. An update that begins past the known clock of a client does not
// count: what is between may be missing.
func withOwn(known []byte, own ...[]byte) []byte {
	vector, err := update.DecodeStateVector(known)
	if err != nil {
		return known // cannot be: it was decoded before it was kept
	}
	advanced := false
	for _, u := range own {
		structs, _, err := update.Contents(u)
		if err != nil {
			continue // cannot be either: the document took it
		}
		for client, clocks := range structs.All() {
			if have := vector[client]; clocks.Start <= have && have < clocks.End {
				vector[client] = clocks.End
				advanced = true
			}
		}
	}
	if !advanced {
		return known
	}
	return vector.Append(nil)
}
