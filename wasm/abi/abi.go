// Package abi is the byte protocol between the WebAssembly module and the host
// that runs it: a web page's JavaScript, Node, or wazero in Go tests.
//
// THIS FILE AND jsbridge/src/abi.ts ARE TWINS: the same names (here EventFrame,
// there Event.Frame), the same numbers, the same layout. A test compares them;
// docs/wire/abi.md is normative.
//
// It is not a wire format: a module and its bridge are built and shipped
// together, so numbers may change, and then [Version] does.
//
// The host drives the module with calls (see [Exports]). A call's bytes go into
// the in-buffer before it, and its result is read from the out-buffer after it:
//
//	p := inbuf(len(payload)); copy(memory[p:], payload)
//	n := step(doc, event, arg, now, len(payload))
//	q := outbuf(); if n < 0 { fail(text(memory[q : q-n])) }
//	for each output in memory[q : q+n] { … }   // AppendOutput, CutOutput
//
// Limits: a payload is at most [MaxPayload] bytes. Pointers are good until the
// next call, which may also move the memory itself.
package abi

// Version is what the export abi returns. A host refuses a module with another
// one: a browser's cache may hand it an older module than its own.
const Version = 2

// MaxPayload bounds the bytes of one call. inbuf returns 0 for more.
const MaxPayload = 268_435_456 // 256 MiB

// Event is what a step tells the module: a command from the application, or
// something that happened. The comment names step's arg and payload.
type Event uint32

// The events. Conn is a connection's number as the Dial output gave it.
const (
	EventConnect       Event = 1  // -; -
	EventDisconnect    Event = 2  // -; presence update that removes the local state, or none
	EventDestroy       Event = 3  // -; as EventDisconnect. The handle is closed afterwards
	EventUpdate        Event = 4  // -; update of a local edit
	EventAwareness     Event = 5  // -; presence update of a local change
	EventSetMaxBackoff Event = 6  // milliseconds; -
	EventOpened        Event = 7  // conn; -
	EventFrame         Event = 8  // conn; binary frame from the server
	EventClosed        Event = 9  // conn; close code u16, and the reason, UTF-8
	EventWritten       Event = 10 // conn; -
	EventStateVector   Event = 11 // conn of the ask; state vector
	EventDiff          Event = 12 // conn of the ask; update
	EventPresence      Event = 13 // conn of the ask; presence update
	EventBroadcast     Event = 14 // -; frame from another tab
	EventTime          Event = 15 // -; -
	EventRelay         Event = 16 // -; update that an Apply with conn 0 brought
	EventOpenedWeft    Event = 17 // conn; -. As EventOpened, when the server selected weft.v1
	EventToken         Event = 18 // conn of the ask; token, UTF-8, or none
	EventRejoin        Event = 19 // -; -
)

// OutputKind is what the host is asked to do. All but OutputProblem
// have the numbers of provider.OutputKind, whose documentation says what each
// means; its Denied comes as a problem.
type OutputKind uint16

// The outputs, with the fields that each has beside its kind.
const (
	OutputDial            OutputKind = 1  // conn, value: 1 to offer the subprotocol weft.v1
	OutputClose           OutputKind = 2  // conn, value: close code
	OutputSend            OutputKind = 3  // conn, payload: frame
	OutputBroadcast       OutputKind = 4  // payload: frame
	OutputAskStateVector  OutputKind = 5  // conn
	OutputAskDiff         OutputKind = 6  // conn, payload: state vector
	OutputAskAwareness    OutputKind = 7  // conn
	OutputAskAllAwareness OutputKind = 8  // conn
	OutputApply           OutputKind = 9  // conn, payload: update
	OutputApplyAwareness  OutputKind = 10 // conn, payload: presence update
	OutputClearAwareness  OutputKind = 11 // -
	OutputStatus          OutputKind = 12 // value: StatusDisconnected and on
	OutputSynced          OutputKind = 13 // value: 0 or 1
	OutputRefused         OutputKind = 14 // conn, value: close code, payload: for a person, UTF-8
	OutputAskToken        OutputKind = 16 // conn
	OutputPermission      OutputKind = 17 // value: PermissionRead and on, payload: why, for a person, UTF-8
	OutputCounts          OutputKind = 18 // value: 1 if all is saved, payload: edits not received u32, not saved u32
	OutputRejected        OutputKind = 19 // value: ReasonReadOnly and on, payload: ms until it is sent again u32, length of a text u32, the text, the update
	OutputAuthFailed      OutputKind = 20 // conn, value: DenialMissing and on, payload: for a person, UTF-8
	OutputDiverged        OutputKind = 21 // conn
	OutputEpoch           OutputKind = 22 // payload: id of the document's history
	OutputProgress        OutputKind = 23 // payload: bytes that have come u32, of u32
	OutputProblem         OutputKind = 64 // payload: for the console, UTF-8
)

