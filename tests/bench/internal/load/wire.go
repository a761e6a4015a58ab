package load

import "strconv"

// A Wire is the framing that a server speaks around the y-protocols messages.
type Wire int

const (
	// WireY is y-websocket's: the room is the URL's path, a frame is a message.
	WireY Wire = iota
	// WireHocuspocus is @hocuspocus/server's: every frame begins with the
	// document's name, and a connection opens with an auth message
	// (@hocuspocus/provider@4.7.0/src/OutgoingMessages).
	WireHocuspocus
)

// Message types of y-protocols; Hocuspocus numbers those it shares alike.
const (
	messageSync      = 0
	messageAwareness = 1
	messageAuth      = 2 // Hocuspocus only here
	messageSyncReply = 4 // Hocuspocus: a sync message that is not to be answered

	syncStep1  = 0
	syncStep2  = 1
	syncUpdate = 2
)

// url returns where a member of the room connects.
func (w Wire) url(addr, room string) string {
	if w == WireHocuspocus {
		return "ws://" + addr + "/"
	}
	return "ws://" + addr + "/" + room
}

// prefix returns the bytes before every message of the room.
func (w Wire) prefix(room string) []byte {
	if w == WireHocuspocus {
		return appendString(nil, room)
	}
	return nil
}

// hello returns the frames a provider sends when its connection opens: who it
// is (Hocuspocus), what it has (nothing), and its presence.
func (w Wire) hello(prefix []byte, client uint64, name string) [][]byte {
	frame := func(b ...byte) []byte { return append(append([]byte(nil), prefix...), b...) }
	var frames [][]byte
	if w == WireHocuspocus {
		auth := frame(messageAuth, 0)
		auth = appendString(auth, "")      // the token
		auth = appendString(auth, "4.7.0") // the provider's version
		frames = append(frames, auth)
	}
	// SyncStep1 with the empty state vector, one byte long.
	frames = append(frames, frame(messageSync, syncStep1, 1, 0))
	return append(frames, appendPresence(nil, prefix, client, 1, name))
}

// appendPresence appends the awareness message of one client, with the state
// that editor bindings set: a name and two colours.
func appendPresence(b, prefix []byte, client, clock uint64, name string) []byte {
	u := []byte{1} // one client
	u = appendUint(u, client)
	u = appendUint(u, clock)
	u = appendString(u, `{"user":{"name":`+strconv.Quote(name)+`,"color":"#30bced","colorLight":"#30bced33"}}`)
	b = append(b, prefix...)
	b = append(b, messageAwareness)
	return appendBytes(b, u)
}

// emptyUpdate is the answer to the server's SyncStep1 of a client that has
// nothing: no structs, no deletes.
var emptyUpdate = []byte{0, 0}

// appendSync appends a sync message with its payload.
func appendSync(b, prefix []byte, kind byte, payload []byte) []byte {
	b = append(b, prefix...)
	b = append(b, messageSync, kind)
	return appendBytes(b, payload)
}

// sync returns the kind and payload of a sync message; ok is false for every
// other message.
func (w Wire) sync(frame []byte) (kind byte, payload []byte, ok bool) {
	r := reader{b: frame}
	if w == WireHocuspocus {
		r.bytes()
	}
	switch r.byte() {
	case messageSync:
	case messageSyncReply:
		if w != WireHocuspocus {
			return 0, nil, false
		}
	default:
		return 0, nil, false
	}
	kind, payload = r.byte(), r.bytes()
	return kind, payload, !r.bad
}
