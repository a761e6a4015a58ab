package codec

// Kind says what a [Message] is. The numbers are this package's own and no part
// of any wire format; each framing maps them to its bytes.
type Kind uint8

// The kinds of messages. The zero Kind is no message.
const (
	// SyncStep1 tells what the sender has: Payload is its state vector. The
	// answer is a SyncStep2.
	SyncStep1 Kind = iota + 1

	// SyncStep2 answers a SyncStep1: Payload is an update with everything that
	// the asker's state vector lacks, and the complete delete set.
	SyncStep2

	// SyncUpdate carries a change: Payload is an update.
	SyncUpdate

	// Awareness carries presence states: Payload is an awareness update.
	Awareness

	// Auth refuses access: Payload is the reason, UTF-8 text for a person.
	// Permission denied is the only message of this kind that exists. Servers
	// send it, clients do not.
	Auth

	// QueryAwareness asks for the presence states of all clients. It has no
	// payload. Browser tabs ask each other; a server may be asked too.
	QueryAwareness

	// The kinds from here on belong to the ELVA framing and to those made of it.

	// SyncCross is a SyncStep2 and a SyncStep1 in one: Payload is made by
	// [AppendCross] and read by [DecodeCross].
	SyncCross

	// ID names the document that what follows in the frame is about: Payload is
	// the name, UTF-8.
	ID

	// Read and ReadWrite say what the receiver may do with the document.
	Read
	ReadWrite

	// DataRequest asks for a blob, DataOffer offers one that was asked for,
	// DataOrder orders one that was offered, DataTransfer delivers it. ELVA
	// names these four and the two above, and leaves their payloads undefined.
	DataRequest
	DataOffer
	DataOrder
	DataTransfer

	// The kinds from here on belong to the weft framing; weft.go says what their
	// payloads are.

	// Ack says how many of the receiver's updates are received, and how many are
	// saved: see [DecodeAck].
	Ack

	// Nack refuses one of the receiver's updates: see [DecodeNack].
	Nack

	// Access presents a token, or says what became of one: see [DecodeAccess].
	Access

	// Epoch names the history of the stored document: Payload is its id, of up to
	// [MaxEpoch] bytes; empty if there is none, or none that the sender knows.
	Epoch

	// Leave ends a document on the connection. It has no payload.
	Leave

	// Fault says why the sender has ended a document on the connection: see
	// [DecodeFault].
	Fault

	// Progress says how far a large answer to a SyncStep1 has come: see
	// [DecodeProgress].
	Progress
)

var kindNames = [...]string{
	SyncStep1:      "SyncStep1",
	SyncStep2:      "SyncStep2",
	SyncUpdate:     "SyncUpdate",
	Awareness:      "Awareness",
	Auth:           "Auth",
	QueryAwareness: "QueryAwareness",
	SyncCross:      "SyncCross",
	ID:             "ID",
	Read:           "Read",
	ReadWrite:      "ReadWrite",
	DataRequest:    "DataRequest",
	DataOffer:      "DataOffer",
	DataOrder:      "DataOrder",
	DataTransfer:   "DataTransfer",
	Ack:            "Ack",
	Nack:           "Nack",
	Access:         "Access",
	Epoch:          "Epoch",
	Leave:          "Leave",
	Fault:          "Fault",
	Progress:       "Progress",
}

// String returns the constant's name, and Kind(n) for a value that is none.
func (k Kind) String() string {
	if int(k) < len(kindNames) && kindNames[k] != "" {
		return kindNames[k]
	}
	return "Kind(" + itoa(int(k)) + ")"
}

// A Message is one message on a connection, whatever its framing.
type Message struct {
	Kind Kind

	// Payload is the message without its framing; see the kinds for what it
	// holds. After decoding it aliases the frame: it is valid, and must not be
	// changed, as long as the frame is.
	Payload []byte
}
