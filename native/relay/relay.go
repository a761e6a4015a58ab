package relay

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/weft-sync/weft/core/relay"
	"github.com/weft-sync/weft/native/host"
	"github.com/weft-sync/weft/native/origin"
	"github.com/weft-sync/weft/native/wsconn"
)

const (
	// inboxLimit is how many bytes may wait in the relay's inbox before the
	// readers of its connections wait too.
	inboxLimit = 4 << 20
	// frameCost is what a queued frame costs beside its bytes.
	frameCost = 64
	// maxName is the length in bytes of the longest document name.
	maxName  = 1024
	reserved = "_weft"
	// sweepInterval is the time between two looks at who is silent, and silence for
	// how long a local may be before it is pinged, in milliseconds.
	sweepInterval = 15_000
	silence       = 30_000
	// pongTimeout is how long the answer to a ping may take.
	pongTimeout = 30 * time.Second
	// farewell is how long Shutdown waits for peers to answer the close frame.
	farewell = time.Second
)

// Relay passes on frames between local connections and an upstream. Its methods may
// be called from any goroutine.
type Relay struct {
	cfg      Config
	upstream *url.URL
	// ownClient: nobody else has cfg.HTTPClient.
	ownClient bool
	log       *slog.Logger
	origins   *origin.List
	clock     host.Clock
	loop      *host.Loop[event]

	// ctx is of dials, pings and closing connections. It ends with Shutdown.
	ctx    context.Context
	cancel context.CancelFunc
	ended  chan struct{}  // the loop has returned
	conns  sync.WaitGroup // goroutines of connections

	mu      sync.Mutex
	stopped bool
	locals  int // connections, handshakes included
	refused atomic.Uint64
	stats   atomic.Pointer[relay.Stats]

	// Of the loop's goroutine.
	machine *relay.Relay
	members map[relay.Local]*local
	last    relay.Local
	link    *link // the current attempt or connection, or nil
	sweepAt int64
	frames  [][]byte
	closing bool
}

// New returns a relay that has begun to connect upstream.
func New(cfg Config) (*Relay, error) {
	ownClient := cfg.HTTPClient == nil
	cfg, upstream, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	origins, err := origin.Parse(cfg.Origins)
	if err != nil {
		return nil, fmt.Errorf("relay: Config.Origins: %w", err)
	}
	r := &Relay{
		cfg: cfg, upstream: upstream, ownClient: ownClient, log: cfg.Logger, origins: origins,
		clock:   host.NewClock(),
		ended:   make(chan struct{}),
		machine: relay.New(cfg.machine(rand.Uint64)),
		members: make(map[relay.Local]*local),
	}
	r.ctx, r.cancel = context.WithCancel(context.Background())
	r.loop = host.NewLoop[event](r.clock, inboxLimit)
	r.sweepAt = r.clock.Now() + sweepInterval
	r.publish()
	r.machine.Start(r.clock.Now())
	go func() {
		defer close(r.ended)
		r.loop.Run(r.handle)
	}()
	return r, nil
}

// Stats returns the relay's numbers as of its last turn.
func (r *Relay) Stats() relay.Stats { return *r.stats.Load() }

// Status returns what the upstream connection is doing.
func (r *Relay) Status() relay.Status { return r.Stats().Status }

func (r *Relay) publish() {
	s := r.machine.Stats()
	r.stats.Store(&s)
}

// ServeHTTP implements http.Handler; the package comment has the addresses.
func (r *Relay) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	name := strings.TrimPrefix(req.URL.Path, "/")
	switch {
	case wsconn.Wanted(req):
		r.serveLocal(w, req, name)
	case req.Method != http.MethodGet && req.Method != http.MethodHead:
		w.Header().Set("Allow", "GET, HEAD")
		answer(w, http.StatusMethodNotAllowed, "only GET and WebSocket")
	case name == reserved+"/healthz":
		answerJSON(w, http.StatusOK, map[string]string{"status": "ok"})
	case name == reserved+"/readyz":
		r.serveReady(w)
	default:
		w.Header().Set("Upgrade", "websocket")
		w.Header().Set("Connection", "Upgrade")
		answer(w, http.StatusUpgradeRequired, "This is a weft relay. Documents are at ws://HOST/NAME, by the y protocol over WebSocket.")
	}
}

// serveReady says whether what locals send gets anywhere.
func (r *Relay) serveReady(w http.ResponseWriter) {
	s := r.Stats()
	status := http.StatusOK
	if s.Status != relay.Connected {
		status = http.StatusServiceUnavailable
	}
	answerJSON(w, status, struct {
		Ready   bool   `json:"ready"`
		Status  string `json:"status"`
		Refused uint64 `json:"refused"` // local connections that were not let in
		relay.Stats
	}{s.Status == relay.Connected, s.Status.String(), r.refused.Load(), s})
}

// serveLocal lets a local connection in.
func (r *Relay) serveLocal(w http.ResponseWriter, req *http.Request, name string) {
	refuse := func(status int, reason string) {
		r.refused.Add(1)
		answer(w, status, reason)
	}
	switch {
	case !r.origins.Allows(req):
		refuse(http.StatusForbidden, "pages of this origin may not connect")
		return
	case name == "":
		refuse(http.StatusForbidden, "the path names no document")
		return
	case len(name) > maxName || !utf8.ValidString(name) || name == reserved || strings.HasPrefix(name, reserved+"/"):
		refuse(http.StatusForbidden, "the path is no document's name")
		return
	}
	r.mu.Lock()
	full := r.cfg.MaxConnections > 0 && r.locals >= r.cfg.MaxConnections
	stopped := r.stopped
	if !full && !stopped {
		r.locals++
		r.conns.Add(1)
	}
	r.mu.Unlock()
	if full || stopped {
		w.Header().Set("Retry-After", "5")
		refuse(http.StatusServiceUnavailable, "the relay takes no further connection")
		return
	}
	conn, err := wsconn.Accept(w, req, wsconn.Options{ReadLimit: r.cfg.ReadLimit})
	if err != nil {
		r.log.Debug("handshake failed", "document", name, "remote", req.RemoteAddr, "error", err)
		r.leave()
		return
	}
	l := &local{relay: r, conn: conn, document: name}
	r.loop.Post(event{kind: joined, local: l})
	go l.read()
}

// leave tells that a local connection has no goroutine any more.
func (r *Relay) leave() {
	r.mu.Lock()
	r.locals--
	r.mu.Unlock()
	r.conns.Done()
}

// Shutdown stops the relay: locals are closed with 1012, the upstream connection
// with 1000. It returns when all connections have ended; when ctx ends before, they
// are cut. A second call waits for the first.
func (r *Relay) Shutdown(ctx context.Context) error {
	r.mu.Lock()
	first := !r.stopped
	r.stopped = true
	r.mu.Unlock()
	if first {
		r.loop.Post(event{kind: stop})
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		<-r.ended
		defer time.AfterFunc(farewell, r.cancel).Stop()
		r.conns.Wait()
	}()
	var err error
	select {
	case <-done:
	case <-ctx.Done():
		err = context.Cause(ctx)
		r.cancel()
		<-done
	}
	r.cancel()
	if r.ownClient {
		r.cfg.HTTPClient.CloseIdleConnections()
	}
	return err
}

func answer(w http.ResponseWriter, status int, reason string) {
	h := w.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(reason + "\n"))
}

func answerJSON(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		answer(w, http.StatusInternalServerError, "cannot encode the answer")
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n'))
}
