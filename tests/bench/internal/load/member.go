package load

import (
	"context"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"
)

// epoch is what times are counted from: one monotonic clock for those who send
// and those who receive.
var epoch = time.Now()

func now() int64 { return int64(time.Since(epoch)) }

// An author is a member who writes.
type author struct {
	writer
	by *member // set once it has joined, before it writes
	// sentAt holds when each of the last len(sentAt) characters was sent, by
	// clock. It has room for every character that may be on its way.
	sentAt []atomic.Int64
	sent   atomic.Uint64
	// arrived counts deliveries to other members; more wakes whoever waits
	// for it to grow.
	arrived atomic.Uint64
	more    chan struct{}
	frame   []byte // reused between sends
	update  []byte
}

func newAuthor(id uint64, inFlight int) *author {
	return &author{writer: writer{id: id}, sentAt: make([]atomic.Int64, inFlight), more: make(chan struct{}, 1)}
}

// send writes the author's next character to the server.
func (a *author) send(ctx context.Context) error {
	clock := a.clock
	a.update = a.appendNext(a.update[:0])
	a.frame = appendSync(a.frame[:0], a.by.prefix, syncUpdate, a.update)
	a.sentAt[clock%uint64(len(a.sentAt))].Store(now())
	a.sent.Store(a.clock)
	return a.by.conn.Write(ctx, websocket.MessageBinary, a.frame)
}

// A member is one connection to one room. Its counters belong to the goroutine
// that reads the connection until wait has returned.
type member struct {
	conn   *websocket.Conn
	wire   Wire
	prefix []byte
	id     uint64

	// authors are those of the room whose characters are counted, by client id.
	authors map[uint64]*author
	got     map[uint64]*clocks

	synced chan struct{} // closed at the first SyncStep2
	joined bool
	ended  chan struct{} // closed when reading ended
	err    error         // why it ended; read after ended

	delivered uint64
	repeated  uint64 // characters of others that arrived again
	frames    uint64 // frames that carried updates
	micros    []uint32
}

// join connects a member and sends what a provider sends first. It returns
// when the server has answered the SyncStep1.
func join(ctx context.Context, addr string, w Wire, s seat) (*member, error) {
	conn, _, err := websocket.Dial(ctx, w.url(addr, s.room), nil)
	if err != nil {
		return nil, err
	}
	conn.SetReadLimit(-1)
	m := &member{
		conn: conn, wire: w, prefix: w.prefix(s.room), id: s.id,
		authors: s.authors, got: make(map[uint64]*clocks, len(s.authors)),
		synced: make(chan struct{}), ended: make(chan struct{}),
	}
	for id := range s.authors {
		m.got[id] = &clocks{}
	}
	for _, frame := range w.hello(m.prefix, s.id, s.name) {
		if err := conn.Write(ctx, websocket.MessageBinary, frame); err != nil {
			conn.CloseNow()
			return nil, err
		}
	}
	go m.read(ctx)
	select {
	case <-m.synced:
		return m, nil
	case <-m.ended:
		return nil, m.err
	case <-ctx.Done():
		m.close()
		return nil, fmt.Errorf("load: no answer to SyncStep1: %w", ctx.Err())
	}
}

func (m *member) close() {
	m.conn.CloseNow()
	<-m.ended
}

func (m *member) read(ctx context.Context) {
	defer close(m.ended)
	defer m.conn.CloseNow()
	buf := make([]byte, 0, 512)
	for {
		_, r, err := m.conn.Reader(ctx)
		if err == nil {
			buf, err = readAll(buf[:0], r)
		}
		if err == nil {
			err = m.handle(ctx, buf)
		}
		if err != nil {
			m.err = err
			return
		}
	}
}

func readAll(b []byte, r io.Reader) ([]byte, error) {
	for {
		if len(b) == cap(b) {
			b = append(b, 0)[:len(b)]
		}
		n, err := r.Read(b[len(b):cap(b)])
		b = b[:len(b)+n]
		if err == io.EOF {
			return b, nil
		}
		if err != nil {
			return b, err
		}
	}
}

func (m *member) handle(ctx context.Context, frame []byte) error {
	at := now()
	kind, payload, ok := m.wire.sync(frame)
	if !ok {
		return nil // presence, acknowledgements
	}
	switch kind {
	case syncStep1:
		return m.conn.Write(ctx, websocket.MessageBinary, appendSync(nil, m.prefix, syncStep2, emptyUpdate))
	case syncStep2:
		if !m.joined {
			m.joined = true
			close(m.synced)
		}
	}
	if len(m.authors) == 0 {
		return nil
	}
	m.frames++
	return eachRun(payload, func(client, clock, length uint64) { m.deliver(at, client, clock, length) })
}

// deliver counts a run of an author's characters. One that comes back to its
// own author is no delivery.
func (m *member) deliver(at int64, client, clock, length uint64) {
	a := m.authors[client]
	if a == nil || client == m.id || clock+length > a.sent.Load() {
		return
	}
	fresh := uint64(0)
	for c := clock; c < clock+length; c++ {
		if !m.got[client].add(c) {
			m.repeated++
			continue
		}
		fresh++
		m.micros = append(m.micros, uint32((at-a.sentAt[c%uint64(len(a.sentAt))].Load())/1000))
	}
	m.delivered += fresh
	a.arrived.Add(fresh)
	select {
	case a.more <- struct{}{}:
	default:
	}
}

// clocks is a set of clocks that grow from zero.
type clocks struct{ bits []uint64 }

// add reports whether c was new.
func (s *clocks) add(c uint64) bool {
	word, bit := int(c/64), uint64(1)<<(c%64)
	for word >= len(s.bits) {
		s.bits = append(s.bits, 0)
	}
	if s.bits[word]&bit != 0 {
		return false
	}
	s.bits[word] |= bit
	return true
}

// A seat is a place in a room.
type seat struct {
	room    string
	id      uint64 // Yjs client id
	name    string // what the cursor is called
	authors map[uint64]*author
}

// joinAll connects a member for every seat, at most 32 at a time. On an error
// those that came in are closed.
func joinAll(ctx context.Context, addr string, w Wire, seats []seat) ([]*member, error) {
	members := make([]*member, len(seats))
	errs := make([]error, len(seats))
	slots := make(chan struct{}, 32)
	var failed atomic.Bool
	var wg sync.WaitGroup
	for i, s := range seats {
		slots <- struct{}{}
		if failed.Load() {
			break
		}
		wg.Go(func() {
			defer func() { <-slots }()
			if members[i], errs[i] = join(ctx, addr, w, s); errs[i] != nil {
				failed.Store(true)
			}
		})
	}
	wg.Wait()
	for i, err := range errs {
		if err != nil {
			closeAll(members)
			return nil, fmt.Errorf("load: join %s: %w", seats[i].room, err)
		}
	}
	return members, nil
}

func closeAll(members []*member) {
	var wg sync.WaitGroup
	for _, m := range members {
		if m != nil {
			wg.Go(m.close)
		}
	}
	wg.Wait()
}
