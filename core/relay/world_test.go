package relay_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/weft-sync/weft/core/codec"
	"github.com/weft-sync/weft/core/coretest"
	"github.com/weft-sync/weft/core/relay"
	"github.com/weft-sync/weft/core/room"
	"github.com/weft-sync/weft/core/update"
)

// world is a relay between clients, each with a document, and a server with a room
// for each document. Frames are lost with the connections they are on.
type world struct {
	t       *testing.T
	rng     *rand.Rand
	now     int64
	relay   *relay.Relay
	clients map[relay.Local]*client
	last    relay.Local
	client  uint64

	conn    uint32
	open    bool
	dialled bool
	up      [][]byte // on their way to the server
	down    [][]byte // on their way to the relay
	rooms   map[string]*room.Room
	docs    map[string]*update.Doc
	members map[string]room.Member // of the relay's connection
	next    room.Member
	closed  int
}

// client is a y-websocket client: it asks when it comes, and answers when asked.
type client struct {
	name  string
	doc   *update.Doc
	id    uint64
	clock uint64
	out   [][]byte // on their way to the relay
	in    [][]byte // on their way to the client
	slow  bool
}

func (w *world) join(name string, doc *update.Doc, id, clock uint64) {
	w.last++
	c := &client{name: name, doc: doc, id: id, clock: clock, slow: w.rng.IntN(8) == 0}
	w.clients[w.last] = c
	w.relay.Join(w.now, w.last, name)
	c.send(codec.SyncStep1, doc.StateVector())
}

func (c *client) send(k codec.Kind, payload []byte) {
	c.out = append(c.out, codec.EncodeY(codec.Message{Kind: k, Payload: payload}))
}

func (w *world) receive(c *client, frame []byte) {
	m, err := codec.DecodeY(frame)
	if err != nil {
		w.t.Fatalf("%x: %v", frame, err)
	}
	switch m.Kind {
	case codec.SyncStep1:
		diff, err := c.doc.Diff(m.Payload)
		if err != nil {
			w.t.Fatal(err)
		}
		c.send(codec.SyncStep2, diff)
	case codec.SyncStep2, codec.SyncUpdate:
		if _, err := c.doc.Apply(m.Payload); err != nil {
			w.t.Fatal(err)
		}
	}
}

func (w *world) typ(c *client) {
	var after *coretest.ID
	if c.clock > 0 {
		after = &coretest.ID{Client: c.id, Clock: c.clock - 1}
	}
	u := coretest.Typing(c.id, c.clock, after, "x")
	c.clock++
	if _, err := c.doc.Apply(u); err != nil {
		w.t.Fatal(err)
	}
	c.send(codec.SyncUpdate, u)
}

// cut ends the upstream connection.
func (w *world) cut(code codec.CloseCode) {
	if w.open {
		for name, m := range w.members {
			w.rooms[name].Leave(w.now, m)
		}
		clear(w.members)
	}
	w.open, w.dialled, w.up, w.down = false, false, nil, nil
	w.relay.HandleClose(w.now, w.conn, code)
}

// serve has the server handle one frame of the relay.
func (w *world) serve() {
	frame := w.up[0]
	w.up = w.up[1:]
	id, rest, err := codec.ELVA.CutID(frame)
	if err != nil {
		w.t.Fatal(err)
	}
	name := string(id)
	if w.rooms[name] == nil {
		w.docs[name] = update.NewDoc()
		w.rooms[name] = room.New(room.Config{Doc: w.docs[name], QueueLimit: 1000})
	}
	if w.members[name] == 0 {
		w.next++
		w.members[name] = w.next
		w.rooms[name].JoinMany(w.now, w.next)
	}
	if err := w.rooms[name].HandleFrame(w.now, w.members[name], rest); err != nil {
		w.t.Fatal(err)
	}
}

// answer has the server's rooms send what they have to.
func (w *world) answer() {
	for _, name := range slices.Sorted(keys(w.members)) {
		r := w.rooms[name]
		if u, seq, ok := r.Append(); ok {
			_ = u
			r.HandleStored(seq)
		}
		for _, m := range slices.Clone(r.Ready()) {
			for _, f := range r.Take(m, nil) {
				w.down = append(w.down, append(codec.ELVA.AppendID(nil, name), f...))
			}
			r.HandleWritten(w.now, m)
		}
	}
}

