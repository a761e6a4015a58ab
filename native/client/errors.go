package client

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/weft-sync/weft/core/codec"
	"github.com/weft-sync/weft/native/wsconn"
)

var (
	// ErrClosed is returned by every method once [Client.Close] was called.
	ErrClosed = errors.New("client: closed")

	// ErrUnsent is returned by [Client.Close] when there are edits that no socket
	// has taken: there was no connection, or it was too slow. They are in the
	// document.
	ErrUnsent = errors.New("client: closed with edits that were not sent")

	errSilent = errors.New("client: the server was silent for too long")
)

// RefusedError is a server's permanent no: the client makes no further attempt until
// [Client.Connect].
type RefusedError struct {
	// Code is the close code, 4400 to 4499. For an HTTP status it is 4000 more
	// than that.
	Code codec.CloseCode
	// Status is the HTTP status if the handshake was refused, 0 otherwise.
	Status int
	// Reason is what the server said, cut to a kilobyte. It may be empty.
	Reason string
}

func (e *RefusedError) Error() string {
	what := "close code " + e.Code.String()
	if e.Status != 0 {
		what = fmt.Sprintf("HTTP status %d %s", e.Status, http.StatusText(e.Status))
	}
	if e.Reason == "" {
		return "client: the server refused with " + what
	}
	return fmt.Sprintf("client: the server refused with %s: %q", what, e.Reason)
}

// DocumentError is the document's no to what the server sent, such as an update that
// would make it too large. The client disconnects, as trying again would not help,
// and makes no further attempt until [Client.Connect].
type DocumentError struct{ Err error }

func (e *DocumentError) Error() string { return "client: the document failed: " + e.Err.Error() }

// Unwrap returns what the document's method returned.
func (e *DocumentError) Unwrap() error { return e.Err }

// StoppedError is the no of [Options].OnFailure: the client makes no further attempt
// until [Client.Connect].
type StoppedError struct{ Err error }

func (e *StoppedError) Error() string { return "client: stopped: " + e.Err.Error() }

// Unwrap returns what OnFailure returned.
func (e *StoppedError) Unwrap() error { return e.Err }

// codeTimeout is the code that the machine closes a silent connection with.
const codeTimeout codec.CloseCode = 4408

// codeAbnormal stands for an end without a close frame (RFC 6455, 7.1.5).
const codeAbnormal codec.CloseCode = 1006

// ending returns why a link ended, for the machine as a close code and for people as
// an error, given what its reader ended with.
func ending(err error) (codec.CloseCode, error) {
	if he, ok := errors.AsType[*wsconn.HandshakeError](err); ok {
		if !permanentStatus(he.StatusCode) {
			return codeAbnormal, fmt.Errorf("client: %w", he)
		}
		code := codec.CloseCode(4000 + he.StatusCode)
		return code, &RefusedError{Code: code, Status: he.StatusCode, Reason: strings.TrimSpace(he.Body)}
	}
	if ce, ok := errors.AsType[*wsconn.CloseError](err); ok {
		if ce.Code.Permanent() {
			return ce.Code, &RefusedError{Code: ce.Code, Reason: ce.Reason}
		}
		return ce.Code, fmt.Errorf("client: %w", ce)
	}
	if pe, ok := errors.AsType[*codec.PeerError](err); ok {
		return pe.Code, fmt.Errorf("client: %w", pe)
	}
	// net/http's errors have the address with its query, where tokens may be.
	if ue, ok := errors.AsType[*url.Error](err); ok {
		err = ue.Err
	}
	return codeAbnormal, fmt.Errorf("client: %w", err)
}

// permanentStatus reports whether an HTTP status says that the same request will be
// refused again. Of the 4xx, these mean "later" (RFC 9110, 15.5.9; RFC 8470, 5.2;
// RFC 6585, 4).
func permanentStatus(status int) bool {
	switch status {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return false
	}
	return status >= 400 && status <= 499
}
