package relay

import (
	"github.com/weft-sync/weft/core/codec"
	"github.com/weft-sync/weft/core/relay"
	"github.com/weft-sync/weft/native/host"
)

// This file is the loop that owns the machine and performs what it puts out.

// eventKind says what happened; the comments name the fields of event in use.
type eventKind uint8

const (
	joined   eventKind = 1 + iota // local
	received                      // local, frame
	written                       // local, err: Flush returned
	gone                          // local, err: its reader ended
	ponged                        // local, err: Ping returned

	opened     // link
	upReceived // link, frame
	upWritten  // link, err: Write returned
	upPonged   // link, err: Ping returned
	upEnded    // link, err: its reader ended, or its dialling failed

	stop
)

// event is what the relay's inbox holds.
type event struct {
	kind  eventKind
	local *local
	link  *link
	frame []byte
	err   error
}

const stopReason = "the relay is being stopped"

// handle is one turn of the relay: a batch of events in, frames and calls out.
func (r *Relay) handle(now int64, batch []event) int64 {
	for i := range batch {
		r.event(now, &batch[i])
	}
	if r.machine.NextWake() <= now {
		r.machine.HandleTime(now)
	}
	r.perform(now)
	r.sendUpstream()
	r.sendLocals(now)
	r.perform(now) // whose queue was full by now
	if r.sweepAt <= now {
		r.sweep(now)
	}
	r.publish()
	if r.closing {
		return host.Stop
	}
	return min(r.machine.NextWake(), r.sweepAt)
}

func (r *Relay) event(now int64, e *event) {
	switch e.kind {
	case joined:
		r.join(now, e.local)
	case received:
		e.local.heard = now
		r.machine.HandleFrame(now, e.local.id, e.frame)
	case written:
		if e.err == nil {
			r.machine.HandleWritten(now, e.local.id)
		} else {
			e.local.conn.Abort()
		}
	case gone:
		r.left(now, e.local, e.err)
	case ponged:
		e.local.pinging = false
		if e.err == nil {
			e.local.heard = now
		} else if !e.local.closing && now-e.local.heard >= silence {
			e.local.conn.Abort()
		}
	case opened:
		r.machine.HandleOpen(now, e.link.number)
		r.log.Info("connected upstream", "upstream", r.upstream.Host)
	case upReceived:
		if err := r.machine.HandleUpstream(now, e.link.number, e.frame); err != nil {
			r.log.Error("the upstream sent what cannot be read", "error", err)
		}
	case upWritten:
		if e.err == nil {
			r.machine.HandleUpstreamWritten(now, e.link.number)
		}
	case upPonged:
		if e.err == nil {
			r.machine.HandlePong(now, e.link.number)
		}
	case upEnded:
		r.upEnded(now, e.link, e.err)
	case stop:
		r.closing = true
		r.loop.Close()
		r.machine.Stop(now)
		for _, l := range r.members {
			l.close(codec.Restart, stopReason)
		}
	}
}

// perform does what the machine puts out.
func (r *Relay) perform(now int64) {
	for o, ok := r.machine.Next(); ok; o, ok = r.machine.Next() {
		switch o.Kind {
		case relay.Dial:
			r.dial(o.Conn, o.Authorized)
		case relay.Ping:
			if r.link != nil && r.link.number == o.Conn {
				r.link.ping()
			}
		case relay.Close:
			if r.link != nil && r.link.number == o.Conn {
				r.link.close(o.Code)
				r.link = nil
			}
		case relay.CloseLocal:
			if l := r.members[o.Local]; l != nil {
				r.log.Info("local connection closed, as it takes too little", "document", l.document)
				r.machine.Leave(now, l.id)
				l.close(o.Code, o.Reason)
			}
		case relay.Changed:
			if r.cfg.OnStatus != nil {
				r.cfg.OnStatus(o.Status)
			}
		}
	}
}

// sendUpstream writes what is to go upstream, in a goroutine, as a dialled
// connection cannot be written to without waiting.
func (r *Relay) sendUpstream() {
	if r.link == nil {
		return
	}
	if frames := r.machine.TakeUpstream(nil); len(frames) > 0 {
		r.link.write(frames)
	}
}

// sendLocals writes to every local that is due. What the socket takes at once costs
// one system call in this goroutine; the rest goes on in a goroutine.
func (r *Relay) sendLocals(now int64) {
	for {
		ready := r.machine.Ready()
		if len(ready) == 0 {
			return
		}
		for _, id := range ready {
			l := r.members[id]
			r.frames = r.machine.Take(now, id, r.frames[:0])
			done, err := l.conn.TryWrite(r.frames)
			clear(r.frames)
			switch {
			case err != nil:
				l.conn.Abort() // its reader will say that it has gone
			case done:
				r.machine.HandleWritten(now, id)
			default:
				go l.flush()
			}
		}
	}
}
