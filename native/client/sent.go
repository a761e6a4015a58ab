package client

// sent counts which local edits a socket has taken, for [Client.Close] to tell.
//
// An edit reaches the socket in one of two ways. While there is a connection the
// machine sends it as an update, at once or when the write under way has ended. Made
// without one, lost with one, or too large to wait for a write, it is in the answer
// to the server's state vector; until that is given such edits are adrift.
type sent struct {
	edits   uint64 // made so far
	taken   uint64 // the first so many were taken
	held    int    // bytes of those that wait for the write under way
	adrift  bool
	partial bool // parts of a diff are still to be sent
}

// edited notes an edit without a connection to send it.
func (s *sent) edited() {
	s.edits++
	s.adrift = true
}

// posted notes an edit that is sent at once.
func (s *sent) posted() { s.edits++ }

// waits notes an edit of so many bytes that waits for a write, of which limit may.
func (s *sent) waits(size, limit int) {
	s.edits++
	s.held += size
	s.adrift = s.adrift || s.held > limit
}

// diff notes that the server's state vector is answered: the frames to write now
// have all edits.
func (s *sent) diff() { s.held, s.adrift = 0, false }

// flushed notes that what waited for a write is among the frames to write now.
func (s *sent) flushed() { s.held = 0 }

// disconnected notes that the next edits, and those not taken, need a new connection.
func (s *sent) disconnected() { s.held, s.adrift = 0, s.missing() }

// carried returns how many edits the socket will have when the frames to write now
// are written.
func (s *sent) carried() uint64 {
	if s.adrift || s.partial {
		return 0
	}
	return s.edits
}

// written notes that the socket has the first n edits.
func (s *sent) written(n uint64) { s.taken = max(s.taken, n) }

// missing reports whether there are edits that no socket has taken.
func (s *sent) missing() bool { return s.taken < s.edits }

// lacks reports whether the first n edits have some that no socket has taken.
func (s *sent) lacks(n uint64) bool { return s.taken < n }
