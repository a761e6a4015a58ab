package store

import (
	"errors"
	"fmt"
)

// Errors of opening, listing and deleting.
var (
	// ErrName is returned for a name that is empty or longer than MaxName.
	ErrName = errors.New("store: a document name must have 1 to 250 bytes")

	// ErrInUse is returned when a document is open or being deleted.
	ErrInUse = errors.New("store: the document is in use")

	// ErrClosed is returned when the store, or the handle, is closed.
	ErrClosed = errors.New("store: closed")
)

// Errors of appending and compacting.
var (
	// ErrEmpty is reported for an update that has no bytes.
	ErrEmpty = errors.New("store: empty update")

	// ErrNoRoom is wrapped by errors that say that a resource of the machine has
	// become so short that the store stopped writing while it still could do so
	// safely. Nothing was written. It is worth trying again later.
	ErrNoRoom = errors.New("store: no room")
)

// CorruptError says that what is stored for a document is damaged or incomplete.
// The document is quarantined: the store writes nothing to it while this is so.
type CorruptError struct {
	Name   string // the document
	Reason string // what is wrong, for a person: "log record 17 is missing"
	Err    error  // the cause, if there is one
}

func (e *CorruptError) Error() string {
	s := fmt.Sprintf("store: document %q is damaged: %s", e.Name, e.Reason)
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

func (e *CorruptError) Unwrap() error { return e.Err }

// SnapshotError says that a snapshot does not stand for what it was to replace.
// The caller made it wrong; what is stored was not touched.
type SnapshotError struct {
	Reason string // "ids are missing", ...
	Err    error  // the cause, if bytes could not be decoded
}

func (e *SnapshotError) Error() string {
	s := "store: snapshot refused: " + e.Reason
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

func (e *SnapshotError) Unwrap() error { return e.Err }
