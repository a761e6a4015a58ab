package room

import (
	"errors"

	"github.com/weft-sync/weft/core/awareness"
	"github.com/weft-sync/weft/core/codec"
	"github.com/weft-sync/weft/core/lib0"
	"github.com/weft-sync/weft/core/update"
)

// HandleFrame handles a frame from a member: of the y framing, or, if it joined by
// JoinWeft, messages of the weft framing without the ID that went before them. The room takes ownership of the
// frame: it must not be changed or reused.
//
// An error is a *codec.PeerError: the frame is malformed, or what it carries is
// over a limit. Nothing of the message at fault has taken effect, and no other
// member notices. The
// host closes the connection with the error's code and calls Leave.
func (r *Room) HandleFrame(now int64, id Member, frame []byte) error {
	r.advance(now)
	m := r.members[id]
	if m == nil {
		return nil
	}
	r.stats.Frames++
	r.stats.FrameSize += uint64(len(frame))
	if err := r.handle(m, frame); err != nil {
		r.stats.Refused++
		return err
	}
	return nil
}

func (r *Room) handle(m *member, frame []byte) error {
	if m.seat != nil {
		return r.handleMessages(m, frame)
	}
	msg, err := codec.DecodeY(frame)
	if err != nil {
		return err
	}
	switch msg.Kind {
	case codec.SyncStep1:
		return r.handleStep1(m, msg.Payload)
	case codec.SyncStep2:
		return r.handleStep2(m, msg.Payload)
	case codec.SyncUpdate:
		if len(frame) != codec.SizeY(msg) {
			frame = nil // padded; others are sent it as it should be
		}
		return r.handleUpdate(m, msg.Payload, frame)
	case codec.Awareness:
		return r.handleAwareness(m, msg.Payload)
	case codec.QueryAwareness:
		r.listen(m)
		m.inquired = true
		return nil
	default:
		return codec.Malformed("message that only servers send", nil)
	}
}

// listen notes a valid message of m. After the first one m is told what happens.
func (r *Room) listen(m *member) {
	if m.phase == silent && !m.many {
		r.quiet.enter(m, r.now)
	}
	m.phase = m.phase.next(message)
	if m.feed == none {
		m.feed = m.feed.next(message)
		m.at = r.log.enter()
	}
	r.activate(m)
}

// handleStep1 notes what m has. The answer is computed by Take.
func (r *Room) handleStep1(m *member, vector []byte) error {
	asker, err := update.DecodeStateVector(vector)
	if err != nil {
		return codec.Malformed("malformed state vector", err)
	}
	if m.many && m.feed != none && !r.hasTakenAll(m) {
		vector = lowest(asker, knownBy(m))
	}
	r.listen(m)
	if m.feed == following || m.feed == loading {
		r.log.exit(m.at)
		r.trim()
	}
	r.unload(m)
	m.feed = m.feed.next(step1)
	m.known, m.traffic, m.at = vector, 0, r.log.end()
	return nil
}

// handleStep2 takes over what m has and the document lacks. A step 2 may hold
// the whole document (ELVA's providers send that), so it is first reduced to
// what is new: the rest is stored, and the other members have it or will get it.
func (r *Room) handleStep2(m *member, u []byte) error {
	before := r.doc.StateVector()
	fresh, err := r.apply(m, u)
	if err != nil || !fresh {
		return err
	}
	if news, err := update.Diff(u, before); err == nil {
		u = news
	}
	r.batch.add(m, u, nil)
	return nil
}

func (r *Room) handleUpdate(m *member, u, frame []byte) error {
	fresh, err := r.apply(m, u)
	if err != nil || !fresh {
		return err
	}
	r.batch.add(m, u, frame)
	return nil
}

// apply gives an update to the document.
func (r *Room) apply(m *member, u []byte) (fresh bool, err error) {
	if m.readOnly && m.seat == nil {
		if has, err := r.doc.Has(u); err == nil && !has {
			r.listen(m)
			r.stats.Updates++
			r.stats.Ignored++
			return false, nil
		}
	}
	fresh, err = r.doc.Apply(u)
	if err != nil {
		if e, ok := errors.AsType[*lib0.Error](err); ok && e.Reason == lib0.TooLarge {
			return false, &codec.PeerError{Code: codec.LimitExceeded, Reason: "document too large", Err: err}
		}
		return false, codec.Malformed("malformed update", err)
	}
	r.listen(m)
	r.stats.Updates++
	if !fresh {
		r.stats.Stale++
	}
	return fresh, nil
}

// handleAwareness takes over presence states. Too much of one member is its
// fault. If it is too much of all members together, the states that came last
// are not taken: a crowd is no reason to refuse anyone the document.
func (r *Room) handleAwareness(m *member, states []byte) error {
	change, err := r.states.Apply(r.now, states)
	if limit, ok := errors.AsType[*awareness.LimitError](err); ok {
		if limit.SendersFault() {
			return &codec.PeerError{Code: codec.LimitExceeded, Reason: "presence too large", Err: err}
		}
		r.stats.PresenceDropped++
	} else if err != nil {
		return codec.Malformed("malformed awareness update", err)
	}
	r.listen(m)
	r.stats.Presence++
	if err == nil && change.Empty() {
		r.stats.PresenceStale++
	}
	for _, client := range change.Added {
		r.owners.wrote(client, m)
	}
	for _, client := range change.Updated {
		r.owners.wrote(client, m)
	}
	for _, client := range change.Removed {
		r.owners.removed(client)
	}
	return nil
}
