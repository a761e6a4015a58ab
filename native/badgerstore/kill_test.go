package badgerstore

import (
	"testing"

	"github.com/weft-sync/weft/native/store"
	"github.com/weft-sync/weft/native/store/storetest"
)

// TestKill shows that "saved" holds without any sync: Badger writes to the
// memtable's log, a file mapped into memory, before a commit returns, and the
// pages of a killed process stay with the operating system.
func TestKill(t *testing.T) {
	storetest.Kill(t, 16, func(dir string) (store.Store, error) {
		return Options{Logger: testLog(t)}.Open(dir)
	})
}

func TestKillWithSync(t *testing.T) {
	storetest.Kill(t, 5, func(dir string) (store.Store, error) {
		return Options{Logger: testLog(t), Sync: SyncAlways}.Open(dir)
	})
}
