package client

import (
	"context"
	"errors"
	"sync"

	"github.com/weft-sync/weft/core/codec"
	"github.com/weft-sync/weft/native/host"
	"github.com/weft-sync/weft/native/wsconn"
)

// link is one attempt to connect and the connection that it becomes.
//
// It costs one goroutine, run, which dials and then reads; while there is something
// to write or to close there is another one. Each tells the loop when it is done,
// and once all have the loop forgets the link.
type link struct {
	c      *Client
	conn   uint32 // the machine's number
	offer  bool   // weft.v1 is offered
	ctx    context.Context
	cancel context.CancelFunc

	mu  sync.Mutex
	ws  *wsconn.Conn // nil while it is dialled
	off bool         // cut was called
	bye bool         // the client has hung up

	// Of the loop's goroutine.
	out      [][]byte        // frames to be written, after those that are
	writing  bool            // a goroutine is in Write
	hanging  bool            // a goroutine is in Close
	broken   bool            // a write failed
	over     bool            // run has ended
	carries  uint64          // how many edits are with the socket when all is written; known once it is hung up
	failure  error           // why we gave it up, if it was not the machine
	denied   *string         // "permission denied", and why
	code     codec.CloseCode // 0, or what to close with when all is written
	reason   string          // for people, beside code
	deadline int64           // when it is cut
}

const (
	// frameCost is what a queued frame costs beside its bytes.
	frameCost = 64
	// brokenGrace is how long a connection on which a write failed is read, in
	// milliseconds: the server may have said why it hung up.
	brokenGrace = 1000
)

// dial starts an attempt.
func (c *Client) dial(conn uint32, offer bool) {
	ctx, cancel := context.WithCancel(context.Background())
	l := &link{c: c, conn: conn, offer: offer, ctx: ctx, cancel: cancel, deadline: host.Never}
	c.link = l
	c.links[l] = struct{}{}
	go l.run(ctx)
}

// run dials and reads until the connection ends.
func (l *link) run(ctx context.Context) {
	err := l.open(ctx)
	if err == nil {
		err = l.read()
	} else if t := l.c.opts.transport; t != nil {
		// Idle connections of refused handshakes, and dials that nobody waits for.
		t.CloseIdleConnections()
	}
	e := event{kind: ended, link: l, err: err}
	e.asked, e.verdict = l.ask(ctx, err)
	l.c.loop.Post(e)
}

// open dials. The machine says when that takes too long, by a Close.
func (l *link) open(ctx context.Context) error {
	ws, err := l.c.target.dial(ctx, &l.c.opts, l.offer)
	if err != nil {
		return err
	}
	l.mu.Lock()
	l.ws = ws
	off := l.off
	l.mu.Unlock()
	if !off && l.c.loop.Put(event{kind: opened, link: l}, 0) == nil {
		return nil
	}
	ws.Abort()
	return context.Canceled
}

// read hands what comes to the loop, and waits while that has too much to do.
func (l *link) read() error {
	for {
		frame, err := l.ws.Read()
		if err == nil {
			err = l.c.loop.Put(event{kind: received, link: l, frame: frame}, len(frame)+frameCost)
		}
		if err == nil {
			continue
		}
		if _, ok := errors.AsType[*codec.PeerError](err); !ok {
			l.ws.Abort() // nobody is left to close properly; free the socket
		}
		return err
	}
}

// cut ends the link at once, whatever it is doing.
func (l *link) cut() {
	l.cancel()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.off {
		return
	}
	l.off = true
	if l.ws != nil {
		go l.ws.Abort() // it may wait for a Close that is under way
	}
}

// idle reports whether everything was written.
func (l *link) idle() bool { return !l.writing && !l.broken && len(l.out) == 0 }

// isOpen reports whether there is a connection to write to and to close.
func (l *link) isOpen() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.ws != nil && !l.off && !l.over
}

// advance starts what is to be done next on a link, if nothing is under way.
func (c *Client) advance(l *link) {
	switch {
	case l.writing || l.hanging:
	case len(l.out) > 0 && !l.broken:
		frames := l.out
		l.out, l.writing = nil, true
		go func() {
			err := l.ws.Write(frames)
			c.loop.Post(event{kind: written, link: l, err: err})
		}()
	case l.code != 0:
		code, reason := l.code, l.reason
		l.code, l.hanging = 0, true
		go func() {
			_ = l.ws.Close(code, reason) // a peer that is gone cannot be told
			c.loop.Post(event{kind: hungUp, link: l})
		}()
	}
}

// wrote handles the end of a write.
func (c *Client) wrote(now int64, l *link, err error) {
	l.writing = false
	if err != nil {
		l.broken, l.out = true, nil
		l.deadline = min(l.deadline, now+brokenGrace)
	}
	c.advance(l)
	if l.idle() && l == c.link {
		c.sent.flushed()
		c.machine.HandleWritten(now, l.conn)
	} else if l.idle() {
		c.sent.written(l.carries)
	}
	c.forget(l)
}

// hangUp ends the machine's connection: the machine has finished with it.
func (c *Client) hangUp(now int64, code codec.CloseCode) {
	l := c.link
	c.link = nil
	l.mu.Lock()
	l.bye = true
	l.mu.Unlock()
	l.carries = c.sent.carried()
	c.sent.disconnected()
	if !l.isOpen() {
		l.cut()
		return
	}
	if l.idle() {
		c.sent.written(l.carries)
	}
	l.code = code
	l.deadline = min(l.deadline, c.hangUpBy(now))
	c.advance(l)
}

// end handles the end of a link's reader, or of its dialling.
func (c *Client) end(now int64, e *event) {
	l, err := e.link, e.err
	l.over = true
	l.cancel()
	l.out, l.code = nil, 0
	pe, ours := errors.AsType[*codec.PeerError](err)
	if ours {
		// What came broke the rules of the transport; it is still open.
		l.code, l.reason = pe.Code, pe.Reason
		l.deadline = min(l.deadline, c.hangUpBy(now))
		c.advance(l)
	}
	if l == c.link {
		c.link = nil
		c.sent.disconnected()
		code, why := ending(err)
		if l.failure != nil {
			why = l.failure
		}
		reason := ""
		if ce, ok := errors.AsType[*wsconn.CloseError](err); ok {
			reason = ce.Reason
		}
		if l.denied != nil && !code.Permanent() && !c.machine.Synced() {
			why = &RefusedError{Code: codec.Forbidden, Reason: *l.denied}
		}
		switch {
		case e.verdict != nil:
			code, why = codec.Forbidden, &StoppedError{e.verdict}
		case e.asked && code.Permanent():
			code = codeAbnormal // it is to be tried all the same
		}
		c.view.err = why
		if c.machine.Connected() {
			c.log.Info("connection lost", "error", why)
		} else {
			c.log.Debug("attempt failed", "error", why)
		}
		c.machine.HandleClose(now, l.conn, code, reason)
	}
	c.forget(l)
}

// hangUpBy returns when a connection that is hung up now is cut.
func (c *Client) hangUpBy(now int64) int64 {
	if c.closing.begun {
		return c.closing.by
	}
	return now + millis(c.opts.CloseTimeout)
}

// forget drops a link whose goroutines have all ended.
func (c *Client) forget(l *link) {
	if l.over && !l.writing && !l.hanging {
		delete(c.links, l)
	}
}
