package server

import (
	"context"
	"errors"

	"github.com/weft-sync/weft/core/codec"
	"github.com/weft-sync/weft/native/store"
)

// Compact replaces what the store keeps of a document in memory by one snapshot, and
// returns when that is stored. The server does so by itself when it pays; this is for
// who wants it now. The error is ErrNotOpen, a *[DocumentError] (codec.Forbidden: nothing
// is kept of it), the store's, or the context's, after which it may still be compacted.
func (s *Server) Compact(ctx context.Context, name string) error {
	for tries := 0; ; tries++ {
		result := make(chan error, 1)
		_, err := s.within(ctx, name, func(h *roomHost, _ int64) error {
			if h.mode == ModeBroadcast {
				return &DocumentError{name, codec.Forbidden}
			}
			return h.saver.compactFor(result)
		})
		if err != nil {
			return err
		}
		select {
		case err = <-result:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		if _, ok := errors.AsType[*store.SnapshotError](err); !ok || tries >= maxOvertaken {
			return err
		}
	}
}

// maxOvertaken is how often a compaction that updates have overtaken is tried again.
const maxOvertaken = 5

// CloseRoom sends everybody away who is connected to a document in memory, and has it
// stored and unloaded. It returns how many were sent away, before they have gone.
// Clients are told codec.Forbidden with the reason, after which they stay away until
// somebody has them connect again; it is no rule for who may come, that is Config.Access.
// Connections that ELVA's programs make, which have no message for the end of one
// document, are closed and come back.
//
// The error is ErrNotOpen, a *[DocumentError], or the context's.
func (s *Server) CloseRoom(ctx context.Context, name, reason string) (members int, err error) {
	sent := 0 // a context may end while the room is at it
	_, err = s.within(ctx, name, func(h *roomHost, now int64) error {
		h.closing = true
		for _, m := range h.members {
			sent++
			switch {
			case m.session.weft != nil:
				h.forget(now, m)
				h.end(m, codec.Ending{Code: codec.Forbidden, Text: reason})
			case m.session.docs != nil:
				m.session.close(codec.Restart, reason)
			default:
				m.session.close(codec.Forbidden, reason)
			}
		}
		if len(h.members) == 0 {
			h.idleAt = now
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	return sent, nil
}

// Kick closes a connection with codec.Forbidden and a reason, and reports whether there
// is one of that id.
func (s *Server) Kick(id uint64, reason string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.sessions {
		if c.id == id {
			c.close(codec.Forbidden, reason)
			return true
		}
	}
	return false
}
