package wsconn

import (
	"net/http"
	"time"
)

// Defaults of [Options].
const (
	DefaultReadLimit    = 64 << 20 // bytes
	DefaultWriteTimeout = time.Minute
)

// Options are common to [Accept] and [Dial]; the zero value is usable.
type Options struct {
	// ReadLimit is the size in bytes of the largest message that is read,
	// after decompression. 0 means DefaultReadLimit; there is no "unlimited".
	ReadLimit int64

	// Text makes the messages text in place of binary, in both directions. What
	// is read is checked to be UTF-8; what is written is the caller's affair.
	Text bool

	// Compression offers (Dial) or accepts (Accept) permessage-deflate
	// (RFC 7692) without context takeover. It costs CPU and, while a message
	// is compressed, about 1.2 MB; updates of a few bytes do not gain from
	// it and are sent as they are.
	Compression bool

	// WriteTimeout is how long an accepted connection may take no byte of
	// what waits for it. 0 means DefaultWriteTimeout. A dialled connection
	// has no such limit: its owner closes it when the server falls silent.
	WriteTimeout time.Duration

	// Subprotocols are offered (Dial) or understood (Accept), the preferred
	// first.
	Subprotocols []string

	// Header is sent with the handshake (Dial only).
	Header http.Header

	// Client makes the handshake request (Dial only); nil means
	// http.DefaultClient. Proxies and TLS are its affair. Its Timeout bounds
	// the handshake.
	Client *http.Client
}

func (o Options) withDefaults() Options {
	if o.ReadLimit <= 0 {
		o.ReadLimit = DefaultReadLimit
	}
	if o.WriteTimeout <= 0 {
		o.WriteTimeout = DefaultWriteTimeout
	}
	return o
}
