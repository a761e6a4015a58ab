package juggler

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"strings"
	"time"
)

// Defaults of [ServerOptions] and [ClientOptions].
const (
	DefaultWSPath          = "/ws"
	DefaultIndexPath       = "/index.html"
	DefaultAutoflush       = 200 * time.Millisecond
	DefaultShutdownTimeout = 100 * time.Millisecond
	DefaultPingDelay       = 30 * time.Second // of the segmented transport
	DefaultPingTimeout     = 30 * time.Second

	// DefaultPlainReadLimit and DefaultReadLimit are the sizes in bytes of the
	// largest messages: of clients in the plain transport, which is the original's
	// limit, and of all others.
	DefaultPlainReadLimit = 4<<20 - 1
	DefaultReadLimit      = 64 << 20

	DefaultQueueLimit  = 1 << 20 // bytes
	DefaultMaxParallel = 64
)

// Request is what a client asks for.
type Request struct {
	Name string          // never empty: the server itself answers those
	Data json.RawMessage // the handler owns it
}

// ServerOptions are a server's settings; the zero value is usable.
type ServerOptions struct {
	// Transport is what all clients must speak.
	Transport Transport

	// OnConnect, if set, is called for each new connection, in a goroutine of its
	// own and while the connection is served; it may return at once or stay. ctx
	// ends with the connection. A panic in it ends the connection.
	OnConnect func(ctx context.Context, c *Conn)

	// OnRequest answers requests: the JSON text of what it returns is the answer.
	// Of an error the client is told the text, or the data of a [RequestError];
	// so is a result told that has no JSON text. A panic is logged, and the request
	// has failed. ctx ends with the connection, and the answer is of no use then.
	//
	// A connection's requests are handled one after the other, in order, unless
	// Parallel is set. Nil answers "request handler not implemented".
	OnRequest func(ctx context.Context, c *Conn, r Request) (any, error)

	// Parallel handles up to MaxParallel requests of a connection at once; answers
	// leave as they come. 0: DefaultMaxParallel.
	Parallel    bool
	MaxParallel int

	// State, if set, is shown to all clients. Nil: each connection has a state of
	// its own, which begins as null.
	State *State

	// Autoflush is how long changes of the state gather before they are sent,
	// counted from the first; or EveryChange, or OnFlush. 0: DefaultAutoflush.
	Autoflush time.Duration

	// WSPath is the path of the WebSocket. Empty: DefaultWSPath.
	WSPath string
	// IndexPath is where / redirects to, as it is: a relative one holds wherever
	// the server is mounted. Empty: DefaultIndexPath. NoIndex: / is no redirect.
	IndexPath string
	NoIndex   bool
	// Routes, if set, serves the requests that its patterns match, after / and
	// WSPath and before Static.
	Routes *http.ServeMux
	// Static, if set, is served at the remaining paths. Of a directory on disk,
	// os.Root's FS is one that nothing leads out of, symbolic links included.
	Static fs.FS

	// Authenticate, if set, says whose requests are served, all kinds of them:
	// others get 401 and are asked for a name and a password (HTTP Basic). Package
	// native/htpasswd has one for files. It may be called from many goroutines.
	Authenticate func(user, password string) bool
	// CheckOrigin says whether the page that a WebSocket request comes from may
	// have one. Nil: any may, unless Authenticate is set: then the request's Origin,
	// if it has one, must be the server's own, because browsers add the password to
	// other sites' requests too.
	CheckOrigin func(r *http.Request) bool
	// TrustForwarded has Conn.Remote tell what the Forwarded and X-Forwarded-For
	// headers say, which any client can write. It is for servers that only a proxy
	// reaches.
	TrustForwarded bool
	// AllowCache leaves Cache-Control: no-cache out, which 0.7 of the original sets
	// on all answers, and so does the segmented transport here.
	AllowCache bool

	// TLS is what Listen serves HTTPS with; see [LoadPEM]. Nil: HTTP.
	TLS *tls.Config
	// DisableCompression refuses permessage-deflate when a client offers it.
	DisableCompression bool
	// ReadLimit is the size in bytes of the largest message that a client may
	// send; a larger one ends the connection with 1009. 0: DefaultPlainReadLimit
	// or, for the segmented transport, DefaultReadLimit.
	ReadLimit int64
	// QueueLimit is how many bytes may wait for a client to be read by it, and how
	// many of its requests for the handler. Past it messages and requests wait
	// where they come from, and changes of the state gather. 0: DefaultQueueLimit.
	QueueLimit int
	// WriteTimeout is how long a client may take no byte of what waits for it
	// before it is cut off. 0: a minute.
	WriteTimeout time.Duration
	// PingDelay is the silence after which a client is asked for a sign of life,
	// and PingTimeout how long that may take. They are of the segmented transport.
	// 0: DefaultPingDelay and DefaultPingTimeout.
	PingDelay, PingTimeout time.Duration
	// MaxConnections bounds the connections; further ones get 503. 0: no bound but
	// the system's.
	MaxConnections int
	// ShutdownTimeout is how long Shutdown waits for clients to answer the close
	// frame before it cuts them off. 0: DefaultShutdownTimeout.
	ShutdownTimeout time.Duration

	// Logger takes what an operator should know; nil means slog.Default().
	Logger *slog.Logger
}

func (o ServerOptions) withDefaults() (ServerOptions, error) {
	switch {
	case o.Transport > Segmented:
		return o, fmt.Errorf("juggler: unknown transport %d", o.Transport)
	case o.Autoflush < OnFlush:
		return o, fmt.Errorf("juggler: unknown autoflush %d", o.Autoflush)
	case o.WSPath != "" && !strings.HasPrefix(o.WSPath, "/"):
		return o, errors.New("juggler: ServerOptions.WSPath does not begin with a slash")
	}
	setDefault(&o.WSPath, DefaultWSPath)
	setDefault(&o.IndexPath, DefaultIndexPath)
	setDefault(&o.Autoflush, DefaultAutoflush)
	setDefault(&o.ShutdownTimeout, DefaultShutdownTimeout)
	setDefault(&o.QueueLimit, DefaultQueueLimit)
	if o.Transport == Plain {
		setDefault(&o.ReadLimit, DefaultPlainReadLimit)
		o.PingDelay = 0
	} else {
		setDefault(&o.ReadLimit, DefaultReadLimit)
		setDefault(&o.PingDelay, DefaultPingDelay)
	}
	setDefault(&o.PingTimeout, DefaultPingTimeout)
	switch {
	case !o.Parallel:
		o.MaxParallel = 1
	case o.MaxParallel <= 0:
		o.MaxParallel = DefaultMaxParallel
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	return o, nil
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// LoadPEM returns what serves HTTPS with the certificate chain and the key of one
// PEM file, with TLS 1.2 and later.
func LoadPEM(file string) (*tls.Config, error) {
	cert, err := tls.LoadX509KeyPair(file, file)
	if err != nil {
		return nil, fmt.Errorf("juggler: %w", err)
	}
	return &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}, nil
}
