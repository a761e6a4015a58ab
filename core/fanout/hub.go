package fanout

import (
	"math"

	"github.com/weft-sync/weft/core/codec"
)

// Member names a connection. The host chooses it, and uses it once.
type Member uint64

// Config is what a [Hub] is made of. A zero field means the default.
type Config struct {
	// QueueLimit is how many bytes may wait for a member, beside what is being
	// written to it. Default 1 MiB.
	QueueLimit int

	// Keepalive is the time in milliseconds after which a member that was sent
	// nothing is sent SignOfLife, at the latest; it may come after half of it.
	// Default 15000. There is none without a SignOfLife.
	Keepalive  int64
	SignOfLife []byte
}

// Stats counts what a hub has done since it was made, and says what it holds.
type Stats struct {
	Members    int // joined and not left
	Groups     int // with members
	QueueBytes int // waiting for all members together

	Sent       uint64 // frames queued, once for each member
	SentSize   uint64 // their bytes
	Dropped    uint64 // frames not queued, or queued and not taken: their member's queue was full
	Overflowed uint64 // members whose queue was full
	Keepalives uint64
}

// Hub is the groups with their members. It is not safe for concurrent use. Make
// one with [New].
//
// Input: Join, Leave, Send, HandleWritten and HandleTime. Outputs: Ready with a
// Take, or a Hold, for each member in it, then Overflowed, then NextWake. now is
// the time in milliseconds of the host's monotonic clock.
type Hub struct {
	cfg     Config
	members map[Member]*member
	groups  map[string]*group
	active  []*member // that may be ready
	ready   []Member
	over    []Member // overflowed, not told yet
	told    []Member
	sweepAt int64
	bytes   int
	stats   Stats
}

type group struct {
	name    string
	members []*member // in the order of joining
}

type member struct {
	id     Member
	group  *group
	queue  Queue
	listed bool  // is in Hub.active
	full   bool  // its queue overflowed: nothing more for it
	wrote  int64 // when it was last given something, or joined
}

// New returns a Hub without members.
func New(cfg Config) *Hub {
	if cfg.QueueLimit <= 0 {
		cfg.QueueLimit = 1 << 20
	}
	if cfg.Keepalive <= 0 {
		cfg.Keepalive = 15_000
	}
	return &Hub{cfg: cfg, members: make(map[Member]*member), groups: make(map[string]*group), sweepAt: math.MaxInt64}
}

// Join adds a member to a group and reports whether it is the group's first. A
// member that joins twice is a mistake of the host: a codec.UsageError.
func (h *Hub) Join(now int64, id Member, name string) (first bool) {
	if h.members[id] != nil {
		panic(codec.UsageError("fanout: a member joins twice"))
	}
	g := h.groups[name]
	if g == nil {
		g = &group{name: name}
		h.groups[name] = g
	}
	m := &member{id: id, group: g, wrote: now}
	g.members = append(g.members, m)
	h.members[id] = m
	if h.sweepAt == math.MaxInt64 && h.cfg.SignOfLife != nil {
		h.sweepAt = now + h.cfg.Keepalive/2
	}
	return len(g.members) == 1
}

// Leave removes a member, with what waits for it, and reports whether it was the
// group's last. A member that is not there changes nothing.
func (h *Hub) Leave(id Member) (last bool) {
	m := h.members[id]
	if m == nil {
		return false
	}
	delete(h.members, id)
	h.bytes -= m.queue.Bytes()
	m.queue.Drop()
	g := m.group
	for i, other := range g.members {
		if other == m {
			g.members = append(g.members[:i], g.members[i+1:]...)
			break
		}
	}
	if len(g.members) > 0 {
		return false
	}
	delete(h.groups, g.name)
	return true
}

// Group returns the group that a member is in.
func (h *Hub) Group(id Member) (name string, ok bool) {
	m := h.members[id]
	if m == nil {
		return "", false
	}
	return m.group.name, true
}

