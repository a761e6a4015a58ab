package coretest

import (
	"github.com/weft-sync/weft/core/codec"
	"github.com/weft-sync/weft/core/room"
	"github.com/weft-sync/weft/core/session"
)

// gateway is a site's side of a connection that speaks weft.v1: a session, and the
// host that drives it. Access is judged a little later, by Site.Access.
type gateway struct {
	site  *Site
	end   *End
	gate  *session.Session
	seats []*seat
	alarm alarm
}

func (s *Site) gateway(e *End) *gateway {
	g := &gateway{site: s, end: e, gate: session.New(session.Config{})}
	s.gateways = append(s.gateways, g)
	return g
}

// Recheck has the access of all connections that speak weft.v1 judged again.
func (s *Site) Recheck() {
	for _, g := range append([]*gateway(nil), s.gateways...) {
		g.do(func(now int64) { g.gate.Recheck(now, "") })
	}
}

// do lets the session handle something, and performs what it puts out.
func (g *gateway) do(f func(now int64)) {
	f(g.site.now())
	for o, ok := g.gate.Next(); ok; o, ok = g.gate.Next() {
		g.perform(o)
	}
	g.site.world.set(&g.alarm, g.site.Clock, g.gate.NextWake(), func() {
		if g.alive() {
			g.do(g.gate.HandleTime)
		}
	})
}

// alive reports whether the connection and the site's process are still those that
// the gateway was made for.
func (g *gateway) alive() bool { return !g.end.over }

func (g *gateway) perform(o session.Output) {
	m := g.seat(o.Doc)
	switch o.Kind {
	case session.Ask:
		g.site.world.Net.after(g.site.rand.Between(0, 40), func() {
			if !g.alive() {
				return
			}
			access := room.Access{Write: true}
			if g.site.Access != nil {
				access = g.site.Access(o.Token, o.Doc)
			}
			g.do(func(now int64) { g.gate.HandleGrant(now, o.Doc, o.Seq, session.Grant{Access: access}) })
		})
	case session.Join:
		m = g.site.sit(o.Doc, g.end)
		m.gateway = g
		g.seats = append(g.seats, m)
		m.h.post(func(now int64) { m.h.room.JoinWeft(now, m.member, o.Access) })
	case session.Deliver:
		if m != nil {
			m.deliver(o.Frame)
		}
	case session.Permit:
		if m != nil {
			m.h.post(func(now int64) { m.h.room.Permit(now, m.member, o.Access) })
		}
	case session.Part:
		if m != nil {
			m.h.post(func(now int64) {
				m.left(now)
				g.part(m)
				if g.alive() {
					g.do(func(now int64) { g.gate.HandleParted(now, o.Doc) })
				}
			})
		}
	case session.Send:
		if g.alive() {
			g.end.Send(o.Frame)
		}
	}
}

// fault tells the session that a room has ended a document.
func (g *gateway) fault(m *seat, e *codec.PeerError) {
	g.part(m)
	if g.alive() {
		g.do(func(now int64) { g.gate.HandleFault(now, m.h.Document, codec.Ending{Code: e.Code, Text: e.Reason}) })
	}
}

func (g *gateway) part(m *seat) { g.seats = remove(g.seats, m) }

func (g *gateway) seat(document string) *seat {
	for _, m := range g.seats {
		if m.h.Document == document {
			return m
		}
	}
	return nil
}

// Opened implements Endpoint.
func (g *gateway) Opened(*End) {}

// Received implements Endpoint.
func (g *gateway) Received(_ *End, frame []byte) {
	g.do(func(now int64) {
		if err := g.gate.HandleFrame(now, append([]byte(nil), frame...)); err != nil {
			g.site.world.Problem(g.site.Place, "refuses a frame: "+err.Error())
		}
	})
}

// Written implements Endpoint.
func (g *gateway) Written(e *End) {
	for _, m := range append([]*seat(nil), g.seats...) {
		m.Written(e)
	}
}

// Closed implements Endpoint.
func (g *gateway) Closed(_ *End, code codec.CloseCode) {
	g.site.log("closed").num("code", int64(code)).end()
	g.site.gateways = remove(g.site.gateways, g)
	g.do(g.gate.Close)
}
