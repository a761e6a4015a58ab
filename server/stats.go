package server

import (
	"sync/atomic"

	"github.com/weft-sync/weft/native/store"
)

// counters are the server's own; Stats is what others see.
type counters struct {
	connections atomic.Int64 // open, or in the handshake
	accepted    atomic.Uint64
	refused     atomic.Uint64
	peerErrors  atomic.Uint64
	dropped     atomic.Uint64
	unreachable atomic.Uint64
	unsaved     atomic.Int64 // rooms whose store fails
	appendFails atomic.Uint64
	compactions atomic.Uint64
	panics      atomic.Uint64
}

// Stats are a server's numbers. Those that are counts of events only grow.
type Stats struct {
	Connections int // open now, those in the handshake included
	Rooms       int // documents in memory
	Quarantined int // documents whose last load failed
	Unsaved     int // documents that are in memory only in part, because the store failed

	Accepted       uint64 // connections, over all
	Refused        uint64 // connections, or documents of one, refused by origin, name, number or Authorize, or turned away
	PeerErrors     uint64 // connections closed because of what the peer sent
	Dropped        uint64 // messages without effect, on connections with many documents
	Unreachable    uint64 // connections cut because the peer answered nothing
	AppendFailures uint64 // appends that the store did not take
	Compactions    uint64
	Panics         uint64 // rooms closed because of a fault in this program
}

// Stats returns the server's numbers, each of them current, together not
// necessarily of one moment.
func (s *Server) Stats() Stats {
	st := Stats{
		Connections:    int(s.stats.connections.Load()),
		Unsaved:        int(s.stats.unsaved.Load()),
		Accepted:       s.stats.accepted.Load(),
		Refused:        s.stats.refused.Load(),
		PeerErrors:     s.stats.peerErrors.Load(),
		Dropped:        s.stats.dropped.Load(),
		Unreachable:    s.stats.unreachable.Load(),
		AppendFailures: s.stats.appendFails.Load(),
		Compactions:    s.stats.compactions.Load(),
		Panics:         s.stats.panics.Load(),
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	st.Rooms = len(s.rooms)
	st.Quarantined = len(s.quarantined)
	return st
}

// Readiness is what /_weft/readyz answers.
type Readiness struct {
	// Ready: edits are taken and saved.
	Ready bool `json:"ready"`
	// Reasons, for a person, why it is not.
	Reasons []string `json:"reasons,omitempty"`
	// Quarantined is how many documents failed to load. They do not make the
	// server unready: the others work.
	Quarantined int `json:"quarantined"`
	// Unsaved is how many documents wait for the store to work again.
	Unsaved     int `json:"unsaved"`
	Rooms       int `json:"rooms"`
	Connections int `json:"connections"`
}

// Readiness reports whether the server can do its work.
func (s *Server) Readiness() Readiness {
	st := s.Stats()
	r := Readiness{
		Quarantined: st.Quarantined,
		Unsaved:     st.Unsaved,
		Rooms:       st.Rooms,
		Connections: st.Connections,
	}
	if s.stopping.Load() {
		r.Reasons = append(r.Reasons, "stopping")
	}
	if st.Unsaved > 0 {
		r.Reasons = append(r.Reasons, "the store does not take updates")
	}
	if health, ok := s.cfg.Store.(store.Health); ok && health.Err() != nil {
		r.Reasons = append(r.Reasons, "the store is broken")
	}
	r.Ready = len(r.Reasons) == 0
	return r
}
