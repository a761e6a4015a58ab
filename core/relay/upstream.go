package relay

import "github.com/weft-sync/weft/core/codec"

// HandleOpen tells that an attempt has come to a connection.
func (r *Relay) HandleOpen(now int64, conn uint32) {
	if now = r.advance(now); conn == r.conn && r.status == Connecting {
		r.framing, r.heard = r.cfg.Framing, false
		r.stats.Connections++
		r.fire(now, opened)
		r.listen(now)
	}
}

// HandleRefused tells that an attempt was answered with an HTTP status that is not
// 101, or that the host refuses it itself; then status is 0.
func (r *Relay) HandleRefused(now int64, conn uint32, status int) {
	if now = r.advance(now); conn != r.conn || r.status != Connecting {
		return
	}
	switch {
	case status == 401 && r.cfg.Credentials && !r.authorized:
		r.fire(now, challenge)
	case status == 401:
		// They may have been good once. The next attempt asks again without.
		r.authorized = false
		r.fire(now, refused)
	case status == 408, status == 425, status == 429, status >= 500:
		r.fire(now, lost) // "later", RFC 9110, 15.5.9; RFC 8470, 5.2; RFC 6585, 4
	default:
		r.fire(now, refused)
	}
}

// HandleClose tells that the upstream connection, or an attempt that got no answer,
// has ended. code is the close frame's, and 1006 without one.
func (r *Relay) HandleClose(now int64, conn uint32, code codec.CloseCode) {
	if now = r.advance(now); conn != r.conn {
		return
	}
	if code.Permanent() {
		r.fire(now, refused)
	} else {
		r.fire(now, lost)
	}
}

// HandlePong tells that the upstream has answered a ping.
func (r *Relay) HandlePong(now int64, conn uint32) {
	if now = r.advance(now); conn == r.conn && r.status == Connected {
		r.failures = 0
		r.listen(now)
	}
}

// HandleUpstream passes on a frame from the upstream. The relay takes ownership of
// it. An error is a *codec.PeerError: the frame does not begin with an ID. Then the
// connection is ended, and the upstream is asked again at the slowest pace, as it
// is no server of this framing.
func (r *Relay) HandleUpstream(now int64, conn uint32, frame []byte) error {
	if now = r.advance(now); conn != r.conn || r.status != Connected {
		return nil
	}
	r.stats.FromUpstream++
	if !r.heard {
		if f := codec.DetectELVA(frame); f != nil {
			r.framing = f // it is answered in its own
		}
	}
	id, rest, err := r.framing.CutID(frame)
	if err != nil {
		r.stats.Faults++
		r.fire(now, faulted)
		return err
	}
	r.heard, r.failures = true, 0
	r.listen(now)
	if r.hub.Send(string(id), 0, rest) == 0 {
		r.stats.Unwanted++
	}
	return nil
}

// listen notes a sign of life of the upstream.
func (r *Relay) listen(now int64) {
	r.pinged = false
	r.wakeAt = now + r.cfg.Timeout/2
}

// perform runs one action of the transition table.
func (r *Relay) perform(now int64, a action) {
	switch a {
	case dial:
		r.conn++
		r.stats.Attempts++
		r.wakeAt = now + r.cfg.Timeout
		r.out = append(r.out, Output{Kind: Dial, Conn: r.conn, Authorized: r.authorized})
	case present:
		r.authorized = true
	case ask:
		r.queue.Drop()
		r.queue.Written() // whatever was under way went to another connection
		documents := make(map[string]bool)
		r.hub.Groups(func(name string) { documents[name] = true })
		r.askAll(documents)
	case hangUp:
		code := codec.Normal
		if r.status == Refused {
			code = codec.BadMessage // it was no good message that brought us here
		}
		r.out = append(r.out, Output{Kind: Close, Conn: r.conn, Code: code})
	case forget:
		r.queue.Drop()
		clear(r.shed)
	case retry:
		r.failures++
		r.wakeAt = now + r.backoff()
	case rest:
		r.failures++
		r.wakeAt = now + r.cfg.MaxBackoff
	}
}

// backoff draws the delay before the next attempt: uniform between MinBackoff and
// that times 2^failures, at most MaxBackoff (full jitter), so that the relays of a
// restarted server spread out. Only a connection on which something came forgets
// the failures.
func (r *Relay) backoff() int64 {
	ceiling := r.cfg.MinBackoff
	for i := 0; i < r.failures && ceiling < r.cfg.MaxBackoff; i++ {
		ceiling *= 2
	}
	ceiling = min(ceiling, r.cfg.MaxBackoff)
	if r.cfg.Rand == nil {
		return ceiling
	}
	return r.cfg.MinBackoff + int64(r.cfg.Rand()%uint64(ceiling-r.cfg.MinBackoff+1))
}