func keys[K comparable, V any](m map[K]V) func(func(K) bool) {
	return func(yield func(K) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// drain does what the relay's host does.
func (w *world) drain() {
	for o, ok := w.relay.Next(); ok; o, ok = w.relay.Next() {
		switch o.Kind {
		case relay.Dial:
			w.conn, w.dialled = o.Conn, true
		case relay.Ping:
			w.relay.HandlePong(w.now, o.Conn)
		case relay.Close:
			w.cut(codec.Normal)
		case relay.CloseLocal:
			// It comes back with what it has.
			c := w.clients[o.Local]
			delete(w.clients, o.Local)
			w.relay.Leave(w.now, o.Local)
			w.closed++
			w.join(c.name, c.doc, c.id, c.clock)
		}
	}
	if w.open {
		w.up = append(w.up, w.relay.TakeUpstream(nil)...)
	}
	for _, l := range slices.Clone(w.relay.Ready()) {
		c := w.clients[l]
		c.in = append(c.in, w.relay.Take(w.now, l, nil)...)
		if !c.slow {
			w.relay.HandleWritten(w.now, l)
		}
	}
}

func (w *world) step() {
	w.now += int64(w.rng.IntN(50))
	ids := slices.Sorted(keys(w.clients))
	l := ids[w.rng.IntN(len(ids))]
	c := w.clients[l]
	switch n := w.rng.IntN(100); {
	case n < 2 && len(ids) < 20:
		w.client++
		w.join(fmt.Sprint("doc", w.rng.IntN(3)), update.NewDoc(), w.client, 0)
	case n < 3:
		w.cut(codec.Restart)
	case n < 10:
		if w.dialled && !w.open {
			w.open = true
			w.relay.HandleOpen(w.now, w.conn)
		}
	case n < 20:
		w.typ(c)
	case n < 45:
		w.pass(l, c)
	case n < 60:
		if len(c.in) > 0 {
			frame := c.in[0]
			c.in = c.in[1:]
			w.receive(c, frame)
			if c.slow {
				w.relay.HandleWritten(w.now, l)
			}
		}
	case n < 75:
		if w.open && len(w.up) > 0 {
			w.serve()
			if w.rng.IntN(3) == 0 {
				w.answer()
			}
		}
	case n < 85:
		if w.open && len(w.down) > 0 {
			frame := w.down[0]
			w.down = w.down[1:]
			if err := w.relay.HandleUpstream(w.now, w.conn, frame); err != nil {
				w.t.Fatal(err)
			}
		}
	case n < 90:
		w.answer()
	case n < 95:
		w.relay.HandleUpstreamWritten(w.now, w.conn)
	default:
		w.relay.HandleTime(w.now)
	}
	w.drain()
}

func (w *world) pass(l relay.Local, c *client) {
	if len(c.out) > 0 {
		frame := c.out[0]
		c.out = c.out[1:]
		w.relay.HandleFrame(w.now, l, frame)
	}
}

// settle lets everything arrive.
func (w *world) settle() {
	for rounds, quiet := 0, 0; quiet < 3; rounds++ {
		if rounds > 500 {
			w.t.Fatal("it does not come to rest")
		}
		for l, c := range w.clients {
			c.slow = false
			w.relay.HandleWritten(w.now, l)
		}
		w.now += 1000
		w.relay.HandleTime(w.now)
		w.drain()
		if w.dialled && !w.open {
			w.open = true
			w.relay.HandleOpen(w.now, w.conn)
		}
		w.drain()
		w.relay.HandleUpstreamWritten(w.now, w.conn)
		busy := !w.open || len(w.up) > 0
		for len(w.up) > 0 {
			w.serve()
		}
		w.answer()
		for len(w.down) > 0 {
			frame := w.down[0]
			w.down = w.down[1:]
			if err := w.relay.HandleUpstream(w.now, w.conn, frame); err != nil {
				w.t.Fatal(err)
			}
			w.drain()
		}
		for _, l := range slices.Sorted(keys(w.clients)) {
			c := w.clients[l]
			if c == nil {
				continue
			}
			for len(c.in) > 0 {
				frame := c.in[0]
				c.in = c.in[1:]
				if m, err := codec.DecodeY(frame); err == nil && m.Kind != codec.Awareness {
					busy = true
				}
				w.receive(c, frame)
			}
			for len(c.out) > 0 {
				busy = true
				w.pass(l, c)
				w.drain()
				w.relay.HandleUpstreamWritten(w.now, w.conn)
			}
		}
		if busy {
			quiet = 0
		} else {
			quiet++
		}
	}
}

// TestNothingIsLost has clients type behind a relay whose upstream comes and goes,
// with slow readers and queues that are much too short: in the end all have all,
// the server too.
func TestNothingIsLost(t *testing.T) {
	runs := 200
	if testing.Short() {
		runs = 20
	}
	closed, shed, offline := 0, uint64(0), uint64(0)
	first := rand.Uint64()
	for run := range runs {
		seed := first + uint64(run)
		w := &world{
			t: t, rng: rand.New(rand.NewPCG(seed, 0)),
			clients: make(map[relay.Local]*client),
			rooms:   make(map[string]*room.Room), docs: make(map[string]*update.Doc), members: make(map[string]room.Member),
		}
		w.relay = relay.New(relay.Config{
			Rand: w.rng.Uint64, QueueLimit: 2000, UpstreamLimit: 600, MinBackoff: 100, MaxBackoff: 1000,
		})
		w.relay.Start(0)
		for i := range 3 {
			w.client++
			w.join(fmt.Sprint("doc", i), update.NewDoc(), w.client, 0)
		}
		for range 1500 {
			w.step()
		}
		w.settle()
		for l, c := range w.clients {
			if diff := coretest.Difference(c.doc.Encode(), w.docs[c.name].Encode()); diff != "" {
				t.Fatalf("seed %d: local %d of %s and the server: %s", seed, l, c.name, diff)
			}
		}
		s := w.relay.Stats()
		closed, shed, offline = closed+w.closed, shed+s.Shed, offline+s.Offline
	}
	if closed == 0 || shed == 0 || offline == 0 {
		t.Errorf("seed %d: not everything happened: %d closed, %d shed, %d offline", first, closed, shed, offline)
	}
}
