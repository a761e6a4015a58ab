package room

import (
	"github.com/weft-sync/weft/core/awareness"
	"github.com/weft-sync/weft/core/codec"
)

// Room is the server side of one document: a state machine. It is not safe for
// concurrent use. Make one with [New].
//
// It has four kinds of methods:
//
//   - From the network and the system: Join, JoinMany, JoinWeft, HandleFrame,
//     HandleWritten, Leave, HandleTime, HandleStored, Permit and SetEpoch. They may
//     come in any order, and each notes what it means. Those about a member that
//     has left, or was never there, do nothing, as its frames may still be in the
//     host's inbox.
//   - Outputs: Append, then Ready and a Take, or a Hold, for each member in it,
//     then NextWake. The package comment shows the loop.
//   - Getters: Members, Appended, Stored, AwaitsStored, Stats.
//   - One command: Edit, for a program that changes the document itself.
//
// now is the time in milliseconds of the host's monotonic clock.
type Room struct {
	cfg Config
	doc Document
	now int64

	members map[Member]*member
	order   []*member // the same, in no particular but a reproducible order

	batch  batch
	host   *member // who made the updates of Edit; no member
	log    updateLog
	states *awareness.States
	owners owners
	quiet  silence
	shared shared

	// Members that may have something to send, for Ready.
	active    []*member
	activeAt  uint64 // Room.log's end when everybody was looked at
	activeFor uint64 // version of the states then
	next      int    // place in active of the member that Take is likely called for
	due       int    // ready members that were not taken yet
	ready     []Member
	updates   [][]byte // scratch

	loads   []*load
	waiting []*member // that have updates to be saved

	epoch  []byte // of the stored document
	exists bool   // it is stored

	appended, stored uint64
	stats            Stats
}

// New returns a room without members. It panics with a codec.UsageError if
// there is no document.
func New(cfg Config) *Room {
	if cfg.Doc == nil {
		panic(codec.UsageError("room: New without a document"))
	}
	cfg = cfg.withDefaults()
	return &Room{
		cfg:     cfg,
		doc:     cfg.Doc,
		members: make(map[Member]*member),
		host:    &member{phase: silent, feed: none},
		log:     updateLog{limit: cfg.QueueLimit},
		states:  awareness.New(cfg.Awareness),
	}
}

// Join adds a member. It is sent nothing until it says something. A member that
// joins twice is a mistake of the host, and Join panics with a
// codec.UsageError.
func (r *Room) Join(now int64, id Member) { r.join(now, id, false) }

// JoinMany is Join for a member that stands for many clients, such as a relay
// that passes on to all of them what it is sent. Then a step 1 says what one of
// them has, and nothing about the others: the answer also covers what the member
// has not taken yet, and each step 1 is answered with the room's own as well,
// because each client is to be asked. It is sent no empty messages when there is
// nothing to say: keeping its clients' connections is the member's affair.
func (r *Room) JoinMany(now int64, id Member) { r.join(now, id, true) }

func (r *Room) join(now int64, id Member, many bool) {
	r.advance(now)
	if r.members[id] != nil {
		panic(codec.UsageError("room: a member joins twice"))
	}
	m := &member{id: id, many: many, phase: silent, feed: none, newcomer: true, order: len(r.order)}
	r.members[id] = m
	r.order = append(r.order, m)
}

// Leave removes a member, and the presence of the clients it brought.
func (r *Room) Leave(now int64, id Member) {
	r.advance(now)
	m := r.members[id]
	if m == nil {
		return
	}
	delete(r.members, id)
	last := len(r.order) - 1
	r.order[m.order] = r.order[last]
	r.order[m.order].order = m.order
	r.order[last] = nil
	r.order = r.order[:last]

	if m.feed == following || m.feed == loading {
		r.log.exit(m.at)
		r.trim()
	}
	r.unload(m)
	r.quiet.leave(m)
	m.phase, m.feed, m.known = m.phase.next(leave), m.feed.next(leave), nil
	r.states.Remove(r.now, r.owners.left(m)...)
}

// HandleWritten tells that the frames last taken for a member are with its
// socket, or that the reason to hold it is over, so that it can be given more.
func (r *Room) HandleWritten(now int64, id Member) {
	r.advance(now)
	m := r.members[id]
	if m == nil || m.phase != writing {
		return
	}
	m.phase = m.phase.next(written)
	if !m.many {
		r.quiet.enter(m, r.now)
	}
	r.activate(m)
}

// HandleTime tells the time. It should come at NextWake, and may come at any
// time.
func (r *Room) HandleTime(now int64) {
	r.advance(now)
	for _, client := range r.states.Expire(r.now).Removed {
		r.owners.removed(client)
	}
	for r.quiet.due(r.cfg.Keepalive) <= r.now {
		m := r.quiet.first
		r.quiet.leave(m)
		m.overdue = true
		r.activate(m)
	}
}

// HandleStored tells that every update that Append returned up to seq is
// durable.
func (r *Room) HandleStored(seq uint64) {
	if seq > r.appended {
		panic(codec.UsageError("room: HandleStored of what was never appended"))
	}
	if seq <= r.stored {
		return
	}
	r.stored = seq
	r.settleAccounts()
	if !r.exists {
		r.exists = true
		r.tellEpoch()
	}
}

// NextWake returns when HandleTime has something to do, at the earliest, or
// math.MaxInt64. It may change after every other method.
func (r *Room) NextWake() int64 {
	return min(r.states.NextWake(), r.quiet.due(r.cfg.Keepalive))
}

// Members returns how many members there are.
func (r *Room) Members() int { return len(r.order) }

// Appended returns the sequence number of the last update that Append returned,
// or 0.
func (r *Room) Appended() uint64 { return r.appended }

// Stored returns the sequence number up to which updates are durable, or 0.
func (r *Room) Stored() uint64 { return r.stored }

// Stats returns what the room has done and what it holds.
func (r *Room) Stats() Stats {
	s := r.stats
	s.Members = len(r.order)
	s.QueueBytes = r.log.bytes
	s.Present = r.states.Len()
	s.Appends = r.appended
	return s
}

// advance notes the time. A clock that goes back stands still here.
func (r *Room) advance(now int64) { r.now = max(r.now, now) }