// Groups calls do with the name of each group that has members, in no order.
func (h *Hub) Groups(do func(name string)) {
	for name := range h.groups {
		do(name)
	}
}

// Send queues a frame for everyone in a group but from, which may be nobody, and
// returns how many that is. The frame must not be changed afterwards.
func (h *Hub) Send(name string, from Member, frame []byte) int {
	g := h.groups[name]
	if g == nil {
		return 0
	}
	n := 0
	for _, m := range g.members {
		if m.id != from {
			h.push(m, frame)
			n++
		}
	}
	return n
}

func (h *Hub) push(m *member, frame []byte) {
	before := m.queue.Bytes()
	switch {
	case m.full:
		h.stats.Dropped++
	case m.queue.Push(frame, h.cfg.QueueLimit):
		h.stats.Sent++
		h.stats.SentSize += uint64(len(frame))
		if !m.listed {
			m.listed = true
			h.active = append(h.active, m)
		}
	default:
		m.full = true
		h.stats.Dropped += uint64(len(m.queue.frames)) + 1
		h.stats.Overflowed++
		m.queue.Drop()
		h.over = append(h.over, m.id)
	}
	h.bytes += m.queue.Bytes() - before
}

// HandleWritten tells that what was last taken for a member is with its socket.
func (h *Hub) HandleWritten(id Member) {
	m := h.members[id]
	if m == nil {
		return
	}
	m.queue.Written()
	if m.queue.Ready() && !m.listed {
		m.listed = true
		h.active = append(h.active, m)
	}
}

// HandleTime tells the time. It should come at NextWake, and may come at any time.
func (h *Hub) HandleTime(now int64) {
	if now < h.sweepAt {
		return
	}
	h.sweepAt = math.MaxInt64
	if len(h.members) == 0 {
		return
	}
	h.sweepAt = now + h.cfg.Keepalive/2
	for _, m := range h.members {
		if !m.full && !m.queue.writing && m.queue.Bytes() == 0 && now-m.wrote >= h.cfg.Keepalive/2 {
			h.push(m, h.cfg.SignOfLife)
			h.stats.Keepalives++
		}
	}
}

// NextWake returns when HandleTime has something to do, at the earliest, or
// math.MaxInt64.
func (h *Hub) NextWake() int64 { return h.sweepAt }

// Ready returns the members that have something to be sent and no write under way.
// The slice is valid until the next call.
func (h *Hub) Ready() []Member {
	h.ready = h.ready[:0]
	active := h.active[:0]
	for _, m := range h.active {
		if h.members[m.id] == m && m.queue.Ready() {
			active = append(active, m)
			h.ready = append(h.ready, m.id)
		} else {
			m.listed = false
		}
	}
	clear(h.active[len(active):])
	h.active = active
	return h.ready
}

// Take appends to frames everything that waits for a member. If that is anything,
// the member is being written to from then on, and not ready before HandleWritten.
func (h *Hub) Take(now int64, id Member, frames [][]byte) [][]byte {
	m := h.members[id]
	if m == nil || !m.queue.Ready() {
		return frames
	}
	h.bytes -= m.queue.Bytes()
	m.wrote = now
	return m.queue.Take(frames)
}

// Hold is for a member in Ready whose connection cannot take anything at the
// moment: it is not ready until HandleWritten.
func (h *Hub) Hold(id Member) {
	if m := h.members[id]; m != nil {
		m.queue.Hold()
	}
}

// Overflowed returns the members whose queue has become too long since the last
// call. The slice is valid until the next call.
func (h *Hub) Overflowed() []Member {
	h.told, h.over = h.over, h.told[:0]
	return h.told
}

// Members returns how many members there are.
func (h *Hub) Members() int { return len(h.members) }

// Stats returns what the hub has done and what it holds.
func (h *Hub) Stats() Stats {
	s := h.stats
	s.Members, s.Groups, s.QueueBytes = len(h.members), len(h.groups), h.bytes
	return s
}
