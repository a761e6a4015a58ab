package codec

import "strings"

// WeftProtocol is the WebSocket subprotocol of the weft framing.
const WeftProtocol = "weft.v1"

// Weft is the framing of weft.v1: ELVA's, with a meaning given to the messages
// that ELVA only names, and these of the same form:
//
//	Ack       41 4b  "AK"
//	Nack      4e 4b  "NK"
//	Access    41 55  "AU"
//	Epoch     45 50  "EP"
//	Leave     4c 56  "LV"
//	Fault     45 52  "ER"
//	Progress  50 47  "PG"
//
// A frame is an ID message and any number of others, up to [MaxMessages].
// docs/wire/weft.md is normative.
var Weft = &Framing{name: WeftProtocol, magics: []string{
	SyncStep1:    "\x00\x00",
	SyncStep2:    "\x00\x01",
	SyncUpdate:   "\x00\x02",
	SyncCross:    "\x00\x03",
	Awareness:    "\x01",
	ID:           "ID",
	Read:         "RO",
	ReadWrite:    "RW",
	DataRequest:  "D\x01",
	DataOffer:    "D\x02",
	DataOrder:    "D\x03",
	DataTransfer: "D\x04",
	Ack:          "AK",
	Nack:         "NK",
	Access:       "AU",
	Epoch:        "EP",
	Leave:        "LV",
	Fault:        "ER",
	Progress:     "PG",
}}

// The limits of the weft framing. A frame's size is the transport's affair.
const (
	MaxMessages = 64        // messages in a frame, the ID message not counted
	MaxID       = 250       // bytes of an ID, a document's name and a tag; at least one
	MaxToken    = 16 << 10  // bytes of a token
	MaxText     = 1 << 10   // bytes of a text for a person
	MaxEpoch    = 32        // bytes of an epoch
	ChunkSize   = 256 << 10 // bytes from which on a sender cuts an update into several
)

// DocumentOf returns the name of the document that an ID is about: what is before
// the tag, which begins with U+0000. Names never have that, so an ID without one is
// the name.
func DocumentOf(id string) string {
	name, _, _ := strings.Cut(id, "\x00")
	return name
}

// CutWeft reads the ID message that a frame of the weft framing begins with: the
// ID, see [DocumentOf], and the messages about it, which both alias frame. Beyond what
// [Framing.CutID] refuses it refuses an ID that is empty or longer than [MaxID].
func CutWeft(frame []byte) (id, messages []byte, err error) {
	if id, messages, err = Weft.CutID(frame); err != nil {
		return nil, nil, err
	}
	if len(id) == 0 || len(id) > MaxID {
		return nil, nil, Malformed("document name of a wrong length", nil)
	}
	return id, messages, nil
}

// EachWeft calls do for each of the messages of a frame, up to the first that is
// malformed or that do returns an error for. More than [MaxMessages] are an
// error, found when the last allowed one was done.
func EachWeft(messages []byte, do func(Message) error) error {
	for n := 0; len(messages) > 0; n++ {
		if n == MaxMessages {
			return Malformed("too many messages in a frame", nil)
		}
		m, rest, err := Weft.Cut(messages)
		if err == nil {
			err = do(m)
		}
		if err != nil {
			return err
		}
		messages = rest
	}
	return nil
}

// CheckWeft returns the error that [EachWeft] would end with if all messages were
// taken: nil, or a *[PeerError].
func CheckWeft(messages []byte) error {
	return EachWeft(messages, func(Message) error { return nil })
}
