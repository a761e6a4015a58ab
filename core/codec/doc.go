// Package codec reads and writes the messages that two ends of a connection
// exchange, and names the codes with which a connection is closed.
//
// It knows where a message begins, what kind it is and where its payload lies.
// It does not look into payloads: updates and state vectors belong to package
// update, presence states to package awareness. It does no input or output.
//
// The main types are [Message], one message in any framing; [PeerError], input
// that the other end should not have sent, with the close code that answers it;
// [UsageError], a mistake of the calling program; and [CloseCode].
//
// There is one file for each framing, with a pair of functions:
//
//	m, err := codec.DecodeY(frame)      // y-protocols, as y-websocket sends it
//	frame = codec.AppendY(frame[:0], m)
//
// Framings with several messages in a frame are values of type [Framing], which
// differ in the messages that they have and in their first bytes:
//
//	id, rest, err := codec.ELVA.CutID(frame)
//	for len(rest) > 0 && err == nil {
//		var m codec.Message
//		m, rest, err = codec.ELVA.Cut(rest)
//	}
//	frame = codec.ELVA.Append(codec.ELVA.AppendID(frame[:0], id), m)
//
// [Weft] is the framing of weft.v1; the payloads that are its own have types with
// an Append method and a Decode function, [Acknowledgement] and on.
//
// The layouts of the bytes are in docs/wire/y-protocol.md, docs/wire/elva.md and
// docs/wire/weft.md, the codes are in docs/wire/close-codes.md.
//
// # Limits
//
// The package sets no limit on the size of a frame: the transport does, before
// a frame gets here. Decoding allocates nothing unless it fails, so a frame
// costs what its bytes cost.
package codec
