package server

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/weft-sync/weft/core/codec"
)

func (s *testServer) room(name string) (found Room) {
	for _, r := range s.Rooms() {
		if r.Name == name {
			found = r
		}
	}
	return found
}

// TestRooms checks what is seen of documents from outside, without asking them.
func TestRooms(t *testing.T) {
	s := serve(t, Config{Modes: []ModeRule{{"loud/*", ModeBroadcast}}})
	if got := s.Rooms(); len(got) != 0 {
		t.Errorf("at first there are %v", got)
	}
	a, b := s.join("doc"), s.join("doc")
	before := s.room("doc")
	a.typ("hello")
	b.sees(a)
	eventually(t, "it is stored", func() bool { r := s.room("doc"); return r.Appended == 1 && r.Stored == 1 })
	r := s.room("doc")
	if r.Mode != ModeStore || r.Status != Open || r.Members != 2 || r.Size == 0 {
		t.Errorf("%+v", r)
	}
	if r.FramesIn <= before.FramesIn || r.BytesIn <= before.BytesIn || r.FramesOut <= before.FramesOut || r.BytesOut <= before.BytesOut {
		t.Errorf("counted %+v after %+v", r, before)
	}
	loud := s.dial("loud/one")
	loud.send(codec.SyncStep1, []byte{0})
	eventually(t, "a frame is counted where nothing is kept", func() bool {
		r := s.room("loud/one")
		return r.FramesIn == 1 && r.BytesIn == 4 && r.Mode == ModeBroadcast
	})
}

// TestInspect looks into a document with one member of each framing.
func TestInspect(t *testing.T) {
	s := serve(t, Config{})
	if _, err := s.Inspect(t.Context(), "doc", 10); !errors.Is(err, ErrNotOpen) {
		t.Errorf("not open: %v", err)
	}
	p := s.join("doc")
	w := s.weft("/", nil)
	w.send("doc", step1)
	w.until("doc", codec.SyncCross)
	many := s.dial("")
	many.hexed("4944 03 646f63 00000100")
	many.gets("4944 03 646f63 0001020000", "4944 03 646f63 00000100")
	p.typ("hello")
	var d RoomDetail
	eventually(t, "the store has it", func() bool {
		var err error
		if d, err = s.Inspect(t.Context(), "doc", 10); err != nil {
			t.Fatal(err)
		}
		return d.LogUpdates == 1
	})
	got := map[string]int{}
	for i, c := range d.Connections {
		got[c.Protocol]++
		if c.ID != uint64(i+1) || c.Remote == "" || c.ReadOnly || c.Age < 0 || c.Silence < 0 || c.Silence > c.Age {
			t.Errorf("connection %+v", c)
		}
	}
	if d.Members != 3 || len(got) != 3 || got["y"] != 1 || got["elva"] != 1 || got[codec.WeftProtocol] != 1 {
		t.Errorf("%d members, %v", d.Members, got)
	}
	if d.LogBytes == 0 || d.Name != "doc" {
		t.Errorf("%+v", d)
	}
	if d, err := s.Inspect(t.Context(), "doc", 2); err != nil || len(d.Connections) != 2 || d.Members != 3 {
		t.Errorf("of two: %+v, %v", d, err)
	}
}

// TestCloseRoom checks what each kind of client is told, that what they sent before is
// stored, and that the document is unloaded long before its time.
func TestCloseRoom(t *testing.T) {
	st := openMemory(t)
	s := serve(t, Config{Store: st, IdleTimeout: time.Hour})
	if _, err := s.CloseRoom(t.Context(), "doc", "bye"); !errors.Is(err, ErrNotOpen) {
		t.Errorf("not open: %v", err)
	}
	p := s.join("doc")
	other := s.join("other")
	w := s.weft("/", nil)
	w.send("doc", step1)
	w.until("doc", codec.SyncCross)
	many := s.dial("")
	many.hexed("4944 03 646f63 00000100")
	many.gets("4944 03 646f63 0001020000", "4944 03 646f63 00000100")
	p.typ("hello")
	eventually(t, "it is stored", func() bool { return s.room("doc").Stored == 1 })

	if n, err := s.CloseRoom(t.Context(), "doc", "bye"); n != 3 || err != nil {
		t.Fatalf("%d sent away, %v", n, err)
	}
	if e := p.closed(); e.Code != codec.Forbidden || e.Reason != "bye" {
		t.Errorf("the one is told %v", e)
	}
	if e := w.fault("doc"); e.Code != codec.Forbidden || e.Text != "bye" {
		t.Errorf("the one of weft.v1 is told %+v", e)
	}
	if e := many.closed(); e.Code != codec.Restart || e.Reason != "bye" {
		t.Errorf("the one with many documents is told %v", e)
	}
	eventually(t, "it is unloaded", func() bool { return s.DocumentStatus("doc") == Absent })
	if !hasText(stored(t, st, "doc"), "hello") {
		t.Error("what was typed is not stored")
	}
	other.typ("still here")
	eventually(t, "the other document goes on", func() bool { return s.room("other").Stored == 1 })

	// The next to come is served, and the document then stays as long as any.
	again := s.join("doc")
	if !hasText(again.doc, "hello") {
		t.Error("it is not what it was")
	}
	again.conn.Abort()
	eventually(t, "it is empty", func() bool { // by what CloseRoom counts, after which the number of members is published
		d, err := s.Inspect(t.Context(), "doc", 10)
		return err == nil && len(d.Connections) == 0 && s.room("doc").Members == 0
	})
	if s.DocumentStatus("doc") != Open {
		t.Error("it was unloaded at once, although nobody has closed it again")
	}
	if n, err := s.CloseRoom(t.Context(), "doc", "bye"); n != 0 || err != nil {
		t.Errorf("empty: %d sent away, %v", n, err)
	}
	eventually(t, "it is unloaded", func() bool { return s.DocumentStatus("doc") == Absent })
}

