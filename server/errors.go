package server

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// A StatusError is returned by an Authorize function to choose what the client
// is told.
type StatusError struct {
	Status int    // HTTP status, 400 to 599
	Reason string // sent as plain text; a line for a person
	Err    error  // the cause, for the log; may be nil
}

func (e *StatusError) Error() string {
	s := fmt.Sprintf("%d %s: %s", e.Status, http.StatusText(e.Status), e.Reason)
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap returns the cause.
func (e *StatusError) Unwrap() error { return e.Err }

// ErrNotOpen is returned for a document that is not in memory, so that there is
// nothing to look at and nobody to send away.
var ErrNotOpen = errors.New("server: the document is not open")

// A NameError says why a name is not accepted.
type NameError struct {
	Reason string // completes "document name refused: "
}

func (e *NameError) Error() string { return "document name refused: " + e.Reason }

// An UnsavedError is returned by [Server.Shutdown] when the deadline came before
// everything was stored. What these documents have in memory only is with the
// clients that sent it, and comes back when they reconnect.
type UnsavedError struct {
	Documents []string // sorted
	Err       error    // why: normally the context's error
}

func (e *UnsavedError) Error() string {
	names := e.Documents
	more := ""
	if len(names) > 10 {
		names, more = names[:10], ", ..."
	}
	return fmt.Sprintf("server: %d documents not stored (%s%s): %v",
		len(e.Documents), strings.Join(names, ", "), more, e.Err)
}

// Unwrap returns the cause.
func (e *UnsavedError) Unwrap() error { return e.Err }
