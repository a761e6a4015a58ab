package juggler

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"

	"github.com/weft-sync/weft/core/codec"
	"github.com/weft-sync/weft/native/wsconn"
)

// Conn is one client of a server. Its methods may be called from any goroutine.
type Conn struct {
	server   *Server
	link     *link
	state    *State
	sync     syncer
	requests requests
	handlers sync.WaitGroup
	remote   string
	user     string
}

func newConn(s *Server, ws *wsconn.Conn, remote, user string) *Conn {
	c := &Conn{server: s, state: s.opts.State, remote: remote, user: user}
	if c.state == nil {
		c.state = new(State)
	}
	c.link = newLink(ws, linkConfig{
		transport:   s.opts.Transport,
		readLimit:   s.opts.ReadLimit,
		queueLimit:  s.opts.QueueLimit,
		pingDelay:   s.opts.PingDelay,
		pingTimeout: s.opts.PingTimeout,
	})
	c.link.receive = c.receive
	c.link.room = c.sync.room
	c.sync.link, c.sync.delay = c.link, s.opts.Autoflush
	c.requests.limit = s.opts.QueueLimit
	c.requests.workers = s.opts.MaxParallel
	return c
}

// serve runs the connection until it has ended; its handlers may outlive it.
func (c *Conn) serve() {
	c.state.watch(&c.sync)
	if f := c.server.opts.OnConnect; f != nil {
		c.handlers.Go(func() {
			defer func() {
				if v := recover(); v != nil {
					c.logPanic("OnConnect", v)
					c.Close()
				}
			}()
			f(c.link.ctx, c)
		})
	}
	c.link.run()
	c.state.unwatch(&c.sync)
	c.sync.stop()
}

// logPanic logs a panic of the program's own functions.
func (c *Conn) logPanic(where string, v any) {
	c.server.opts.Logger.Error("juggler: a panic", "in", where, "panic", fmt.Sprint(v), "stack", string(debug.Stack()))
}

// State returns the state that the client is shown: its own, or ServerOptions.State.
func (c *Conn) State() *State { return c.state }

// Flush sends what has changed in the state, whatever ServerOptions.Autoflush says,
// and waits until that, and all changes sent before, are handed to the operating
// system's socket. Without a change it sends nothing. The error wraps ErrClosed, or
// is ctx's.
func (c *Conn) Flush(ctx context.Context) error { return c.sync.flush(ctx) }

// Notify sends a notification. It waits for room in the queue, but not until the
// notification is written; state messages and answers may overtake it. The error
// wraps ErrClosed, is ctx's, or is encoding/json's if data has no JSON text.
func (c *Conn) Notify(ctx context.Context, name string, data any) error {
	text, err := marshal(data)
	if err != nil {
		return fmt.Errorf("juggler: notification: %w", err)
	}
	return c.link.send(ctx, notifyMessage(name, text))
}

// Close ends the connection with 1000, and returns before it has ended. What is
// queued is still written, for up to five seconds; changes of the state that were not
// sent yet are not.
func (c *Conn) Close() { c.link.end(nil, codec.Normal) }

// Context returns a context that ends when the connection begins to end. Its cause
// is what Err returns.
func (c *Conn) Context() context.Context { return c.link.ctx }

// Done returns a channel that is closed when the connection has ended. Handlers may
// not have returned yet.
func (c *Conn) Done() <-chan struct{} { return c.link.done }

// Err returns nil while the connection is open, and then an error that wraps
// ErrClosed and why it has ended.
func (c *Conn) Err() error { return c.link.err() }

// Remote returns the client's address without its port, or with
// ServerOptions.TrustForwarded what the proxy says it is, as the proxy writes it.
func (c *Conn) Remote() string { return c.remote }

// User returns the name that ServerOptions.Authenticate has let in, or "".
func (c *Conn) User() string { return c.user }
