package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/weft-sync/weft/core/codec"
	"github.com/weft-sync/weft/core/update"
	"github.com/weft-sync/weft/native/store"
)

// faulty is a store that can be made to fail, in front of a real one. A handle
// fails for good when one append fails, as package store demands.
type faulty struct {
	store.Store

	mu       sync.Mutex
	open     error // for Open, if not nil
	append   error // for appends that come from now on
	opened   int
	appended int
	hold     chan struct{} // appends wait until it is closed
}

func (f *faulty) set(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
}

func (f *faulty) get(v *int) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return *v
}

func (f *faulty) Open(ctx context.Context, name string) (store.Doc, error) {
	f.mu.Lock()
	err := f.open
	f.opened++
	f.mu.Unlock()
	if err != nil {
		return nil, err
	}
	d, err := f.Store.Open(ctx, name)
	if err != nil {
		return nil, err
	}
	return &faultyDoc{Doc: d, store: f}, nil
}

type faultyDoc struct {
	store.Doc
	store  *faulty
	broken error
	last   <-chan struct{} // closed when the latest append is done
}

// Append keeps the order, as package store demands: each waits for the one
// before.
func (d *faultyDoc) Append(u []byte, done func(error)) {
	d.store.mu.Lock()
	defer d.store.mu.Unlock()
	d.store.appended++
	if d.broken == nil {
		d.broken = d.store.append
	}
	finished := make(chan struct{})
	broken, hold, before := d.broken, d.store.hold, d.last
	d.last = finished
	go func() {
		defer close(finished)
		if before != nil {
			<-before
		}
		if hold != nil {
			<-hold
		}
		if broken != nil {
			done(broken)
			return
		}
		answered := make(chan error)
		d.Doc.Append(u, func(err error) { answered <- err })
		done(<-answered)
	}()
}

func (d *faultyDoc) wait() error {
	d.store.mu.Lock()
	last, broken := d.last, d.broken
	d.store.mu.Unlock()
	if last != nil {
		<-last
	}
	return broken
}

func (d *faultyDoc) Compact(ctx context.Context, snapshot []byte) error {
	_ = d.wait()
	return d.Doc.Compact(ctx, snapshot)
}

func (d *faultyDoc) Close() error {
	broken := d.wait()
	return errors.Join(d.Doc.Close(), broken)
}

var errDisk = errors.New("the disk is on fire")

func TestADocumentThatCannotBeLoadedIsQuarantined(t *testing.T) {
	f := &faulty{Store: openMemory(t)}
	s := serve(t, Config{Store: f}, func(s *Server) { s.timing.quarantine = 50 })
	f.set(func() { f.open = &store.CorruptError{Name: "doc", Reason: "record 3 is missing"} })

	a := s.dial("doc")
	a.send(codec.SyncUpdate, a.edit("must not be written"))
	a.expectClose(codec.Quarantined)
	if _, body := s.get("/_weft/readyz"); !strings.Contains(body, `"ready":true,"quarantined":1`) {
		t.Errorf("readyz: %s", body)
	}
	if log := s.logs.String(); !strings.Contains(log, "quarantined") || !strings.Contains(log, "record 3 is missing") {
		t.Errorf("the log does not say so:\n%s", log)
	}
	// Until the delay is over the store is left alone.
	if before := f.get(&f.opened); before == 1 {
		b := s.dial("doc")
		b.expectClose(codec.Quarantined)
	}
	if n := f.get(&f.appended); n != 0 {
		t.Errorf("%d appends to a quarantined document", n)
	}
	// Other documents work, and this one does when it can be loaded again.
	f.set(func() { f.open = nil })
	s.join("other").typ("x")
	eventually(t, "the document is tried again", func() bool {
		p, err := s.tryDial("doc", nil)
		if err != nil {
			t.Fatal(err)
		}
		p.send(codec.SyncStep1, p.doc.StateVector())
		_, err = p.tryRead()
		p.conn.Abort()
		return err == nil
	})
	if n := s.Stats().Quarantined; n != 0 {
		t.Errorf("%d documents still quarantined", n)
	}
	same(t, "the document", s.join("doc").doc, update.NewDoc())
}

func TestStoredBytesThatAreNoUpdateAreLeftAlone(t *testing.T) {
	st := openMemory(t)
	d, err := st.Open(t.Context(), "doc")
	if err != nil {
		t.Fatal(err)
	}
	rubbish := []byte("this is no update")
	done := make(chan error, 1)
	d.Append(bytes.Clone(rubbish), func(err error) { done <- err })
	if err := errors.Join(<-done, d.Close()); err != nil {
		t.Fatal(err)
	}
	s := serve(t, Config{Store: st})
	p := s.dial("doc")
	p.send(codec.SyncUpdate, p.edit("x"))
	p.expectClose(codec.Quarantined)
	if err := s.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	if d, err = st.Open(t.Context(), "doc"); err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if parts := d.Parts(); len(parts) != 1 || !bytes.Equal(parts[0], rubbish) {
		t.Errorf("stored now: %q", parts)
	}
}

