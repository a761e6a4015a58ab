package client

import (
	"bytes"
	"context"
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/weft-sync/weft/core/codec"
	"github.com/weft-sync/weft/core/coretest"
	"github.com/weft-sync/weft/core/update"
	"github.com/weft-sync/weft/native/store"
	"github.com/weft-sync/weft/native/store/memstore"
	"github.com/weft-sync/weft/native/wsconn"
	"github.com/weft-sync/weft/server"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what must come.
const patience = 20 * time.Second

// logs is a log that tests can look into.
type logs struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logs) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(b)
}

func (l *logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

func (l *logs) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(l, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// site is a real server on a loopback socket, which can be stopped and started
// again with the same address and store.
type site struct {
	t     testing.TB
	store store.Store
	url   string
	addr  string
	docs  *server.Server
	http  *http.Server
	logs  *logs
}

func newSite(t testing.TB) *site {
	s := &site{t: t, store: memstore.New(), addr: "127.0.0.1:0", logs: &logs{}}
	s.start()
	t.Cleanup(func() {
		s.stop()
		s.store.Close()
		if t.Failed() {
			t.Logf("the server's log:\n%s", s.logs)
		}
	})
	return s
}

func (s *site) start() {
	s.t.Helper()
	var err error
	if s.docs, err = server.New(server.Config{Store: s.store, Logger: s.logs.logger()}); err != nil {
		s.t.Fatal(err)
	}
	l, err := net.Listen("tcp", s.addr)
	if err != nil {
		s.t.Fatal(err)
	}
	s.addr = l.Addr().String()
	s.url = "ws://" + s.addr
	s.http = &http.Server{Handler: s.docs}
	go s.http.Serve(l) // until stop
}

func (s *site) stop() {
	s.t.Helper()
	if s.docs == nil {
		return
	}
	if err := s.docs.Shutdown(context.Background()); err != nil {
		s.t.Error(err)
	}
	s.http.Close()
	s.docs = nil
}

// stored returns what the store has of a document, while the server is stopped.
func (s *site) stored(name string) *update.Doc {
	s.t.Helper()
	d, err := s.store.Open(context.Background(), name)
	if err != nil {
		s.t.Fatal(err)
	}
	defer d.Close()
	doc := update.NewDoc()
	for _, u := range d.Parts() {
		if _, err := doc.Apply(u); err != nil {
			s.t.Fatal(err)
		}
	}
	return doc
}

// peer is a client, its document, and somebody who types in it.
type peer struct {
	*Client
	t     testing.TB
	doc   *update.Doc
	clock uint64
	news  chan struct{} // something was told
	cable *cable
	logs  *logs
}

// open makes a client that is not connected. Options that it needs itself are
// changed; callbacks are called besides its own.
func open(t testing.TB, url, document string, o Options) *peer {
	t.Helper()
	p := &peer{t: t, doc: update.NewDoc(), news: make(chan struct{}, 1), cable: &cable{}, logs: &logs{}}
	if o.HTTPClient == nil {
		o.HTTPClient = p.cable.client()
	}
	if o.MinBackoff == 0 {
		o.MinBackoff, o.MaxBackoff = time.Millisecond, 20*time.Millisecond
	}
	o.Logger = p.logs.logger()
	news := func() {
		select {
		case p.news <- struct{}{}:
		default:
		}
	}
	was := o
	o.OnStatus = func(s Status, err error) {
		if was.OnStatus != nil {
			was.OnStatus(s, err)
		}
		news()
	}
	o.OnSynced = func(synced bool) {
		if was.OnSynced != nil {
			was.OnSynced(synced)
		}
		news()
	}
	o.OnUpdate = func(u []byte) {
		if was.OnUpdate != nil {
			was.OnUpdate(u)
		}
		news()
	}
	o.OnAwareness = func(c AwarenessChange) {
		if was.OnAwareness != nil {
			was.OnAwareness(c)
		}
		news()
	}
	c, err := New(url, document, p.doc, o)
	if err != nil {
		t.Fatal(err)
	}
	p.Client = c
	t.Cleanup(func() {
		p.Close() // its error is a matter of the tests about it
		if t.Failed() {
			t.Logf("the log of client %d:\n%s", p.ClientID(), p.logs)
		}
	})
	return p
}

func (p *peer) connect() {
	p.t.Helper()
	if err := p.Connect(); err != nil {
		p.t.Fatal(err)
	}
}

// synced waits for the sync.
func (p *peer) synced() {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := p.WaitSynced(ctx); err != nil {
		p.t.Fatal(err)
	}
}

// join makes a client that is synced.
func (s *site) join(document string, o Options) *peer {
	s.t.Helper()
	p := open(s.t, s.url, document, o)
	p.connect()
	p.synced()
	return p
}

// until waits for a condition, which is looked at whenever something was told.
func (p *peer) until(what string, condition func() bool) {
	p.t.Helper()
	deadline := time.After(patience)
	for !condition() {
		select {
		case <-p.news:
		case <-deadline:
			p.t.Fatalf("never: %s", what)
		}
	}
}

// edit returns an update that types text behind what was typed before.
func (p *peer) edit(text string) []byte {
	var after *coretest.ID
	if p.clock > 0 {
		after = &coretest.ID{Client: p.ClientID(), Clock: p.clock - 1}
	}
	u := coretest.Typing(p.ClientID(), p.clock, after, text)
	p.clock += uint64(len(text))
	return u
}

func (p *peer) typ(text string) {
	p.t.Helper()
	if err := p.Update(p.edit(text)); err != nil {
		p.t.Fatal(err)
	}
}

// copied returns a copy of the document.
func (p *peer) copied() *update.Doc {
	p.t.Helper()
	doc := update.NewDoc()
	if err := p.Do(func() {
		if _, err := doc.Apply(bytes.Clone(p.doc.Encode())); err != nil {
			p.t.Error(err)
		}
	}); err != nil {
		p.t.Fatal(err)
	}
	return doc
}

// sees waits until the document has all that others have.
func (p *peer) sees(others ...*peer) {
	p.t.Helper()
	for _, other := range others {
		want := other.copied().Encode()
		p.until("sees what another has", func() bool {
			fresh, err := p.copied().Apply(want)
			if err != nil {
				p.t.Fatal(err)
			}
			return !fresh
		})
	}
}

func same(t testing.TB, what string, got, want *update.Doc) {
	t.Helper()
	if diff := coretest.Difference(got.Encode(), want.Encode()); diff != "" {
		t.Errorf("%s: %s", what, diff)
	}
}

// cable makes connections that a test can cut, and leaves none behind.
type cable struct {
	mu    sync.Mutex
	conns []net.Conn
}

func (c *cable) client() *http.Client {
	return &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			conn, err := (&net.Dialer{}).DialContext(ctx, network, addr)
			if err == nil {
				c.mu.Lock()
				c.conns = append(c.conns, conn)
				c.mu.Unlock()
			}
			return conn, err
		},
	}}
}

