package server

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/weft-sync/weft/core/codec"
)

// Room is what is known of a document in memory without asking its goroutine. The
// counts begin when the document is loaded.
type Room struct {
	Name    string
	Mode    Mode
	Status  DocumentStatus
	Members int
	Size    int // bytes that the document takes in memory, about
	Queued  int // bytes that wait for members that have not taken them

	FramesIn, BytesIn   uint64 // received from members
	FramesOut, BytesOut uint64 // given to members, each one's counted

	Appended uint64        // updates that went to the store
	Stored   uint64        // of those: that it has reported as saved
	Lag      time.Duration // from the last such update's append to its report
}

// gauge is what a room's goroutine lets others see: it is set in each of its turns, so
// that looking costs the room nothing.
type gauge struct {
	mu    sync.Mutex
	shown Room
	saver *saver // whose answers may come between turns; nil if the room is not loaded
}

func (g *gauge) set(h *roomHost) {
	st := h.room.Stats()
	size := h.doc.Size()
	g.mu.Lock()
	defer g.mu.Unlock()
	g.saver = h.saver
	g.shown.Members = st.Members
	g.shown.Size, g.shown.Queued = size, st.QueueBytes
	g.shown.FramesIn, g.shown.BytesIn = st.Frames, st.FrameSize
	g.shown.FramesOut, g.shown.BytesOut = st.Sent, st.SentSize
	g.shown.Appended, g.shown.Stored = h.room.Appended(), h.room.Stored()
}

func (g *gauge) clear() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.shown, g.saver = Room{}, nil
}

func (h *roomHost) info() Room {
	h.gauge.mu.Lock()
	defer h.gauge.mu.Unlock()
	r := h.gauge.shown
	r.Name, r.Mode, r.Status = h.name, h.mode, DocumentStatus(h.status.Load())
	if s := h.gauge.saver; s != nil {
		// After a failure the whole document is stored under the last number.
		r.Stored = min(max(r.Stored, s.reached.Load()), r.Appended)
		r.Lag = time.Duration(s.took.Load()) * time.Millisecond
	}
	return r
}

// Rooms returns all documents in memory, in no order.
func (s *Server) Rooms() []Room {
	s.mu.Lock()
	hosts := make([]*roomHost, 0, len(s.rooms))
	for _, h := range s.rooms {
		hosts = append(hosts, h)
	}
	s.mu.Unlock()
	rooms := make([]Room, len(hosts))
	for i, h := range hosts {
		rooms[i] = h.info()
	}
	return rooms
}

// FailedDocument is one whose last load failed.
type FailedDocument struct {
	Name string
	Err  error
}

// Failed returns the documents whose last load failed, sorted by name. They are
// forgotten when they can be loaded, and some of them when they are very many.
func (s *Server) Failed() []FailedDocument {
	s.mu.Lock()
	failed := make([]FailedDocument, 0, len(s.quarantined))
	for name, q := range s.quarantined {
		failed = append(failed, FailedDocument{name, q.err})
	}
	s.mu.Unlock()
	slices.SortFunc(failed, func(a, b FailedDocument) int { return cmp.Compare(a.Name, b.Name) })
	return failed
}

// Connection is a member of a document's room.
type Connection struct {
	ID     uint64 // of the connection, for Kick; it may be a member of other rooms too
	Remote string // network address
	// Protocol is "y" or "elva", or codec.WeftProtocol.
	Protocol string
	ReadOnly bool
	Age      time.Duration // since it was made
	Silence  time.Duration // since it last sent something
}

// RoomDetail is what Inspect returns.
type RoomDetail struct {
	Room
	Present     int          // clients that show a presence: cursors, names
	LogUpdates  int          // updates that the store keeps behind the last snapshot
	LogBytes    int64        // their bytes
	Connections []Connection // by age, the oldest first
}

// Inspect looks into a document in memory, and returns at most limit of its
// connections. The error is ErrNotOpen, a *[DocumentError], or the context's.
func (s *Server) Inspect(ctx context.Context, name string, limit int) (RoomDetail, error) {
	d := new(RoomDetail) // the room's, until it has answered
	h, err := s.within(ctx, name, func(h *roomHost, now int64) error {
		for _, m := range h.members {
			d.Connections = append(d.Connections, m.connection(now))
		}
		d.Present = h.room.Stats().Present
		if h.saver.doc != nil {
			d.LogUpdates, d.LogBytes = h.saver.doc.LogSize()
		}
		return nil
	})
	if err != nil {
		return RoomDetail{}, err
	}
	d.Room = h.info()
	slices.SortFunc(d.Connections, func(a, b Connection) int { return cmp.Compare(a.ID, b.ID) })
	d.Connections = d.Connections[:min(len(d.Connections), max(limit, 0))]
	return *d, nil
}

func (m *member) connection(now int64) Connection {
	c := m.session
	protocol := "y"
	switch {
	case c.weft != nil:
		protocol = codec.WeftProtocol
	case c.docs != nil:
		protocol = "elva"
	}
	return Connection{
		ID: c.id, Remote: c.conn.RemoteAddr(), Protocol: protocol, ReadOnly: !m.access.Write,
		Age:     time.Duration(now-c.since) * time.Millisecond,
		Silence: time.Duration(max(0, now-c.heard.Load())) * time.Millisecond,
	}
}

// within has a function run in the goroutine of a document in memory.
func (s *Server) within(ctx context.Context, name string, fn func(h *roomHost, now int64) error) (*roomHost, error) {
	s.mu.Lock()
	h := s.rooms[name]
	s.mu.Unlock()
	if h == nil {
		return nil, ErrNotOpen
	}
	err := h.do(ctx, func(now int64) error { return fn(h, now) })
	if de, ok := errors.AsType[*DocumentError](err); ok && de.Code == codec.Restart && !s.stopping.Load() {
		err = ErrNotOpen // it was unloaded meanwhile
	}
	return h, err
}
