package juggler

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/weft-sync/weft/core/codec"
	"github.com/weft-sync/weft/native/juggler/internal/tree"
	"github.com/weft-sync/weft/native/wsconn"
)

// ClientOptions are a client's settings; the zero value is usable.
type ClientOptions struct {
	// Transport is what the server speaks.
	Transport Transport

	// OnNotify, if set, is called with each notification. It owns data.
	OnNotify func(name string, data json.RawMessage)
	// OnState, if set, is called when a message of the server may have changed the
	// state. States that follow each other while a call runs are merged: the last
	// one is told.
	OnState func(state Snapshot)

	// User and Password are for HTTP Basic authentication; without a User there is
	// none.
	User, Password string
	// Header is sent with the handshake.
	Header http.Header
	// TLS is used with wss and https addresses; nil verifies the server with the
	// system's certificates. It is of no use beside HTTPClient.
	TLS *tls.Config
	// HTTPClient makes the handshake. Nil: one with http.DefaultTransport's settings.
	HTTPClient *http.Client
	// Compression offers permessage-deflate.
	Compression bool

	// ReadLimit is the size in bytes of the largest message that the server may
	// send, and StateLimit about that of the largest state that messages may make.
	// Past them the connection ends. 0: DefaultReadLimit, and four times ReadLimit.
	ReadLimit  int64
	StateLimit int64
	// QueueLimit is how many bytes may wait for the server to be read by it, after
	// which Send waits; and how many bytes of notifications for OnNotify, after
	// which the connection ends with ErrBacklog. 0: 16 MiB.
	QueueLimit int
	// PingDelay is the silence after which the server is asked for a sign of life,
	// and PingTimeout how long that may take. 0: DefaultPingDelay and
	// DefaultPingTimeout for the segmented transport. In the plain transport 0 is
	// never, because the original's server answers only between two requests.
	PingDelay, PingTimeout time.Duration
}

// clientQueueLimit is larger than a server's: there is one server.
const clientQueueLimit = 16 << 20

func (o ClientOptions) withDefaults() (ClientOptions, error) {
	if o.Transport > Segmented {
		return o, fmt.Errorf("juggler: unknown transport %d", o.Transport)
	}
	setDefault(&o.ReadLimit, DefaultReadLimit)
	setDefault(&o.StateLimit, 4*o.ReadLimit)
	setDefault(&o.QueueLimit, clientQueueLimit)
	if o.Transport == Segmented {
		setDefault(&o.PingDelay, DefaultPingDelay)
	}
	setDefault(&o.PingTimeout, DefaultPingTimeout)
	return o, nil
}

// Client is a connection to a server. It does not come back by itself when it has
// ended: Connect makes another, whose state begins as null. Its methods may be called
// from any goroutine.
type Client struct {
	opts ClientOptions
	link *link
	tell teller

	mu      sync.Mutex
	state   *tree.Node
	lastID  int64
	waiting map[int64]chan<- response // each has room for its response
}

type response struct {
	data    json.RawMessage
	success bool
}

// Connect connects to a server at a ws, wss, http or https address with its path:
// "ws://127.0.0.1:8080/ws". ctx bounds the handshake. The error is a
// *[HandshakeError] if the server answered and refused, with 401 for instance.
//
// The caller ends the connection with Close.
func Connect(ctx context.Context, address string, o ClientOptions) (*Client, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	header := o.Header.Clone()
	if o.User != "" {
		if header == nil {
			header = http.Header{}
		}
		r := http.Request{Header: header}
		r.SetBasicAuth(o.User, o.Password)
	}
	idle := func() {} // closes what the handshake has left, if it is ours
	if o.HTTPClient == nil {
		transport := http.DefaultTransport.(*http.Transport).Clone()
		transport.TLSClientConfig = o.TLS
		transport.ForceAttemptHTTP2 = false // which has another handshake
		o.HTTPClient = &http.Client{Transport: transport}
		idle = transport.CloseIdleConnections
	}
	ws, err := wsconn.Dial(ctx, address, wsconn.Options{
		Text:        true,
		ReadLimit:   o.ReadLimit,
		Compression: o.Compression,
		Header:      header,
		Client:      o.HTTPClient,
	})
	if err != nil {
		idle()
		return nil, err
	}
	c := &Client{opts: o, state: tree.Null, waiting: make(map[int64]chan<- response)}
	c.tell = teller{opts: &c.opts}
	c.link = newLink(ws, linkConfig{
		transport:   o.Transport,
		readLimit:   o.ReadLimit,
		queueLimit:  o.QueueLimit,
		pingDelay:   o.PingDelay,
		pingTimeout: o.PingTimeout,
		ping:        func() []byte { return requestMessage(c.nextID(), "", json.RawMessage("null")) },
	})
	c.link.receive = c.receive
	go func() {
		c.link.run()
		idle()
	}()
	return c, nil
}

