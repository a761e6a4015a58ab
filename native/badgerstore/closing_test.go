package badgerstore

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/dgraph-io/badger/v4"

	"github.com/weft-sync/weft/native/store"
)

// TestCloseDuringCompact closes the store while Compact waits in each of its
// transactions.
func TestCloseDuringCompact(t *testing.T) {
	updates, snapshot := typing(60)
	for stop := 1; stop <= 4; stop++ {
		dir := t.TempDir()
		st := openStore(t, dir, Options{Logger: quietLog()})
		d := openDoc(t, st, "d")
		mustAppend(t, d, updates...)
		n, reached, release := 0, make(chan struct{}), make(chan struct{})
		st.onCommit(func() error {
			if n++; n == stop {
				close(reached)
				<-release
			}
			return nil
		})
		result := make(chan error, 1)
		go func() { result <- d.Compact(context.Background(), snapshot(60)) }()
		<-reached
		closed := make(chan error, 1)
		go func() { closed <- st.Close() }()
		<-st.ending.Done()
		close(release)
		if err := <-result; err != nil && !errors.Is(err, store.ErrClosed) {
			t.Errorf("in transaction %d: Compact: %v", stop, err)
		}
		if err := <-closed; err != nil {
			t.Errorf("in transaction %d: Close: %v", stop, err)
		}
		st = openStore(t, dir, Options{})
		d = openDoc(t, st, "d")
		if err := store.Verify(d.Parts(), snapshot(60)); err != nil {
			t.Errorf("in transaction %d: %v", stop, err)
		}
		closeAll(t, d, st)
	}
}

// TestReadPanic: what makes Badger panic is the document's problem, not the
// process's.
func TestReadPanic(t *testing.T) {
	st := openStore(t, t.TempDir(), Options{})
	err := st.view(func(txn *badger.Txn) error {
		it := txn.NewIterator(badger.IteratorOptions{})
		defer it.Close()
		var nothing []byte
		_ = nothing[len(st.dir)]
		return nil
	})
	var corrupt *store.CorruptError
	if !errors.As(quarantine("d", err), &corrupt) || corrupt.Name != "d" || !strings.Contains(err.Error(), "index out of range") {
		t.Errorf("%v", err)
	}
	if err := quarantine("d", nil); err != nil {
		t.Error(err)
	}
	closeAll(t, st)
}

func TestLogger(t *testing.T) {
	var out bytes.Buffer
	l := logger{slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelInfo, ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}}))}
	l.Errorf("went %s\n", "wrong")
	l.Warningf("%d%%", 90)
	l.Infof("all day")
	l.Debugf("every write")
	if want := "level=ERROR msg=\"badger: went wrong\"\nlevel=WARN msg=\"badger: 90%\"\n"; out.String() != want {
		t.Errorf("%q, want %q", out.String(), want)
	}
}
