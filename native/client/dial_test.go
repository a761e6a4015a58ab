package client

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/weft-sync/weft/core/codec"
	"github.com/weft-sync/weft/core/update"
	"github.com/weft-sync/weft/native/wsconn"
)

func TestAddress(t *testing.T) {
	for _, tt := range []struct{ server, document, want string }{
		{"ws://host", "notes", "ws://host/notes"},
		{"wss://host:1/", "notes", "wss://host:1/notes"},
		{"wss://host/docs//", "a/b", "wss://host/docs/a/b"},
		{"wss://host/docs?v=1", "notes", "wss://host/docs/notes?v=1"},
		{"wss://host/a%2Fb/", "notes", "wss://host/a%2Fb/notes"},
		{"wss://host", "a b?c#d%20é", "wss://host/a%20b%3Fc%23d%2520%C3%A9"},
		{"wss://user:pass@host", "notes", "wss://user:pass@host/notes"},
		{"ws://[::1]:80", "notes", "ws://[::1]:80/notes"},
	} {
		u, err := parseAddress(tt.server, tt.document)
		if err != nil {
			t.Errorf("%s %q: %v", tt.server, tt.document, err)
			continue
		}
		if got := u.String(); got != tt.want {
			t.Errorf("%s %q: got %s, want %s", tt.server, tt.document, got, tt.want)
		}
		if base, _ := url.Parse(tt.server); !strings.HasSuffix(u.Path, "/"+tt.document) || u.Host != base.Host {
			t.Errorf("%s %q: the path is %q", tt.server, tt.document, u.Path)
		}
	}
}

