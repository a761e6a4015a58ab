package wsconn

import (
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/coder/websocket"

	"github.com/weft-sync/weft/core/codec"
)

// CloseError is returned by Read after the peer closed the connection with a
// close frame. The answer was sent already.
type CloseError struct {
	// Code is 1005 when the peer named none.
	Code   codec.CloseCode
	Reason string
}

func (e *CloseError) Error() string {
	if e.Reason == "" {
		return fmt.Sprintf("wsconn: the peer closed with %d", uint16(e.Code))
	}
	return fmt.Sprintf("wsconn: the peer closed with %d: %q", uint16(e.Code), e.Reason)
}

// HandshakeError is returned by Dial when the server answered the handshake
// with something else than 101 Switching Protocols.
type HandshakeError struct {
	StatusCode int    // HTTP status
	Body       string // the first kilobyte of the answer
	Err        error
}

func (e *HandshakeError) Error() string {
	return fmt.Sprintf("wsconn: the server refused the handshake: %d %s",
		e.StatusCode, http.StatusText(e.StatusCode))
}

func (e *HandshakeError) Unwrap() error { return e.Err }

// errCut replaces io.EOF, and so never is io.EOF: coder/websocket v1.8.15 takes
// an io.EOF between two reads of a message's payload for the message's end, and
// would pass on the first part of a message as if it were all
// (read.go#msgReader.Read).
var errCut = errors.New("the connection ended without a close frame")

// uncut returns err, or errCut for io.EOF.
func uncut(err error) error {
	if err == io.EOF {
		return errCut
	}
	return err
}

// readError turns what coder/websocket returns from reading into this
// package's errors.
func readError(err error, limit int64) error {
	if errors.Is(err, websocket.ErrMessageTooBig) {
		return &codec.PeerError{
			Code:   codec.TooLarge,
			Reason: fmt.Sprintf("message larger than %d bytes", limit),
			Err:    err,
		}
	}
	if ce, ok := errors.AsType[websocket.CloseError](err); ok {
		return &CloseError{Code: codec.CloseCode(ce.Code), Reason: ce.Reason}
	}
	return fmt.Errorf("wsconn: read: %w", err)
}
