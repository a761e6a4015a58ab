package server

import (
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync/atomic"

	"github.com/weft-sync/weft/core/codec"
	"github.com/weft-sync/weft/core/crdt"
	"github.com/weft-sync/weft/core/room"
	"github.com/weft-sync/weft/native/host"
	"github.com/weft-sync/weft/native/wsconn"
)

// inboxLimit is how many bytes may wait in a room's inbox before the readers of
// its members wait too.
const inboxLimit = 4 << 20

// roomHost is a document in memory: the goroutine that owns its machine, and
// what that goroutine needs. It lives from the first join until nobody is left
// and everything is stored; a document that is wanted again while it is being
// unloaded is loaded again by the same goroutine.
type roomHost struct {
	srv  *Server
	name string
	mode Mode
	loop *host.Loop[event]
	refs int // members that have not gone; guarded by srv.mu

	status atomic.Int32 // a DocumentStatus
	gauge  gauge

	// Everything below is of the room's goroutine.
	room     machine
	doc      *crdt.Doc
	watched  bool // the program has it open, and its own edits are passed on
	saver    *saver
	members  map[room.Member]*member
	last     room.Member // the last one given away
	idleAt   int64       // when to unload; host.Never while there are members
	sweepAt  int64
	stopping bool // store everything, then close
	closing  bool // unload as soon as nobody is there; until somebody joins
	cut      bool // close, whatever is stored
	broken   bool // the machine has panicked
	batch    wsconn.Batch
	frames   [][]byte
	waiting  []room.Member

	ended   chan struct{} // closed when the goroutine ends
	written []*member
}

func newRoomHost(s *Server, name string) *roomHost {
	return &roomHost{
		srv:  s,
		name: name,
		mode: s.cfg.modeOf(name),
		loop: host.NewLoop[event](s.clock, inboxLimit),

		ended: make(chan struct{}),
	}
}

// run is the room's goroutine.
func (h *roomHost) run() {
	defer close(h.ended)
	for {
		h.move(Loading)
		if err := h.load(); err != nil {
			h.move(Quarantined)
			h.fail(err)
			h.turnAway(codec.Quarantined, quarantineReason)
		} else {
			h.srv.clearQuarantine(h.name)
			h.move(Open)
			h.serve()
			h.unload()
			if h.broken {
				h.turnAway(codec.Internal, internalReason)
			}
		}
		if h.srv.release(h) {
			h.loop.Close() // who still has it must not wait in Put
			return
		}
	}
}

// load opens the stored document and makes the machine.
func (h *roomHost) load() error {
	stored, err := h.srv.storeOf(h.mode).Open(h.srv.ctx, h.name)
	if err != nil {
		return err
	}
	doc := crdt.NewDoc()
	parts := stored.Parts()
	for _, part := range parts {
		if _, err := doc.Apply(part); err != nil {
			// Closing writes nothing that was not there.
			return errors.Join(fmt.Errorf("the stored updates cannot be read: %w", err), stored.Close())
		}
	}
	h.watched, h.closing = false, false
	h.doc = doc
	cfg := room.Config{Doc: doc, QueueLimit: h.srv.cfg.QueueLimit, Limits: h.srv.cfg.Limits}
	if h.mode == ModeBroadcast {
		h.room = room.NewBroadcast(cfg)
	} else {
		h.room = room.New(cfg)
	}
	h.saver = &saver{host: h, doc: stored, retryAt: host.Never}
	h.members = make(map[room.Member]*member)
	now := h.loop.Now()
	epoch := stored.Epoch()
	h.room.SetEpoch(now, epoch[:], len(parts) > 0)
	h.idleAt = now + h.srv.cfg.IdleTimeout.Milliseconds()
	h.sweepAt = now + h.srv.timing.sweep
	h.srv.log.Debug("document loaded", "document", h.name, "bytes", doc.Size())
	return nil
}

// fail makes what a failed load means known.
func (h *roomHost) fail(err error) {
	if h.srv.ctx.Err() != nil {
		return // the server ended meanwhile
	}
	h.srv.setQuarantine(h.name, err)
	h.srv.log.Error("document quarantined: it cannot be loaded, and nothing is written to it", "document", h.name, "error", err)
}

// turnAway closes the connections of whoever joins a document that is not in
// memory, and returns when all have gone. A connection with other documents goes
// on with them if this one is only quarantined.
func (h *roomHost) turnAway(code codec.CloseCode, reason string) {
	h.loop.Run(func(_ int64, batch []event) int64 {
		for i := range batch {
			switch e := &batch[i]; {
			case e.kind == joined && e.member.session.weft != nil:
				e.member.left.Store(true)
				h.srv.stats.refused.Add(1)
				h.end(e.member, ending(h.srv, code, reason))
				h.srv.leave(e.member)
			case e.kind == joined && e.member.session.docs != nil && code == codec.Quarantined:
				e.member.left.Store(true)
				h.srv.leave(e.member)
			case e.kind == joined:
				h.srv.stats.refused.Add(1)
				e.member.session.close(code, reason)
			case e.kind == gone:
				h.srv.leave(e.member)
			case e.kind == called:
				e.call.answer(&DocumentError{h.name, code})
			case e.doc != nil:
				go e.doc.Close() // reopened too late
			}
		}
		if h.srv.wanted(h) && h.srv.ctx.Err() == nil {
			return host.Never
		}
		return host.Stop
	})
}

