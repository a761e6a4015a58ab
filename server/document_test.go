package server

import (
	"context"
	"errors"
	"testing"

	"github.com/weft-sync/weft/core/codec"
	"github.com/weft-sync/weft/core/crdt"
)

func insert(text string) func(*crdt.Txn) error {
	return func(tx *crdt.Txn) error {
		t := tx.Doc().Text("text")
		return t.Insert(tx, t.Len(), text)
	}
}

func open(t *testing.T, s *testServer, name string) *Document {
	t.Helper()
	d, err := s.Open(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	return d
}

// text returns what a text of the document says.
func text(t *testing.T, d *Document) (s string) {
	t.Helper()
	if err := d.View(t.Context(), func(doc *crdt.Doc) error {
		s = doc.Text("text").String()
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestTheProgramEditsADocument(t *testing.T) {
	st := openMemory(t)
	s := serve(t, Config{Store: st})
	a := s.join("doc")
	d := open(t, s, "doc")
	if err := d.Transact(t.Context(), insert("from the program")); err != nil {
		t.Fatal(err)
	}
	m := a.read()
	if m.Kind != codec.SyncUpdate {
		t.Fatalf("the member got %v instead of an update", m.Kind)
	}
	copied := crdt.NewDoc()
	if _, err := copied.Apply(m.Payload); err != nil {
		t.Fatal(err)
	}
	if got := copied.Text("text").String(); got != "from the program" {
		t.Errorf("the member reads %q", got)
	}
	if err := s.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	s = serve(t, Config{Store: st})
	if got := text(t, open(t, s, "doc")); got != "from the program" {
		t.Errorf("after a restart the document says %q", got)
	}
}

func TestTheProgramObservesADocument(t *testing.T) {
	s := serve(t, Config{Store: openMemory(t)})
	d := open(t, s, "doc")
	seen := make(chan string, 1)
	if err := d.View(t.Context(), func(doc *crdt.Doc) error {
		doc.Text("text").Observe(func(e *crdt.TextEvent) {
			if e.Txn().Local() {
				return
			}
			seen <- doc.Text("text").String()
			// An observer may answer what it sees.
			if err := doc.Transact(insert(" answered")); err != nil {
				t.Error(err)
			}
		})
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	remote := crdt.NewDoc()
	var u []byte
	remote.OnUpdate(func(b []byte, _ *crdt.Txn) { u = b })
	if err := remote.Transact(insert("asked")); err != nil {
		t.Fatal(err)
	}
	a, b := s.join("doc"), s.join("doc")
	a.send(codec.SyncUpdate, u)
	if got := <-seen; got != "asked" {
		t.Errorf("the observer saw %q", got)
	}
	for _, p := range []*peer{a, b} {
		for remote := crdt.NewDoc(); remote.Text("text").String() != "asked answered"; {
			if _, err := remote.Apply(u); err != nil {
				t.Fatal(err)
			}
			if m := p.read(); m.Kind == codec.SyncUpdate {
				if _, err := remote.Apply(m.Payload); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}

func TestAnOpenDocumentStaysInMemory(t *testing.T) {
	s := serve(t, Config{Store: openMemory(t)}, func(s *Server) { s.cfg.IdleTimeout = 1 })
	d := open(t, s, "doc")
	var first *crdt.Doc
	for range 3 {
		if err := d.View(t.Context(), func(doc *crdt.Doc) error {
			if first != nil && doc != first {
				t.Error("the document was loaded again")
			}
			first = doc
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	d.Close()
	eventually(t, "the document is unloaded", func() bool { return s.Stats().Rooms == 0 })
}

func TestDocumentsThatCannotBeOpened(t *testing.T) {
	s := serve(t, Config{Store: openMemory(t)})
	if _, err := s.Open(t.Context(), ".."); err == nil {
		t.Error(`".." was opened`)
	} else if _, ok := errors.AsType[*NameError](err); !ok {
		t.Errorf("got %v instead of a NameError", err)
	}
	d := open(t, s, "doc")
	failure := errors.New("no")
	if err := d.View(t.Context(), func(*crdt.Doc) error { return failure }); !errors.Is(err, failure) {
		t.Errorf("got %v instead of the function's error", err)
	}
	func() {
		defer func() {
			if v := recover(); v != "mine" {
				t.Errorf("recovered %v instead of the function's panic", v)
			}
		}()
		_ = d.Transact(t.Context(), func(*crdt.Txn) error { panic("mine") })
	}()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := d.View(ctx, func(*crdt.Doc) error { return nil }); err != nil && !errors.Is(err, context.Canceled) {
		t.Errorf("got %v instead of the context's error", err)
	}
	if err := s.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	for what, err := range map[string]error{
		"view": d.View(t.Context(), func(*crdt.Doc) error { return nil }),
		"open": func() error { _, err := s.Open(t.Context(), "doc"); return err }(),
	} {
		if e, ok := errors.AsType[*DocumentError](err); !ok || e.Code != codec.Restart {
			t.Errorf("%s after Shutdown: got %v", what, err)
		}
	}
}
