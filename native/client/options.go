package client

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/url"
	"time"

	"github.com/weft-sync/weft/core/awareness"
	"github.com/weft-sync/weft/core/codec"
	"github.com/weft-sync/weft/core/lib0"
	"github.com/weft-sync/weft/core/provider"
)

// DefaultCloseTimeout is the default of [Options].CloseTimeout.
const DefaultCloseTimeout = 5 * time.Second

// Options are a client's settings; the zero value is usable. New copies them; what
// they refer to must not change afterwards.
type Options struct {
	// ClientID is the client that the presence is of, up to 2^53-1. It must be a
	// new one in each run of a program: peers remember the clock of an old one, and
	// ignore what seems older. With a document that has a client id, take that. 0:
	// a random one of 32 bits.
	ClientID uint64

	// Header is sent with each handshake.
	Header http.Header
	// Params are added to the address as its query.
	Params url.Values
	// BeforeDial, if set, is called before each attempt and may change that
	// attempt's header and query, to put in a token for instance. An error ends the
	// attempt; the next one comes after the backoff. It is called from a goroutine
	// of its own, and must return when ctx ends.
	BeforeDial func(ctx context.Context, header http.Header, params url.Values) error
	// User and Password are sent to a server that answers 401, by Basic authentication
	// (RFC 7617): in one more attempt, which follows at once, and with each attempt
	// after it was let in. No User: none are sent.
	User, Password string
	// OnFailure, if set, is asked when an attempt has failed or the server has ended a
	// connection, with the reason that OnStatus tells next. It may change what further
	// attempts are made with, and decides whether there are any: with nil the next one
	// comes after the backoff, after a refusal that is for good too; an error stops the
	// client until Connect, with a *[StoppedError]. Without it only a refusal stops the
	// client. It is called from a goroutine of its own, and must return when ctx ends.
	OnFailure func(ctx context.Context, err error, next *Target) error
	// ELVA speaks ELVA's framing for many documents on a connection, as its
	// ElvaWebsocketProvider does: New takes the server's address as it is, the
	// document is named in each frame, and on connect the whole document is sent
	// unasked. A server that only broadcasts may answer nothing for long: then Timeout
	// has to be long too. ELVA33 is the same in the bytes of ELVA up to v0.33. A server
	// that answers in the other bytes is answered in those.
	ELVA, ELVA33 bool
	// Subprotocols are offered in the handshake, the preferred first, after weft.v1.
	Subprotocols []string
	// Plain: speak the y protocol only, and do not offer weft.v1.
	Plain bool
	// Token, if set, is asked for a token when a connection to a server that speaks
	// weft.v1 opens, and when the server asks for another one. An error ends the
	// connection; the next one comes after the backoff. It is called from a goroutine
	// of its own, and must return when ctx ends.
	Token func(ctx context.Context) (string, error)
	// Epoch is what OnEpoch told last, of a document that was kept since.
	Epoch []byte
	// HTTPClient makes the handshake request: certificates, proxies and cookies are
	// its affair. A transport of net/http goes on with an attempt that was given up
	// until its own dial timeout. Nil: as http.DefaultClient, without that.
	HTTPClient *http.Client
	// Compression offers permessage-deflate. It gains little on updates of a few
	// bytes.
	Compression bool
	// ReadLimit is the size in bytes of the largest message that the server may
	// send. 0: 64 MiB.
	ReadLimit int64
	// QueueLimit is how many bytes of local updates wait for a write in progress
	// before one diff takes their place. 0: 1 MiB.
	QueueLimit int

	// MinBackoff and MaxBackoff bound the delay before an attempt, in whole
	// milliseconds. 0: 100 ms and 30 s.
	MinBackoff, MaxBackoff time.Duration
	// Timeout is how long a connection, or an attempt to open one, may be silent
	// before it is given up; after half of it the server is asked for a sign of
	// life. It grows up to 16 times for a large document on a slow line. 0: 30 s.
	Timeout time.Duration
	// ResyncInterval is the time after which the state vector is sent again while
	// connected. A healthy server does not need it. 0: never.
	ResyncInterval time.Duration
	// CloseTimeout is how long Disconnect and Close try to write what is left. 0:
	// DefaultCloseTimeout.
	CloseTimeout time.Duration

	// Awareness bounds the presence of others: what is over the limits is not taken.
	Awareness awareness.Limits

	// Logger takes what an operator should know; nil means slog.Default(). Neither
	// header nor query are ever logged.
	Logger *slog.Logger

	// OnStatus is told each change of the status, and each attempt (Connecting
	// again). err is why the last connection or attempt ended; nil if none has, if
	// the program ended it, and after a completed sync.
	OnStatus func(s Status, err error)
	// OnSynced is told when the server's part of the handshake is in the document,
	// and when that connection is gone.
	OnSynced func(synced bool)
	// OnUpdate is told each update (v1) from the server that brought something new.
	// It is read-only, and may hold more than what was new.
	OnUpdate func(u []byte)
	// OnAwareness is told who has come, gone or changed of the others; see
	// [Awareness.Others].
	OnAwareness func(AwarenessChange)

	// OnCounts is told what became of the local edits, each time that it changes.
	OnCounts func(Counts)
	// OnRejected is told which updates the server refused.
	OnRejected func(Rejection)
	// OnPermission is told what the server lets the client do, and why.
	OnPermission func(p Permission, reason string)
	// OnEpoch is told the id of the history that the document is of, empty if there is
	// none. Who keeps the document keeps it too, for Options.Epoch.
	OnEpoch func(epoch []byte)
	// OnProgress is told how many bytes of a large document have come, of how many.
	OnProgress func(done, total uint64)

	transport *http.Transport // of HTTPClient, if nobody else has it
}

