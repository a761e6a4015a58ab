package server

import (
	"context"
	"errors"
	"net/http"

	"github.com/weft-sync/weft/core/codec"
	"github.com/weft-sync/weft/native/host"
)

// documents are those of a connection whose frames each name one, as ELVA's
// programs send them to the path /. They are of the reader's goroutine.
//
// The first frame for a document joins it, whatever it is, and nothing but the
// end of the connection leaves it. The protocol has no word for "no": what is for
// a document that the connection may not have, or cannot have now, is dropped,
// and the other documents are not concerned. So is a message that a document
// refuses, as behind the connection there may be many clients, and the others
// did nothing wrong.
type documents struct {
	framing *codec.Framing // nil before the first frame
	request *http.Request  // for Authorize and Access
	members map[string]*member
	refused map[string]bool // those that the log has heard of
}

// maxRefused is how many refused documents of a connection the log tells of.
const maxRefused = 100

func newDocuments(r *http.Request) *documents {
	return &documents{request: keep(r), members: make(map[string]*member), refused: make(map[string]bool)}
}

// keep returns a request that can be kept as long as the connection: what it holds on
// to of net/http is left behind.
func keep(r *http.Request) *http.Request {
	kept := r.Clone(context.Background())
	kept.Body = http.NoBody
	return kept
}

// route hands a frame to the room of the document that it names. The error is a
// *codec.PeerError if it names none.
func (c *session) route(frame []byte) error {
	d := c.docs
	if d.framing == nil {
		if d.framing = codec.DetectELVA(frame); d.framing == nil {
			return codec.Malformed("no document is named, in the path or in the frame", nil)
		}
	}
	id, rest, err := d.framing.CutID(frame)
	if err != nil {
		return err
	}
	m := d.members[string(id)]
	if m == nil || m.left.Load() {
		if m = c.enter(string(id)); m == nil {
			c.srv.stats.dropped.Add(1)
			return nil
		}
	}
	return c.deliver(m, rest)
}

// deliver hands a document's messages to its room, each by itself; to a room that
// only broadcasts as they are.
func (c *session) deliver(m *member, rest []byte) error {
	if m.host.mode == ModeBroadcast {
		_ = m.receive(rest) // if the room has ended, the next frame makes another
		return nil
	}
	for len(rest) > 0 {
		msg, after, err := c.docs.framing.Cut(rest)
		if err != nil {
			c.srv.dropMessage(m, err)
			return nil
		}
		frame := rest[:len(rest)-len(after)]
		rest = after
		switch msg.Kind {
		case codec.SyncStep1, codec.SyncStep2, codec.SyncUpdate, codec.Awareness:
			if err := m.receive(frame); errors.Is(err, host.ErrClosed) {
				return nil // the room has ended; if it should be there, it will be the next time
			}
		}
	}
	return nil
}

// enter joins a document, or returns nil.
func (c *session) enter(name string) *member {
	d := c.docs
	err := c.srv.cfg.Names.Check(name)
	if err == nil && d.members[name] == nil && len(d.members) >= c.srv.cfg.MaxDocuments {
		err = errTooMany
	}
	var grant Grant
	if err == nil {
		grant, err = c.srv.judge(c.srv.ctx, d.request, name, requestToken(d.request))
	}
	if err != nil {
		c.refuse(name, err)
		return nil
	}
	m, code := c.srv.join(name, c, func(m *member) {
		m.access = grant.accessOf()
		m.prefix = d.framing.AppendID(nil, name)
	})
	if m == nil {
		c.refuse(name, errors.New(joinReasons[code]))
		return nil
	}
	if e := grant.Expires; !e.IsZero() && (c.grant.Expires.IsZero() || e.Before(c.grant.Expires)) {
		// There is no word for the end of one document.
		c.grant.Expires = e
		c.expire()
	}
	d.members[name] = m
	delete(d.refused, name)
	return m
}

var errTooMany = errors.New("the connection has as many documents as it may")

// refuse notes that a document is not open to the connection.
func (c *session) refuse(name string, err error) {
	d := c.docs
	if d.refused[name] || len(d.refused) >= maxRefused {
		return
	}
	d.refused[name] = true
	c.srv.stats.refused.Add(1)
	c.srv.log.Info("document refused to a connection", "document", name, "remote", d.request.RemoteAddr, "error", err)
}

// leave takes the connection out of all rooms.
func (d *documents) leave(err error) {
	for _, m := range d.members {
		m.host.loop.Post(event{kind: gone, member: m, err: err})
	}
}
