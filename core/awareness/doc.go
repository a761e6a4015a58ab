// Package awareness keeps presence states: for each client (one open document
// in somebody's browser) a small JSON value such as a name and a cursor. States
// are never stored, the newest wins, and a client that is not heard of for half
// a minute is gone.
//
// The rules and bytes are those of y-protocols@1.0.7/awareness.js, so that a
// [States] agrees with every Yjs client about what is newer. The package knows
// no documents, connections or clocks: time is an argument, in milliseconds of
// the host's monotonic clock, and must not go backwards.
//
// A server or a Go client uses it like this:
//
//	change, err := states.Apply(now, update)   // from a peer
//	if err != nil { ... }                      // *lib0.Error or *LimitError
//	send(states.Encode(change.Clients()))
//
//	// at states.NextWake():
//	change = states.Expire(now)
//	send(states.Encode(change.Clients()))
//
// A sender with many receivers at different speeds keeps for each the
// [States.Version] up to which it was told, and sends [States.EncodeSince].
//
// # Limits
//
// A States is not safe for concurrent use. How many clients it holds, and how
// many bytes, is bounded by [Limits]. States are kept as the bytes they arrived
// as, valid JSON and never parsed further. Any peer may overwrite the state of
// any client; the protocol has no owners (package room adds some).
package awareness
