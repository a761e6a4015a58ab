package server

import (
	"errors"

	"github.com/weft-sync/weft/core/codec"
	"github.com/weft-sync/weft/native/host"
)

// This file is how members come to a room and leave it.

func (h *roomHost) join(now int64, m *member) {
	h.last++
	m.id = h.last
	h.members[m.id] = m
	h.idleAt, h.closing = host.Never, false
	switch {
	case m.session.weft != nil:
		h.room.JoinWeft(now, m.id, m.access)
	case m.session.docs != nil:
		h.room.JoinMany(now, m.id)
		h.room.Permit(now, m.id, m.access)
	default:
		h.room.Join(now, m.id)
		h.room.Permit(now, m.id, m.access)
	}
	h.srv.log.Debug("member joined", "document", h.name, "member", m.id, "members", len(h.members))
}

// expel closes the connection of a member that the room does not put up with.
// The others are not concerned.
func (h *roomHost) expel(now int64, m *member, err error) {
	h.forget(now, m)
	if pe, ok := errors.AsType[*codec.PeerError](err); ok && pe.Code != codec.BadMessage && m.session.weft != nil {
		// It is about this document only, and can be said so.
		h.srv.stats.peerErrors.Add(1)
		h.srv.log.Info("document ended for a connection", "document", h.name, "code", pe.Code, "error", err)
		h.end(m, codec.Ending{Code: pe.Code, Text: pe.Reason})
		return
	}
	m.session.fail(err)
}

// end tells a connection of weft.v1 that the room is over for it. The member is gone
// then, without a word of its reader.
func (h *roomHost) end(m *member, e codec.Ending) {
	if h.members[m.id] == m {
		h.remove(m)
	}
	h.srv.conns.Go(func() { m.session.weft.ended(m, e) })
}

// reject handles a message that the machine does not take. A connection with one
// document ends; on one with many it is dropped, see documents.
func (h *roomHost) reject(now int64, m *member, err error) {
	if m.session.docs != nil {
		h.srv.dropMessage(m, err)
	} else {
		h.expel(now, m, err)
	}
}

// dropMessage counts a message that has no effect, and logs the first of a member.
func (s *Server) dropMessage(m *member, err error) {
	s.stats.dropped.Add(1)
	if !m.faulty.Swap(true) {
		s.log.Info("message dropped", "document", m.host.name, "error", err)
	}
}

// drop cuts a connection that does not take what is written to it. The member
// leaves when its reader has gone: frames that were read before are still in the
// inbox, and whoever types and closes must find that they counted.
func (h *roomHost) drop(m *member) {
	m.cut = true
	m.session.abort()
}

// forget takes m out of the machine. Its reader is still there and says when it
// has gone.
func (h *roomHost) forget(now int64, m *member) {
	if m.left.Swap(true) {
		return
	}
	h.room.Leave(now, m.id)
}

// leave handles the end of a member's reader.
func (h *roomHost) leave(now int64, m *member, err error) {
	if pe, ok := errors.AsType[*codec.PeerError](err); ok && !m.left.Load() {
		h.expel(now, m, pe)
	}
	h.forget(now, m)
	if h.members[m.id] != m {
		return
	}
	h.remove(m)
	h.srv.log.Debug("member left", "document", h.name, "member", m.id, "members", len(h.members), "why", err)
	if w := m.session.weft; w != nil {
		h.srv.conns.Go(func() { w.parted(m) })
	}
}

// remove drops a member that the machine has forgotten.
func (h *roomHost) remove(m *member) {
	delete(h.members, m.id)
	h.srv.leave(m)
	if len(h.members) == 0 {
		h.idleAt = h.loop.Now()
		if !h.closing {
			h.idleAt += h.srv.cfg.IdleTimeout.Milliseconds()
		}
	}
}

// sweep pings members that have been silent for long, so that a peer which is
// gone without a word, behind a proxy that keeps the connection, is found. Most
// members renew their presence more often than that.
func (h *roomHost) sweep(now int64) {
	h.sweepAt = now + h.srv.timing.sweep
	for _, m := range h.members {
		c := m.session
		if !m.left.Load() && !m.cut && now-c.heard.Load() >= h.srv.timing.silence && !c.pinging.Swap(true) {
			go c.ping(m)
		}
	}
}

func (h *roomHost) ponged(now int64, m *member, err error) {
	c := m.session
	c.pinging.Store(false)
	switch {
	case err == nil:
		c.heard.Store(now)
	case m.left.Load(), m.cut, now-c.heard.Load() < h.srv.timing.silence:
		// It is going anyway, or has said something meanwhile.
	default:
		h.srv.stats.unreachable.Add(1)
		h.srv.log.Info("member answers nothing", "document", h.name, "member", m.id, "error", err)
		h.drop(m)
	}
}

// closeMembers closes the connections of all members.
func (h *roomHost) closeMembers(code codec.CloseCode, reason string) {
	for _, m := range h.members {
		if !m.left.Swap(true) {
			m.session.close(code, reason)
		}
	}
}
