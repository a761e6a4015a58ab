package server

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/weft-sync/weft/core/codec"
	"github.com/weft-sync/weft/native/host"
	"github.com/weft-sync/weft/native/origin"
	"github.com/weft-sync/weft/native/store"
	"github.com/weft-sync/weft/native/store/memstore"
	"github.com/weft-sync/weft/native/wsconn"
)

// Server serves the documents of a store. Its methods may be called from any
// goroutine.
type Server struct {
	cfg     Config
	log     *slog.Logger
	clock   host.Clock
	origins *origin.List
	page    *page
	stats   counters
	timing  timing
	memory  store.Store // of documents in ModeMemory; nil if there are none

	// ctx is of calls to the store and of closing connections. It ends with
	// Shutdown.
	ctx    context.Context
	cancel context.CancelFunc

	status   atomic.Int32 // a Status
	stopping atomic.Bool
	hosts    sync.WaitGroup // goroutines of rooms
	conns    sync.WaitGroup // readers, and goroutines that close a connection

	rechecks atomic.Uint64 // calls of Recheck

	mu          sync.Mutex
	stopped     bool // no room and no connection is added any more
	rooms       map[string]*roomHost
	sessions    map[*session]struct{} // connections that are open
	quarantined map[string]quarantine
	unsaved     []string // documents that Shutdown could not store
}

// timing holds the server's own delays, in milliseconds unless it says
// otherwise; tests shorten them.
type timing struct {
	quarantine int64 // until a failed load is tried again
	retry      int64 // until a failed append is tried again, doubling up to maxRetry
	maxRetry   int64
	sweep      int64         // between two looks at who is silent
	silence    int64         // without a message until a member is pinged
	pong       time.Duration // for the answer to a ping
	farewell   time.Duration // after everything is stored, for peers to answer the close frame
	grace      time.Duration // after Shutdown's deadline, for goroutines to end
}

var defaultTiming = timing{
	quarantine: 5_000,
	retry:      1_000,
	maxRetry:   30_000,
	sweep:      15_000,
	silence:    30_000,
	pong:       30 * time.Second,
	farewell:   time.Second,
	grace:      time.Second,
}

// maxQuarantined is how many failed documents are remembered after their delay
// is over, so that names which nobody asks for again do not fill the memory.
const maxQuarantined = 1000

// quarantine is what is remembered of a failed load.
type quarantine struct {
	err   error
	until int64 // of the server's clock
}

// New returns a Server. It starts no goroutine until the first connection, but for
// one that ends with Shutdown if documents are kept in memory.
func New(cfg Config) (*Server, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	s := &Server{
		cfg:         cfg,
		log:         cfg.Logger,
		clock:       host.NewClock(),
		timing:      defaultTiming,
		rooms:       make(map[string]*roomHost),
		sessions:    make(map[*session]struct{}),
		quarantined: make(map[string]quarantine),
	}
	if s.origins, err = origin.Parse(cfg.Origins); err != nil {
		return nil, fmt.Errorf("server: Config.Origins: %w", err)
	}
	if cfg.Page != nil {
		if s.page, err = newPage(cfg.Page); err != nil {
			return nil, err
		}
	}
	if cfg.keeps(ModeMemory) {
		s.memory = memstore.New()
	}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	return s, nil
}

// join makes a connection a member of a document's room, and makes the room if
// there is none. prepare is called on the member before the room hears of it. If it
// cannot, join returns the close code that says why.
func (s *Server) join(name string, c *session, prepare func(*member)) (*member, codec.CloseCode) {
	m := &member{session: c}
	prepare(m)
	m.counted.Store(true)
	if c.weft != nil && s.cfg.modeOf(name) == ModeBroadcast {
		return nil, codec.Forbidden
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		return nil, codec.Restart
	}
	if q, ok := s.quarantined[name]; ok && s.clock.Now() < q.until {
		return nil, codec.Quarantined
	}
	h := s.rooms[name]
	if h == nil {
		h = newRoomHost(s, name)
		s.rooms[name] = h
		s.hosts.Go(h.run)
	}
	h.refs++
	m.host = h
	// Under the lock: a room that leaves the map has nobody in its inbox, and
	// one that is told to stop has heard of everybody.
	h.loop.Post(event{kind: joined, member: m})
	return m, 0
}

// leave is called for each member that has gone.
func (s *Server) leave(m *member) {
	if !m.counted.Swap(false) {
		return
	}
	s.mu.Lock()
	m.host.refs--
	s.mu.Unlock()
}

