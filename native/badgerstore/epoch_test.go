package badgerstore

import (
	"errors"
	"testing"

	"github.com/dgraph-io/badger/v4"
	"go.uber.org/goleak"

	"github.com/weft-sync/weft/native/store"
)

// A directory of version 1 is taken over: its documents are given epochs, which
// they keep.
func TestVersion1(t *testing.T) {
	defer goleak.VerifyNone(t)
	dir := t.TempDir()
	st := openStore(t, dir, Options{})
	d, err := st.Open(t.Context(), "old")
	if err != nil {
		t.Fatal(err)
	}
	saved := make(chan error)
	d.Append([]byte{0, 0}, func(err error) { saved <- err })
	if err := errors.Join(<-saved, d.Close(), st.Close()); err != nil {
		t.Fatal(err)
	}

	db, err := badger.Open(Options{}.withDefaults().badger(dir))
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(func(txn *badger.Txn) error {
		h, err := readHead(txn, 1)
		if err != nil {
			return err
		}
		h.epoch = store.Epoch{}
		key := appendHeadKey(nil, 1)
		if err := txn.Set(key, appendChecksum(h.append(nil), key)); err != nil {
			return err
		}
		return txn.Set([]byte{prefixFormat}, appendChecksum([]byte{1}, []byte{prefixFormat}))
	})
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}

	var epoch store.Epoch
	for range 2 {
		st := openStore(t, dir, Options{})
		d, err := st.Open(t.Context(), "old")
		if err != nil {
			t.Fatal(err)
		}
		if n := len(d.Parts()); n != 1 {
			t.Errorf("%d parts, want 1", n)
		}
		if e := d.Epoch(); e == (store.Epoch{}) || epoch != (store.Epoch{}) && e != epoch {
			t.Errorf("epoch %x, before it was %x", e, epoch)
		} else {
			epoch = e
		}
		if err := errors.Join(d.Close(), st.Close()); err != nil {
			t.Fatal(err)
		}
	}
}
