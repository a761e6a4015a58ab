package room

import (
	"errors"
	"fmt"
	"testing"

	"github.com/weft-sync/weft/core/awareness"
	"github.com/weft-sync/weft/core/codec"
	"github.com/weft-sync/weft/core/lib0"
	"github.com/weft-sync/weft/core/update"
)

// world is a room, its store, and people who edit, over connections that deliver
// when they like. Every choice comes from one function, so that a random source
// and a fuzzer can both drive it.
type world struct {
	t       testing.TB
	choose  func(n int) int // 0 <= result < n
	room    *Room
	doc     *update.Doc
	store   *update.Doc // what was appended
	people  []*person
	now     int64
	members Member // the last one
	limit   int
}

// person is one document in a browser with y-websocket's provider.
type person struct {
	client  uint64
	clock   uint64 // of the document
	doc     *update.Doc
	present *awareness.States
	member  Member
	socket  [][]byte // taken, not yet written
	inbox   [][]byte // written, not yet read
	writing bool
}

func newWorld(t testing.TB, people, queueLimit int, choose func(int) int) *world {
	w := &world{t: t, choose: choose, doc: update.NewDoc(), store: update.NewDoc(), limit: queueLimit}
	w.room = New(Config{Doc: w.doc, QueueLimit: queueLimit})
	for i := range people {
		w.people = append(w.people, &person{client: uint64(100 + i), doc: update.NewDoc()})
		w.connect(w.people[i])
	}
	return w
}

// step does one thing.
func (w *world) step() {
	p := w.people[w.choose(len(w.people))]
	switch w.choose(12) {
	case 0, 1, 2:
		w.edit(p)
	case 3, 4:
		w.round()
	case 5, 6, 7:
		w.written(p)
		w.read(p, 1+w.choose(3))
	case 8:
		w.read(p, 1)
	case 9:
		w.move(p)
	case 10:
		w.now += int64(w.choose(4000))
		w.room.HandleTime(w.now)
		w.renew(p)
	case 11:
		if w.choose(4) == 0 {
			w.connect(p)
		} else if w.choose(4) == 0 {
			w.send(p, codec.Message{Kind: codec.SyncStep1, Payload: p.doc.StateVector()})
		}
	}
	checkInvariants(w.t, w.room)
}

// connect opens a new connection, and closes the one before, sooner or later.
func (w *world) connect(p *person) {
	old := p.member
	if old != 0 && w.choose(2) == 0 {
		w.room.Leave(w.now, old)
		old = 0
	}
	w.members++
	p.member, p.socket, p.inbox, p.writing = w.members, nil, nil, false
	// It forgets the others, and goes on counting its own clock.
	before := p.present
	p.present = awareness.New(awareness.Limits{})
	if before != nil {
		if _, err := p.present.Apply(w.now, before.Encode([]uint64{p.client})); err != nil {
			w.t.Fatal(err)
		}
	}
	w.room.Join(w.now, p.member)
	w.send(p, codec.Message{Kind: codec.SyncStep1, Payload: p.doc.StateVector()})
	w.move(p)
	w.room.Leave(w.now, old)
}

func (w *world) send(p *person, m codec.Message) {
	if err := w.room.HandleFrame(w.now, p.member, codec.EncodeY(m)); err != nil {
		w.t.Fatal(err)
	}
}

// edit writes some text, or deletes some of anybody's.
func (w *world) edit(p *person) {
	var u []byte
	if w.choose(3) > 0 || p.clock == 0 {
		text := fmt.Sprint("text ", w.choose(100))
		u = insert(p.client, p.clock, text)
		p.clock += uint64(len(text))
	} else {
		whose := w.people[w.choose(len(w.people))]
		u = remove(whose.client, uint64(w.choose(50)), 1+uint64(w.choose(5)))
	}
	if _, err := p.doc.Apply(u); err != nil {
		w.t.Fatal(err)
	}
	w.send(p, codec.Message{Kind: codec.SyncUpdate, Payload: u})
}

// move sets p's presence.
func (w *world) move(p *person) {
	if _, err := p.present.SetLocal(w.now, p.client, fmt.Append(nil, w.choose(10))); err != nil {
		w.t.Fatal(err)
	}
	w.send(p, codec.Message{Kind: codec.Awareness, Payload: p.present.Encode([]uint64{p.client})})
}

// renew does what y-protocols does every now and then: it renews p's presence,
// lets others expire, and tells the room of both.
func (w *world) renew(p *person) {
	if change := p.present.Expire(w.now); !change.Empty() {
		w.send(p, codec.Message{Kind: codec.Awareness, Payload: p.present.Encode(change.Clients())})
	}
}

