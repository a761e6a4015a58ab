//go:build !wasip1 && !js

package main

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/weft-sync/weft/core/codec"
	"github.com/weft-sync/weft/core/coretest"
	"github.com/weft-sync/weft/core/room"
	"github.com/weft-sync/weft/core/update"
	"github.com/weft-sync/weft/wasm/abi"
)

// world is one room and several pages, all of whose providers live in one
// instance. What is on the way waits in queues that are delivered in an order that
// the seed decides.
type world struct {
	t     *testing.T
	m     *module
	rand  *coretest.Rand
	now   int64
	room  *room.Room
	doc   *update.Doc
	pages []*page
	lines map[room.Member]*line
	last  room.Member
}

// page is what the bridge is in a browser: a document, and the ends of sockets.
type page struct {
	w        *world
	handle   uint32
	doc      *coretest.Document
	line     *line
	status   uint16
	synced   bool
	presence uint64 // clock of the local state
}

// line is one connection.
type line struct {
	page     *page
	conn     uint32
	member   room.Member
	up, down [][]byte
	opened   bool
}

func newWorld(t *testing.T, m *module, seed uint64, pages int) *world {
	w := &world{t: t, m: m, rand: coretest.NewRand(seed), now: 1000, doc: update.NewDoc(), lines: map[room.Member]*line{}}
	w.room = room.New(room.Config{Doc: w.doc, QueueLimit: 4096})
	for i := range pages {
		p := &page{w: w, handle: m.open(0), doc: coretest.NewDocument(uint64(i+1), w.rand.Fork())}
		w.pages = append(w.pages, p)
		p.event(abi.EventConnect, 0, nil)
	}
	return w
}

// event steps the page's provider and does what it says, as the bridge does:
// answers come after all outputs were performed.
func (p *page) event(e abi.Event, arg uint32, payload []byte) {
	type answer struct {
		e       abi.Event
		arg     uint32
		payload []byte
	}
	queue := []answer{{e, arg, payload}}
	for len(queue) > 0 {
		a := queue[0]
		queue = queue[1:]
		for _, o := range p.w.m.step(p.handle, a.e, a.arg, p.w.now, a.payload) {
			o.Payload = slices.Clone(o.Payload)
			switch o.Kind {
			case abi.OutputDial:
				p.line = &line{page: p, conn: o.Conn}
			case abi.OutputClose:
				p.w.cut(p.line)
			case abi.OutputSend:
				p.line.up = append(p.line.up, o.Payload)
			case abi.OutputAskStateVector:
				queue = append(queue, answer{abi.EventStateVector, o.Conn, p.doc.StateVector()})
			case abi.OutputAskDiff:
				diff, err := p.doc.Diff(o.Payload)
				p.w.check(err)
				queue = append(queue, answer{abi.EventDiff, o.Conn, diff})
			case abi.OutputAskAwareness:
				p.presence++
				state := fmt.Appendf([]byte{1, byte(p.doc.Client), byte(p.presence), 7}, `{"a":%d}`, p.presence%10)
				queue = append(queue, answer{abi.EventPresence, o.Conn, state})
			case abi.OutputApply:
				_, err := p.doc.Apply(o.Payload)
				p.w.check(err)
			case abi.OutputApplyAwareness, abi.OutputClearAwareness:
			case abi.OutputStatus:
				p.status = o.Value
			case abi.OutputSynced:
				p.synced = o.Value == 1
			default:
				p.w.t.Fatalf("output %d: %q", o.Kind, o.Payload)
			}
		}
	}
}

func (w *world) check(err error) {
	if err != nil {
		w.t.Helper()
		w.t.Fatal(err)
	}
}

// settleRoom does what a room's host does after each batch.
func (w *world) settleRoom() {
	if _, seq, ok := w.room.Append(); ok {
		w.room.HandleStored(seq)
	}
	for _, m := range slices.Clone(w.room.Ready()) {
		for _, f := range w.room.Take(m, nil) {
			w.lines[m].down = append(w.lines[m].down, slices.Clone(f))
		}
	}
}

// cut ends a connection at the server's side; the page is told separately.
func (w *world) cut(l *line) {
	if l.opened {
		w.room.Leave(w.now, l.member)
		delete(w.lines, l.member)
		w.settleRoom()
	}
	if l.page.line == l {
		l.page.line = nil
	}
}

// deliver does one thing that is under way on a line; false if there is nothing.
func (w *world) deliver(p *page) bool {
	l := p.line
	switch {
	case l == nil:
		return false
	case !l.opened:
		w.last++
		l.opened, l.member = true, w.last
		w.lines[l.member] = l
		w.room.Join(w.now, l.member)
		p.event(abi.EventOpened, l.conn, nil)
	case len(l.up) > 0 && (len(l.down) == 0 || w.rand.Chance(500)):
		f := l.up[0]
		l.up = l.up[1:]
		w.check(w.room.HandleFrame(w.now, l.member, f))
		w.settleRoom()
		if len(l.up) == 0 {
			p.event(abi.EventWritten, l.conn, nil)
		}
	case len(l.down) > 0:
		f := l.down[0]
		l.down = l.down[1:]
		if len(l.down) == 0 {
			w.room.HandleWritten(w.now, l.member)
			w.settleRoom()
		}
		p.event(abi.EventFrame, l.conn, f)
	default:
		return false
	}
	return true
}

