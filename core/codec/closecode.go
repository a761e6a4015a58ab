package codec

// A CloseCode is the status code of a WebSocket close frame (RFC 6455, section
// 7.4). It is deliberately no error; [PeerError] is.
//
// Codes from 4000 on are private to applications. The two bands used here are
// those of y-websocket, so that its provider does the right thing without
// knowing the codes (y-websocket@3.1.0/src/y-websocket.js#defaultShouldReconnect):
//
//   - 4400 to 4499: the server decided, and connecting again cannot change it.
//     A client stops and tells the application.
//   - 4500 to 4599, and every other code: it may work later. A client connects
//     again after a pause that grows with every failure.
//
// Where HTTP has a status of the same meaning, the last three digits are its.
type CloseCode uint16

// The codes in use. docs/wire/close-codes.md is the same table for people.
const (
	// Normal: the sender is done. Either end may send it. A client that sent it
	// itself stays away; one that receives it connects again.
	Normal CloseCode = 1000

	// GoingAway: the page is being closed. Browsers send it.
	GoingAway CloseCode = 1001

	// UnsupportedData: a text message arrived; all messages are binary. The
	// server sends it, and a client whose server sent text.
	UnsupportedData CloseCode = 1003

	// TooLarge: a message was longer than the read limit. Either end may send
	// it. A client connects again, slowly: the limit may be raised, and nothing
	// is lost meanwhile.
	TooLarge CloseCode = 1009

	// Internal: the server met a fault of its own. A client connects again.
	Internal CloseCode = 1011

	// Restart: the server is being stopped. A client connects again.
	Restart CloseCode = 1012

	// BadMessage: a frame, update, state vector or awareness update could not
	// be decoded. The server sends it; so does a client whose server sent such.
	// Sending the same again would fail again, so a client stops.
	BadMessage CloseCode = 4400

	// Unauthorized: there is no token, or it does not hold (any more). The server
	// sends it, where it cannot say so in the framing. A client stops until it has
	// another one.
	Unauthorized CloseCode = 4401

	// Forbidden: the name of the document is not acceptable, or the peer may
	// not open it. The server sends it. A client stops.
	Forbidden CloseCode = 4403

	// Diverged: what the client has is of another history of the document than
	// what is stored. The server sends it, in a Fault of the weft framing. A client
	// stops, and lets the application decide.
	Diverged CloseCode = 4409

	// LimitExceeded: what the peer sent is well formed, and more than the
	// document allows of it, such as a presence state of many megabytes. The
	// server sends it. A client stops.
	LimitExceeded CloseCode = 4413

	// Quarantined: the stored document could not be loaded, and is left alone
	// until somebody has looked at it. The server sends it. A client keeps its
	// edits and connects again later.
	Quarantined CloseCode = 4503

	// Busy: the server, or the document, holds as many connections, clients or
	// bytes as it may. The server sends it. A client connects again later.
	Busy CloseCode = 4529
)

var closeCodeNames = [...]struct {
	code CloseCode
	name string
}{
	{Normal, "normal"},
	{GoingAway, "going away"},
	{UnsupportedData, "unsupported data"},
	{TooLarge, "too large"},
	{Internal, "internal error"},
	{Restart, "restart"},
	{BadMessage, "bad message"},
	{Unauthorized, "unauthorized"},
	{Forbidden, "forbidden"},
	{Diverged, "diverged"},
	{LimitExceeded, "limit exceeded"},
	{Quarantined, "quarantined"},
	{Busy, "busy"},
}

// String returns the number and, for the codes above, what it means.
func (c CloseCode) String() string {
	s := itoa(int(c))
	for _, n := range closeCodeNames {
		if n.code == c {
			return s + " (" + n.name + ")"
		}
	}
	return s
}

// Permanent reports whether a client that is sent c stays away: whether c is
// in the band from 4400 to 4499.
func (c CloseCode) Permanent() bool { return c >= 4400 && c <= 4499 }
