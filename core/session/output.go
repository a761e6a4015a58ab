package session

import "github.com/weft-sync/weft/core/room"

// OutputKind says what the host is asked to do. The comments name the fields in use
// beside Doc.
type OutputKind uint8

const (
	// Ask: judge access with the Token, which is empty if there is none. Seq.
	Ask OutputKind = 1 + iota
	// Join: make it a member of the document's room, with Access.
	Join
	// Deliver: hand Frame, messages without an ID, to the room. The host owns it.
	Deliver
	// Permit: tell the room the member's new Access.
	Permit
	// Part: take it out of the room, and call HandleParted.
	Part
	// Send: write Frame to the socket.
	Send
)

// Output is one thing for the host to do.
type Output struct {
	Kind   OutputKind
	Doc    string
	Seq    uint64
	Token  string
	Access room.Access
	Frame  []byte
}
