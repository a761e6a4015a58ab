package server

import (
	"bytes"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/weft-sync/weft/core/awareness"
	"github.com/weft-sync/weft/core/codec"
	"github.com/weft-sync/weft/core/update"
)

func TestEditsReachTheOthersAndTheStore(t *testing.T) {
	st := openMemory(t)
	s := serve(t, Config{Store: st})
	a, b := s.join("doc"), s.join("doc")
	other := s.join("another")
	for range 20 {
		a.typ("hello ")
		b.sees(a)
		b.typ("world")
		a.sees(b)
	}
	late := s.join("doc")
	same(t, "who joins late", late.doc, a.doc)
	if n, _ := mustContents(t, other.doc).Len(); n != 0 {
		t.Errorf("another document got %d ids", n)
	}
	if err := s.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	same(t, "the store", stored(t, st, "doc"), a.doc)
}

func mustContents(t *testing.T, d *update.Doc) *update.IDSet {
	t.Helper()
	structs, _, err := update.Contents(d.Encode())
	if err != nil {
		t.Fatal(err)
	}
	return &structs
}

func TestDocumentsSurviveARestart(t *testing.T) {
	st := openMemory(t)
	s := serve(t, Config{Store: st})
	a := s.join("doc")
	a.typ("kept")
	if err := s.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	a.expectClose(codec.Restart)
	a.edit(" and edited while away")

	s = serve(t, Config{Store: st})
	b := s.join("doc")
	again := s.dial("doc")
	again.doc, again.client, again.clock = a.doc, a.client, a.clock
	again.sync()
	b.sees(again)
}

func TestManyJoinDocumentsAtOnce(t *testing.T) {
	st := openMemory(t)
	s := serve(t, Config{Store: st})
	const documents, each = 5, 10
	peers := make([]*peer, documents*each)
	var wg sync.WaitGroup
	for i := range peers {
		peers[i] = s.dial(fmt.Sprint("doc-", i%documents))
	}
	for _, p := range peers {
		wg.Go(func() {
			p.sync()
			p.typ("x")
		})
	}
	wg.Wait()
	for i, p := range peers {
		for j := i % documents; j < len(peers); j += documents {
			p.sees(peers[j])
		}
	}
	if got := s.Stats(); got.Rooms != documents || got.Connections != len(peers) {
		t.Errorf("%d rooms and %d connections, want %d and %d", got.Rooms, got.Connections, documents, len(peers))
	}
}

func TestIdleDocumentsAreUnloadedAndLoadedAgain(t *testing.T) {
	st := openMemory(t)
	s := serve(t, Config{Store: st, IdleTimeout: time.Millisecond})
	whole := update.NewDoc()
	for round := range 20 {
		p := s.join("doc")
		same(t, fmt.Sprint("round ", round), p.doc, whole)
		p.typ("text")
		p.query()
		if _, err := whole.Apply(bytes.Clone(p.doc.Encode())); err != nil {
			t.Fatal(err)
		}
		if round%2 == 0 {
			p.conn.Abort()
		} else {
			go p.conn.Close(codec.Normal, "")
		}
		if round%3 != 0 { // otherwise the next one joins while it goes
			eventually(t, "the room is gone", func() bool { return s.Stats().Rooms == 0 })
		}
	}
	eventually(t, "the room is gone", func() bool { return s.Stats().Rooms == 0 })
	same(t, "the store", stored(t, st, "doc"), whole)
}

// query asks for the presence states and waits for the answer: what was sent
// before has been handled then.
func (p *peer) query() {
	p.t.Helper()
	p.send(codec.QueryAwareness, nil)
	for p.read().Kind != codec.Awareness {
	}
}