// cut ends all connections without a word.
func (c *cable) cut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, conn := range c.conns {
		conn.Close()
	}
	c.conns = nil
}

// script is a server that does to each connection what a test says. attempt counts
// from 1.
func script(t testing.TB, do func(attempt int, conn *wsconn.Conn)) (url string) {
	return requests(t, func(attempt int, w http.ResponseWriter, r *http.Request) {
		conn, err := wsconn.Accept(w, r, wsconn.Options{})
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Abort()
		do(attempt, conn)
	})
}

// requests is a server that does to each handshake what a test says.
func requests(t testing.TB, do func(attempt int, w http.ResponseWriter, r *http.Request)) (url string) {
	var (
		mu       sync.Mutex
		attempts int
	)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		attempts++
		n := attempts
		mu.Unlock()
		do(n, w, r)
	}))
	t.Cleanup(s.Close)
	return strings.Replace(s.URL, "http", "ws", 1)
}

// welcome does a server's part of the handshake with an empty document.
func welcome(conn *wsconn.Conn) {
	send(conn, codec.SyncStep2, []byte{0, 0})
	send(conn, codec.SyncStep1, []byte{0})
}

func send(conn *wsconn.Conn, kind codec.Kind, payload []byte) {
	_ = conn.Write([][]byte{codec.AppendY(nil, codec.Message{Kind: kind, Payload: payload})})
}

// drainConn reads until the connection ends, and returns how.
func drainConn(conn *wsconn.Conn) error {
	for {
		if _, err := conn.Read(); err != nil {
			return err
		}
	}
}

// closedWith returns the code of the close frame that a connection ended with, 0 if
// there was none.
func closedWith(err error) codec.CloseCode {
	if ce, ok := errors.AsType[*wsconn.CloseError](err); ok {
		return ce.Code
	}
	return 0
}

// acceptKey is the answer to a Sec-WebSocket-Key (RFC 6455, 4.2.2).
func acceptKey(key string) string {
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	return base64.StdEncoding.EncodeToString(sum[:])
}