// round does what a host does after a batch.
func (w *world) round() {
	before := w.room.Appended()
	if u, seq, ok := w.room.Append(); ok {
		if seq != before+1 {
			w.t.Fatalf("append %d after %d", seq, before)
		}
		if fresh, err := w.store.Apply(u); err != nil || !fresh {
			w.t.Fatalf("an append with nothing new: %v", err)
		}
		w.room.HandleStored(seq)
	}
	checkInvariants(w.t, w.room)
	for _, id := range w.room.Ready() {
		m := w.room.members[id]
		p := w.personOf(id)
		follows := m.feed == following && m.at >= w.room.log.first
		frames := w.room.Take(id, nil)
		if p == nil {
			continue // a connection that is about to be closed
		}
		if len(frames) > 0 && p.writing {
			w.t.Fatal("two writes at a time")
		}
		if follows {
			w.checkNoEcho(p, frames)
		}
		p.socket, p.writing = frames, len(frames) > 0
	}
	checkInvariants(w.t, w.room)
	if ready := w.room.Ready(); len(ready) > 0 {
		w.t.Fatalf("%v are ready after everything was taken", ready)
	}
}

func (w *world) personOf(id Member) *person {
	for _, p := range w.people {
		if p.member == id {
			return p
		}
	}
	return nil
}

// checkNoEcho checks that p is not sent what it wrote.
func (w *world) checkNoEcho(p *person, frames [][]byte) {
	for _, f := range frames {
		if m, _ := codec.DecodeY(f); m.Kind == codec.SyncUpdate {
			structs, _, err := update.Contents(m.Payload)
			if err != nil {
				w.t.Fatal(err)
			}
			for r := range structs.Ranges(p.client) {
				w.t.Fatalf("%d is sent %v of its own", p.client, r)
			}
		}
	}
}

func (w *world) written(p *person) {
	if p.writing {
		p.inbox = append(p.inbox, p.socket...)
		p.socket, p.writing = nil, false
		w.room.HandleWritten(w.now, p.member)
	}
}

// read has p handle up to n frames.
func (w *world) read(p *person, n int) {
	for ; n > 0 && len(p.inbox) > 0; n-- {
		m, err := codec.DecodeY(p.inbox[0])
		if err != nil {
			w.t.Fatal(err)
		}
		p.inbox = p.inbox[1:]
		switch m.Kind {
		case codec.SyncStep1:
			diff, err := p.doc.Diff(m.Payload)
			if err != nil {
				w.t.Fatal(err)
			}
			w.send(p, codec.Message{Kind: codec.SyncStep2, Payload: diff})
		case codec.SyncStep2, codec.SyncUpdate:
			if _, err := p.doc.Apply(m.Payload); err != nil {
				w.t.Fatal(err)
			}
		case codec.Awareness:
			change, err := p.present.Apply(w.now, m.Payload)
			if err != nil {
				w.t.Fatal(err)
			}
			if !change.Empty() { // y-websocket's client sends it back
				w.send(p, codec.Message{Kind: codec.Awareness, Payload: p.present.Encode(change.Clients())})
			}
		default:
			w.t.Fatalf("a room sends %v", m.Kind)
		}
	}
}

// settle lets everything be written and read until nothing moves, and compares.
func (w *world) settle() {
	for i := 0; ; i++ {
		if i > 1000 {
			w.t.Fatal("does not come to rest")
		}
		w.round()
		moved := false
		for _, p := range w.people {
			w.renew(p)
			moved = moved || p.writing || len(p.inbox) > 0
			w.written(p)
			w.read(p, len(p.inbox))
		}
		checkInvariants(w.t, w.room)
		if !moved {
			break
		}
	}
	sameContent(w.t, "store", w.store, w.doc)
	for _, p := range w.people {
		sameContent(w.t, fmt.Sprint("client ", p.client), p.doc, w.doc)
		if got, want := describeAwareness(p.present.EncodeAll()), describeAwareness(w.room.states.EncodeAll()); got != want {
			w.t.Fatalf("client %d sees %s, the room %s", p.client, got, want)
		}
	}
	if w.room.log.len() != 0 {
		w.t.Fatalf("%d batches are kept for nobody", w.room.log.len())
	}
}

// garbage sends bytes, and reconnects if they are refused, which the room must
// do with a PeerError.
func (w *world) garbage(p *person, frame []byte) {
	err := w.room.HandleFrame(w.now, p.member, frame)
	if err == nil {
		// It was valid. If it was an update, p has it as well.
		if m, err := codec.DecodeY(frame); err == nil && (m.Kind == codec.SyncStep2 || m.Kind == codec.SyncUpdate) {
			if _, err := p.doc.Apply(m.Payload); err != nil {
				w.t.Fatal(err)
			}
		}
		return
	}
	if _, ok := errors.AsType[*codec.PeerError](err); !ok {
		w.t.Fatalf("%x: %v", frame, err)
	}
	w.connect(p)
}

// randomFrame makes up bytes, some of them with a valid beginning, so that they
// get past the first checks.
func (w *world) randomFrame(next func(n int) []byte) []byte {
	switch w.choose(4) {
	case 0:
		return next(w.choose(24))
	case 1:
		return lib0.AppendBytes([]byte{0, byte(w.choose(4))}, next(w.choose(40)))
	case 2:
		return lib0.AppendBytes([]byte{1}, next(w.choose(40)))
	default:
		u := insert(uint64(w.choose(200)), uint64(w.choose(30)), "garbage")
		return lib0.AppendBytes([]byte{0, 2}, u[:w.choose(len(u)+1)])
	}
}
