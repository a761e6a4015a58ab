package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"

	"github.com/weft-sync/weft/core/awareness"
	"github.com/weft-sync/weft/core/provider"
	"github.com/weft-sync/weft/native/host"
)

// Status is what an application shows of the connection.
type Status = provider.Status

// The values of Status; see Options.OnStatus for when each is told.
const (
	Disconnected = provider.Disconnected
	Connecting   = provider.Connecting
	Connected    = provider.Connected
)

// Client keeps one document in step with one server. Make one with [New], and end it
// with [Client.Close]. Its methods may be called from any goroutine; the package
// comment says what must not be called from where.
type Client struct {
	opts   Options
	log    *slog.Logger
	target target
	loop   *host.Loop[event]
	tell   notifier
	ended  chan struct{} // closed when the loop's goroutine has ended
	lost   error         // what Close returns; set before ended is closed

	mu      sync.Mutex
	shown   view
	changed chan struct{} // closed when shown changes
	others  map[uint64]json.RawMessage
	local   json.RawMessage // nil: no state

	// Of the loop's goroutine.
	machine  *provider.Provider
	doc      Document
	presence *awareness.States
	link     *link // of the machine's current attempt; nil if there is none
	links    map[*link]struct{}
	view     view   // as of now; shown is as of the last event
	notes    []note // what the event under way gives to tell
	sent     sent
	closing  closing
}

// view is what the getters show.
type view struct {
	status     Status
	synced     bool
	closed     bool
	weft       bool // the server of the connection speaks weft.v1
	counts     Counts
	permission Permission
	err        error // why the last connection or attempt ended
	stopped    error // why there are no more attempts; nil while there are, or if the program ended them
}

// New returns a client of a document on a server, not connected. url is the server's
// address, "wss://example.org/docs"; the document's name is appended to it after a
// slash, percent-encoded, unless Options.ELVA is set. The error is about the arguments; no network is touched.
//
// The client owns doc from here on, and a goroutine, until Close.
func New(url, document string, doc Document, o Options) (*Client, error) {
	address, err := o.address(url, document)
	if err != nil {
		return nil, err
	}
	if doc == nil {
		return nil, errors.New("client: there is no document")
	}
	if o, err = o.withDefaults(); err != nil {
		return nil, err
	}
	c := &Client{
		opts:     o,
		log:      o.Logger.With("server", address.Host, "document", document),
		target:   newTarget(address, &o),
		loop:     host.NewLoop[event](host.NewClock(), 0),
		ended:    make(chan struct{}),
		changed:  make(chan struct{}),
		machine:  provider.New(o.machine(document)),
		doc:      doc,
		presence: awareness.New(o.Awareness),
		links:    make(map[*link]struct{}),
	}
	c.tell.opts = &c.opts
	go func() {
		defer close(c.ended)
		c.loop.Run(c.handle)
	}()
	return c, nil
}

// Connect asks for a connection, and returns without waiting for it. While one
// exists or is under way it changes nothing; in a backoff it tries at once, which is
// also what to do when the network is known to be back. After a refusal it tries
// anew. The error is ErrClosed.
func (c *Client) Connect() error {
	return c.call(0, func(now int64) error {
		if !c.machine.ShouldConnect() {
			c.view.err, c.view.stopped = nil, nil
		}
		return c.machine.Connect(now)
	})
}

// Disconnect ends the connection, or the attempts to have one, and returns without
// waiting for its end. The removal of the local presence, and edits unless more than
// Options.QueueLimit of them wait, are still written, for up to Options.CloseTimeout.
// The local presence comes back with the next Connect. The error is ErrClosed.
func (c *Client) Disconnect() error {
	return c.call(0, func(now int64) error {
		c.view.err, c.view.stopped = nil, nil
		return c.machine.Disconnect(now, c.farewell())
	})
}

