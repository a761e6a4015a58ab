package client

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/weft-sync/weft/core/awareness"
)

// shows waits until p sees a state of another, "" for none.
func (p *peer) shows(other *peer, state string) {
	p.t.Helper()
	p.until(fmt.Sprintf("the other client shows %q", state), func() bool {
		return string(p.Awareness().Others()[other.ClientID()]) == state
	})
}

func (p *peer) show(state any) {
	p.t.Helper()
	if err := p.Awareness().SetLocal(state); err != nil {
		p.t.Fatal(err)
	}
}

func TestAwareness(t *testing.T) {
	s := newSite(t)
	a, b := s.join("notes", Options{}), s.join("notes", Options{})
	a.show(map[string]string{"name": "Ada"})
	b.shows(a, `{"name":"Ada"}`)
	if n := len(a.Awareness().Others()); n != 0 {
		t.Errorf("a sees %d others", n)
	}
	a.show(json.RawMessage(` { "name" : "A" } `)) // as it is
	b.shows(a, ` { "name" : "A" } `)
	b.show(7)
	a.shows(b, "7")
	if err := a.Awareness().RemoveLocal(); err != nil {
		t.Fatal(err)
	}
	b.shows(a, "")
	a.show("back")
	b.shows(a, `"back"`)
	a.show(nil)
	b.shows(a, "")
	if local := a.Awareness().Local(); local != nil {
		t.Errorf("the local state is %s", local)
	}

	// A third one sees those who are there.
	c := s.join("notes", Options{})
	c.shows(b, "7")
	// Who leaves is gone at once.
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	a.shows(b, "")
	c.shows(b, "")
}

func TestAwarenessIsRemovedByDisconnect(t *testing.T) {
	s := newSite(t)
	a, b := s.join("notes", Options{}), s.join("notes", Options{})
	a.show(1)
	b.show(2)
	a.shows(b, "2")
	b.shows(a, "1")
	if err := a.Disconnect(); err != nil {
		t.Fatal(err)
	}
	b.shows(a, "")
	if n := len(a.Awareness().Others()); n != 0 {
		t.Errorf("%d others are shown without a connection", n)
	}
	if local := string(a.Awareness().Local()); local != "1" {
		t.Errorf("the local state is %s", local)
	}
	a.show(3) // while nobody can see it
	a.connect()
	b.shows(a, "3")
	a.shows(b, "2")
}

// TestAwarenessAfterReconnect: the others are seen at once, with the clock they had,
// and not after their renewal up to 15 seconds later.
func TestAwarenessAfterReconnect(t *testing.T) {
	s := newSite(t)
	a, b := s.join("notes", Options{}), s.join("notes", Options{})
	a.show(1)
	b.show(2)
	b.shows(a, "1")
	a.shows(b, "2")
	began := time.Now()
	for range 3 {
		a.cable.cut()
		a.until("disconnected", func() bool { return !a.Synced() })
		a.synced()
		a.shows(b, "2")
		b.shows(a, "1")
	}
	if took := time.Since(began); took > awareness.Renewal*time.Millisecond/2 {
		t.Errorf("it took %v", took)
	}

	s.stop()
	a.until("nobody", func() bool { return len(a.Awareness().Others()) == 0 })
	b.until("nobody", func() bool { return len(b.Awareness().Others()) == 0 })
	s.start()
	a.shows(b, "2")
	b.shows(a, "1")
}

func TestAwarenessChanges(t *testing.T) {
	s := newSite(t)
	told := make(chan string, 10)
	a := s.join("notes", Options{OnAwareness: func(c AwarenessChange) {
		told <- fmt.Sprintf("+%v ~%v -%v", c.Added, c.Updated, c.Removed)
	}})
	b := s.join("notes", Options{ClientID: 9})
	expect := func(want string) {
		t.Helper()
		select {
		case got := <-told:
			if got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		case <-time.After(patience):
			t.Fatalf("never: %s", want)
		}
	}
	a.show("of no interest")
	b.show(1)
	expect("+[9] ~[] -[]")
	b.show(2)
	expect("+[] ~[9] -[]")
	b.show(2) // a renewal
	b.show(3)
	expect("+[] ~[9] -[]")
	if err := a.Disconnect(); err != nil {
		t.Fatal(err)
	}
	expect("+[] ~[] -[9]")
}

func TestAwarenessErrors(t *testing.T) {
	a := open(t, "ws://127.0.0.1:1", "notes", Options{Awareness: awareness.Limits{MaxStateBytes: 10}})
	a.show("ok")
	for _, state := range []any{json.RawMessage{}, json.RawMessage("{"), make(chan int), strings.Repeat("x", 11)} {
		if err := a.Awareness().SetLocal(state); err == nil {
			t.Errorf("%v was taken", state)
		}
	}
	_, isLimit := errors.AsType[*awareness.LimitError](a.Awareness().SetLocal("0123456789"))
	if !isLimit {
		t.Error("no LimitError")
	}
	if got := string(a.Awareness().Local()); got != `"ok"` {
		t.Errorf("the local state is %s", got)
	}
	if err := a.Awareness().RemoveLocal(); err != nil {
		t.Error(err)
	}
	if err := a.Awareness().RemoveLocal(); err != nil {
		t.Error(err)
	}
}
