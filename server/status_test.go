package server

import (
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/weft-sync/weft/native/store"
)

// TestStatus follows a document and its server through all their states.
func TestStatus(t *testing.T) {
	var mu sync.Mutex
	var told []string
	tell := func(what string) {
		mu.Lock()
		defer mu.Unlock()
		told = append(told, what)
	}
	heard := func(what string) bool {
		mu.Lock()
		defer mu.Unlock()
		return slices.Contains(told, what)
	}
	st := &faulty{Store: openMemory(t)}
	s := serve(t, Config{
		Store: st, IdleTimeout: time.Millisecond,
		OnStatus:   func(s Status) { tell("server " + s.String()) },
		OnDocument: func(name string, s DocumentStatus) { tell(name + " " + s.String()) },
	}, func(s *Server) { s.timing.quarantine, s.timing.retry = 0, 1 })
	if s.Status() != Serving || s.DocumentStatus("doc") != Absent {
		t.Errorf("at first %v, %v", s.Status(), s.DocumentStatus("doc"))
	}

	st.set(func() { st.open = &store.CorruptError{Name: "doc", Reason: "for the test"} })
	s.dial("doc").closed()
	eventually(t, "it is gone", func() bool { return heard("doc absent") })
	st.set(func() { st.open = nil })

	p := s.join("doc")
	if got := s.DocumentStatus("doc"); got != Open {
		t.Errorf("joined, it is %v", got)
	}
	st.set(func() { st.append, st.open = errors.New("full"), errors.New("full") })
	p.typ("hello")
	eventually(t, "the store fails", func() bool { return s.DocumentStatus("doc") == Unsaved })
	st.set(func() { st.append, st.open = nil, nil })
	eventually(t, "the store works", func() bool { return s.DocumentStatus("doc") == Open })
	p.conn.Abort()
	eventually(t, "it is unloaded", func() bool { return s.DocumentStatus("doc") == Absent })

	if err := s.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	if s.Status() != Stopped {
		t.Errorf("at last %v", s.Status())
	}
	want := []string{
		"doc loading", "doc quarantined", "doc absent",
		"doc loading", "doc open", "doc unsaved", "doc open", "doc absent",
		"server stopping", "server stopped",
	}
	mu.Lock()
	defer mu.Unlock()
	if !slices.Equal(told, want) {
		t.Errorf("told %q\nwant %q", told, want)
	}
	if Status(9).String() != "invalid" || DocumentStatus(-1).String() != "invalid" {
		t.Error("an unknown status has a word")
	}
}
