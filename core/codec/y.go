package codec

import "github.com/weft-sync/weft/core/lib0"

// The y framing: one y-protocols message to a WebSocket message. All numbers
// are varUint (lib0), data is varUint8Array: its length as varUint, then bytes.
//
//	00 00 <len> <state vector>    SyncStep1
//	00 01 <len> <update>          SyncStep2
//	00 02 <len> <update>          SyncUpdate
//	01 <len> <awareness update>   Awareness
//	02 00 <len> <reason, UTF-8>   Auth (permission denied)
//	03                            QueryAwareness
//
// The numbers are frozen by the programs that speak them:
// y-websocket@3.1.0/src/y-websocket.js#messageSync and the constants below it,
// y-protocols@1.0.7/sync.js#messageYjsSyncStep1 and the constants below it,
// y-protocols@1.0.7/auth.js#messagePermissionDenied.
const (
	ySync           = 0
	yAwareness      = 1
	yAuth           = 2
	yQueryAwareness = 3

	ySyncStep1  = 0
	ySyncStep2  = 1
	ySyncUpdate = 2

	yPermissionDenied = 0
)

// DecodeY reads a frame of the y framing, which must hold exactly one message.
// The payload of the result aliases frame.
//
// An error is always a [*PeerError] with code [BadMessage]: the frame is empty
// or ends too early, a length reaches beyond its end, bytes are left over, the
// message is of an unknown type, or the reason of an Auth message is not UTF-8.
// Where the fault is one of encoding the error wraps a *lib0.Error, which has
// the offset.
//
// On success DecodeY allocates nothing.
func DecodeY(frame []byte) (Message, error) {
	r := lib0.NewReader(frame)
	var m Message
	switch r.Uint("message type") {
	case ySync:
		switch r.Uint("sync message type") {
		case ySyncStep1:
			m = Message{SyncStep1, r.Bytes("state vector")}
		case ySyncStep2:
			m = Message{SyncStep2, r.Bytes("update")}
		case ySyncUpdate:
			m = Message{SyncUpdate, r.Bytes("update")}
		}
	case yAwareness:
		m = Message{Awareness, r.Bytes("awareness update")}
	case yAuth:
		if r.Uint("auth message type") == yPermissionDenied {
			m = Message{Auth, r.String("reason")}
		}
	case yQueryAwareness:
		m = Message{Kind: QueryAwareness}
	}
	// A failed read returns zero, which is also a valid type: look at the
	// error before the result.
	if err := r.Err(); err != nil {
		return Message{}, Malformed("malformed message", err)
	}
	if m.Kind == 0 {
		return Message{}, Malformed("unknown message type", nil)
	}
	if err := r.End("message"); err != nil {
		return Message{}, Malformed("malformed message", err)
	}
	return m, nil
}

// AppendY appends m in the y framing to b and returns the extended slice. The
// payload is copied as it is; that the reason of an Auth message is UTF-8 is up
// to the caller. The payload of a QueryAwareness is ignored. A Kind that is
// none of the constants is a [UsageError], with which AppendY panics.
func AppendY(b []byte, m Message) []byte {
	switch m.Kind {
	case SyncStep1:
		b = append(b, ySync, ySyncStep1)
	case SyncStep2:
		b = append(b, ySync, ySyncStep2)
	case SyncUpdate:
		b = append(b, ySync, ySyncUpdate)
	case Awareness:
		b = append(b, yAwareness)
	case Auth:
		b = append(b, yAuth, yPermissionDenied)
	case QueryAwareness:
		return append(b, yQueryAwareness)
	default:
		panic(UsageError("codec: AppendY of " + m.Kind.String()))
	}
	return lib0.AppendBytes(b, m.Payload)
}

// SizeY returns how many bytes [AppendY] appends for m.
func SizeY(m Message) int {
	switch m.Kind {
	case QueryAwareness:
		return 1
	case Awareness:
		return 1 + lib0.SizeUint(uint64(len(m.Payload))) + len(m.Payload)
	default:
		return 2 + lib0.SizeUint(uint64(len(m.Payload))) + len(m.Payload)
	}
}

// EncodeY returns m in the y framing in a slice of its own, of exactly its size.
func EncodeY(m Message) []byte {
	return AppendY(make([]byte, 0, SizeY(m)), m)
}
