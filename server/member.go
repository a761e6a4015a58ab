package server

import (
	"context"
	"errors"

	"github.com/weft-sync/weft/core/codec"
	"github.com/weft-sync/weft/core/room"
	"github.com/weft-sync/weft/native/wsconn"
)

// member is one connection in a room. Its fields are of the room's goroutine,
// except for conn and host, which do not change.
type member struct {
	conn *wsconn.Conn
	host *roomHost

	id      room.Member
	heard   int64 // when something last came from it
	pinging bool  // a ping is under way
	cut     bool  // the connection was aborted; the reader will say that it has gone
	left    bool  // the room has forgotten it; what still comes from it is dropped
}

// frameCost is what a queued frame costs beside its bytes.
const frameCost = 64

// read is the goroutine that an idle connection costs. It ends when the
// connection does, or when the room stops listening.
func (m *member) read() {
	s := m.host.srv
	defer s.conns.Done()
	defer s.stats.connections.Add(-1)
	for {
		frame, err := m.conn.Read()
		if err == nil {
			err = m.host.loop.Put(event{kind: received, member: m, frame: frame}, len(frame)+frameCost)
		} else if _, ok := errors.AsType[*codec.PeerError](err); !ok {
			// There is nobody left to close properly; free the socket.
			m.conn.Abort()
		}
		if err != nil {
			m.host.loop.Post(event{kind: gone, member: m, err: err})
			return
		}
	}
}

// flush writes what the socket did not take at once. It runs in a goroutine of
// its own for as long as the peer needs.
func (m *member) flush() {
	err := m.conn.Flush()
	m.host.loop.Post(event{kind: written, member: m, err: err})
}

// ping asks a silent peer for a sign of life, in a goroutine of its own.
func (m *member) ping() {
	ctx, cancel := context.WithTimeout(m.host.srv.ctx, m.host.srv.timing.pong)
	defer cancel()
	err := m.conn.Ping(ctx)
	m.host.loop.Post(event{kind: ponged, member: m, err: err})
}
