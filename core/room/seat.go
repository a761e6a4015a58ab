package room

import (
	"bytes"

	"github.com/weft-sync/weft/core/codec"
	"github.com/weft-sync/weft/core/lib0"
)

// Access is what a member may do.
type Access struct {
	// Write: it may change the document. Presence it may always show.
	Write bool
	// Reason says why, for a person. It is sent to members that join by JoinWeft.
	Reason string
}

// seat is what a member that speaks the weft framing has beside the others: it is
// told what it may do, which history this is, and what became of its updates. The
// frames of such a member, in both directions, are messages without the ID.
type seat struct {
	access   Access
	tellable bool // the access is to be told
	epochDue bool // the epoch is to be told
	askDue   bool // its state vector is to be asked for
	account  account
	load     *load // the answer under way, if it has more than one part
	part     int   // of it, the next one
}

// JoinWeft is Join for a member that speaks the weft framing, and may do what
// access says.
func (r *Room) JoinWeft(now int64, id Member, access Access) {
	r.Join(now, id)
	m := r.members[id]
	m.readOnly = !access.Write
	m.seat = &seat{access: access, tellable: true, epochDue: r.epochKnown()}
}

// Permit changes what a member may do from now on. A member that joined by Join
// may do everything until then, and is not told: what it must not change has no
// effect.
func (r *Room) Permit(now int64, id Member, access Access) {
	r.advance(now)
	m := r.members[id]
	if m == nil {
		return
	}
	promoted := m.readOnly && access.Write
	m.readOnly = !access.Write
	if s := m.seat; s != nil && s.access != access {
		s.access, s.tellable = access, true
		s.askDue = s.askDue || promoted // what was refused is welcome now
		r.activate(m)
	}
}

// SetEpoch tells the id of the stored document's history, and whether the document
// is stored. If it is not, members are told when it is: HandleStored.
func (r *Room) SetEpoch(now int64, epoch []byte, stored bool) {
	r.advance(now)
	if bytes.Equal(epoch, r.epoch) && stored == r.exists {
		return
	}
	r.epoch, r.exists = epoch, stored
	r.tellEpoch()
}

func (r *Room) epochKnown() bool { return r.exists && len(r.epoch) > 0 }

func (r *Room) tellEpoch() {
	if !r.epochKnown() {
		return
	}
	for _, m := range r.order {
		if m.seat != nil {
			m.seat.epochDue = true
			r.activate(m)
		}
	}
}

// handleMessages handles the messages of a frame, which is known to be made of
// whole ones. What one has done stays done if a later one is refused.
func (r *Room) handleMessages(m *member, messages []byte) error {
	if err := codec.CheckWeft(messages); err != nil {
		return err
	}
	one := messages
	if msg, rest, err := codec.Weft.Cut(messages); err != nil || len(rest) > 0 || codec.Weft.Size(msg) != len(messages) {
		one = nil // others cannot be sent the same bytes
	}
	return codec.EachWeft(messages, func(msg codec.Message) error {
		switch msg.Kind {
		case codec.SyncStep1:
			return r.handleStep1(m, msg.Payload)
		case codec.SyncStep2:
			r.handleNumbered(m, msg.Payload, nil, true)
			return nil
		case codec.SyncUpdate:
			r.handleNumbered(m, msg.Payload, one, false)
			return nil
		case codec.Awareness:
			return r.handleAwareness(m, msg.Payload)
		case codec.Epoch:
			return r.checkEpoch(m, msg.Payload)
		case codec.Access, codec.Leave:
			return nil // they are about the connection; who runs that knows them
		default:
			return codec.Malformed("message that only servers send", nil)
		}
	})
}

// checkEpoch refuses a member whose document is of another history. It says so
// before it says anything else, so nothing of it has been taken over.
func (r *Room) checkEpoch(m *member, epoch []byte) error {
	switch {
	case len(epoch) > codec.MaxEpoch:
		return codec.Malformed("epoch too long", &lib0.Error{Field: "epoch", Reason: lib0.TooLarge})
	case m.seat.account.received > 0 || m.feed != none:
		return codec.Malformed("epoch after the first message", nil)
	case len(epoch) > 0 && !(r.epochKnown() && bytes.Equal(epoch, r.epoch)):
		return &codec.PeerError{Code: codec.Diverged, Reason: "what is stored is another history of the document"}
	}
	return nil
}

// hasNotice reports whether there is something to be told that only m is told.
func (s *seat) hasNotice() bool {
	return s.tellable || s.epochDue || s.askDue || s.account.changed()
}

// takeNotices appends a frame with what only m is told: the epoch, its access, the
// room's question, and what became of its updates.
func (r *Room) takeNotices(m *member, frames [][]byte) [][]byte {
	s := m.seat
	if !s.hasNotice() {
		return frames
	}
	var b []byte
	put := func(kind codec.Kind, payload []byte) {
		b = codec.Weft.Append(b, codec.Message{Kind: kind, Payload: payload})
	}
	if s.epochDue {
		put(codec.Epoch, r.epoch)
	}
	if s.tellable {
		kind := codec.Read
		if s.access.Write {
			kind = codec.ReadWrite
		}
		put(kind, []byte(s.access.Reason))
	}
	if s.askDue {
		put(codec.SyncStep1, r.doc.StateVector())
	}
	s.tellable, s.epochDue, s.askDue = false, false, false
	refused, ack, news := s.account.take()
	for _, f := range refused {
		put(codec.Nack, f.Append(nil))
		r.stats.Nacks++
	}
	if news {
		put(codec.Ack, ack.Append(nil))
		r.stats.Acks++
	}
	return append(frames, b)
}
