package client

import (
	"errors"

	"github.com/weft-sync/weft/core/awareness"
	"github.com/weft-sync/weft/core/codec"
	"github.com/weft-sync/weft/core/lib0"
	"github.com/weft-sync/weft/core/provider"
	"github.com/weft-sync/weft/native/host"
)

// This file is the loop that owns the machine, the document and the presence, and
// performs what the machine puts out.

// eventKind says what happened; the comments name the fields of event in use.
type eventKind uint8

const (
	called    eventKind = 1 + iota // call
	closeWish                      // Close was called
	opened                         // link
	received                       // link, frame
	written                        // link, err: a write returned
	hungUp                         // link: the close handshake is over
	tokened                        // link, token, err
	ended                          // link, err: its reader ended, or its dialling failed; asked, verdict
)

// event is what the loop's inbox holds.
type event struct {
	kind  eventKind
	link  *link
	call  *call
	frame []byte
	token string
	err   error

	asked   bool  // Options.OnFailure was
	verdict error // what it returned
}

// call is a function that waits for its turn on the loop's goroutine, and a
// goroutine that waits for the function.
type call struct {
	f    func(now int64) error
	err  error
	done chan struct{}
}

// call runs f on the loop's goroutine, where an event of the given bytes waits for
// that, and returns its error.
func (c *Client) call(size int, f func(now int64) error) error {
	call := &call{f: f, done: make(chan struct{})}
	if err := c.loop.Put(event{kind: called, call: call}, size); err != nil {
		return ErrClosed
	}
	select {
	case <-call.done:
		return call.err
	case <-c.ended:
	}
	select {
	case <-call.done:
		return call.err
	default:
		return ErrClosed
	}
}

// handle is the loop's handler.
func (c *Client) handle(now int64, batch []event) (wake int64) {
	for i := range batch {
		e := &batch[i]
		c.event(now, e)
		c.drain(now)
		c.show()
		if e.call != nil {
			close(e.call.done)
		}
	}
	c.tick(now)
	c.drain(now)
	c.show()
	if c.over(now) {
		c.finish()
		return host.Stop
	}
	return c.nextWake()
}

func (c *Client) event(now int64, e *event) {
	switch e.kind {
	case called:
		if c.closing.asked {
			e.call.err = ErrClosed
			return
		}
		e.call.err = e.call.f(now)
	case closeWish:
		c.wishClose(now)
	case opened:
		if e.link == c.link {
			c.log.Debug("connected")
			if e.link.ws.Subprotocol() == codec.WeftProtocol {
				c.machine.HandleOpenWeft(now, e.link.conn)
			} else {
				c.machine.HandleOpen(now, e.link.conn)
			}
		}
	case received:
		if e.link == c.link {
			c.receive(now, e.link, e.frame)
		}
	case written:
		c.wrote(now, e.link, e.err)
	case hungUp:
		e.link.hanging = false
		c.forget(e.link)
	case tokened:
		c.tokened(now, e.link, e.token, e.err)
	case ended:
		c.end(now, e)
	}
}

// receive hands a frame to the machine.
func (c *Client) receive(now int64, l *link, frame []byte) {
	err := c.machine.HandleFrame(now, l.conn, frame)
	if pe, ok := errors.AsType[*codec.PeerError](err); ok {
		_, c.view.err = ending(err)
		l.reason = pe.Reason
		c.log.Warn("the server sent what cannot be decoded", "error", err)
	}
}

// tick does what is due.
func (c *Client) tick(now int64) {
	if c.machine.NextWake() <= now {
		c.machine.HandleTime(now)
	}
	if c.presence.NextWake() <= now && !c.closing.begun {
		c.presenceChanged(now, c.presence.Expire(now))
	}
	for l := range c.links {
		if l.deadline <= now {
			l.deadline = host.Never
			l.cut()
		}
	}
	c.closeOnTime(now)
}

func (c *Client) nextWake() int64 {
	wake := min(c.machine.NextWake(), c.closing.wake())
	if !c.closing.begun {
		wake = min(wake, c.presence.NextWake())
	}
	for l := range c.links {
		wake = min(wake, l.deadline)
	}
	return wake
}

// drain performs the machine's outputs, and starts the write of what is to be sent.
func (c *Client) drain(now int64) {
	for o, ok := c.machine.Next(); ok; o, ok = c.machine.Next() {
		c.perform(now, o)
	}
	c.view.weft = c.machine.Weft()
	l := c.link
	if l == nil {
		return
	}
	c.sent.partial = c.machine.Uploading()
	c.advance(l)
	if l.idle() {
		c.sent.written(c.sent.carried()) // the machine holds nothing back now
	}
}

