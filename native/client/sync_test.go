package client

import (
	"fmt"
	"strings"
	"sync"
	"testing"
)

func TestConverge(t *testing.T) {
	s := newSite(t)
	var peers []*peer
	for range 6 {
		peers = append(peers, s.join("notes", Options{}))
	}
	var typing sync.WaitGroup
	for _, p := range peers {
		typing.Go(func() {
			for i := range 50 {
				p.typ(fmt.Sprintf("%d ", i))
			}
		})
	}
	typing.Wait()
	for _, p := range peers {
		p.sees(peers...)
	}
	for i, p := range peers {
		same(t, fmt.Sprint("peer ", i), p.copied(), peers[0].copied())
	}
	want := peers[0].copied()
	s.stop()
	same(t, "the store", s.stored("notes"), want)
}

func TestServerRestart(t *testing.T) {
	s := newSite(t)
	a, b := s.join("notes", Options{}), s.join("notes", Options{})
	a.typ("before ")
	b.sees(a)
	for round := range 3 {
		s.stop()
		a.until("disconnected", func() bool { return !a.Synced() })
		b.until("disconnected", func() bool { return !b.Synced() })
		a.typ(fmt.Sprintf("a in the dark %d ", round))
		b.typ(fmt.Sprintf("b in the dark %d ", round))
		s.start()
		a.sees(b)
		b.sees(a)
	}
	same(t, "b", b.copied(), a.copied())
	if err := a.Err(); err != nil {
		t.Errorf("after a sync there is an error: %v", err)
	}
	want := a.copied()
	s.stop()
	same(t, "the store", s.stored("notes"), want)
}

func TestCutConnection(t *testing.T) {
	s := newSite(t)
	a, b := s.join("notes", Options{}), s.join("notes", Options{})
	for i := range 10 {
		a.cable.cut()
		a.typ(fmt.Sprint(i))
		b.typ(fmt.Sprint(i))
		b.sees(a)
		a.sees(b)
	}
	same(t, "b", b.copied(), a.copied())
}

func TestOfflineEdits(t *testing.T) {
	s := newSite(t)
	a := open(t, s.url, "notes", Options{})
	for range 100 {
		a.typ("before the first connection ")
	}
	if a.Status() != Disconnected {
		t.Fatal(a.Status())
	}
	a.connect()
	b := s.join("notes", Options{})
	b.sees(a)

	if err := a.Disconnect(); err != nil {
		t.Fatal(err)
	}
	if a.Status() != Disconnected || a.Synced() || a.Err() != nil {
		t.Errorf("after Disconnect: %v, synced %v, %v", a.Status(), a.Synced(), a.Err())
	}
	a.typ("away ")
	b.typ("meanwhile ")
	a.connect()
	a.sees(b)
	b.sees(a)
	same(t, "b", b.copied(), a.copied())
}

// TestEditsInDo is about a document that is edited itself, and then told about.
func TestEditsInDo(t *testing.T) {
	s := newSite(t)
	a, b := s.join("notes", Options{}), s.join("notes", Options{})
	u := a.edit("in Do")
	if err := a.Do(func() {
		if _, err := a.doc.Apply(u); err != nil {
			t.Error(err)
		}
	}); err != nil {
		t.Fatal(err)
	}
	if err := a.Update(u); err != nil {
		t.Fatal(err)
	}
	b.sees(a)
}

func TestLargeDocument(t *testing.T) {
	s := newSite(t)
	a := open(t, s.url, "large", Options{})
	a.typ(strings.Repeat("a large document ", 1<<20)) // 17 MB
	a.connect()
	b := s.join("large", Options{})
	b.sees(a)
	b.typ(strings.Repeat("and another one ", 1<<18)) // over QueueLimit
	b.typ("end")
	a.sees(b)
	same(t, "b", b.copied(), a.copied())
}

func TestUpdateErrors(t *testing.T) {
	s := newSite(t)
	a, b := s.join("notes", Options{}), s.join("notes", Options{})
	for _, u := range [][]byte{nil, {}, {1}, {0, 0, 0}, {1, 1, 1, 0, 4}} {
		if err := a.Update(u); err == nil {
			t.Errorf("%x was taken", u)
		}
	}
	a.typ("x")
	b.sees(a)
	if n := strings.Count(a.logs.String(), "connection lost"); n != 0 {
		t.Errorf("%d connections were lost", n)
	}
}

// TestNoEcho: OnUpdate tells what others did, once, and no local edits.
func TestNoEcho(t *testing.T) {
	s := newSite(t)
	told := make(chan []byte, 10)
	a := s.join("notes", Options{OnUpdate: func(u []byte) { told <- u }})
	b := s.join("notes", Options{})
	a.typ("a")
	b.sees(a)
	b.typ("b")
	a.sees(b)
	a.typ("c")
	b.sees(a)
	if n := len(told); n != 1 {
		t.Errorf("%d updates were told, want 1", n)
	}
}
