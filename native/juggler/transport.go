package juggler

import (
	"unicode/utf8"
)

// Transport is how messages are carried. Both ends must have the same: nothing on
// the wire tells them apart before the first message, at which an end that has the
// other one closes the connection.
type Transport uint8

const (
	// Plain has each message in one WebSocket text message. It is Juggler up to
	// 0.6, and npm's @hat-open/juggler 0.6.
	Plain Transport = iota
	// Segmented cuts messages into segments and has pings of its own. It is Juggler
	// 0.7, and npm's @hat-open/juggler 0.7.
	Segmented
)

// String returns "plain" or "segmented".
func (t Transport) String() string {
	if t == Segmented {
		return "segmented"
	}
	return "plain"
}

// The first character of a segmented transport's frames (docs/wire/juggler.md).
const (
	lastSegment byte = '0'
	moreFollow  byte = '1'
	pingFrame   byte = '2'
	pongFrame   byte = '3'
)

// segmentSize is how many bytes of a message are in one segment: no more than the
// 65536 characters of the original.
const segmentSize = 64 << 10

// assembler puts segments together. Its zero value has none.
type assembler struct {
	parts []byte
	cut   bool // segments have come, and the last one has not
}

// add takes a segment, which it owns, and returns the message if it is the last. ok is
// false if the message would be longer than limit.
func (a *assembler) add(segment []byte, last bool, limit int64) (message []byte, ok bool) {
	if int64(len(a.parts))+int64(len(segment)) > limit {
		return nil, false
	}
	if a.cut || !last {
		segment = append(a.parts, segment...)
	}
	a.parts, a.cut = segment, !last
	if last {
		a.parts = nil
	}
	return segment, true
}

// nextSegment returns the frame of the message's next segment, from offset on, and
// the offset behind it. A message has lastSegment in front of its text, so that one
// which is not cut is its own frame. Characters are not cut: a segment is a text
// message, and the original's JavaScript end destroys what it cuts.
func nextSegment(message []byte, offset int) (frame []byte, next int) {
	if offset == 0 && len(message) <= segmentSize+1 {
		return message, len(message)
	}
	offset = max(offset, 1)
	next = min(offset+segmentSize, len(message))
	kind := lastSegment
	if next < len(message) {
		kind = moreFollow
		for !utf8.RuneStart(message[next]) {
			next--
		}
	}
	frame = make([]byte, 0, 1+next-offset)
	return append(append(frame, kind), message[offset:next]...), next
}
