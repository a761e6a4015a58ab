package client

// Document is the document that a [Client] keeps in step. *update.Doc is one.
//
// The client calls it from one goroutine. A document that changes by other means
// than Apply, inside [Client.Do], is told about with [Client.Update].
type Document interface {
	// Apply adds an update (v1), well formed if it came from the server, and reports
	// whether it brought something new. The document may keep u, which nobody
	// changes afterwards. On an error it is as before.
	Apply(u []byte) (fresh bool, err error)

	// StateVector returns the encoded state vector. It is only read, and not after
	// the next call of any method.
	StateVector() []byte

	// Diff returns the update that the owner of a state vector lacks. It is only
	// read, and not after the next call of any method.
	Diff(sv []byte) ([]byte, error)
}
