package server

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/weft-sync/weft/core/codec"
	"github.com/weft-sync/weft/core/coretest"
	"github.com/weft-sync/weft/core/update"
	"github.com/weft-sync/weft/native/store"
	"github.com/weft-sync/weft/native/store/memstore"
	"github.com/weft-sync/weft/native/wsconn"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// noKeepAlive leaves no connections behind that goleak would find.
var noKeepAlive = &http.Client{
	Transport:     &http.Transport{DisableKeepAlives: true, DisableCompression: true},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// patience is how long a test waits for what must come.
const patience = 20 * time.Second

// testServer is a Server on a loopback socket.
type testServer struct {
	*Server
	t    testing.TB
	url  string // http://127.0.0.1:port
	http *httptest.Server
	logs *logs
}

// serve starts a server. change adjusts it before the first connection.
func serve(t testing.TB, cfg Config, change ...func(*Server)) *testServer {
	t.Helper()
	if cfg.Store == nil {
		cfg.Store = openMemory(t)
	}
	l := &logs{}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.NewTextHandler(l, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	s, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	s.timing.farewell = 10 * time.Millisecond // most peers of these tests do not read any more
	for _, f := range change {
		f(s)
	}
	ts := &testServer{Server: s, t: t, logs: l}
	ts.http = httptest.NewServer(s)
	ts.url = ts.http.URL
	t.Cleanup(func() {
		if err := s.Shutdown(t.Context()); err != nil {
			var unsaved *UnsavedError
			if !errors.As(err, &unsaved) {
				t.Errorf("Shutdown: %v", err)
			}
		}
		ts.http.Close()
		if t.Failed() {
			t.Logf("the server's log:\n%s", l)
		}
	})
	return ts
}

func openMemory(t testing.TB) store.Store {
	st := memstore.New()
	t.Cleanup(func() { st.Close() })
	return st
}

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

// peer is a connection that speaks the y protocol, and its document.
type peer struct {
	t      testing.TB
	conn   *wsconn.Conn
	doc    *update.Doc
	client uint64
	clock  uint64
}

var clients atomic.Uint64

// dial opens a connection and says nothing.
func (s *testServer) dial(name string) *peer {
	s.t.Helper()
	p, err := s.tryDial(name, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	return p
}

func (s *testServer) tryDial(name string, header http.Header) (*peer, error) {
	conn, err := wsconn.Dial(s.t.Context(), s.url+"/"+name, wsconn.Options{Client: noKeepAlive, Header: header})
	if err != nil {
		return nil, err
	}
	p := &peer{t: s.t, conn: conn, doc: update.NewDoc(), client: clients.Add(1)}
	// A test that waits for what does not come ends with an error.
	watch := time.AfterFunc(patience, conn.Abort)
	s.t.Cleanup(func() { watch.Stop(); conn.Abort() })
	return p, nil
}

// join opens a connection and completes the handshake in both directions.
func (s *testServer) join(name string) *peer {
	s.t.Helper()
	p := s.dial(name)
	p.sync()
	return p
}

func (p *peer) send(kind codec.Kind, payload []byte) {
	p.t.Helper()
	p.write(codec.AppendY(nil, codec.Message{Kind: kind, Payload: payload}))
}

func (p *peer) write(frames ...[]byte) {
	p.t.Helper()
	if err := p.conn.Write(frames); err != nil {
		p.t.Fatalf("write: %v", err)
	}
}

// read returns the next message, and applies what it brings.
func (p *peer) read() codec.Message {
	p.t.Helper()
	m, err := p.tryRead()
	if err != nil {
		p.t.Fatalf("read: %v", err)
	}
	return m
}

func (p *peer) tryRead() (codec.Message, error) {
	frame, err := p.conn.Read()
	if err != nil {
		return codec.Message{}, err
	}
	m, err := codec.DecodeY(frame)
	if err != nil {
		return m, err
	}
	if m.Kind == codec.SyncStep2 || m.Kind == codec.SyncUpdate {
		_, err = p.doc.Apply(m.Payload)
	}
	return m, err
}

// sync sends step 1, and reads until the answer and the room's own step 1 have
// come, which it answers.
func (p *peer) sync() {
	p.t.Helper()
	p.send(codec.SyncStep1, p.doc.StateVector())
	for answered, asked := false, false; !answered || !asked; {
		switch m := p.read(); m.Kind {
		case codec.SyncStep2:
			answered = true
		case codec.SyncStep1:
			asked = true
			diff, err := p.doc.Diff(m.Payload)
			if err != nil {
				p.t.Fatal(err)
			}
			p.send(codec.SyncStep2, diff)
		}
	}
}

// edit types text at the end of what this peer typed before, without sending it.
func (p *peer) edit(text string) []byte {
	p.t.Helper()
	var after *coretest.ID
	if p.clock > 0 {
		after = &coretest.ID{Client: p.client, Clock: p.clock - 1}
	}
	u := coretest.Typing(p.client, p.clock, after, text)
	p.clock += uint64(len(text))
	if _, err := p.doc.Apply(bytes.Clone(u)); err != nil {
		p.t.Fatal(err)
	}
	return u
}

// typ types text and sends it.
func (p *peer) typ(text string) {
	p.t.Helper()
	p.send(codec.SyncUpdate, p.edit(text))
}

// sees reads until this peer has what other has.
func (p *peer) sees(other *peer) {
	p.t.Helper()
	for !p.has(other.doc) {
		p.read()
	}
}

func (p *peer) has(other *update.Doc) bool {
	p.t.Helper()
	// Cheap, and nearly always enough to say no.
	mine, err := update.DecodeStateVector(p.doc.StateVector())
	if err != nil {
		p.t.Fatal(err)
	}
	theirs, err := update.DecodeStateVector(other.StateVector())
	if err != nil {
		p.t.Fatal(err)
	}
	for client, clock := range theirs {
		if mine[client] < clock {
			return false
		}
	}
	copied := update.NewDoc()
	if _, err := copied.Apply(p.doc.Encode()); err != nil {
		p.t.Fatal(err)
	}
	fresh, err := copied.Apply(other.Encode())
	if err != nil {
		p.t.Fatal(err)
	}
	return !fresh
}

// closed reads until the server closes, and returns the close frame.
func (p *peer) closed() *wsconn.CloseError {
	p.t.Helper()
	for {
		_, err := p.tryRead()
		if _, strange := errors.AsType[*codec.PeerError](err); err == nil || strange { // in another framing
			continue
		}
		ce, ok := errors.AsType[*wsconn.CloseError](err)
		if !ok {
			p.t.Fatalf("the connection ended without a close frame: %v", err)
		}
		return ce
	}
}

func (p *peer) expectClose(code codec.CloseCode) {
	p.t.Helper()
	if ce := p.closed(); ce.Code != code || ce.Reason == "" {
		p.t.Errorf("closed with %v %q, want %v and a reason", ce.Code, ce.Reason, code)
	}
}

// stored returns what the store has of a document that is not open.
func stored(t testing.TB, st store.Store, name string) *update.Doc {
	t.Helper()
	d, err := st.Open(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	doc := update.NewDoc()
	for _, u := range d.Parts() {
		if _, err := doc.Apply(u); err != nil {
			t.Fatal(err)
		}
	}
	return doc
}

func same(t testing.TB, what string, got, want *update.Doc) {
	t.Helper()
	if diff := coretest.Difference(got.Encode(), want.Encode()); diff != "" {
		t.Errorf("%s: %s", what, diff)
	}
}

// eventually waits for a condition of another goroutine that has no event of its
// own.
func eventually(t testing.TB, what string, condition func() bool) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	deadline := time.After(patience)
	for !condition() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("never: %s", what)
		}
	}
}

// get makes a request and returns the answer with its body.
func (s *testServer) get(path string, header ...string) (*http.Response, string) {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, s.url+path, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return s.do(r)
}

func (s *testServer) do(r *http.Request) (*http.Response, string) {
	s.t.Helper()
	resp, err := noKeepAlive.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return resp, string(body)
}

// refused dials and expects an HTTP status with a reason that contains text.
func (s *testServer) refused(path string, header http.Header, status int, text string) {
	s.t.Helper()
	p, err := s.tryDial(path, header)
	if err == nil {
		p.conn.Abort()
		s.t.Errorf("%q: let in, want %d", path, status)
		return
	}
	he, ok := errors.AsType[*wsconn.HandshakeError](err)
	if !ok || he.StatusCode != status || !strings.Contains(he.Body, text) {
		s.t.Errorf("%q: %v (%+v), want %d with %q", path, err, he, status, text)
	}
}