// Update adds a local edit, an update (v1), to the document and tells the server of
// it: at once if there is a connection, with the next handshake otherwise. It waits
// until the document has it, but for no network. The client owns u from here on;
// nobody may change it.
//
// An update that the document has already, because the edit was made on it in Do, is
// told to the server all the same.
//
// The error is ErrClosed, or from the document, which refuses what is malformed;
// nothing is changed or sent then.
func (c *Client) Update(u []byte) error {
	return c.call(len(u), func(now int64) error {
		if _, err := c.doc.Apply(u); err != nil {
			return fmt.Errorf("client: update: %w", err)
		}
		switch {
		case !c.machine.Connected() || !c.machine.Joined():
			c.sent.edited()
		case c.link.idle():
			c.sent.posted()
		default:
			c.sent.waits(len(u), c.opts.QueueLimit)
		}
		return c.machine.Update(now, u)
	})
}

// Do runs f on the client's goroutine, where it may use the document, and waits for
// it. The connection stands still meanwhile, so f should be quick. It must not call
// methods of the client, which would wait for f. The error is ErrClosed, and f has
// not run then.
func (c *Client) Do(f func()) error {
	return c.call(0, func(int64) error {
		f()
		return nil
	})
}

// WaitSynced waits until the server's part of the handshake is in the document. The
// error is a *[RefusedError] or *[DocumentError] if no further attempt will be made,
// ErrClosed, or wraps the context's error, and the last failure's if there is one.
// Without Connect it waits for one.
func (c *Client) WaitSynced(ctx context.Context) error {
	for {
		c.mu.Lock()
		v, changed := c.shown, c.changed
		c.mu.Unlock()
		switch {
		case v.closed:
			return ErrClosed
		case v.synced:
			return nil
		case v.stopped != nil:
			return v.stopped
		}
		select {
		case <-changed:
		case <-ctx.Done():
			if v.err != nil {
				return fmt.Errorf("client: not synced: %w; last failure: %w", context.Cause(ctx), v.err)
			}
			return fmt.Errorf("client: not synced: %w", context.Cause(ctx))
		}
	}
}

// Status returns the connection's status.
func (c *Client) Status() Status { return c.look().status }

// Synced reports whether the server's part of the handshake has come over the
// connection that is open.
func (c *Client) Synced() bool { return c.look().synced }

// Err returns why the last connection or attempt ended: nil if none has, if the
// program ended it, and after a completed sync. It is a *[RefusedError] or a
// *[DocumentError] if there are no further attempts.
func (c *Client) Err() error { return c.look().err }

// ClientID returns the client that the local presence is of.
func (c *Client) ClientID() uint64 { return c.opts.ClientID }

// Awareness returns the presence of everybody who has the document open.
func (c *Client) Awareness() *Awareness { return &Awareness{c} }

func (c *Client) look() view {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.shown
}

// show makes the view what the getters show, and hands on what there is to tell. A
// callback that asks thus finds what it is told.
func (c *Client) show() {
	// Only this goroutine writes shown. The errors are pointers, so they compare.
	if c.view != c.shown {
		c.mu.Lock()
		c.shown = c.view
		close(c.changed)
		c.changed = make(chan struct{})
		c.mu.Unlock()
	}
	if len(c.notes) > 0 {
		c.tell.push(c.notes)
		clear(c.notes)
		c.notes = c.notes[:0]
	}
}

// showOthers brings the others' states up to date with the presence, for the clients
// that a call on it may have changed.
func (c *Client) showOthers(change awareness.Change) {
	if change.Empty() {
		return
	}
	var told AwarenessChange
	c.mu.Lock()
	for _, client := range change.Clients() {
		if client == c.opts.ClientID {
			continue
		}
		state, _, _ := c.presence.State(client)
		known, was := c.others[client]
		switch {
		case state == nil && was:
			told.Removed = append(told.Removed, client)
		case state != nil && !was:
			told.Added = append(told.Added, client)
		case state != nil && string(state) != string(known):
			told.Updated = append(told.Updated, client)
		default: // a renewal
			continue
		}
		if state == nil {
			delete(c.others, client)
			continue
		}
		if c.others == nil {
			c.others = make(map[uint64]json.RawMessage)
		}
		c.others[client] = slices.Clone(state) // a new one: callers have the old one
	}
	c.mu.Unlock()
	if !told.empty() {
		c.notes = append(c.notes, note{kind: awarenessNote, change: told})
	}
}
