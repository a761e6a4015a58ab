package store

import "crypto/rand"

// Epoch is the id of a document's history; see [Doc].
type Epoch [16]byte

// NewEpoch returns a random epoch, which is not zero.
func NewEpoch() (e Epoch) {
	for e == (Epoch{}) {
		_, _ = rand.Read(e[:]) // it never fails (crypto/rand)
	}
	return e
}