func (c *Client) perform(now int64, o provider.Output) {
	m := c.machine
	switch o.Kind {
	case provider.Dial:
		c.dial(o.Conn, o.Weft)
	case provider.Close:
		if o.Code == codeTimeout {
			c.view.err = errSilent
		}
		c.hangUp(now, o.Code)
	case provider.Send:
		c.link.out = append(c.link.out, o.Payload)
	case provider.AskStateVector:
		m.HandleStateVector(now, o.Conn, c.doc.StateVector())
	case provider.AskDiff:
		diff, err := c.doc.Diff(o.Payload)
		if err != nil {
			c.fail(now, err)
			return
		}
		c.sent.diff()
		m.HandleDiff(now, o.Conn, diff)
	case provider.AskAwareness:
		if c.local == nil {
			return
		}
		if _, err := c.presence.SetLocal(now, c.opts.ClientID, c.local); err != nil {
			c.log.Debug("the local presence cannot be renewed", "error", err)
			return
		}
		m.HandleAwareness(now, o.Conn, c.encodeLocal())
	case provider.AskAllAwareness:
		m.HandleAwareness(now, o.Conn, c.presence.EncodeAll())
	case provider.Apply:
		fresh, err := c.doc.Apply(o.Payload)
		if err != nil {
			c.fail(now, err)
		} else if fresh && c.opts.OnUpdate != nil {
			c.notes = append(c.notes, note{kind: updateNote, updates: [][]byte{o.Payload}, size: len(o.Payload)})
		}
	case provider.ApplyAwareness:
		change, err := c.presence.Apply(now, o.Payload)
		if err != nil {
			c.log.Debug("presence was not taken", "error", err) // it is well formed, and too much
			return
		}
		c.presenceChanged(now, change)
	case provider.ClearAwareness:
		c.showOthers(c.presence.ForgetOthers())
	case provider.StatusChanged:
		c.view.status = o.Status
		c.notes = append(c.notes, note{kind: statusNote, status: o.Status, err: c.view.err})
	case provider.SyncedChanged:
		c.synced(o.Synced)
	case provider.Refused:
		switch c.view.err.(type) {
		case *RefusedError, *StoppedError:
			c.stop(c.view.err)
		default:
			// The server has ended the document, not the connection.
			c.stop(&RefusedError{Code: o.Code, Reason: o.Text})
		}
	case provider.Denied:
		reason := string(o.Payload)
		c.link.denied = &reason
	default:
		c.performWeft(o)
	}
}

func (c *Client) synced(is bool) {
	if is == c.view.synced || is && c.view.stopped != nil {
		return // the document refused what would have made it synced
	}
	c.view.synced = is
	if is {
		c.view.err = nil
		c.log.Debug("synced")
	}
	c.notes = append(c.notes, note{kind: syncedNote, synced: is})
}

// fail gives up because of an error of the document's.
func (c *Client) fail(now int64, err error) {
	if c.view.stopped != nil {
		return
	}
	c.view.err = &DocumentError{err}
	c.view.stopped = c.view.err
	c.log.Error("the document failed; disconnecting", "error", err)
	// It fails after Destroy only, when nothing is received any more.
	_ = c.machine.Disconnect(now, c.farewell())
}

// presenceChanged tells of what others or the time changed.
func (c *Client) presenceChanged(now int64, change awareness.Change) {
	for _, client := range change.Updated {
		if client == c.opts.ClientID {
			// It was renewed, or somebody's removal of it was answered with a newer
			// clock. The error would be that of a closed client.
			_ = c.machine.Awareness(now, c.encodeLocal())
			break
		}
	}
	c.showOthers(change)
}

func (c *Client) encodeLocal() []byte {
	return c.presence.Encode([]uint64{c.opts.ClientID})
}

// farewell returns the presence update that removes the local client, with the clock
// it has (docs/provider.md), or nil if the others do not see it.
func (c *Client) farewell() []byte {
	state, clock, _ := c.presence.State(c.opts.ClientID)
	if state == nil {
		return nil
	}
	b := lib0.AppendUint(nil, 1) // entries
	b = lib0.AppendUint(b, c.opts.ClientID)
	b = lib0.AppendUint(b, clock)
	return lib0.AppendString(b, "null")
}
