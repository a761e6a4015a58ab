package codec

import "github.com/weft-sync/weft/core/lib0"

// This file has the payloads of the weft framing that are more than bytes. Each
// has a type, an Append method and a Decode function. All numbers are varUint.
// Decoding refuses what docs/wire/weft.md does not allow, with a *[PeerError].

// An Acknowledgement is the payload of an [Ack]: of the updates that the receiver
// has sent for the document on this connection, numbered from 1, the first
// Received have been dealt with, and the first Saved need not be sent again: each
// of them is durable, or was refused with a [Nack].
//
//	<received> <saved>
type Acknowledgement struct{ Received, Saved uint64 }

// Append appends the payload to b.
func (a Acknowledgement) Append(b []byte) []byte {
	return lib0.AppendUint(lib0.AppendUint(b, a.Received), a.Saved)
}

// DecodeAck reads the payload of an [Ack].
func DecodeAck(payload []byte) (a Acknowledgement, err error) {
	r := lib0.NewReader(payload)
	a = Acknowledgement{r.Uint("received"), r.Uint("saved")}
	if err := r.End("acknowledgement"); err != nil {
		return Acknowledgement{}, Malformed("malformed message", err)
	}
	if a.Saved > a.Received {
		return Acknowledgement{}, Malformed("more saved than received", nil)
	}
	return a, nil
}

// Reason says why an update was refused. A receiver takes a number that it does
// not know for Invalid.
type Reason uint64

// The reasons. The numbers are on the wire.
const (
	ReadOnly    Reason = 1 + iota // the sender may not write
	Oversized                     // the update is larger than the server takes
	RateLimited                   // too much in too short a time; it may be sent again
	Invalid                       // it cannot be decoded
	Quota                         // the document is as large as it may be
)

var reasonNames = [...]string{ReadOnly: "read_only", Oversized: "too_large", RateLimited: "rate_limited", Invalid: "invalid", Quota: "quota"}

// String returns the word that applications see.
func (r Reason) String() string {
	if r == 0 || int(r) >= len(reasonNames) {
		return reasonNames[Invalid]
	}
	return reasonNames[r]
}

// A Refusal is the payload of a [Nack]: the receiver's update number Update had
// no effect. Retry is the number of milliseconds after which it is worth trying
// again; 0: it is not.
//
//	<update> <reason> <retry> <len> <text>
type Refusal struct {
	Update uint64
	Reason Reason
	Retry  uint64
	Text   string
}

// Append appends the payload to b.
func (f Refusal) Append(b []byte) []byte {
	b = lib0.AppendUint(lib0.AppendUint(b, f.Update), uint64(f.Reason))
	return lib0.AppendString(lib0.AppendUint(b, f.Retry), f.Text)
}

// DecodeNack reads the payload of a [Nack].
func DecodeNack(payload []byte) (Refusal, error) {
	r := lib0.NewReader(payload)
	f := Refusal{Update: r.Uint("update"), Reason: Reason(r.Uint("reason")), Retry: r.Uint("retry"), Text: text(&r, MaxText)}
	if err := r.End("refusal"); err != nil {
		return Refusal{}, Malformed("malformed message", err)
	}
	if f.Update == 0 {
		return Refusal{}, Malformed("refusal of no update", nil)
	}
	return f, nil
}

// AccessKind says what an [Access] message is.
type AccessKind uint64

// The kinds. The numbers are on the wire.
const (
	Token    AccessKind = iota // client: Text is a token
	Accepted                   // server: it holds for Millis more; 0: without end
	Refused                    // server: it does not, or not any more; Denial and Text say why
	Renew                      // server: it ends in Millis; a new one is asked for
)

// Denial says why a token was refused. A receiver takes a number that it does
// not know for Bad.
type Denial uint64

// The denials. The numbers are on the wire.
const (
	Missing     Denial = 1 + iota // there was none
	Bad                           // it is not one, or not one of this server's
	Expired                       // its time is over
	Revoked                       // it was taken back
	NoAccess                      // it is good, and not for this document
	Unavailable                   // it could not be judged in time; a later attempt may work
)

var denialNames = [...]string{Missing: "missing", Bad: "invalid", Expired: "expired", Revoked: "revoked", NoAccess: "forbidden", Unavailable: "unavailable"}

// String returns the word that applications see.
func (d Denial) String() string {
	if d == 0 || int(d) >= len(denialNames) {
		return denialNames[Bad]
	}
	return denialNames[d]
}