// pass lets time pass, and tells those who wanted to know.
func (w *world) pass(ms int64) {
	w.now += ms
	w.room.HandleTime(w.now)
	w.settleRoom()
	for _, p := range w.pages {
		if w.m.deadline(p.handle) <= w.now {
			p.event(abi.EventTime, 0, nil)
			if at := w.m.deadline(p.handle); at <= w.now {
				w.t.Fatalf("told the time at %d, the next deadline is %d", w.now, at)
			}
		}
	}
}

// lose cuts a page's connection from the outside.
func (w *world) lose(p *page) {
	if l := p.line; l != nil {
		w.cut(l)
		p.event(abi.EventClosed, l.conn, []byte{0xee, 0x03}) // 1006
	}
}

// The pages edit, lose their connections and come back, all in one instance; in
// the end everybody has everything.
func TestSession(t *testing.T) {
	each(t, func(t *testing.T, m *module) {
		for seed := range uint64(5) {
			w := newWorld(t, m, seed, 6)
			for range 4000 {
				p := w.pages[w.rand.Intn(len(w.pages))]
				switch n := w.rand.Intn(1000); {
				case n < 150:
					p.event(abi.EventUpdate, 0, p.doc.Edit())
				case n < 160:
					w.lose(p)
				case n < 165:
					p.event(abi.EventDisconnect, 0, nil)
				case n < 200:
					p.event(abi.EventConnect, 0, nil)
				case n < 230:
					w.pass(w.rand.Between(1, 400))
				default:
					w.deliver(p)
				}
			}
			w.converge()
			for _, p := range w.pages {
				p.event(abi.EventDestroy, 0, nil)
				if w.m.deadline(p.handle) != math.MaxInt64 {
					t.Error("a destroyed provider waits for something")
				}
			}
		}
	})
}

func (w *world) converge() {
	w.t.Helper()
	for _, p := range w.pages {
		p.event(abi.EventConnect, 0, nil)
	}
	for range 200 {
		for busy := true; busy; {
			busy = false
			for _, p := range w.pages {
				busy = w.deliver(p) || busy
			}
		}
		if !slices.ContainsFunc(w.pages, func(p *page) bool { return !p.synced }) {
			break
		}
		w.pass(1000)
	}
	for i, p := range w.pages {
		if !p.synced || p.status != abi.StatusConnected {
			w.t.Fatalf("page %d: synced %v, status %d", i, p.synced, p.status)
		}
		if d := coretest.Difference(p.doc.Encode(), w.doc.Encode()); d != "" {
			w.t.Fatalf("page %d and the room: %s", i, d)
		}
	}
}

// The backoff reaches the host through deadline, and its clock the provider.
func TestDeadlines(t *testing.T) {
	each(t, func(t *testing.T, m *module) {
		doc := m.open(0)
		if m.deadline(doc) != math.MaxInt64 {
			t.Error("a provider that does nothing has a deadline")
		}
		now := int64(1 << 40) // a host's clock may start anywhere
		m.step(doc, abi.EventConnect, 0, now, nil)
		if at := m.deadline(doc); at <= now || at > now+60_000 {
			t.Errorf("the attempt is given up at %+d", at-now)
		}
		for conn := uint32(1); conn < 12; conn++ {
			m.step(doc, abi.EventClosed, conn, now, []byte{0xee, 0x03})
			at := m.deadline(doc)
			if at < now || at > now+min(int64(100)<<conn, 30_000) {
				t.Errorf("after %d failures the next attempt is at %+d", conn, at-now)
			}
			if out := m.step(doc, abi.EventTime, 0, at-1, nil); at > now && len(out) != 0 {
				t.Errorf("outputs %v before the deadline", kinds(out))
			}
			now = at
			out := m.step(doc, abi.EventTime, 0, now, nil)
			if len(out) != 2 || out[0].Kind != abi.OutputDial || out[0].Conn != conn+1 || out[1].Kind != abi.OutputStatus {
				t.Fatalf("outputs %v at the deadline", kinds(out))
			}
		}
		m.step(doc, abi.EventSetMaxBackoff, 50, now, nil)
		m.step(doc, abi.EventClosed, 12, now, []byte{0xee, 0x03})
		if at := m.deadline(doc); at > now+50 {
			t.Errorf("with a maximum of 50 ms the next attempt is at %+d", at-now)
		}
		out := m.step(doc, abi.EventDestroy, 0, now, nil)
		if m.deadline(doc) != math.MaxInt64 {
			t.Errorf("a deadline after Destroy, outputs %v", kinds(out))
		}
	})
}

// What the server refuses for good arrives with its code.
func TestRefused(t *testing.T) {
	each(t, func(t *testing.T, m *module) {
		doc := m.open(0)
		m.step(doc, abi.EventConnect, 0, 0, nil)
		m.step(doc, abi.EventOpened, 1, 0, nil)
		denied := codec.AppendY(nil, codec.Message{Kind: codec.Auth, Payload: []byte("not you")})
		out := m.step(doc, abi.EventFrame, 1, 0, denied)
		if len(out) != 1 || out[0].Kind != abi.OutputProblem || string(out[0].Payload) != "permission denied: not you" {
			t.Errorf("denied: %v %q", kinds(out), out[0].Payload)
		}
		out = m.step(doc, abi.EventClosed, 1, 0, []byte{0x33, 0x11}) // 4403
		last := out[len(out)-1]
		if last.Kind != abi.OutputRefused || last.Value != uint16(codec.Forbidden) || last.Conn != 1 {
			t.Errorf("closed: %v, %+v", kinds(out), last)
		}
	})
}
