package server

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/weft-sync/weft/core/codec"
	"github.com/weft-sync/weft/native/wsconn"
)

// session is one WebSocket connection: the goroutine that reads it, the members
// it is in rooms, and the right to write to it, which the rooms take turns in.
// Most connections carry one document, which their path names; on the others
// each frame names one.
type session struct {
	srv  *Server
	conn *wsconn.Conn

	id      uint64        // of this server's connections, from 1
	since   int64         // when it was made
	heard   atomic.Int64  // when something last came from the peer
	pinging atomic.Bool   // a ping is under way
	begun   atomic.Bool   // what follows is set, and is changed by none or with mu
	request *http.Request // the handshake of a connection with one document, if there is an Access function

	// docs is nil on a connection with one document.
	docs *documents
	only *member
	weft *weft // of a connection that speaks weft.v1, which has neither

	grant   Grant       // of the only document
	expires *time.Timer // that closes the connection when the grant is over; nil: it does not

	mu      sync.Mutex
	busy    bool      // a room writes
	waiting []*member // held by their rooms until it has written
	own     [][]byte  // frames that no room has made, to be written first
	closing bool      // a close frame is under way
}

// frameCost is what a queued frame costs beside its bytes.
const frameCost = 64

// joinReasons say why a document cannot be joined.
var joinReasons = map[codec.CloseCode]string{
	codec.Quarantined: quarantineReason,
	codec.Restart:     restartReason,
	codec.Forbidden:   "nothing is kept of this document, so there is none in weft.v1",
}

var errIgnored = errors.New("closed by the server")

// start begins to serve a connection that was counted in stats.connections:
// the document of that name, with what was granted for it, or any number of
// documents if the name is empty or the connection speaks weft.v1. judged is what
// Server.rechecks was before access was judged.
func (s *Server) start(name string, conn *wsconn.Conn, r *http.Request, grant Grant, judged uint64) {
	c := &session{srv: s, conn: conn, grant: grant, id: s.stats.accepted.Add(1), since: s.clock.Now()}
	c.heard.Store(c.since)
	s.mu.Lock()
	stopped := s.stopped
	if !stopped {
		s.conns.Add(1)
		s.sessions[c] = struct{}{}
	}
	s.mu.Unlock()
	if stopped {
		// Shutdown does not wait for this one: it came too late to be counted.
		s.stats.connections.Add(-1)
		_ = conn.Close(codec.Restart, restartReason)
		return
	}
	if conn.Subprotocol() == codec.WeftProtocol {
		c.weft = newWeft(c, r)
	} else if name == "" {
		c.docs = newDocuments(r)
	} else if m, code := s.join(name, c, func(m *member) {
		m.access = grant.accessOf()
		c.only = m // before the room hears of it, which may write at once
	}); m == nil {
		s.stats.refused.Add(1)
		s.stats.connections.Add(-1)
		s.forget(c)
		c.close(code, joinReasons[code])
		s.conns.Done()
		return
	}
	if c.weft == nil && s.cfg.Access != nil {
		if c.only != nil {
			c.request = keep(r)
		}
		c.expire()
	}
	c.begun.Store(true)
	if c.only != nil && s.rechecks.Load() != judged { // which passed over this one, or saw what was granted before
		s.recheck(c, "")
	}
	go c.read()
}

// expire closes the connection when the grant is over.
func (c *session) expire() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.expires != nil {
		c.expires.Stop()
		c.expires = nil
	}
	if at := c.grant.Expires; !at.IsZero() {
		c.expires = time.AfterFunc(time.Until(at), func() { c.close(codec.Unauthorized, "the access has expired") })
	}
}

// read is the goroutine that an idle connection costs. It ends when the
// connection does, or when the only room stops listening.
func (c *session) read() {
	defer c.srv.conns.Done()
	defer c.srv.stats.connections.Add(-1)
	defer c.srv.forget(c)
	for {
		frame, err := c.conn.Read()
		switch {
		case err != nil:
		case c.weft != nil:
			err = c.weft.receive(frame)
		case c.docs != nil:
			err = c.route(frame)
		default:
			err = c.only.receive(frame)
		}
		if err != nil {
			c.end(err)
			return
		}
	}
}

