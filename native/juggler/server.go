package juggler

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/weft-sync/weft/core/codec"
	"github.com/weft-sync/weft/native/wsconn"
)

// Server serves Juggler connections, and the pages that go with them, as an
// [http.Handler]. Its methods may be called from any goroutine.
type Server struct {
	opts ServerOptions

	wg sync.WaitGroup // connections and their handlers

	mu      sync.Mutex
	stopped bool
	conns   map[*Conn]struct{}
	opening int // handshakes under way, which count as connections
}

// NewServer returns a Server. It starts no goroutine until the first connection.
func NewServer(o ServerOptions) (*Server, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	return &Server{opts: o, conns: make(map[*Conn]struct{})}, nil
}

// Conns returns the connections that there are, in no order.
func (s *Server) Conns() []*Conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	conns := make([]*Conn, 0, len(s.conns))
	for c := range s.conns {
		conns = append(conns, c)
	}
	return conns
}

// reserve counts a connection before its handshake; false if there is no room.
func (s *Server) reserve() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped || s.opts.MaxConnections > 0 && len(s.conns)+s.opening >= s.opts.MaxConnections {
		return false
	}
	s.opening++
	s.wg.Add(1)
	return true
}

// serveSocket answers the handshake of a request for a WebSocket, and hands the
// connection to goroutines of its own.
func (s *Server) serveSocket(w http.ResponseWriter, r *http.Request, user string) {
	if !s.reserve() {
		plainText(w, http.StatusServiceUnavailable)
		return
	}
	ws, err := wsconn.Accept(w, r, wsconn.Options{
		Text:         true,
		ReadLimit:    s.opts.ReadLimit,
		Compression:  !s.opts.DisableCompression,
		WriteTimeout: s.opts.WriteTimeout,
	})
	if err != nil { // and it has been answered
		s.mu.Lock()
		s.opening--
		s.mu.Unlock()
		s.wg.Done()
		return
	}
	c := newConn(s, ws, s.remote(r), user)
	s.mu.Lock()
	s.opening--
	s.conns[c] = struct{}{}
	stopped := s.stopped
	s.mu.Unlock()
	if stopped {
		c.shutdown()
	}
	go func() {
		defer s.wg.Done()
		c.serve()
		s.mu.Lock()
		delete(s.conns, c)
		s.mu.Unlock()
		c.handlers.Wait()
	}()
}

// Shutdown ends all connections with 1000, as the original does, and refuses new
// ones with 503. Handlers' contexts are cancelled, and requests under way get no
// answer. What is queued is still sent to clients that take it. A client that has not
// answered the close frame after ServerOptions.ShutdownTimeout is cut off.
//
// It returns when all connections have ended and all handlers returned, or with ctx's
// error. A second call waits for the first.
func (s *Server) Shutdown(ctx context.Context) error {
	s.mu.Lock()
	s.stopped = true
	s.mu.Unlock()
	conns := s.Conns()
	for _, c := range conns {
		c.shutdown()
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.wg.Wait()
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		for _, c := range conns {
			c.link.ws.Abort()
		}
		return context.Cause(ctx)
	}
}

// shutdown ends the connection for Server.Shutdown.
func (c *Conn) shutdown() {
	c.link.end(ErrShutdown, codec.Normal)
	time.AfterFunc(c.server.opts.ShutdownTimeout, c.link.ws.Abort)
}
