package codec

// A PeerError is a fault of the other end of a connection: it sent what it
// should not have sent. The connection is to be closed with Code; nothing else
// is affected.
type PeerError struct {
	// Code is the code that the connection is to be closed with.
	Code CloseCode

	// Reason says in a few ASCII words what was wrong, and never repeats what
	// the peer sent. It fits a WebSocket close frame (at most 123 bytes).
	Reason string

	// Err is the cause, with details for a log; it may be nil.
	Err error
}

// Malformed returns the PeerError for bytes that cannot be decoded: code
// [BadMessage], with the given reason and cause.
func Malformed(reason string, cause error) *PeerError {
	return &PeerError{Code: BadMessage, Reason: reason, Err: cause}
}

func (e *PeerError) Error() string {
	s := "peer: " + e.Code.String() + ": " + e.Reason
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap returns the cause.
func (e *PeerError) Unwrap() error { return e.Err }

// A UsageError is a fault of the calling program, never of a peer or of its
// input: a method called with an argument or at a time that its documentation
// rules out. Methods that have no error to return panic with it.
type UsageError string

func (e UsageError) Error() string { return string(e) }
