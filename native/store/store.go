// Package store is the contract between a server and the place where it keeps
// its documents.
//
// A store keeps, for each document, a snapshot (one update that stands for
// everything up to some moment) and a log of the updates appended since. It
// knows nothing about connections, rooms or the meaning of an update: bytes go
// in, the same bytes come out in the same order. The one place where it looks
// inside is [Replaces], which a store must consult before it throws anything away.
//
// The types: [Store] is the whole, [Doc] is one open document, [Info] is a line
// of a listing. Package memstore keeps everything in memory, package
// badgerstore on disk, and package storetest checks any implementation against
// what is written here.
//
// # Use
//
//	doc, err := st.Open(ctx, name)         // a *CorruptError: quarantined
//	for _, part := range doc.Parts() {     // snapshot first, then the log
//		err = apply(part)                  // on an error: Close, and never Append
//	}
//	doc.Append(update, func(err error) {   // from the store's goroutine
//		...                                // nil: update is saved
//	})
//	if n, size := doc.LogSize(); n > 500 || size > 1<<20 {
//		go compact(doc, snapshot)          // doc.Compact(ctx, snapshot)
//	}
//	err = doc.Close()
//
// # What "saved" means
//
// After done(nil) the update survives kill -9 of the process. Whether it also
// survives power loss is a setting of the implementation.
//
// # Order
//
// Updates of one document are stored, and their done functions called, in the
// order of the Append calls. What the end of the process leaves, at any moment,
// is a prefix of that order: a document never lacks an update and has a later
// one. Nothing is promised between documents.
//
// # What keeps data safe
//
//   - A document that cannot be loaded whole is not opened. Open returns a
//     [*CorruptError] and there is no handle, so nothing can be written; the
//     stored bytes stay as they are, for a repair or for a restored disk.
//   - Compact reads back the snapshot that it wrote and the log that it is about
//     to remove, and removes only what [Replaces] finds to have the same ids and
//     the same deletes.
//   - After an error a handle writes nothing more. Every later Append reports
//     the same error until the document is closed and opened again, so that the
//     log never has a hole.
//
// # After an error
//
// done(err) means that the update is not known to be saved; it may be there or
// not. The caller still has the document in memory. It closes the handle, opens
// the document again, and appends its whole state as one update: updates are
// idempotent, so what was saved already does no harm. While Open fails it keeps
// the document in memory and tries again later.
//
// # Limits
//
// A name is 1 to [MaxName] bytes and every byte is allowed. An update or a
// snapshot has no limit but memory: implementations split what their database
// would refuse. A document is loaded as a whole.
package store

import "context"

// MaxName is the longest document name, in bytes.
const MaxName = 250

// Store keeps documents. All methods may be called from any goroutine.
type Store interface {
	// Open loads a document and makes the caller its only writer. A document
	// that does not exist opens with no parts, and comes into being with its
	// first Append.
	//
	// Errors: [ErrName]; [ErrInUse] while a handle for name is open (until its
	// Close has returned) or name is being deleted; [ErrClosed]; ctx.Err() if
	// ctx ended first; a [*CorruptError] if what is stored is damaged or
	// incomplete, in which case nothing was and nothing will be written; any
	// other error means that the store could not be read, and says nothing about
	// the document.
	Open(ctx context.Context, name string) (Doc, error)

	// List returns the documents whose name comes after the given one in byte
	// order, at most limit of them, in that order. The first page is asked for
	// with the empty name, the next one with the last name received; fewer than
	// limit results mean the end. A limit below 1 means 1000. Documents created
	// or deleted while a caller pages may or may not be seen. A damaged
	// document is listed like any other.
	List(ctx context.Context, after string, limit int) ([]Info, error)

	// Delete removes a document with all that is stored for it. When it has
	// returned nil the document is gone for good, even if its space is reclaimed
	// later. A document that does not exist is no error. [ErrInUse] while it is
	// open. A damaged document can be deleted if the store can still tell what
	// belongs to it, and a [*CorruptError] says that it cannot.
	Delete(ctx context.Context, name string) error

	// Close waits for outstanding appends and for running calls, closes all
	// handles and releases the storage. Later calls return [ErrClosed].
	Close() error
}

// Doc is an open document. Append may be called from any goroutine; the order of
// the calls is the order of the log.
type Doc interface {
	// Parts returns the snapshot, if there is one, and the updates of the log in
	// order, as they were loaded. The slices are the caller's. The first call
	// hands them over; later calls return nil.
	Parts() [][]byte

	// Epoch names the history of the document: made at random when the document
	// comes into being, kept with it, and another one when it comes into being again
	// after it was deleted or the storage was lost. A client that remembers it thus
	// learns that what it has is of another history. For a document that does not
	// exist it is the epoch that the first Append will give it; Open gives another
	// one each time. Zero: not known; for documents that were stored before there
	// were epochs, and could not be given one.
	Epoch() Epoch

	// Append adds an update to the log. The slice belongs to the store until
	// done is called, and must not be changed meanwhile; reading and sharing it
	// is fine.
	//
	// done is called exactly once: with nil when the update is saved, otherwise
	// with the reason why it may not be. It is called from a goroutine of the
	// store, never from within Append. It must not block, because all documents
	// wait for it, and must not call Append. It may be nil.
	//
	// Append returns at once, except when the store has so much waiting to be
	// written that taking more would let memory grow without end: then it blocks
	// until there is room again. An update of no bytes is refused with
	// [ErrEmpty].
	Append(update []byte, done func(error))

	// LogSize returns how many updates, and how many bytes of updates, have come
	// after the snapshot: those loaded from the log and those appended since,
	// saved or not.
	LogSize() (entries int, bytes int64)

	// Compact replaces by a snapshot what it stands for: the old snapshot and the
	// updates up to some Append that had returned when Compact was called. Which
	// one that was is found out by comparing ([Replaces]); later updates are kept.
	// So a caller takes the snapshot between two appends, and starts Compact in a
	// goroutine of its own while it goes on appending.
	//
	// The snapshot must carry the same ids and deletes as what it replaces. If it
	// lacks one, or has one that is not stored, Compact returns a [*SnapshotError]
	// and nothing is removed. A [*CorruptError] means that what is stored has been
	// damaged since it was loaded: nothing is removed and the handle fails. After
	// ctx.Err() or any other error the document is stored either as before or
	// compacted, whole in both cases, and Compact may be called again. One Compact
	// runs at a time; another call waits. The slice is read until Compact returns
	// and not kept.
	Compact(ctx context.Context, snapshot []byte) error

	// Close waits for outstanding appends, and for Compact, and gives the
	// document free for another Open. A second call returns [ErrClosed]; otherwise
	// the error is the one that the handle failed with, if it did.
	Close() error
}

// Health is implemented by stores that can break for good while they run, for
// instance because a write to the disk failed. Err returns nil while all is well
// and afterwards the error that every call now fails with. A server reports it
// as not being ready; only closing the store and opening it again can help.
type Health interface {
	Err() error
}

// Info describes a stored document.
type Info struct {
	Name          string
	SnapshotBytes int64 // size of the snapshot; the log comes on top
}

// CheckName returns [ErrName] if name is not 1 to [MaxName] bytes long.
func CheckName(name string) error {
	if len(name) == 0 || len(name) > MaxName {
		return ErrName
	}
	return nil
}
