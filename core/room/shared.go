package room

import (
	"bytes"

	"github.com/weft-sync/weft/core/awareness"
	"github.com/weft-sync/weft/core/codec"
)

// shared holds frames that several members may be sent in the same round, from
// one Append to the next, when neither the document nor the states change: many
// clients that come back after a restart have the same state vector. It is
// emptied when everyone who was ready has taken.
type shared struct {
	diffs    []sharedDiff
	step1    []byte
	all      []byte
	presence []sharedPresence
}

type sharedDiff struct {
	kind  codec.Kind
	known []byte
	frame []byte
}

type sharedPresence struct {
	seen  uint64
	frame []byte
}

// maxShared is how many frames of a kind are kept.
const maxShared = 8

func (s *shared) reset() {
	clear(s.diffs)
	clear(s.presence)
	s.diffs, s.presence, s.step1, s.all = s.diffs[:0], s.presence[:0], nil, nil
}

// diff returns a message of the given kind with all that the owner of a state
// vector lacks; nil if that is nothing and the message an update.
func (r *Room) diff(kind codec.Kind, known []byte) []byte {
	s := &r.shared
	for i := range s.diffs {
		if d := &s.diffs[i]; d.kind == kind && bytes.Equal(d.known, known) {
			return d.frame
		}
	}
	u, err := r.doc.Diff(known)
	if err != nil {
		u = r.doc.Encode() // cannot be: the state vector was decoded before
	}
	var frame []byte
	if kind != codec.SyncUpdate || !bytes.Equal(u, emptyUpdate) {
		frame = codec.EncodeY(codec.Message{Kind: kind, Payload: u})
	}
	if len(s.diffs) < maxShared {
		s.diffs = append(s.diffs, sharedDiff{kind, known, frame})
	}
	return frame
}

var emptyUpdate = []byte{0, 0}

// ownStep1 returns the room's question for what it lacks.
func (r *Room) ownStep1() []byte {
	if r.shared.step1 == nil {
		r.shared.step1 = codec.EncodeY(codec.Message{Kind: codec.SyncStep1, Payload: r.doc.StateVector()})
	}
	return r.shared.step1
}

// everyone returns a message with all states.
func (s *shared) everyone(states *awareness.States) []byte {
	if s.all == nil {
		s.all = codec.EncodeY(codec.Message{Kind: codec.Awareness, Payload: states.EncodeAll()})
	}
	return s.all
}

// since returns a message with the states that have changed since version seen,
// or nil if there is nothing to say.
func (s *shared) since(states *awareness.States, seen uint64) []byte {
	for i := range s.presence {
		if s.presence[i].seen == seen {
			return s.presence[i].frame
		}
	}
	var frame []byte
	if changed := states.EncodeSince(seen); len(changed) > 1 {
		frame = codec.EncodeY(codec.Message{Kind: codec.Awareness, Payload: changed})
	}
	if len(s.presence) < maxShared {
		s.presence = append(s.presence, sharedPresence{seen, frame})
	}
	return frame
}