// wanted reports whether a room has members, or some on their way.
func (s *Server) wanted(h *roomHost) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return h.refs > 0
}

// release takes a room that holds nothing any more out of the map, unless
// somebody has joined meanwhile.
func (s *Server) release(h *roomHost) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if h.refs > 0 && !s.stopped {
		return false
	}
	h.move(Absent) // under the lock, so that a room made after it speaks after it
	delete(s.rooms, h.name)
	return true
}

// forget drops a connection that has ended.
func (s *Server) forget(c *session) {
	s.mu.Lock()
	delete(s.sessions, c)
	s.mu.Unlock()
}

// closeSessions closes the connections that no room has closed, as they have none.
func (s *Server) closeSessions() {
	s.mu.Lock()
	open := slices.Collect(maps.Keys(s.sessions))
	s.mu.Unlock()
	for _, c := range open {
		c.close(codec.Restart, s.restartReason())
	}
}

// comeBack draws how long a client that is sent away for a restart should stay, in
// milliseconds: a thousand of them a second, so that they do not all come at once.
func (s *Server) comeBack() int64 {
	return rand.Int64N(1 + min(s.stats.connections.Load(), 30_000))
}

func (s *Server) restartReason() string { return codec.RetryReason(s.comeBack(), restartReason) }

// closeConn closes a connection in a goroutine of its own, which ends with the
// server at the latest.
func (s *Server) closeConn(conn *wsconn.Conn, code codec.CloseCode, reason string) {
	s.conns.Go(func() {
		stop := context.AfterFunc(s.ctx, conn.Abort)
		defer stop()
		_ = conn.Close(code, reason) // a peer that is gone cannot be told
	})
}

const (
	quarantineReason = "the stored document cannot be loaded"
	restartReason    = "the server is being restarted"
)

// setQuarantine remembers that a document could not be loaded.
func (s *Server) setQuarantine(name string, err error) {
	now := s.clock.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.quarantined) >= maxQuarantined {
		for old, q := range s.quarantined {
			if q.until <= now {
				delete(s.quarantined, old)
			}
		}
	}
	s.quarantined[name] = quarantine{err, now + s.timing.quarantine}
}

func (s *Server) clearQuarantine(name string) {
	s.mu.Lock()
	delete(s.quarantined, name)
	s.mu.Unlock()
}

// Shutdown stops the server: requests get 503, readyz says so, every document is
// stored, and then every connection is closed with 1012. What had arrived when
// Shutdown was called is among what is stored; what arrives later is not read,
// and comes again when the clients reconnect.
//
// It returns when all that is done, or when ctx ends: then connections are cut,
// and the error is an *[UnsavedError] if documents were not stored. The store
// must stay open until Shutdown has returned. A second call waits for the first.
func (s *Server) Shutdown(ctx context.Context) error {
	s.stopping.Store(true)
	s.move(Stopping)
	defer s.move(Stopped)
	s.mu.Lock()
	s.stopped = true
	for _, h := range s.rooms {
		h.loop.Post(event{kind: stop})
	}
	s.mu.Unlock()

	done := make(chan struct{})
	go func() {
		defer close(done)
		s.hosts.Wait()
		s.closeSessions()
		defer time.AfterFunc(s.timing.farewell, s.cancel).Stop()
		s.conns.Wait()
	}()
	select {
	case <-done:
		s.cancel()
	case <-ctx.Done():
		s.abandon()
		grace := time.NewTimer(s.timing.grace)
		defer grace.Stop()
		select {
		case <-done:
		case <-grace.C: // a store that does not answer
		}
	}
	if s.memory != nil {
		_ = s.memory.Close() // it has nothing to lose that is not lost with it
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	unsaved := slices.Clone(s.unsaved)
	for name := range s.rooms {
		unsaved = append(unsaved, name)
	}
	if len(unsaved) == 0 {
		return nil
	}
	slices.Sort(unsaved)
	err := context.Cause(ctx)
	if err == nil {
		err = errStore
	}
	return &UnsavedError{Documents: slices.Compact(unsaved), Err: err}
}

// abandon makes rooms stop without having stored what they hold.
func (s *Server) abandon() {
	s.mu.Lock()
	for _, h := range s.rooms {
		h.loop.Post(event{kind: abandon})
	}
	s.mu.Unlock()
	s.cancel()
}

func (s *Server) addUnsaved(name string) {
	s.mu.Lock()
	s.unsaved = append(s.unsaved, name)
	s.mu.Unlock()
}
