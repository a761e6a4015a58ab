package juggler

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/weft-sync/weft/core/codec"
	"github.com/weft-sync/weft/native/juggler/internal/tree"
	"github.com/weft-sync/weft/native/wsconn"
)

var (
	// ErrClosed is wrapped by what calls on a connection return once it has ended,
	// together with why it ended: one of the errors below, a *[CloseError] if the
	// peer closed it, a *[codec.PeerError] if the peer sent what it must not, or the
	// network's error.
	ErrClosed = errors.New("juggler: the connection is closed")

	// ErrSilent says that the peer answered no ping.
	ErrSilent = errors.New("juggler: the peer is silent")

	// ErrShutdown says that the server is being shut down.
	ErrShutdown = errors.New("juggler: the server is shut down")

	// ErrBacklog says that a client's callback is so far behind that what waits for
	// it is more than ClientOptions.QueueLimit.
	ErrBacklog = errors.New("juggler: notifications are not taken")

	// ErrPath is wrapped by the error for a [Path] that is none.
	ErrPath = tree.ErrPath

	// ErrTooDeep is returned for JSON that is nested deeper than 900 arrays and
	// objects.
	ErrTooDeep = tree.ErrTooDeep
)

// CloseError says with which code a peer has closed the connection.
type CloseError = wsconn.CloseError

// HandshakeError says that a server answered with an HTTP status instead of a
// WebSocket connection, 401 for instance.
type HandshakeError = wsconn.HandshakeError

// A RequestError is the answer to a request that did not succeed. [Client.Send]
// returns it, and a handler of requests may, to say what the data of its answer is;
// of any other error the text is the data.
type RequestError struct {
	Data json.RawMessage
}

// Fail returns the RequestError whose data is the JSON text of data, or the error
// that there is none.
func Fail(data any) error {
	text, err := marshal(data)
	if err != nil {
		return err
	}
	return &RequestError{Data: text}
}

func (e *RequestError) Error() string {
	const shown = 200 // bytes
	if len(e.Data) > shown {
		return fmt.Sprintf("juggler: the request failed: %s…", e.Data[:shown])
	}
	return fmt.Sprintf("juggler: the request failed: %s", e.Data)
}

// closed wraps why a connection has ended.
func closed(cause error) error {
	if cause == nil {
		return ErrClosed
	}
	return fmt.Errorf("%w: %w", ErrClosed, cause)
}

// badMessage is a peer's fault. Whatever it is, Juggler closes with 1000.
func badMessage(reason string, cause error) error {
	return &codec.PeerError{Code: codec.Normal, Reason: reason, Err: cause}
}
