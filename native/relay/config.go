package relay

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/weft-sync/weft/core/codec"
	"github.com/weft-sync/weft/core/relay"
)

// DefaultReadLimit is the default of [Config].ReadLimit, in bytes.
const DefaultReadLimit = 64 << 20

// Config is a relay's settings. Only Upstream is required; the zero values of the
// others are safe defaults.
type Config struct {
	// Upstream is the address of the server, ws or wss: `weft serve`, or an
	// ElvaWebsocketServer, at its path /. It has no user and password in it.
	Upstream string

	// Own is where the relay itself is reached; an upstream at that address, by
	// whatever name, is refused. Nil: there is no such test.
	Own net.Addr

	// User and Password are sent to an upstream that answers 401, by Basic
	// authentication (RFC 7617). No User: none are sent.
	User, Password string

	// ELVA33 writes to the upstream in the bytes of ELVA up to v0.33.
	ELVA33 bool

	// Origins lists the web origins, besides the relay's own, whose pages may
	// connect, as server.Config has it.
	Origins []string

	// QueueLimit is how many bytes may wait for a local connection before it is
	// closed, UpstreamLimit how many may wait for the upstream. 0 means 1 MiB and 8
	// MiB.
	QueueLimit, UpstreamLimit int

	// ReadLimit is the size in bytes of the largest message that is read, on either
	// side. 0 means DefaultReadLimit.
	ReadLimit int64

	// MaxConnections bounds the local connections; further ones get 503. 0 means no
	// bound but the system's.
	MaxConnections int

	// HTTPClient makes the handshake with the upstream: certificates and proxies
	// are its affair, and so is the test of Own. Nil: one that makes it.
	HTTPClient *http.Client

	// OnStatus is told each change of what the upstream connection is doing, in
	// order, from the relay's goroutine: it must not block.
	OnStatus func(relay.Status)

	// Logger takes what an operator should know; nil means slog.Default(). No
	// credentials are logged.
	Logger *slog.Logger
}

func (c Config) withDefaults() (Config, *url.URL, error) {
	u, err := url.Parse(c.Upstream)
	if err != nil {
		if ue, ok := errors.AsType[*url.Error](err); ok {
			err = ue.Err // the address may have a password in it
		}
		return c, nil, fmt.Errorf("relay: the upstream's address: %w", err)
	}
	switch {
	case u.Scheme != "ws" && u.Scheme != "wss":
		return c, nil, fmt.Errorf("relay: the upstream's address has the scheme %q, not ws or wss", u.Scheme)
	case u.Hostname() == "":
		return c, nil, errors.New("relay: the upstream's address has no host")
	case u.User != nil:
		return c, nil, errors.New("relay: the upstream's address has a user in it; give user and password apart from it")
	}
	if c.ReadLimit <= 0 {
		c.ReadLimit = DefaultReadLimit
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	if c.HTTPClient == nil {
		c.HTTPClient = newClient(c.Own)
	}
	return c, u, nil
}

func (c *Config) machine(random func() uint64) relay.Config {
	m := relay.Config{
		Rand: random, Credentials: c.User != "",
		QueueLimit: c.QueueLimit, UpstreamLimit: c.UpstreamLimit,
		Timeout: (60 * time.Second).Milliseconds(),
	}
	if c.ELVA33 {
		m.Framing = codec.ELVA33
	}
	return m
}
