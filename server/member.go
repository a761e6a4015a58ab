package server

import (
	"sync/atomic"

	"github.com/weft-sync/weft/core/room"
)

// member is a connection in a room.
type member struct {
	session *session
	host    *roomHost
	access  room.Access
	label   string // of weft.v1: the ID, the document's name and the tag that the client knows it by
	prefix  []byte // what each frame to it begins with: an ID message, or nothing

	// left: the room has forgotten it; what still comes from it is dropped. Only
	// the room's goroutine sets it.
	left atomic.Bool
	// counted: it is in host.refs. Whoever clears it has to tell the server.
	counted atomic.Bool

	// faulty: a message of it was dropped and the log has heard of that.
	faulty atomic.Bool

	// Of the room's goroutine.
	id  room.Member
	cut bool // the connection was aborted; the reader will say that it has gone
}

// receive puts a frame into the room's inbox. The error is host.ErrClosed.
func (m *member) receive(frame []byte) error {
	return m.host.loop.Put(event{kind: received, member: m, frame: frame}, len(frame)+frameCost)
}

// address puts the member's prefix before each frame.
func (m *member) address(frames [][]byte) [][]byte {
	if m.prefix != nil {
		for i, f := range frames {
			frames[i] = append(m.prefix[:len(m.prefix):len(m.prefix)], f...)
		}
	}
	return frames
}
