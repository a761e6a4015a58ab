package juggler

import (
	"context"
	"sync"
	"time"

	"github.com/weft-sync/weft/native/juggler/internal/tree"
)

// Values of ServerOptions.Autoflush that are no durations.
const (
	// EveryChange sends a message for each change.
	EveryChange time.Duration = -1
	// OnFlush sends changes with [Conn.Flush] alone.
	OnFlush time.Duration = -2
)

// syncer keeps one client's copy of a state up to date.
//
// Changes gather for a window of fixed length, which begins with the first that is
// not sent, and leave as one difference. However it is asked to send, it does not
// while more waits for the client than the outbox should hold: changes gather until
// there is room. So a slow client costs one state, never a queue of them.
type syncer struct {
	link  *link
	delay time.Duration // of ServerOptions.Autoflush

	mu     sync.Mutex
	sent   *tree.Node // what the client has when it has read everything
	latest *tree.Node
	window *time.Timer
	open   bool   // the window is
	held   bool   // the outbox had no room
	number uint64 // of the last message of the state
	ended  bool
}

// start is told the state as it is when the client connects, which begins with null.
// The first window begins now.
func (s *syncer) start(n *tree.Node) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sent, s.latest = tree.Null, n
	switch {
	case s.delay == EveryChange:
		s.send()
	case s.delay > 0:
		s.open = true
		s.window = time.AfterFunc(s.delay, s.close)
	}
}

// changed is told each change, in order.
func (s *syncer) changed(n *tree.Node) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.latest = n
	switch {
	case s.ended:
	case s.delay == EveryChange:
		s.send()
	case s.delay > 0 && !s.open:
		s.open = true
		s.window.Reset(s.delay)
	}
}

// close is called by the timer when the window is over.
func (s *syncer) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open && !s.ended {
		s.open = false
		s.send()
	}
}

// send sends what has changed, if there is room for it. s.mu is held.
func (s *syncer) send() {
	if s.held {
		return // room will
	}
	s.held = !s.link.out.hasRoom()
	if !s.held {
		s.sendNow()
	}
}

// sendNow sends what has changed. s.mu is held, so messages leave in the order of
// the changes.
func (s *syncer) sendNow() {
	diff := tree.Diff(s.sent, s.latest)
	s.sent = s.latest
	if len(diff) == 0 {
		return
	}
	if n, err := s.link.post(stateMessage(diff)); err == nil {
		s.number = n
	}
}

// room is told that the outbox has room again.
func (s *syncer) room() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held {
		s.held = false
		s.sendNow()
	}
}

// flush sends what has changed and waits until it, and what was sent before, is
// handed to the socket.
func (s *syncer) flush(ctx context.Context) error {
	s.mu.Lock()
	s.open, s.held = false, false
	if s.window != nil {
		s.window.Stop()
	}
	s.sendNow()
	number := s.number
	s.mu.Unlock()
	if err := s.link.err(); err != nil {
		return err
	}
	return s.link.out.flushed(ctx, number)
}

// stop ends the window; what has not been sent is not sent any more.
func (s *syncer) stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = true
	if s.window != nil {
		s.window.Stop()
	}
}
