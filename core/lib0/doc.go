// Package lib0 reads and writes the byte formats of npm lib0, on which every
// Yjs format is built: variable-length integers, length-prefixed strings and
// byte arrays, "Any", a self-describing value much like JSON, and columns, which
// hold many values in runs.
//
// It holds no stream and no I/O: appenders take a slice and return it longer
// (AppendUint, AppendString, AppendAny), and Reader walks over a slice that the
// caller keeps. It knows nothing of updates, documents or messages.
//
// # Reading
//
// A Reader remembers its first error and reads zeros from then on, so a caller
// reads a whole message and asks once:
//
//	r := lib0.NewReader(frame)
//	client, clock := r.Uint("client"), r.Uint("clock")
//	name := r.String("name")
//	if err := r.Err(); err != nil { return err }
//
// A loop whose count came from the input must bound it first (Reader.Count) or
// look at Err in each turn.
//
// # Limits
//
// Integers go up to MaxSafeInteger, as in JavaScript; Any and JSON nest up to
// MaxDepth; strings are valid UTF-8. Each length is compared with the bytes
// that are left before it is believed, and nothing here allocates in
// proportion to a length that was only claimed.
//
// The formats are those of lib0@0.2.120/src/encoding.js and decoding.js.
package lib0

// MaxSafeInteger is the largest integer that JavaScript counts exactly. No
// client id, clock, length or count in a Yjs format is larger.
const MaxSafeInteger = 1<<53 - 1

// MaxDepth is how deep arrays and objects may nest in an Any or JSON value.
// JavaScript runs out of stack while writing values that are a few thousand
// deep, so a deeper value that was stored could never be read by a page again.
const MaxDepth = 1000