func TestNewErrors(t *testing.T) {
	ok := Options{}
	for _, tt := range []struct {
		name, server, document string
		doc                    Document
		o                      Options
	}{
		{"no address", "", "notes", update.NewDoc(), ok},
		{"http", "http://host", "notes", update.NewDoc(), ok},
		{"no scheme", "host/docs", "notes", update.NewDoc(), ok},
		{"no host", "ws:///docs", "notes", update.NewDoc(), ok},
		{"only a port", "ws://:80", "notes", update.NewDoc(), ok},
		{"opaque", "ws:host", "notes", update.NewDoc(), ok},
		{"fragment", "ws://host/#x", "notes", update.NewDoc(), ok},
		{"escape", "ws://host/%zz", "notes", update.NewDoc(), ok},
		{"control character", "ws://ho\x00st", "notes", update.NewDoc(), ok},
		{"no name", "ws://host", "", update.NewDoc(), ok},
		{"dot", "ws://host", ".", update.NewDoc(), ok},
		{"dots", "ws://host", "a/../b", update.NewDoc(), ok},
		{"not UTF-8", "ws://host", "\xff", update.NewDoc(), ok},
		{"no document", "ws://host", "notes", nil, ok},
		{"client id", "ws://host", "notes", update.NewDoc(), Options{ClientID: 1 << 53}},
		{"backoff", "ws://host", "notes", update.NewDoc(), Options{MinBackoff: -1}},
		{"timeout", "ws://host", "notes", update.NewDoc(), Options{Timeout: -1}},
		{"read limit", "ws://host", "notes", update.NewDoc(), Options{ReadLimit: -1}},
	} {
		if c, err := New(tt.server, tt.document, tt.doc, tt.o); err == nil {
			t.Errorf("%s: no error", tt.name)
			c.Close()
		} else if !strings.HasPrefix(err.Error(), "client: ") {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
	_, err := New("ws://user:secret@ho\x00st", "notes", update.NewDoc(), ok)
	if err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("the error has the password: %v", err)
	}
}

func TestHandshakeRequest(t *testing.T) {
	got := make(chan *http.Request, 2)
	addr := requests(t, func(_ int, w http.ResponseWriter, r *http.Request) {
		conn, err := wsconn.Accept(w, r, wsconn.Options{Subprotocols: []string{"one"}})
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Abort()
		got <- r
		welcome(conn)
	})
	tokens := []string{"first", "second"}
	static := http.Header{"Authorization": {"none"}, "X-Static": {"1"}}
	p := open(t, addr+"/docs?v=1", "my notes", Options{
		Header:       static,
		Params:       url.Values{"user": {"ada"}},
		Subprotocols: []string{"two", "one"},
		BeforeDial: func(_ context.Context, h http.Header, params url.Values) error {
			if len(tokens) == 0 {
				return errors.New("out of tokens")
			}
			h.Set("Authorization", tokens[0])
			params.Set("token", tokens[0])
			tokens = tokens[1:]
			return nil
		},
	})
	static.Set("X-Static", "changed") // New has copied it
	p.connect()
	for _, token := range []string{"first", "second"} {
		r := <-got
		if r.URL.Path != "/docs/my notes" || r.URL.RawQuery != "v=1&token="+token+"&user=ada" {
			t.Errorf("address %v", r.URL)
		}
		h := r.Header
		if h.Get("Authorization") != token || h.Get("X-Static") != "1" || h.Get("Sec-WebSocket-Protocol") != "weft.v1,two,one" {
			t.Errorf("header %v", h)
		}
	}
	p.until("the failed BeforeDial is told", func() bool {
		err := p.Err()
		return err != nil && strings.Contains(err.Error(), "out of tokens")
	})
	if log := p.logs.String(); strings.Contains(log, "token=") || strings.Contains(log, "user=ada") {
		t.Errorf("the query was logged: %s", log)
	}
}

// TestFailureHidesTheQuery: net/http's errors have the whole address.
func TestFailureHidesTheQuery(t *testing.T) {
	p := open(t, "ws://127.0.0.1:1", "notes", Options{Params: url.Values{"token": {"secret"}}})
	p.connect()
	p.until("a failure", func() bool { return p.Err() != nil })
	if err := p.Err().Error(); strings.Contains(err, "secret") || !strings.Contains(err, "127.0.0.1:1") {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := p.WaitSynced(ctx)
	if !errors.Is(err, context.Canceled) || strings.Contains(err.Error(), "secret") || !strings.Contains(err.Error(), "refused") {
		t.Error(err)
	}
}

func TestRefusedByStatus(t *testing.T) {
	for _, status := range []int{400, 401, 403, 404, 410, 426, 499} {
		addr := requests(t, func(attempt int, w http.ResponseWriter, r *http.Request) {
			if attempt > 1 {
				t.Errorf("%d: a second attempt", status)
			}
			http.Error(w, "because", status)
		})
		p := open(t, addr, "notes", Options{})
		p.connect()
		err := p.WaitSynced(t.Context())
		re, ok := errors.AsType[*RefusedError](err)
		if !ok || re.Status != status || re.Code != codec.CloseCode(4000+status) || re.Reason != "because" {
			t.Errorf("%d: %+v", status, err)
		}
		if p.Status() != Disconnected || p.Err() != err {
			t.Errorf("%d: %v, %v", status, p.Status(), p.Err())
		}
		if err := p.Close(); err != nil {
			t.Errorf("%d: %v", status, err)
		}
	}
}

func TestRefusedName(t *testing.T) {
	s := newSite(t)
	for _, name := range []string{strings.Repeat("x", 300), "_weft/x", "a//b", "/notes", "line\nbreak"} {
		p := open(t, s.url, name, Options{})
		p.connect()
		re, ok := errors.AsType[*RefusedError](p.WaitSynced(t.Context()))
		if !ok || re.Status != http.StatusForbidden || re.Reason == "" {
			t.Errorf("%q: %v", name, re)
		}
	}
}

// TestDefaultHTTPClient leaves no idle connection behind when it is refused.
func TestDefaultHTTPClient(t *testing.T) {
	s := newSite(t)
	before := goleak.IgnoreCurrent()
	c, err := New(s.url, "a//b", update.NewDoc(), Options{Logger: s.logs.logger()})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Connect(); err != nil {
		t.Error(err)
	}
	if _, ok := errors.AsType[*RefusedError](c.WaitSynced(t.Context())); !ok {
		t.Error(c.Err())
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	if err := goleak.Find(before); err != nil {
		t.Error(err)
	}
}

func TestErrorTexts(t *testing.T) {
	for want, err := range map[string]error{
		`client: the server refused with HTTP status 401 Unauthorized: "log in"`: &RefusedError{4401, 401, "log in"},
		`client: the server refused with close code 4403 (forbidden)`:            &RefusedError{Code: 4403},
		`client: the document failed: full`:                                      &DocumentError{errors.New("full")},
	} {
		if got := err.Error(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestRetriedStatus(t *testing.T) {
	statuses := []int{408, 425, 429, 500, 502, 503, 529, 200, 302}
	addr := requests(t, func(attempt int, w http.ResponseWriter, r *http.Request) {
		if attempt <= len(statuses) {
			w.WriteHeader(statuses[attempt-1])
			return
		}
		conn, err := wsconn.Accept(w, r, wsconn.Options{})
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Abort()
		welcome(conn)
		drainConn(conn)
	})
	p := open(t, addr, "notes", Options{})
	p.connect()
	p.synced()
	if n := strings.Count(p.logs.String(), "attempt failed"); n != len(statuses) {
		t.Errorf("%d attempts failed, want %d", n, len(statuses))
	}
}

// TestConnectAfterRefusal: the application has got a new token.
func TestConnectAfterRefusal(t *testing.T) {
	addr := requests(t, func(attempt int, w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "good" {
			http.Error(w, "log in", http.StatusUnauthorized)
			return
		}
		conn, err := wsconn.Accept(w, r, wsconn.Options{})
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Abort()
		welcome(conn)
		drainConn(conn)
	})
	token := "stale"
	p := open(t, addr, "notes", Options{BeforeDial: func(_ context.Context, h http.Header, _ url.Values) error {
		h.Set("Authorization", token)
		return nil
	}})
	p.connect()
	if _, ok := errors.AsType[*RefusedError](p.WaitSynced(t.Context())); !ok {
		t.Fatal("not refused")
	}
	token = "good"
	p.connect()
	p.synced()
	if p.Err() != nil {
		t.Error(p.Err())
	}
}

func TestRefusedByCloseCode(t *testing.T) {
	for _, tt := range []struct {
		name string
		do   func(conn *wsconn.Conn)
		want RefusedError
	}{
		{"at once", func(conn *wsconn.Conn) {
			_ = conn.Close(codec.Forbidden, "go away")
		}, RefusedError{Code: codec.Forbidden, Reason: "go away"}},
		{"after the sync", func(conn *wsconn.Conn) {
			welcome(conn)
			_ = conn.Close(codec.LimitExceeded, "")
		}, RefusedError{Code: codec.LimitExceeded}},
		{"permission denied", func(conn *wsconn.Conn) {
			send(conn, codec.Auth, []byte("not you"))
			_ = conn.Close(codec.Normal, "")
		}, RefusedError{Code: codec.Forbidden, Reason: "not you"}},
		{"permission denied and a code", func(conn *wsconn.Conn) {
			send(conn, codec.Auth, []byte("not you"))
			_ = conn.Close(4401, "log in")
		}, RefusedError{Code: 4401, Reason: "log in"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			addr := script(t, func(attempt int, conn *wsconn.Conn) {
				if attempt > 1 {
					t.Error("a second attempt")
				}
				tt.do(conn)
			})
			told := make(chan error, 1)
			p := open(t, addr, "notes", Options{OnStatus: func(s Status, err error) {
				if s == Disconnected {
					told <- err
				}
			}})
			p.connect()
			for _, err := range []error{<-told, p.Err()} {
				if re, ok := errors.AsType[*RefusedError](err); !ok || *re != tt.want {
					t.Errorf("got %v, want %v", err, &tt.want)
				}
			}
			if err := p.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestRetriedCloseCode(t *testing.T) {
	codes := []codec.CloseCode{codec.Normal, codec.GoingAway, codec.TooLarge, codec.Internal, codec.Restart, codec.Quarantined, codec.Busy}
	addr := script(t, func(attempt int, conn *wsconn.Conn) {
		if attempt <= len(codes) {
			_ = conn.Close(codes[attempt-1], "for now")
			return
		}
		welcome(conn)
		drainConn(conn)
	})
	p := open(t, addr, "notes", Options{})
	p.connect()
	p.synced()
	if n := strings.Count(p.logs.String(), "connection lost"); n != len(codes) {
		t.Errorf("%d connections were lost, want %d", n, len(codes))
	}
}