// An AccessNotice is the payload of an [Access].
//
//	00 <len> <token>
//	01 <millis>
//	02 <denial> <len> <text>
//	03 <millis>
type AccessNotice struct {
	Kind   AccessKind
	Millis uint64 // Accepted, Renew
	Denial Denial // Refused
	Text   string // Token: the token; Refused: for a person
}

// Append appends the payload to b.
func (a AccessNotice) Append(b []byte) []byte {
	b = lib0.AppendUint(b, uint64(a.Kind))
	switch a.Kind {
	case Token:
		return lib0.AppendString(b, a.Text)
	case Refused:
		return lib0.AppendString(lib0.AppendUint(b, uint64(a.Denial)), a.Text)
	default:
		return lib0.AppendUint(b, a.Millis)
	}
}

// DecodeAccess reads the payload of an [Access].
func DecodeAccess(payload []byte) (AccessNotice, error) {
	r := lib0.NewReader(payload)
	a := AccessNotice{Kind: AccessKind(r.Uint("access kind"))}
	switch a.Kind {
	case Token:
		a.Text = text(&r, MaxToken)
	case Accepted, Renew:
		a.Millis = r.Uint("time")
	case Refused:
		a.Denial = Denial(r.Uint("denial"))
		a.Text = text(&r, MaxText)
	default:
		return AccessNotice{}, Malformed("unknown access message", nil)
	}
	if err := r.End("access message"); err != nil {
		return AccessNotice{}, Malformed("malformed message", err)
	}
	return a, nil
}

// An Ending is the payload of a [Fault]: what the code of a close frame would
// say, about one document. Retry is the number of milliseconds after which to
// come back; 0: the receiver knows best.
//
//	<code> <retry> <len> <text>
type Ending struct {
	Code  CloseCode
	Retry uint64
	Text  string
}

// Append appends the payload to b.
func (e Ending) Append(b []byte) []byte {
	return lib0.AppendString(lib0.AppendUint(lib0.AppendUint(b, uint64(e.Code)), e.Retry), e.Text)
}

// DecodeFault reads the payload of a [Fault].
func DecodeFault(payload []byte) (Ending, error) {
	r := lib0.NewReader(payload)
	code := r.Uint("code")
	e := Ending{Code: CloseCode(code), Retry: r.Uint("retry"), Text: text(&r, MaxText)}
	if err := r.End("fault"); err != nil {
		return Ending{}, Malformed("malformed message", err)
	}
	if code < 1000 || code > 4999 {
		return Ending{}, Malformed("fault with no code", nil)
	}
	return e, nil
}

// A Part is the payload of a [Progress]: of the Total bytes of updates that
// answer a SyncStep1, Done have been sent before this message.
//
//	<done> <total>
type Part struct{ Done, Total uint64 }

// Append appends the payload to b.
func (p Part) Append(b []byte) []byte {
	return lib0.AppendUint(lib0.AppendUint(b, p.Done), p.Total)
}

// DecodeProgress reads the payload of a [Progress].
func DecodeProgress(payload []byte) (Part, error) {
	r := lib0.NewReader(payload)
	p := Part{r.Uint("done"), r.Uint("total")}
	if err := r.End("progress"); err != nil {
		return Part{}, Malformed("malformed message", err)
	}
	if p.Done > p.Total {
		return Part{}, Malformed("more done than there is", nil)
	}
	return p, nil
}

// text reads a text of at most limit bytes.
func text(r *lib0.Reader, limit int) string {
	at := r.Offset()
	b := r.String("text")
	if len(b) > limit {
		r.FailAt(at, "text", lib0.TooLarge)
		return ""
	}
	return string(b)
}

const (
	retryFrom = "retry in "
	retryTo   = " ms"
	retryMax  = 1 << 40 // ms, 34 years
)

// RetryReason returns the reason of a close frame that asks to come back after
// so many milliseconds: "retry in 1500 ms: " and the reason.
func RetryReason(millis int64, reason string) string {
	return retryFrom + itoa(int(max(millis, 0))) + retryTo + ": " + reason
}

// RetryHint returns the milliseconds that the reason of a close frame asks to
// wait, or 0.
func RetryHint(reason string) int64 {
	if len(reason) < len(retryFrom) || reason[:len(retryFrom)] != retryFrom {
		return 0
	}
	n := int64(0)
	for i := len(retryFrom); i < len(reason); i++ {
		c := reason[i]
		if c < '0' || c > '9' {
			if len(reason) >= i+len(retryTo) && reason[i:i+len(retryTo)] == retryTo {
				return n
			}
			return 0
		}
		if n = 10*n + int64(c-'0'); n > retryMax {
			return 0
		}
	}
	return 0
}