func (o Options) withDefaults() (Options, error) {
	if o.ClientID > lib0.MaxSafeInteger {
		return o, fmt.Errorf("client: Options.ClientID %d is over 2^53-1", o.ClientID)
	}
	for o.ClientID == 0 {
		o.ClientID = uint64(rand.Uint32())
	}
	for _, d := range []time.Duration{o.MinBackoff, o.MaxBackoff, o.Timeout, o.ResyncInterval, o.CloseTimeout} {
		if d < 0 {
			return o, errors.New("client: a duration in Options is negative")
		}
	}
	if len(o.Epoch) > codec.MaxEpoch {
		return o, errors.New("client: Options.Epoch is too long to be one")
	}
	if o.ReadLimit < 0 || o.QueueLimit < 0 {
		return o, errors.New("client: a limit in Options is negative")
	}
	if o.QueueLimit == 0 {
		o.QueueLimit = provider.DefaultQueueLimit
	}
	if o.CloseTimeout == 0 {
		o.CloseTimeout = DefaultCloseTimeout
	}
	if o.HTTPClient == nil {
		o.HTTPClient = http.DefaultClient
		if t, ok := http.DefaultTransport.(*http.Transport); ok && o.HTTPClient.Transport == nil {
			// One of our own, so that what an attempt leaves behind can be ended.
			o.transport = t.Clone()
			client := *o.HTTPClient
			client.Transport = o.transport
			o.HTTPClient = &client
		}
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	o.Header = o.Header.Clone()
	return o, nil
}

// framing returns ELVA's framing, if that is wanted, or nil.
func (o *Options) framing() *codec.Framing {
	switch {
	case o.ELVA33:
		return codec.ELVA33
	case o.ELVA:
		return codec.ELVA
	}
	return nil
}

func (o *Options) machine(document string) provider.Config {
	return provider.Config{
		ELVA:           o.framing(),
		Weft:           !o.Plain && len(document) > 0 && len(document) <= codec.MaxID,
		AlwaysOffer:    true,
		Document:       document,
		Token:          o.Token != nil,
		Epoch:          o.Epoch,
		Rand:           rand.Uint64,
		MinBackoff:     millis(o.MinBackoff),
		MaxBackoff:     millis(o.MaxBackoff),
		Timeout:        millis(o.Timeout),
		ResyncInterval: millis(o.ResyncInterval),
		QueueLimit:     o.QueueLimit,
	}
}

// millis returns d in milliseconds, rounded up: what is not zero stays so.
func millis(d time.Duration) int64 {
	return (d + time.Millisecond - 1).Milliseconds()
}
