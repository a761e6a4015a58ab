package badgerstore

import (
	"testing"
	"time"

	"github.com/weft-sync/weft/native/store"
)

// TestInterval: the first update after a pause is written at once, those that
// follow share one commit, and nobody who waits for them waits for the interval.
// With an hour of it, the test would not end otherwise.
func TestInterval(t *testing.T) {
	updates, snapshot := typing(60)
	dir := t.TempDir()
	st := openStore(t, dir, Options{Interval: time.Hour, QueueBytes: 1 << 20})
	d := openDoc(t, st, "d")
	mustAppend(t, d, updates[0]) // waits until it is saved

	commits := 0
	st.onCommit(func() error { commits++; return nil })
	saved := make(chan error, len(updates))
	for _, u := range updates[1:] {
		d.Append(u, func(err error) { saved <- err })
	}
	closed := make(chan error, 1)
	go func() { closed <- d.Close() }()
	for range updates[1:] {
		if err := <-saved; err != nil {
			t.Fatal(err)
		}
	}
	if err := <-closed; err != nil {
		t.Fatal(err)
	}
	st.onCommit(nil)
	if commits > 2 { // one for the updates, and one in which Close remembers the log's end
		t.Errorf("%d commits for updates that came within one interval", commits)
	}

	// A queue that fills up is written, whatever the time.
	big := make([]byte, 700<<10)
	e := openDoc(t, st, "e")
	for range 3 {
		done := make(chan error, 1)
		e.Append(big, func(err error) { done <- err })
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	closeAll(t, e, st)

	st = openStore(t, dir, Options{})
	d = openDoc(t, st, "d")
	if err := store.Verify(d.Parts(), snapshot(60)); err != nil {
		t.Error(err)
	}
	closeAll(t, d, st)
}
