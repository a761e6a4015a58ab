package client

import (
	"context"
	"encoding/base64"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"sync"

	"github.com/weft-sync/weft/core/codec"
	"github.com/weft-sync/weft/native/wsconn"
)

// Target is what attempts to connect are made with; see [Options].OnFailure.
type Target struct {
	// Address is the server's or, without Options.ELVA, the document's: a ws or wss URL.
	Address string
	// Header and Params are sent with each attempt, as Options has them.
	Header http.Header
	Params url.Values
	// User and Password are as in Options.
	User, Password string
}

// target is the Target of a client. It is of the links' goroutines.
type target struct {
	mu      sync.Mutex
	now     Target
	allowed bool // the server has let the user in
}

// address returns the address that a client of these options connects to.
func (o *Options) address(server, document string) (*url.URL, error) {
	if o.framing() == nil {
		return parseAddress(server, document)
	}
	if err := checkDocument(document); err != nil {
		return nil, err
	}
	return parseServer(server)
}

func newTarget(address *url.URL, o *Options) target {
	return target{now: Target{
		Address: address.String(), Header: o.Header, Params: maps.Clone(o.Params), User: o.User, Password: o.Password,
	}}
}

// get returns a copy.
func (t *target) get() (Target, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now
	if now.Header = now.Header.Clone(); now.Header == nil {
		now.Header = http.Header{}
	}
	if now.Params = maps.Clone(now.Params); now.Params == nil {
		now.Params = url.Values{}
	}
	return now, t.allowed
}

// set takes over what OnFailure made of a Target.
func (t *target) set(next Target) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if next.User != t.now.User || next.Password != t.now.Password {
		t.allowed = false
	}
	t.now = next
}

// dial makes an attempt, which offers weft.v1 or not, and one more with credentials if
// the server asks for them.
func (t *target) dial(ctx context.Context, o *Options, offer bool) (*wsconn.Conn, error) {
	protocols := o.Subprotocols
	if offer {
		protocols = append([]string{codec.WeftProtocol}, protocols...)
	}
	now, allowed := t.get()
	address, err := parseServer(now.Address)
	if err != nil {
		return nil, err
	}
	if o.BeforeDial != nil {
		if err := o.BeforeDial(ctx, now.Header, now.Params); err != nil {
			return nil, err
		}
	}
	for {
		if allowed && now.User != "" {
			pair := now.User + ":" + now.Password
			now.Header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(pair)))
		}
		ws, err := wsconn.Dial(ctx, withParams(address, now.Params), wsconn.Options{
			ReadLimit:    o.ReadLimit,
			Compression:  o.Compression,
			Subprotocols: protocols,
			Header:       now.Header,
			Client:       o.HTTPClient,
		})
		he, refused := errors.AsType[*wsconn.HandshakeError](err)
		if refused && he.StatusCode == http.StatusUnauthorized && now.User != "" && !allowed {
			allowed = true
			continue
		}
		t.mu.Lock()
		if t.now.User == now.User && t.now.Password == now.Password {
			// A 401 in spite of them: the next attempt asks again without.
			t.allowed = allowed && !(refused && he.StatusCode == http.StatusUnauthorized)
		}
		t.mu.Unlock()
		return ws, err
	}
}

// ask asks Options.OnFailure about the end of a link, unless the client wanted it.
func (l *link) ask(ctx context.Context, err error) (asked bool, verdict error) {
	f := l.c.opts.OnFailure
	l.mu.Lock()
	off := l.off || l.bye
	l.mu.Unlock()
	if f == nil || off || ctx.Err() != nil {
		return false, nil
	}
	_, why := ending(err)
	next, _ := l.c.target.get()
	verdict = f(ctx, why, &next)
	if verdict == nil {
		l.c.target.set(next)
	}
	return true, verdict
}
