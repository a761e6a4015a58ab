package room

import (
	"github.com/weft-sync/weft/core/codec"
	"github.com/weft-sync/weft/core/fanout"
)

// Broadcast is the server side of a document that the server does not keep: each
// frame of a member goes to all others, verbatim, whatever it is, and nobody answers
// but they. It has the same methods as [Room] where a host needs them, so that one
// host drives both; there is never anything to store.
//
// A member that does not read is named by Overflowed when its queue is full, for the
// host to close its connection: a frame left out would be a hole, and nobody here
// could fill it.
//
// Make one with [NewBroadcast]. It is not safe for concurrent use.
type Broadcast struct {
	hub    *fanout.Hub
	now    int64
	muted  map[Member]bool
	frames uint64
	size   uint64 // of frames, in bytes
}

// NewBroadcast returns a broadcast room without members. Of cfg it uses QueueLimit,
// which is for each member here, and Keepalive.
func NewBroadcast(cfg Config) *Broadcast {
	cfg = cfg.withDefaults()
	return &Broadcast{
		hub:   fanout.New(fanout.Config{QueueLimit: cfg.QueueLimit, Keepalive: cfg.Keepalive, SignOfLife: signOfLife}),
		muted: make(map[Member]bool),
	}
}

// Join adds a member, which hears of everything from then on. A member that joins
// twice is a mistake of the host: a codec.UsageError.
func (b *Broadcast) Join(now int64, id Member) {
	b.now = max(b.now, now)
	b.hub.Join(b.now, id, "")
}

// JoinMany is Join: nothing here depends on what one client has.
func (b *Broadcast) JoinMany(now int64, id Member) { b.Join(now, id) }

// JoinWeft panics with a codec.UsageError: a member of the weft framing is told what
// became of its updates, and nothing becomes of them here.
func (b *Broadcast) JoinWeft(int64, Member, Access) {
	panic(codec.UsageError("room: JoinWeft in a room that only broadcasts"))
}

// Leave removes a member.
func (b *Broadcast) Leave(_ int64, id Member) {
	b.hub.Leave(id)
	delete(b.muted, id)
}

// Permit says what a member may do: of one that may only read nothing is passed on.
func (b *Broadcast) Permit(_ int64, id Member, a Access) {
	if _, ok := b.hub.Group(id); ok && !a.Write {
		b.muted[id] = true
	} else {
		delete(b.muted, id)
	}
}

// HandleFrame passes a frame on to the other members. The room takes ownership of
// it. There is no bad one, so there is no error.
func (b *Broadcast) HandleFrame(now int64, id Member, frame []byte) error {
	b.now = max(b.now, now)
	if _, ok := b.hub.Group(id); ok && !b.muted[id] {
		b.frames++
		b.size += uint64(len(frame))
		b.hub.Send("", id, frame)
	}
	return nil
}

// HandleWritten is as of [Room].
func (b *Broadcast) HandleWritten(now int64, id Member) {
	b.now = max(b.now, now)
	b.hub.HandleWritten(id)
}

// HandleTime is as of [Room].
func (b *Broadcast) HandleTime(now int64) {
	b.now = max(b.now, now)
	b.hub.HandleTime(b.now)
}

// HandleStored does nothing.
func (b *Broadcast) HandleStored(uint64) {}

// SetEpoch does nothing.
func (b *Broadcast) SetEpoch(int64, []byte, bool) {}

// AwaitsStored returns false.
func (b *Broadcast) AwaitsStored() bool { return false }

// Append returns nothing: there is nothing to store.
func (b *Broadcast) Append() (u []byte, seq uint64, ok bool) { return nil, 0, false }

// Appended and Stored return 0.
func (b *Broadcast) Appended() uint64 { return 0 }

// Stored returns 0.
func (b *Broadcast) Stored() uint64 { return 0 }

// Ready is as of [Room].
func (b *Broadcast) Ready() []Member { return b.hub.Ready() }

// Take is as of [Room]: it appends everything that waits for a member.
func (b *Broadcast) Take(id Member, frames [][]byte) [][]byte {
	return b.hub.Take(b.now, id, frames)
}

// Hold is as of [Room].
func (b *Broadcast) Hold(id Member) { b.hub.Hold(id) }

// Overflowed returns the members whose queue has become too long since the last
// call. They are sent nothing more.
func (b *Broadcast) Overflowed() []Member { return b.hub.Overflowed() }

// NextWake is as of [Room].
func (b *Broadcast) NextWake() int64 { return b.hub.NextWake() }

// Members returns how many members there are.
func (b *Broadcast) Members() int { return b.hub.Members() }

// Stats returns what the room has done and what it holds.
func (b *Broadcast) Stats() Stats {
	h := b.hub.Stats()
	return Stats{
		Members: h.Members, QueueBytes: h.QueueBytes,
		Frames: b.frames, FrameSize: b.size, Sent: h.Sent, SentSize: h.SentSize, Keepalives: h.Keepalives,
	}
}