// end tells the rooms that there is nothing more to come.
func (c *session) end(err error) {
	_, fault := errors.AsType[*codec.PeerError](err)
	switch {
	case !fault:
		// There is nobody left to close properly; free the socket.
		c.conn.Abort()
	case c.only == nil:
		// It is no room's affair. Their members leave as after any other end.
		c.fail(err)
		err = errIgnored
	}
	c.mu.Lock()
	if c.expires != nil {
		c.expires.Stop()
	}
	c.mu.Unlock()
	if c.weft != nil {
		c.weft.close()
	} else if c.only != nil {
		c.only.host.loop.Post(event{kind: gone, member: c.only, err: err})
	} else {
		c.docs.leave(err)
	}
}

// fail closes the connection because of what the peer sent. The others are not
// concerned.
func (c *session) fail(err error) {
	code, reason := codec.Internal, internalReason
	if pe, ok := errors.AsType[*codec.PeerError](err); ok {
		code, reason = pe.Code, pe.Reason
		c.srv.stats.peerErrors.Add(1)
	}
	c.srv.log.Info("connection closed because of what it sent", "code", code, "error", err)
	c.close(code, reason)
}

// close closes the connection in a goroutine of its own, which ends with the
// server at the latest. The first code counts.
func (c *session) close(code codec.CloseCode, reason string) {
	c.mu.Lock()
	closing := c.closing
	c.closing = true
	c.mu.Unlock()
	if !closing {
		c.srv.closeConn(c.conn, code, reason)
	}
}

// abort cuts the connection, unless it is being closed in order.
func (c *session) abort() {
	c.mu.Lock()
	closing := c.closing
	c.mu.Unlock()
	if !closing {
		c.conn.Abort()
	}
}

// acquire takes the right to write for a member's room. If another room has it,
// acquire returns false, and the room hears of it as of a write when it may try
// again.
func (c *session) acquire(m *member) bool {
	if c.only != nil {
		return true // there is no other room
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.busy {
		c.waiting = append(c.waiting, m)
		return false
	}
	c.busy = true
	return true
}

// wrote is told what became of a write for a member whose room has acquired the
// right to it. If it is not done, a goroutine goes on, and the room hears of the
// end.
func (c *session) wrote(m *member, o wsconn.Outcome) {
	if o.Err == nil && !o.Done {
		go c.flush(m)
	} else {
		c.release()
	}
}

// flush writes what the socket did not take at once. It runs in a goroutine of
// its own for as long as the peer needs.
func (c *session) flush(m *member) {
	err := c.conn.Flush()
	c.release()
	m.host.loop.Post(event{kind: written, member: m, err: err})
}

// say writes a frame that no room has made, behind those that are under way.
func (c *session) say(frame []byte) {
	c.mu.Lock()
	c.own = append(c.own, frame)
	busy := c.busy
	c.busy = true
	c.mu.Unlock()
	if !busy {
		c.release()
	}
}

// release writes what the connection itself has to say, and lets the other rooms
// write.
func (c *session) release() {
	if c.only != nil {
		return
	}
	for {
		c.mu.Lock()
		own := c.own
		c.own = nil
		if len(own) == 0 {
			break
		}
		c.mu.Unlock()
		done, err := c.conn.TryWrite(own)
		if err == nil && !done {
			c.srv.conns.Go(func() {
				_ = c.conn.Flush() // a connection that broke ends its reader too
				c.release()
			})
			return
		}
	}
	waiting := c.waiting
	c.busy, c.waiting = false, nil
	c.mu.Unlock()
	for _, m := range waiting {
		m.host.loop.Post(event{kind: written, member: m})
	}
}

// ping asks a silent peer for a sign of life, in a goroutine of its own.
func (c *session) ping(m *member) {
	ctx, cancel := context.WithTimeout(c.srv.ctx, c.srv.timing.pong)
	defer cancel()
	err := c.conn.Ping(ctx)
	m.host.loop.Post(event{kind: ponged, member: m, err: err})
}
