package provider

import "github.com/weft-sync/weft/core/codec"

// OutputKind says what the host is asked to do.
type OutputKind uint8

// The numbers are part of the byte protocol between the WebAssembly module and
// the bridge: append only.
const (
	// Dial: open a connection and call it Conn from now on; if Weft is set, offer the
	// WebSocket subprotocol codec.WeftProtocol. Exactly one HandleOpen, HandleOpenWeft
	// if that was selected, or HandleClose answers it, unless Close comes first.
	Dial OutputKind = 1 + iota
	// Close: end connection Conn with Code, after the frames sent before. Nothing
	// that Conn reports afterwards has any effect.
	Close
	// Send: write Payload as one binary frame to Conn. The host owns Payload, but
	// must not change it: a Broadcast may share its bytes.
	Send
	// Broadcast: post Payload to the other tabs. Ownership as for Send.
	Broadcast
	// AskStateVector: answer with HandleStateVector and the same Conn.
	AskStateVector
	// AskDiff: Payload is the other side's state vector; answer with HandleDiff and
	// the same Conn: one update with everything that side lacks.
	AskDiff
	// AskAwareness: answer with HandleAwareness and the same Conn: the local client's
	// state alone. The host raises the state's clock first (setLocalState with the
	// same state): the peers saw this client leave with the clock it had, and would
	// ignore a state that is not newer. No local state: no answer.
	AskAwareness
	// AskAllAwareness: as AskAwareness, with every state that is known.
	AskAllAwareness
	// Apply: integrate the update Payload into the document. It is well formed. With
	// Conn Tabs it came from another tab; if it changes the document, see Relay.
	Apply
	// ApplyAwareness: apply the presence update Payload. It is well formed.
	ApplyAwareness
	// ClearAwareness: remove every state but the local one, as the peers are out of
	// reach, and forget the clocks of what is removed: the next connection tells the
	// states that still hold, with the clocks they have, and y-protocols' Awareness
	// takes only clocks that are newer than those it remembers.
	ClearAwareness
	// StatusChanged: Status is the connection's new status.
	StatusChanged
	// SyncedChanged: Synced says whether the server's part of the handshake is applied.
	SyncedChanged
	// Refused: the server ended the connection for good with Code, 4400 to 4499;
	// there is no further attempt until Connect.
	Refused
	// Denied: the server said "permission denied"; Payload is its reason, UTF-8.
	// A server normally closes the connection next.
	Denied

	// The outputs from here on come only if Config.Weft is set, and of a server that
	// speaks that framing.

	// AskToken: answer with HandleToken and the same Conn, late if need be. It comes
	// if Config.Token is set: when a connection opens, and when the server asks for
	// another one.
	AskToken
	// PermissionChanged: Permission is what the client may do; Payload says why, UTF-8.
	PermissionChanged
	// CountsChanged: Counts has become of the local edits.
	CountsChanged
	// Rejected: the server refused an update, for Reason; Payload is the update, empty
	// if it is no longer there, Text is for a person. If Retry is not 0, it is sent
	// again after so many milliseconds.
	Rejected
	// AuthFailed: the token does not hold, for Denial; Text is for a person. There is
	// no further attempt until Connect.
	AuthFailed
	// Diverged: the stored document is of another history than this one, and nothing
	// was exchanged. There is no further attempt until Rejoin, or Connect, which will
	// lead here again.
	Diverged
	// EpochChanged: Payload is the id of the history that the document is of, empty if
	// there is none. A host that keeps the document keeps it too, for Config.Epoch.
	EpochChanged
	// Progressed: Done of Total bytes of a large answer have come. Over all
	// connections until it is complete Done only grows.
	Progressed
)

var outputNames = [...]string{
	Dial: "Dial", Close: "Close", Send: "Send", Broadcast: "Broadcast",
	AskStateVector: "AskStateVector", AskDiff: "AskDiff", AskAwareness: "AskAwareness",
	AskAllAwareness: "AskAllAwareness", Apply: "Apply", ApplyAwareness: "ApplyAwareness",
	ClearAwareness: "ClearAwareness", StatusChanged: "StatusChanged",
	SyncedChanged: "SyncedChanged", Refused: "Refused", Denied: "Denied",
	AskToken: "AskToken", PermissionChanged: "PermissionChanged", CountsChanged: "CountsChanged",
	Rejected: "Rejected", AuthFailed: "AuthFailed", Diverged: "Diverged", EpochChanged: "EpochChanged",
	Progressed: "Progressed",
}

// String returns the constant's name.
func (k OutputKind) String() string {
	if k == 0 || int(k) >= len(outputNames) {
		return "invalid"
	}
	return outputNames[k]
}

// Tabs is the Conn of asks whose answers go to the other tabs, and of what came
// from them.
const Tabs uint32 = 0

// Output is one thing for the host to do. Fields that a kind does not name are zero.
//
// Payloads of Send and Broadcast are the host's to keep. Those of AskDiff, Apply,
// ApplyAwareness and Denied are read-only and alias the frame they came in.
type Output struct {
	Kind    OutputKind
	Conn    uint32
	Payload []byte
	Code    codec.CloseCode
	Status  Status
	Synced  bool

	Weft        bool // Dial
	Permission  Permission
	Counts      Counts
	Reason      codec.Reason
	Denial      codec.Denial
	Retry       int64 // ms
	Text        string
	Done, Total uint64
}

// Status is what an application shows of the connection.
type Status uint8

// The values of Status. There is a Disconnected when a connection or the wish for
// one ends; a Connecting for each attempt.
const (
	Disconnected Status = iota
	Connecting
	Connected
)

// String returns the word that y-websocket uses.
func (s Status) String() string {
	switch s {
	case Disconnected:
		return "disconnected"
	case Connecting:
		return "connecting"
	case Connected:
		return "connected"
	}
	return "invalid"
}
