package memstore

import (
	"testing"

	"github.com/weft-sync/weft/native/store"
	"github.com/weft-sync/weft/native/store/storetest"
)

type opener struct{ disk Memory }

func (o *opener) Open() (store.Store, error) { return o.disk.Open(), nil }

// Crash: what is saved is in the memory at once, so there is nothing to lose.
func (o *opener) Crash(store.Store) error { return nil }

func TestStore(t *testing.T) {
	storetest.Run(t, func(*testing.T) storetest.Opener { return new(opener) })
}