func TestJoiningARoomThatIsBeingUnloaded(t *testing.T) {
	s := serve(t, Config{IdleTimeout: time.Millisecond})
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			for j := range 50 {
				p, err := s.tryDial("doc", nil)
				if err != nil {
					t.Error(err)
					return
				}
				p.sync()
				if (i+j)%3 == 0 {
					p.typ("x")
					p.query()
				}
				p.conn.Abort()
			}
		})
	}
	wg.Wait()
	eventually(t, "the room is gone", func() bool { return s.Stats().Rooms == 0 })
	if st := s.Stats(); st.Connections != 0 || st.Panics != 0 {
		t.Errorf("%+v", st)
	}
}

func TestPresenceGoesWithItsConnection(t *testing.T) {
	s := serve(t, Config{})
	a, b := s.join("doc"), s.join("doc")
	states := awareness.New(awareness.Limits{})
	a.send(codec.Awareness, states.Encode(nil))
	if _, err := states.SetLocal(0, a.client, []byte(`{"name":"a"}`)); err != nil {
		t.Fatal(err)
	}
	a.send(codec.Awareness, states.EncodeAll())

	seen := awareness.New(awareness.Limits{})
	await := func(what string, present bool) {
		t.Helper()
		for (seen.Len() == 1) != present {
			if m := b.read(); m.Kind == codec.Awareness {
				if _, err := seen.Apply(0, m.Payload); err != nil {
					t.Fatalf("%s: %v", what, err)
				}
			}
		}
	}
	await("a comes", true)
	a.conn.Abort()
	await("a goes", false)
}

func TestASlowPeerGetsEverythingInTheEnd(t *testing.T) {
	s := serve(t, Config{QueueLimit: 64 << 10})
	fast, slow := s.join("doc"), s.join("doc")
	// Far more than the sockets hold, while slow reads nothing.
	chunk := string(bytes.Repeat([]byte("weft "), 20_000))
	for range 300 {
		fast.typ(chunk)
	}
	slow.sees(fast)
	same(t, "the slow peer", slow.doc, fast.doc)
	if s.Stats().Unreachable != 0 {
		t.Error("the slow peer was cut off")
	}
}

func TestASilentPeerIsPinged(t *testing.T) {
	s := serve(t, Config{}, func(s *Server) { s.timing.sweep, s.timing.silence = 1, 1 })
	p := s.dial("doc")
	read := make(chan struct{})
	go func() { // answers pings
		defer close(read)
		p.tryRead()
	}()
	room := func() *roomHost {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.rooms["doc"]
	}
	eventually(t, "the room is there", func() bool { return room() != nil })
	// An answered ping is heard; the connection is still there after many.
	for range 5 {
		p2 := s.join("doc")
		p2.conn.Abort()
	}
	if st := s.Stats(); st.Unreachable != 0 {
		t.Errorf("cut off although it answers: %+v", st)
	}
	p.conn.Abort()
	<-read
}

func TestAPeerThatAnswersNoPingIsCutOff(t *testing.T) {
	s := serve(t, Config{}, func(s *Server) {
		s.timing.sweep, s.timing.silence, s.timing.pong = 1, 1, 20*time.Millisecond
	})
	p := s.dial("doc") // never reads, so never answers
	eventually(t, "it is cut off", func() bool { return s.Stats().Unreachable == 1 && s.Stats().Connections == 0 })
	if _, err := p.tryRead(); err == nil {
		t.Error("the connection still works")
	}
}

func TestAFaultInARoomCostsThatRoomOnly(t *testing.T) {
	st := openMemory(t)
	s := serve(t, Config{Store: st})
	a, other := s.join("doc"), s.join("other")
	a.typ("handed to the store before the fault")
	a.query()
	s.mu.Lock()
	s.rooms["doc"].loop.Post(event{kind: joined}) // nobody: a fault of the program
	s.mu.Unlock()
	a.expectClose(codec.Internal)
	other.typ("still works")
	other.query()
	eventually(t, "the room is gone", func() bool { return s.Stats().Rooms == 1 })
	same(t, "the document", s.join("doc").doc, a.doc)
	if n := s.Stats().Panics; n != 1 {
		t.Errorf("%d panics counted, want 1", n)
	}
}