// The values of OutputStatus, as provider.Status.
const (
	StatusDisconnected = 0
	StatusConnecting   = 1
	StatusConnected    = 2
)

// The values of OutputPermission, as provider.Permission.
const (
	PermissionRead  = 1
	PermissionWrite = 2
)

// The values of OutputRejected, as codec.Reason. Others count as ReasonInvalid.
const (
	ReasonReadOnly    = 1
	ReasonTooLarge    = 2
	ReasonRateLimited = 3
	ReasonInvalid     = 4
	ReasonQuota       = 5
)

// The values of OutputAuthFailed, as codec.Denial. Others count as DenialInvalid.
const (
	DenialMissing   = 1
	DenialInvalid   = 2
	DenialExpired   = 3
	DenialRevoked   = 4
	DenialForbidden = 5
)

// Op is what compute computes. Its input is the arguments one after the other,
// each as varUint8Array (its length as varUint, then its bytes); the out-buffer
// holds the result.
type Op uint32

// The operations. All handle updates of version 1.
const (
	OpMerge       Op = 1 // any number of updates; one update
	OpDiff        Op = 2 // update, state vector; update
	OpStateVector Op = 3 // update; state vector
	OpValidate    Op = 4 // update; nothing
)

// HeaderSize is the number of bytes before an output's payload:
//
//	 0      2       4      8                    12
//	+------+-------+------+--------------------+---------…
//	| kind | value | conn | length of payload  | payload
//	| u16  | u16   | u32  | u32                |
//	+------+-------+------+--------------------+---------…
//
// Numbers are little-endian, as WebAssembly's memory is. Outputs follow each
// other without padding, in the order in which they must be performed.
const HeaderSize = 12

// Output is one output of a step.
type Output struct {
	Kind    OutputKind
	Value   uint16
	Conn    uint32
	Payload []byte
}

// AppendOutput appends an output. Its payload must not be longer than 2^32-1
// bytes, which no WebAssembly memory could hold.
func AppendOutput(b []byte, o Output) []byte {
	n := uint32(len(o.Payload))
	b = append(b,
		byte(o.Kind), byte(o.Kind>>8),
		byte(o.Value), byte(o.Value>>8),
		byte(o.Conn), byte(o.Conn>>8), byte(o.Conn>>16), byte(o.Conn>>24),
		byte(n), byte(n>>8), byte(n>>16), byte(n>>24))
	return append(b, o.Payload...)
}

// Error is a fault in the bytes of the protocol.
type Error string

func (e Error) Error() string { return "abi: " + string(e) }

// ErrTruncated is returned when bytes end inside of an output.
const ErrTruncated = Error("output truncated")

// CutOutput returns the first output in b and what follows it. The payload
// aliases b.
func CutOutput(b []byte) (o Output, rest []byte, err error) {
	if len(b) < HeaderSize {
		return Output{}, nil, ErrTruncated
	}
	u16 := func(at int) uint16 { return uint16(b[at]) | uint16(b[at+1])<<8 }
	u32 := func(at int) uint32 { return uint32(u16(at)) | uint32(u16(at+2))<<16 }
	n := u32(8)
	o = Output{Kind: OutputKind(u16(0)), Value: u16(2), Conn: u32(4)}
	b = b[HeaderSize:]
	if uint64(n) > uint64(len(b)) {
		return Output{}, nil, ErrTruncated
	}
	o.Payload = b[:n:n]
	return o, b[n:], nil
}
