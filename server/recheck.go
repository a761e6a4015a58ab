package server

import (
	"maps"
	"slices"

	"github.com/weft-sync/weft/core/codec"
)

// Recheck has access to a document judged again, for everybody who has it open, with
// the token that each presented last; an empty name means all documents. It is for
// programs that take back what they have granted, or grant more. Clients of weft.v1
// are told what has changed; of the others, those that may not have the document any
// more are closed, and those that may write or not write from now on are not told.
// Connections that ELVA's programs make, which carry many documents and have no
// message for this, are closed and come back.
//
// It returns before the answers are there.
func (s *Server) Recheck(document string) {
	s.rechecks.Add(1) // first: a connection that has not begun below looks at it when it has
	s.mu.Lock()
	open := slices.Collect(maps.Keys(s.sessions))
	s.mu.Unlock()
	for _, c := range open {
		if c.begun.Load() {
			s.recheck(c, document)
		}
	}
}

// recheck is Recheck for one connection.
func (s *Server) recheck(c *session, document string) {
	switch {
	case c.weft != nil:
		s.conns.Go(func() { c.weft.recheck(document) })
	case c.only == nil:
		c.close(codec.Restart, "access is judged again")
	case s.cfg.Access != nil && (document == "" || c.only.host.name == document):
		s.conns.Go(c.recheck)
	}
}

// recheck has access judged again for a connection with one document.
func (c *session) recheck() {
	g, err := c.srv.judge(c.srv.ctx, c.request, c.only.host.name, requestToken(c.request))
	if err != nil {
		d, text := denial(err)
		c.srv.log.Info("access was taken back", "document", c.only.host.name, "remote", c.request.RemoteAddr, "error", err)
		switch d {
		case codec.NoAccess:
			c.close(codec.Forbidden, text)
		case codec.Unavailable:
			c.close(codec.Internal, text)
		default:
			c.close(codec.Unauthorized, text)
		}
		return
	}
	c.mu.Lock()
	c.grant = g
	c.mu.Unlock()
	c.expire()
	c.only.host.loop.Post(event{kind: permitted, member: c.only, access: g.accessOf()})
}
