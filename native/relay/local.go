package relay

import (
	"context"
	"errors"

	"github.com/weft-sync/weft/core/codec"
	"github.com/weft-sync/weft/core/relay"
	"github.com/weft-sync/weft/native/wsconn"
)

// local is one local connection. It costs one goroutine, its reader, and another
// one while there is something to write that the socket did not take at once.
type local struct {
	relay    *Relay
	conn     *wsconn.Conn
	document string

	// Of the loop's goroutine.
	id      relay.Local
	heard   int64 // when something last came from it
	pinging bool  // a ping is under way
	closing bool  // a close frame is under way
}

// read hands what comes to the loop, and waits while that has too much to do.
func (l *local) read() {
	defer l.relay.leave()
	for {
		frame, err := l.conn.Read()
		if err == nil {
			err = l.relay.loop.Put(event{kind: received, local: l, frame: frame}, len(frame)+frameCost)
		} else if _, ok := errors.AsType[*codec.PeerError](err); !ok {
			l.conn.Abort() // nobody is left to close properly; free the socket
		}
		if err != nil {
			l.relay.loop.Post(event{kind: gone, local: l, err: err})
			return
		}
	}
}

func (l *local) flush() {
	err := l.conn.Flush()
	l.relay.loop.Post(event{kind: written, local: l, err: err})
}

// ping asks a silent peer for a sign of life, in a goroutine of its own.
func (l *local) ping() {
	ctx, cancel := context.WithTimeout(l.relay.ctx, pongTimeout)
	defer cancel()
	err := l.conn.Ping(ctx)
	l.relay.loop.Post(event{kind: ponged, local: l, err: err})
}

// close closes the connection in a goroutine of its own, which ends with the relay
// at the latest.
func (l *local) close(code codec.CloseCode, reason string) {
	if l.closing {
		return
	}
	l.closing = true
	l.relay.conns.Go(func() {
		stop := context.AfterFunc(l.relay.ctx, l.conn.Abort)
		defer stop()
		_ = l.conn.Close(code, reason) // a peer that is gone cannot be told
	})
}

func (r *Relay) join(now int64, l *local) {
	r.last++
	l.id, l.heard = r.last, now
	r.members[l.id] = l
	r.machine.Join(now, l.id, l.document)
	r.log.Debug("local joined", "document", l.document, "local", l.id, "locals", len(r.members))
}

// left handles the end of a local's reader.
func (r *Relay) left(now int64, l *local, err error) {
	r.machine.Leave(now, l.id)
	delete(r.members, l.id)
	if pe, ok := errors.AsType[*codec.PeerError](err); ok {
		r.log.Info("local connection closed because of what it sent", "document", l.document, "error", err)
		l.close(pe.Code, pe.Reason)
	}
	r.log.Debug("local left", "document", l.document, "local", l.id, "locals", len(r.members), "why", err)
}

// sweep pings locals that have been silent for long, so that a peer which is gone
// without a word is found.
func (r *Relay) sweep(now int64) {
	r.sweepAt = now + sweepInterval
	for _, l := range r.members {
		if !l.closing && !l.pinging && now-l.heard >= silence {
			l.pinging = true
			go l.ping()
		}
	}
}