func (c *Client) nextID() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lastID++
	return c.lastID
}

// Send sends a request and waits for its answer, whose data it returns; the caller
// owns it. A server answers the request without a name itself, with the same data.
//
// The error is a *[RequestError] if the request did not succeed. It wraps ErrClosed if
// the connection has ended, and then the server may have got the request or not. It is
// ctx's if that has ended; the answer is then ignored. It is encoding/json's if data
// has no JSON text.
func (c *Client) Send(ctx context.Context, name string, data any) (json.RawMessage, error) {
	text, err := marshal(data)
	if err != nil {
		return nil, fmt.Errorf("juggler: request: %w", err)
	}
	id := c.nextID()
	answer := make(chan response, 1)
	c.mu.Lock()
	c.waiting[id] = answer
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		delete(c.waiting, id)
		c.mu.Unlock()
	}()
	if err := c.link.send(ctx, requestMessage(id, name, text)); err != nil {
		return nil, err
	}
	var r response
	select {
	case r = <-answer:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case <-c.link.ctx.Done():
		select { // it may have come before the end
		case r = <-answer:
		default:
			return nil, c.link.err()
		}
	}
	if !r.success {
		return nil, &RequestError{Data: r.data}
	}
	return r.data, nil
}

// State returns the server's state as far as it is known: null in the beginning, and
// what was known last after the connection has ended.
func (c *Client) State() Snapshot {
	c.mu.Lock()
	defer c.mu.Unlock()
	return Snapshot{c.state}
}

// Close ends the connection with 1000 and waits until it has ended, at most for about
// five seconds. Callbacks may still be running. Further calls wait too.
func (c *Client) Close() {
	c.link.end(nil, codec.Normal)
	<-c.link.done
}

// Done returns a channel that is closed when the connection has ended.
func (c *Client) Done() <-chan struct{} { return c.link.done }

// Err returns nil while the connection is open, and then an error that wraps
// ErrClosed and why it has ended.
func (c *Client) Err() error { return c.link.err() }

// receive takes a message of the server. The error is the server's fault, or
// ErrBacklog.
func (c *Client) receive(text []byte) error {
	f, kind, err := parseMessage(text)
	if err != nil {
		return err
	}
	switch kind {
	case "response":
		return c.receiveResponse(f)
	case "state":
		return c.receiveState(f)
	case "notify":
		return c.receiveNotify(f)
	}
	return badMessage("a message of an unknown type", nil)
}

func (c *Client) receiveResponse(f fields) error {
	var success bool
	if err := json.Unmarshal(f["success"], &success); err != nil || f["id"] == nil || f["data"] == nil {
		return badMessage("a response without id, data or success", err)
	}
	id, err := strconv.ParseInt(string(f["id"]), 10, 64)
	if err != nil {
		return nil // of no request of ours
	}
	c.mu.Lock()
	answer := c.waiting[id]
	delete(c.waiting, id) // a second one is of no request either
	c.mu.Unlock()
	if answer != nil {
		answer <- response{f["data"], success}
	}
	return nil
}

func (c *Client) receiveState(f fields) error {
	diff, err := tree.Parse(f["diff"])
	if err != nil {
		return badMessage("a state message without a difference", err)
	}
	p, err := tree.ParsePatch(diff)
	if err != nil {
		return badMessage("a difference that is none", err)
	}
	n, err := p.Apply(c.State().node(), uint64(c.opts.StateLimit))
	if err != nil {
		return badMessage("a difference that cannot be applied", err)
	}
	c.mu.Lock()
	c.state = n
	c.mu.Unlock()
	if c.opts.OnState != nil {
		c.tell.state(Snapshot{n})
	}
	return nil
}

func (c *Client) receiveNotify(f fields) error {
	name, ok := stringOf(f["name"])
	if !ok || f["data"] == nil {
		return badMessage("a notification without name or data", nil)
	}
	if c.opts.OnNotify != nil && !c.tell.notify(name, f["data"]) {
		return ErrBacklog
	}
	return nil
}