const internalReason = "internal error"

// serve runs the machine. A panic in it is a fault of this program: it costs
// the room, as it would cost a request in net/http, but not the other rooms.
// What was handed to the store before is stored.
func (h *roomHost) serve() {
	h.broken = false
	defer func() {
		if v := recover(); v != nil {
			h.broken = true
			h.srv.stats.panics.Add(1)
			h.srv.log.Error("fault in a room, which is closed", "document", h.name, "panic", v, "stack", string(debug.Stack()))
		}
	}()
	h.loop.Run(h.handle)
}

// handle is one turn of the room: a batch of events in, what has to be stored
// and sent out.
func (h *roomHost) handle(now int64, batch []event) int64 {
	for i := range batch {
		h.event(now, &batch[i])
	}
	h.saver.learn()
	h.saver.watch()
	if h.room.NextWake() <= now {
		h.room.HandleTime(now)
	}
	if u, seq, ok := h.room.Append(); ok {
		h.saver.append(u, seq)
	}
	h.send(now)
	h.dropSlow(now)
	h.saver.tend(now)
	h.gauge.set(h)
	if h.sweepAt <= now {
		h.sweep(now)
	}
	if h.done(now) {
		return host.Stop
	}
	return min(h.room.NextWake(), h.saver.retryAt, h.sweepAt, h.idleAt)
}

func (h *roomHost) event(now int64, e *event) {
	switch e.kind {
	case joined:
		h.join(now, e.member)
	case received:
		m := e.member
		if m.left.Load() {
			return
		}
		m.session.heard.Store(now)
		if err := h.room.HandleFrame(now, m.id, e.frame); err != nil {
			h.reject(now, m, err)
		}
	case written:
		if e.err == nil {
			h.room.HandleWritten(now, e.member.id)
		} else {
			h.drop(e.member)
		}
	case ponged:
		h.ponged(now, e.member, e.err)
	case gone:
		h.leave(now, e.member, e.err)
	case called:
		h.call(now, e.call)
	case permitted:
		e.member.access = e.access
		h.room.Permit(now, e.member.id, e.access)
	case saved, compacted, reopened:
		h.saver.event(now, e)
	case stop:
		h.stopping = true
		h.loop.Close() // what is in the inbox by now is still handled
		h.saver.await()
		h.saver.hurry(now)
	case abandon:
		h.stopping, h.cut = true, true
		h.loop.Close()
	}
}

// send writes to every member that is due. What the sockets take at once, which
// is nearly always everything, costs a part of a system call in this goroutine;
// the rest goes on in a goroutine that ends when it is written.
func (h *roomHost) send(now int64) {
	for {
		h.waiting = append(h.waiting[:0], h.room.Ready()...)
		if len(h.waiting) == 0 {
			return
		}
		for ids := range slices.Chunk(h.waiting, wsconn.MaxBatch) {
			h.sendTo(now, ids)
		}
	}
}

func (h *roomHost) sendTo(now int64, ids []room.Member) {
	h.written = h.written[:0]
	for _, id := range ids {
		m := h.members[id]
		if !m.session.acquire(m) {
			h.room.Hold(id)
			continue
		}
		h.frames = m.address(h.room.Take(id, h.frames[:0]))
		h.batch.Add(m.session.conn, h.frames)
		h.written = append(h.written, m)
	}
	clear(h.frames)
	for i, o := range h.batch.Flush() {
		m := h.written[i]
		m.session.wrote(m, o)
		switch {
		case o.Err != nil:
			h.drop(m)
		case o.Done:
			h.room.HandleWritten(now, m.id)
		}
	}
}

// done reports whether the room's time is over.
func (h *roomHost) done(now int64) bool {
	switch {
	case h.cut:
		return true
	case h.stopping:
		n, _ := h.loop.Queued()
		return n == 0 && h.saver.settled()
	case h.idleAt > now:
		return false
	case h.saver.settled() && !h.srv.wanted(h):
		return true
	}
	// Something is still on its way; it will be seen when it has come.
	h.idleAt = now + h.srv.timing.retry
	return false
}

// unload gives up what the room holds: stored, unless Shutdown's deadline is
// over or the machine is broken.
func (h *roomHost) unload() {
	switch {
	case h.broken:
		h.closeMembers(codec.Internal, internalReason)
	case h.stopping:
		h.closeMembers(codec.Restart, h.srv.restartReason())
	case h.saver.settled():
		h.saver.compactBeforeClose()
	}
	stored := h.room.Stored() == h.room.Appended()
	if err := h.saver.close(); err != nil && !stored {
		h.srv.addUnsaved(h.name)
		h.srv.log.Error("document unloaded without being stored whole", "document", h.name, "error", err)
	} else {
		h.srv.log.Debug("document unloaded", "document", h.name)
	}
	h.gauge.clear()
	h.batch = wsconn.Batch{} // where it was when the machine broke
	h.room, h.doc, h.saver, h.members, h.frames, h.waiting, h.written = nil, nil, nil, nil, nil, nil, nil
}