// TestKick checks that one connection ends and its neighbour does not.
func TestKick(t *testing.T) {
	s := serve(t, Config{})
	a, b := s.join("doc"), s.join("doc")
	d, err := s.Inspect(t.Context(), "doc", 10)
	if err != nil || len(d.Connections) != 2 {
		t.Fatalf("%+v, %v", d, err)
	}
	if s.Kick(99, "bye") {
		t.Error("a connection that there is not was kicked")
	}
	if !s.Kick(d.Connections[0].ID, "bye") {
		t.Fatal("there is no such connection")
	}
	if e := a.closed(); e.Code != codec.Forbidden || e.Reason != "bye" {
		t.Errorf("it is told %v", e)
	}
	c := s.join("doc")
	c.typ("hello")
	b.sees(c)
}

// TestCompact compacts a log on demand, twice at once, and checks what cannot be.
func TestCompact(t *testing.T) {
	st := openMemory(t)
	s := serve(t, Config{Store: st, Modes: []ModeRule{{"loud", ModeBroadcast}}})
	if err := s.Compact(t.Context(), "doc"); !errors.Is(err, ErrNotOpen) {
		t.Errorf("not open: %v", err)
	}
	s.dial("loud")
	eventually(t, "it is open", func() bool { return s.DocumentStatus("loud") == Open })
	var de *DocumentError
	if err := s.Compact(t.Context(), "loud"); !errors.As(err, &de) || de.Code != codec.Forbidden {
		t.Errorf("nothing is kept of it: %v", err)
	}

	p := s.join("doc")
	if err := s.Compact(t.Context(), "doc"); err != nil {
		t.Errorf("empty: %v", err)
	}
	for i := range 20 {
		p.typ(fmt.Sprint(i, " "))
		eventually(t, "it is stored", func() bool { return s.room("doc").Stored == uint64(i+1) })
	}
	errs := make(chan error, 2)
	for range 2 {
		go func() { errs <- s.Compact(t.Context(), "doc") }()
	}
	for range 2 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	if d, err := s.Inspect(t.Context(), "doc", 0); err != nil || d.LogUpdates != 0 {
		t.Errorf("the log has %d updates, %v", d.LogUpdates, err)
	}
	if err := s.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	same(t, "what is stored", stored(t, st, "doc"), p.doc)
}

// TestCompactFails checks that who asked hears of a store that fails, and of a room
// that ends.
func TestCompactFails(t *testing.T) {
	st := &faulty{Store: openMemory(t)}
	s := serve(t, Config{Store: st}, func(s *Server) { s.timing.retry = 1 })
	p := s.join("doc")
	st.set(func() { st.append, st.open = errors.New("full"), errors.New("full") })
	p.typ("hello")
	eventually(t, "the store fails", func() bool { return s.DocumentStatus("doc") == Unsaved })
	if err := s.Compact(t.Context(), "doc"); !errors.Is(err, errStore) {
		t.Errorf("%v", err)
	}
	st.set(func() { st.append, st.open = nil, nil })
	eventually(t, "the store works", func() bool { return s.DocumentStatus("doc") == Open })

	hold := make(chan struct{})
	st.set(func() { st.hold = hold })
	p.typ("more")
	eventually(t, "it is on its way to the store", func() bool { return s.room("doc").Appended == 2 })
	errs := make(chan error, 1)
	go func() { errs <- s.Compact(t.Context(), "doc") }()
	s.mu.Lock()
	h := s.rooms["doc"]
	s.mu.Unlock()
	eventually(t, "it is being compacted", func() bool {
		asked := 0
		if err := h.do(t.Context(), func(int64) error { asked = len(h.saver.asked); return nil }); err != nil {
			t.Fatal(err)
		}
		return asked == 1
	})
	h.loop.Post(event{kind: joined}) // there is no member: a fault
	if err := <-errs; !errors.Is(err, errAbandoned) {
		t.Errorf("the room has ended: %v", err)
	}
	close(hold)
}
