package server

import (
	"context"
	"errors"
	"math"
	"net/http"
	"sync"
	"time"

	"github.com/weft-sync/weft/core/codec"
	"github.com/weft-sync/weft/core/room"
	gate "github.com/weft-sync/weft/core/session"
)

// weft is what a connection has that speaks weft.v1: the machine that knows its
// documents (package core/session), and what that needs.
//
// The machine has no goroutine of its own: the reader, the judges of access, the
// timer and Recheck take turns by mu. While it is held, a frame may wait for a room
// that has too much to do, which holds up this connection alone. So a room's goroutine
// must never take mu; what it has to tell comes from a goroutine that ends with it.
type weft struct {
	conn    *session
	request *http.Request

	ctx    context.Context // of judging; ends with the connection
	cancel context.CancelFunc

	mu      sync.Mutex
	machine *gate.Session
	members map[string]*member // by ID; those that their room has not let go of
	timer   *time.Timer        // of the machine; nil before it is needed
}

func newWeft(c *session, r *http.Request) *weft {
	w := &weft{
		conn:    c,
		request: keep(r),
		machine: gate.New(gate.Config{Documents: c.srv.cfg.MaxDocuments}),
		members: make(map[string]*member),
	}
	w.ctx, w.cancel = context.WithCancel(c.srv.ctx)
	return w
}

// receive handles a frame. The error is a *codec.PeerError.
func (w *weft) receive(frame []byte) (err error) {
	w.conn.heard.Store(w.conn.srv.clock.Now())
	w.do(func(now int64) { err = w.machine.HandleFrame(now, frame) })
	return err
}

// do lets the machine handle something, and performs what it puts out.
func (w *weft) do(f func(now int64)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	f(w.conn.srv.clock.Now())
	for o, ok := w.machine.Next(); ok; o, ok = w.machine.Next() {
		w.perform(&o)
	}
	w.setTimer()
}

func (w *weft) perform(o *gate.Output) {
	m := w.members[o.Doc]
	switch o.Kind {
	case gate.Ask:
		id, seq, token := o.Doc, o.Seq, o.Token
		w.conn.srv.conns.Go(func() { w.judge(id, seq, token) })
	case gate.Join:
		w.join(o.Doc, o.Access)
	case gate.Deliver:
		if m != nil {
			_ = m.receive(o.Frame) // a room that has ended says so by itself
		}
	case gate.Permit:
		if m != nil {
			m.host.loop.Post(event{kind: permitted, member: m, access: o.Access})
		}
	case gate.Part:
		if m != nil {
			m.host.loop.Post(event{kind: gone, member: m, err: errLeft})
		}
	case gate.Send:
		w.conn.say(o.Frame)
	}
}

var errLeft = errors.New("the client left the document")

// judge answers an Ask, from a goroutine of its own.
func (w *weft) judge(id string, seq uint64, token string) {
	s, doc := w.conn.srv, codec.DocumentOf(id)
	if err := s.cfg.Names.Check(doc); err != nil {
		s.stats.refused.Add(1)
		w.do(func(now int64) {
			w.machine.HandleFault(now, id, codec.Ending{Code: codec.Forbidden, Text: err.Error()})
		})
		return
	}
	g, err := s.judge(w.ctx, w.request, doc, token)
	if err != nil {
		s.stats.refused.Add(1)
		d, text := denial(err)
		s.log.Info("document refused to a connection", "document", doc, "remote", w.request.RemoteAddr, "denial", d.String(), "error", err)
		w.do(func(now int64) { w.machine.HandleDenial(now, id, seq, d, text) })
		return
	}
	w.do(func(now int64) {
		grant := gate.Grant{Access: g.accessOf()}
		if !g.Expires.IsZero() {
			grant.Expires = now + time.Until(g.Expires).Milliseconds()
		}
		w.machine.HandleGrant(now, id, seq, grant)
	})
}

// join makes the connection a member of a document's room. mu is held.
func (w *weft) join(id string, access room.Access) {
	s := w.conn.srv
	m, code := s.join(codec.DocumentOf(id), w.conn, func(m *member) {
		m.access = access
		m.label = id
		m.prefix = codec.Weft.AppendID(nil, id)
	})
	if m == nil {
		s.stats.refused.Add(1)
		w.machine.HandleFault(s.clock.Now(), id, ending(s, code, joinReasons[code]))
		return
	}
	w.members[id] = m
}

// ending is what a client of weft.v1 is told when a room ends for it.
func ending(s *Server, code codec.CloseCode, reason string) codec.Ending {
	e := codec.Ending{Code: code, Text: reason}
	switch code {
	case codec.Quarantined:
		e.Retry = uint64(s.timing.quarantine)
	case codec.Restart:
		e.Retry = uint64(s.comeBack())
	}
	return e
}

// parted is told by a room, from a goroutine of its own, that it has let go of a
// member.
func (w *weft) parted(m *member) {
	w.do(func(now int64) {
		if w.forget(m) {
			w.machine.HandleParted(now, m.label)
		}
	})
}

// ended is told by a room, from a goroutine of its own, that it has ended a member.
func (w *weft) ended(m *member, e codec.Ending) {
	w.do(func(now int64) {
		if w.forget(m) {
			w.machine.HandleFault(now, m.label, e)
		}
	})
}

// forget drops a member, and reports whether it was still there. mu is held.
func (w *weft) forget(m *member) bool {
	if w.members[m.label] != m {
		return false
	}
	delete(w.members, m.label)
	return true
}

// close ends all documents: the connection is over.
func (w *weft) close() {
	w.cancel()
	w.do(func(now int64) { w.machine.Close(now) })
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.timer != nil {
		w.timer.Stop()
	}
}

// recheck has access to a document judged again; to all of them if the name is empty.
func (w *weft) recheck(name string) {
	w.do(func(now int64) { w.machine.Recheck(now, name) })
}

// setTimer wakes the machine when it wants to be. mu is held.
func (w *weft) setTimer() {
	at := w.machine.NextWake()
	if at == math.MaxInt64 || w.ctx.Err() != nil {
		if w.timer != nil {
			w.timer.Stop()
		}
		return
	}
	delay := time.Duration(min(max(at-w.conn.srv.clock.Now(), 0), 1<<40)) * time.Millisecond
	if w.timer == nil {
		w.timer = time.AfterFunc(delay, func() { w.do(w.machine.HandleTime) })
	} else {
		w.timer.Reset(delay)
	}
}
