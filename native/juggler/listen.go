package juggler

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// Listener is a [Server] with a listening socket and an HTTP server of its own.
type Listener struct {
	*Server
	http   *http.Server
	socket net.Listener
	served chan struct{}
	err    error // of serving; set before served is closed
}

// Timeouts of the HTTP server; they do not hold for WebSockets.
const (
	headerTimeout = 10 * time.Second
	idleTimeout   = 2 * time.Minute
)

// Listen serves Juggler at a TCP address, ":0" for a free port; see Addr. The error
// is about the options, or the network's. It serves until Shutdown.
func Listen(address string, o ServerOptions) (*Listener, error) {
	s, err := NewServer(o)
	if err != nil {
		return nil, err
	}
	socket, err := net.Listen("tcp", address)
	if err != nil {
		return nil, err
	}
	return serve(s, socket), nil
}

func serve(s *Server, socket net.Listener) *Listener {
	l := &Listener{
		Server: s,
		socket: socket,
		served: make(chan struct{}),
		http: &http.Server{
			Handler:           s,
			ReadHeaderTimeout: headerTimeout,
			IdleTimeout:       idleTimeout,
			ErrorLog:          slog.NewLogLogger(s.opts.Logger.Handler(), slog.LevelDebug),
		},
	}
	if s.opts.TLS != nil {
		config := s.opts.TLS.Clone()
		config.NextProtos = []string{"http/1.1"} // HTTP/2 would need another handshake
		socket = tls.NewListener(socket, config)
	}
	go func() {
		defer close(l.served)
		if err := l.http.Serve(socket); !errors.Is(err, http.ErrServerClosed) {
			l.err = err
		}
	}()
	return l
}

// Addr returns the address that is listened at.
func (l *Listener) Addr() net.Addr { return l.socket.Addr() }

// Done returns a channel that is closed when no more connections are accepted: after
// Shutdown has begun, or when the socket has failed, which Err tells.
func (l *Listener) Done() <-chan struct{} { return l.served }

// Err returns why the socket has failed, after Done.
func (l *Listener) Err() error {
	<-l.served
	return l.err
}

// Shutdown closes the socket and does what [Server.Shutdown] does. Other HTTP
// requests under way are waited for until ctx ends.
func (l *Listener) Shutdown(ctx context.Context) error {
	// First no new requests, then no new WebSockets. Hijacked connections are none of
	// the HTTP server's, so the two do not wait for each other.
	httpDone := make(chan error, 1)
	go func() { httpDone <- l.http.Shutdown(ctx) }()
	err := l.Server.Shutdown(ctx)
	if e := <-httpDone; e != nil {
		err = errors.Join(err, e, l.http.Close())
	}
	<-l.served
	return err
}
