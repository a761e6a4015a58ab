package server

import (
	"errors"

	"github.com/weft-sync/weft/core/codec"
	"github.com/weft-sync/weft/native/host"
)

// This file is how members come to a room and leave it.

func (h *roomHost) join(now int64, m *member) {
	h.last++
	m.id, m.heard = h.last, now
	h.members[m.id] = m
	h.idleAt = host.Never
	h.room.Join(now, m.id)
	h.srv.log.Debug("member joined", "document", h.name, "member", m.id, "members", len(h.members))
}

// expel closes the connection of a member that the room does not put up with.
// The others are not concerned.
func (h *roomHost) expel(now int64, m *member, err error) {
	code, reason := codec.Internal, internalReason
	if pe, ok := errors.AsType[*codec.PeerError](err); ok {
		code, reason = pe.Code, pe.Reason
		h.srv.stats.peerErrors.Add(1)
	}
	h.srv.log.Info("member expelled", "document", h.name, "member", m.id, "code", code, "error", err)
	h.forget(now, m)
	h.srv.closeConn(m.conn, code, reason)
}

// drop cuts a connection that does not take what is written to it. The member
// leaves when its reader has gone: frames that were read before are still in the
// inbox, and whoever types and closes must find that they counted.
func (h *roomHost) drop(m *member) {
	m.cut = true
	m.conn.Abort()
}

// forget takes m out of the machine. Its reader is still there and says when it
// has gone.
func (h *roomHost) forget(now int64, m *member) {
	if m.left {
		return
	}
	m.left = true
	h.room.Leave(now, m.id)
}

// leave handles the end of a member's reader.
func (h *roomHost) leave(now int64, m *member, err error) {
	if pe, ok := errors.AsType[*codec.PeerError](err); ok && !m.left {
		h.expel(now, m, pe)
	}
	h.forget(now, m)
	delete(h.members, m.id)
	h.srv.leave(h)
	h.srv.log.Debug("member left", "document", h.name, "member", m.id, "members", len(h.members), "why", err)
	if len(h.members) == 0 {
		h.idleAt = now + h.srv.cfg.IdleTimeout.Milliseconds()
	}
}

// sweep pings members that have been silent for long, so that a peer which is
// gone without a word, behind a proxy that keeps the connection, is found. Most
// members renew their presence more often than that.
func (h *roomHost) sweep(now int64) {
	h.sweepAt = now + h.srv.timing.sweep
	for _, m := range h.members {
		if !m.left && !m.cut && !m.pinging && now-m.heard >= h.srv.timing.silence {
			m.pinging = true
			go m.ping()
		}
	}
}

func (h *roomHost) ponged(now int64, m *member, err error) {
	m.pinging = false
	switch {
	case err == nil:
		m.heard = now
	case m.left, m.cut, now-m.heard < h.srv.timing.silence:
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
		if !m.left {
			m.left = true
			h.srv.closeConn(m.conn, code, reason)
		}
	}
}
