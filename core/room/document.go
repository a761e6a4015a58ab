package room

import "github.com/weft-sync/weft/core/update"

// Document is what a room needs of a document. *update.Doc is one.
type Document interface {
	// Apply adds an update, which must not change afterwards. fresh tells
	// whether it had an id or a delete that the document lacked. The error
	// says that the update is malformed; the document is unchanged then.
	Apply(u []byte) (fresh bool, err error)

	// Has reports whether the document has every id and every delete of an update,
	// so that Apply would change nothing. The error says that it is malformed.
	Has(u []byte) (bool, error)

	// StateVector returns the encoded state vector. It is read-only and never
	// changes; the same one should be returned until there is another.
	StateVector() []byte

	// Diff returns the update that the owner of an encoded state vector lacks,
	// with the whole delete set. It belongs to the caller. The error says that
	// the state vector is malformed.
	Diff(sv []byte) ([]byte, error)

	// Encode returns the whole document as one update. It is read-only.
	Encode() []byte

	// Size returns how many bytes the document holds, for statistics.
	Size() int
}

var _ Document = (*update.Doc)(nil)
