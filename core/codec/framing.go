package codec

import (
	"strings"

	"github.com/weft-sync/weft/core/lib0"
)

// A Framing is a way to write messages that all have one form, so that several
// can follow each other in a frame and one that is not understood can still be
// told from the next:
//
//	<magic> <len> <payload>
//
// The magic is one or two bytes that no other message's magic begins with, len is
// a varUint. A frame begins with an ID message when the connection carries many
// documents.
//
// The framings are package variables, such as [ELVA], and do not change.
type Framing struct {
	name   string
	magics []string // by Kind; "" is a kind that the framing does not have
}

// String returns the framing's name, for logs.
func (f *Framing) String() string { return f.name }

// Has reports whether the framing has messages of kind k.
func (f *Framing) Has(k Kind) bool { return int(k) < len(f.magics) && f.magics[k] != "" }

// Append appends m to b and returns the extended slice. The payload is copied as
// it is. A kind that the framing does not have is a [UsageError], with which
// Append panics.
func (f *Framing) Append(b []byte, m Message) []byte {
	return lib0.AppendBytes(append(b, f.magic(m.Kind)...), m.Payload)
}

// Size returns how many bytes [Framing.Append] appends for m.
func (f *Framing) Size(m Message) int {
	return len(f.magic(m.Kind)) + lib0.SizeUint(uint64(len(m.Payload))) + len(m.Payload)
}

func (f *Framing) magic(k Kind) string {
	if !f.Has(k) {
		panic(UsageError("codec: " + f.name + " has no " + k.String()))
	}
	return f.magics[k]
}

// Cut reads the message that b begins with, of whatever kind it is, and returns
// what follows it. The payload and rest alias b.
//
// An error is always a [*PeerError] with code [BadMessage]: b is empty or ends
// too early, the length reaches beyond its end, or the magic is unknown. Where
// the fault is one of encoding the error wraps a *lib0.Error, which has the
// offset. On success Cut allocates nothing.
func (f *Framing) Cut(b []byte) (m Message, rest []byte, err error) {
	k, magic := f.infer(b)
	r := lib0.NewReader(b)
	if k == 0 {
		// One byte that begins a magic is a message cut off; anything else is
		// somebody else's message.
		if len(b) == 0 || len(b) == 1 && f.begins(b[0]) {
			r.FailAt(len(b), "magic", lib0.Truncated)
			return Message{}, nil, Malformed("malformed message", r.Err())
		}
		return Message{}, nil, Malformed("unknown message type", nil)
	}
	r.Skip(len(magic))
	payload := r.Bytes("payload")
	if err := r.Err(); err != nil {
		return Message{}, nil, Malformed("malformed message", err)
	}
	return Message{k, payload}, r.Rest(), nil
}

// CutKind is [Framing.Cut] for a message that must be of kind k: it also refuses
// a message of another kind. It returns the payload and what follows.
func (f *Framing) CutKind(k Kind, b []byte) (payload, rest []byte, err error) {
	f.magic(k) // a kind that f does not have is the caller's mistake
	m, rest, err := f.Cut(b)
	if err == nil && m.Kind != k {
		err = Malformed("message of the wrong type", nil)
	}
	if err != nil {
		return nil, nil, err
	}
	return m.Payload, rest, nil
}

// Decode is [Framing.Cut] for a message with nothing behind it: it also refuses
// bytes that are left over.
func (f *Framing) Decode(b []byte) (Message, error) {
	m, rest, err := f.Cut(b)
	if err != nil {
		return Message{}, err
	}
	if len(rest) > 0 {
		r := lib0.NewReader(b)
		r.FailAt(len(b)-len(rest), "message", lib0.TrailingBytes)
		return Message{}, Malformed("malformed message", r.Err())
	}
	return m, nil
}

// AppendID appends an ID message with the name of a document, which must be
// UTF-8.
func (f *Framing) AppendID(b []byte, id string) []byte {
	return lib0.AppendString(append(b, f.magic(ID)...), id)
}

// SizeID returns how many bytes [Framing.AppendID] appends.
func (f *Framing) SizeID(id string) int {
	return len(f.magic(ID)) + lib0.SizeUint(uint64(len(id))) + len(id)
}

// CutID reads the ID message that a frame begins with and returns the name and
// what follows it, which may be nothing. Both alias frame. Like [Framing.CutKind] it
// refuses every other message; it also refuses a name that is not UTF-8.
func (f *Framing) CutID(frame []byte) (id, rest []byte, err error) {
	magic := f.magic(ID)
	if k, _ := f.infer(frame); k != ID {
		_, _, err = f.CutKind(ID, frame)
		return nil, nil, err
	}
	r := lib0.NewReader(frame)
	r.Skip(len(magic))
	id = r.String("id")
	if err := r.Err(); err != nil {
		return nil, nil, Malformed("malformed document name", err)
	}
	return id, r.Rest(), nil
}

// infer returns the kind of the message that b begins with and its magic, or 0.
func (f *Framing) infer(b []byte) (Kind, string) {
	for k, magic := range f.magics {
		if magic != "" && len(b) >= len(magic) && string(b[:len(magic)]) == magic {
			return Kind(k), magic
		}
	}
	return 0, ""
}

// begins reports whether a magic of more than one byte begins with c.
func (f *Framing) begins(c byte) bool {
	for _, magic := range f.magics {
		if len(magic) > 1 && strings.IndexByte(magic, c) == 0 {
			return true
		}
	}
	return false
}