func TestEditsSurviveAStoreThatFailsForAWhile(t *testing.T) {
	st := openMemory(t)
	f := &faulty{Store: st}
	s := serve(t, Config{Store: f}, func(s *Server) { s.timing.retry, s.timing.maxRetry = 5, 20 })
	a, b := s.join("doc"), s.join("doc")
	a.typ("before ")
	b.sees(a)

	f.set(func() { f.append = errDisk })
	for range 10 {
		a.typ("while ")
		b.sees(a) // the room goes on
	}
	eventually(t, "readyz tells", func() bool {
		resp, body := s.get("/_weft/readyz")
		return resp.StatusCode == http.StatusServiceUnavailable && strings.Contains(body, "does not take updates") && strings.Contains(body, `"unsaved":1`)
	})
	f.set(func() { f.open = errDisk }) // not even opening works
	opened := f.get(&f.opened)
	eventually(t, "it is tried again and again", func() bool { return f.get(&f.opened) > opened+2 })
	a.typ("later ")
	b.sees(a)

	f.set(func() { f.open, f.append = nil, nil })
	eventually(t, "readyz is well", func() bool { return s.Readiness().Ready })
	a.typ("after")
	b.sees(a)
	if err := s.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	same(t, "the store", stored(t, st, "doc"), a.doc)
	if n := s.Stats().AppendFailures; n == 0 {
		t.Error("no failure was counted")
	}
}

func TestAFailingRoomIsNotUnloaded(t *testing.T) {
	st := openMemory(t)
	f := &faulty{Store: st, append: errDisk}
	s := serve(t, Config{Store: f, IdleTimeout: time.Millisecond}, func(s *Server) { s.timing.retry, s.timing.maxRetry = 2, 2 })
	a := s.join("doc")
	a.typ("precious")
	a.query()
	a.conn.Abort()
	eventually(t, "everybody is gone", func() bool { return s.Stats().Connections == 0 })
	before := f.get(&f.opened)
	eventually(t, "some time passes", func() bool { return f.get(&f.opened) > before+5 })
	same(t, "who comes now", s.join("doc").doc, a.doc)
	f.set(func() { f.append = nil })
	eventually(t, "it is stored", func() bool { return s.Stats().Unsaved == 0 })
	eventually(t, "it is unloaded", func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.rooms["doc"] == nil || s.rooms["doc"].refs > 0
	})
	if err := s.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	same(t, "the store", stored(t, st, "doc"), a.doc)
}

func TestLongLogsAreCompacted(t *testing.T) {
	st := openMemory(t)
	f := &faulty{Store: st}
	s := serve(t, Config{Store: f, IdleTimeout: time.Millisecond}, func(s *Server) { s.timing.retry = 1 })
	a, b := s.join("doc"), s.join("doc")
	for i := range compactEntries + 100 {
		a.typ(fmt.Sprint(i))
		b.sees(a) // so that each is a batch of its own
	}
	eventually(t, "the log is compacted", func() bool {
		a.typ("more")
		b.sees(a)
		return s.Stats().Compactions > 0
	})
	for i := range unloadEntries {
		b.typ(fmt.Sprint(i))
		a.sees(b)
	}
	a.sees(b)
	a.conn.Abort()
	b.conn.Abort()
	eventually(t, "the document is unloaded", func() bool { return s.Stats().Rooms == 0 })
	d, err := st.Open(t.Context(), "doc")
	if err != nil {
		t.Fatal(err)
	}
	if n, _ := d.LogSize(); n >= compactEntries {
		t.Errorf("%d updates in the log", n)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	b.sees(a)
	same(t, "the store", stored(t, st, "doc"), a.doc)
}

func TestShutdownWaitsUntilEverythingIsStored(t *testing.T) {
	st := openMemory(t)
	f := &faulty{Store: st, hold: make(chan struct{})}
	s := serve(t, Config{Store: f})
	a, b := s.join("doc"), s.join("doc")
	a.typ("received, and sent on, and not yet stored")
	b.sees(a)
	down := make(chan error, 1)
	go func() { down <- s.Shutdown(t.Context()) }()
	eventually(t, "it is stopping", func() bool { return !s.Readiness().Ready })
	s.refused("doc", nil, http.StatusServiceUnavailable, "stopping")
	select {
	case err := <-down:
		t.Fatalf("Shutdown returned %v before the update was stored", err)
	default:
	}
	close(f.hold)
	a.expectClose(codec.Restart)
	b.expectClose(codec.Restart)
	if err := <-down; err != nil {
		t.Fatal(err)
	}
	same(t, "the store", stored(t, st, "doc"), a.doc)
	if st := s.Stats(); st.Connections != 0 || st.Rooms != 0 {
		t.Errorf("after Shutdown: %+v", st)
	}
}

func TestShutdownStoresWhatIsInTheInbox(t *testing.T) {
	st := openMemory(t)
	s := serve(t, Config{Store: st})
	a := s.join("doc")
	for range 2000 {
		a.typ("x")
	}
	a.query() // so that all of it has arrived
	a.typ("and one more that may or may not have arrived")
	if err := s.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	got := stored(t, st, "doc")
	if n, _ := mustContents(t, got).Len(); n < 2000 {
		t.Errorf("%d of 2000 letters are stored", n)
	}
}

func TestShutdownAtItsDeadline(t *testing.T) {
	f := &faulty{Store: openMemory(t), append: errDisk}
	s := serve(t, Config{Store: f}, func(s *Server) { s.timing.grace = 5 * time.Second })
	a := s.join("doc")
	a.typ("cannot be stored")
	a.query()
	s.join("fine").query()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	err := s.Shutdown(ctx)
	unsaved, ok := errors.AsType[*UnsavedError](err)
	if !ok || len(unsaved.Documents) != 1 || unsaved.Documents[0] != "doc" || !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("%v, want that doc is not stored", err)
	}
	if !strings.Contains(err.Error(), "1 documents not stored (doc)") {
		t.Errorf("the error's text: %v", err)
	}
}

func TestShutdownOfAServerThatDidNothing(t *testing.T) {
	s, err := New(Config{Store: openMemory(t)})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := s.Shutdown(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}
