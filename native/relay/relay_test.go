package relay

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"io"
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
	"github.com/weft-sync/weft/core/relay"
	"github.com/weft-sync/weft/native/wsconn"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what must come.
const patience = 20 * time.Second

// upstream is a server that shows what the relay does, and does what a test says.
type upstream struct {
	t    testing.TB
	http *httptest.Server

	mu      sync.Mutex
	refuse  func(r *http.Request) int // an HTTP status, or 0
	headers []string                  // Authorization of each attempt
	conns   chan *wsconn.Conn
}

func newUpstream(t testing.TB, refuse func(*http.Request) int) *upstream {
	u := &upstream{t: t, refuse: refuse, conns: make(chan *wsconn.Conn, 100)}
	u.http = httptest.NewServer(u)
	t.Cleanup(u.http.Close)
	return u
}

func (u *upstream) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	u.mu.Lock()
	u.headers = append(u.headers, r.Header.Get("Authorization"))
	u.mu.Unlock()
	if u.refuse != nil {
		if status := u.refuse(r); status != 0 {
			w.WriteHeader(status)
			return
		}
	}
	conn, err := wsconn.Accept(w, r, wsconn.Options{})
	if err == nil {
		u.conns <- conn
	}
}

func (u *upstream) address() string { return strings.Replace(u.http.URL, "http", "ws", 1) + "/" }

// accept returns the relay's next connection.
func (u *upstream) accept() *peer {
	u.t.Helper()
	select {
	case conn := <-u.conns:
		return newPeer(u.t, conn)
	case <-time.After(patience):
		u.t.Fatal("the relay does not connect")
		return nil
	}
}

// peer is an end of a connection that a test holds.
type peer struct {
	t    testing.TB
	conn *wsconn.Conn
}

func newPeer(t testing.TB, conn *wsconn.Conn) *peer {
	watch := time.AfterFunc(patience, conn.Abort) // what does not come ends with an error
	t.Cleanup(func() { watch.Stop(); conn.Abort() })
	return &peer{t, conn}
}

func (p *peer) write(frames ...string) {
	p.t.Helper()
	for _, f := range frames {
		if err := p.conn.Write([][]byte{[]byte(f)}); err != nil {
			p.t.Fatal(err)
		}
	}
}

func (p *peer) gets(frames ...string) {
	p.t.Helper()
	for _, want := range frames {
		got, err := p.conn.Read()
		if err != nil {
			p.t.Fatalf("read: %v, want %q", err, want)
		}
		if string(got) != want {
			p.t.Fatalf("got %q, want %q", got, want)
		}
	}
}

// closes reads until the other end closes.
func (p *peer) closes(code codec.CloseCode) {
	p.t.Helper()
	for {
		_, err := p.conn.Read()
		if err == nil {
			continue
		}
		ce, ok := errors.AsType[*wsconn.CloseError](err)
		if !ok || ce.Code != code {
			p.t.Errorf("ended with %v, want %v", err, code)
		}
		return
	}
}

var noKeepAlive = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}

// testRelay is a Relay on a loopback socket.
type testRelay struct {
	*Relay
	t    testing.TB
	http *httptest.Server
	logs *bytes.Buffer
}

func start(t testing.TB, cfg Config) *testRelay {
	t.Helper()
	logs := &bytes.Buffer{}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.NewTextHandler(&locked{w: logs}, nil))
	}
	r, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	s := &testRelay{r, t, httptest.NewServer(r), logs}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := r.Shutdown(ctx); err != nil {
			t.Errorf("Shutdown: %v", err)
		}
		s.http.Close()
	})
	return s
}

type locked struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *locked) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(b)
}

func (s *testRelay) dial(path string, header ...string) (*peer, error) {
	h := http.Header{}
	for i := 0; i+1 < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	conn, err := wsconn.Dial(s.t.Context(), s.http.URL+path, wsconn.Options{Client: noKeepAlive, Header: h})
	if err != nil {
		return nil, err
	}
	return newPeer(s.t, conn), nil
}

func (s *testRelay) join(document string) *peer {
	s.t.Helper()
	p, err := s.dial("/" + document)
	if err != nil {
		s.t.Fatal(err)
	}
	return p
}

// id is an ID message for a document.
func id(document string) string { return string(codec.ELVA.AppendID(nil, document)) }

const step1 = "\x00\x00\x01\x00"

func TestRelay(t *testing.T) {
	u := newUpstream(t, nil)
	var mu sync.Mutex
	var told []relay.Status
	r := start(t, Config{Upstream: u.address(), OnStatus: func(s relay.Status) {
		mu.Lock()
		defer mu.Unlock()
		told = append(told, s)
	}})
	up := u.accept()
	a, b, other := r.join("doc"), r.join("doc"), r.join("team/caf%C3%A9?token=secret")
	a.write("hello", "")
	up.gets(id("doc")+"hello", id("doc"))
	b.gets("hello", "")
	other.write("x")
	up.gets(id("team/caf\u00e9") + "x")
	up.write(id("doc")+"\x00\x01\x02\x00\x00", id("nobody")+"x", id("team/caf\u00e9"))
	a.gets("\x00\x01\x02\x00\x00")
	b.gets("\x00\x01\x02\x00\x00")
	other.gets("")

	// While the upstream is away the locals have each other; when it is back, it is
	// asked about every document.
	up.conn.Abort()
	for r.Status() == relay.Connected {
		a.write("offline") // seen by b, and by the upstream until it is found to be gone
		b.gets("offline")
	}
	a.write("later")
	b.gets("later")
	up = u.accept()
	up.gets(id("doc")+step1, id("team/caf\u00e9")+step1)
	a.write("again")
	b.gets("again")
	up.gets(id("doc") + "again")

	if err := r.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	a.closes(codec.Restart)
	up.closes(codec.Normal)
	mu.Lock()
	defer mu.Unlock()
	want := []relay.Status{relay.Connecting, relay.Connected, relay.Waiting, relay.Connecting, relay.Connected, relay.Stopped}
	if len(told) != len(want) {
		t.Fatalf("told %v, want %v", told, want)
	}
	for i := range want {
		if told[i] != want[i] {
			t.Fatalf("told %v, want %v", told, want)
		}
	}
}

// TestNeverReads has one local that reads nothing: it is closed, and the others are
// not delayed.
func TestNeverReads(t *testing.T) {
	u := newUpstream(t, nil)
	r := start(t, Config{Upstream: u.address(), QueueLimit: 64 << 10})
	up := u.accept()
	deaf, a, b := r.join("doc"), r.join("doc"), r.join("doc")
	frame := strings.Repeat("x", 32<<10)
	for range 400 {
		a.write(frame)
		b.gets(frame)
		up.gets(id("doc") + frame)
	}
	if s := r.Stats(); s.Closed != 1 || s.Dropped == 0 || s.Locals > 3 {
		t.Errorf("%+v", s)
	}
	deaf.closes(codec.Busy)
}

// TestCredentials checks that they are sent after a 401 only, and once.
func TestCredentials(t *testing.T) {
	good := "Basic " + "dXNlcjpwYXNzOndvcmQ=" // user, pass:word
	u := newUpstream(t, func(r *http.Request) int {
		if r.Header.Get("Authorization") != good {
			return http.StatusUnauthorized
		}
		return 0
	})
	r := start(t, Config{Upstream: u.address(), User: "user", Password: "pass:word"})
	u.accept().conn.Abort()
	u.accept()
	u.mu.Lock()
	if got := strings.Join(u.headers, ","); got != ","+good+","+good {
		t.Errorf("the attempts came with %q", got)
	}
	u.mu.Unlock()
	if err := r.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}

	wrong := newUpstream(t, func(*http.Request) int { return http.StatusUnauthorized })
	refused := make(chan struct{}, 10)
	start(t, Config{Upstream: wrong.address(), User: "user", Password: "wrong", OnStatus: func(s relay.Status) {
		if s == relay.Refused {
			refused <- struct{}{}
		}
	}})
	<-refused
	wrong.mu.Lock()
	defer wrong.mu.Unlock()
	if len(wrong.headers) != 2 || wrong.headers[0] != "" || wrong.headers[1] == "" {
		t.Errorf("the attempts came with %q", wrong.headers)
	}
}

// TestOwnUpstream checks that a relay does not connect to itself, whatever it is
// called.
func TestOwnUpstream(t *testing.T) {
	for _, listen := range []string{"127.0.0.1:0", ":0"} {
		l, err := net.Listen("tcp", listen)
		if err != nil {
			t.Fatal(err)
		}
		_, port, _ := net.SplitHostPort(l.Addr().String())
		for _, name := range []string{"127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "0.0.0.0"} {
			address := "ws://" + name + ":" + port
			if err := CheckUpstream(t.Context(), address, l.Addr()); !errors.Is(err, ErrOwnAddress) {
				t.Errorf("%s at %s: %v", address, listen, err)
			}
			refused := make(chan struct{}, 10)
			r, err := New(Config{Upstream: address, Own: l.Addr(), Logger: slog.New(slog.DiscardHandler), OnStatus: func(s relay.Status) {
				if s == relay.Refused {
					refused <- struct{}{}
				}
			}})
			if err != nil {
				t.Fatal(err)
			}
			<-refused
			if err := r.Shutdown(t.Context()); err != nil {
				t.Error(err)
			}
		}
		// Another port, and another address of a listener that has one, are others.
		for _, address := range []string{"ws://127.0.0.1:1", "ws://no.such.host.invalid:" + port} {
			if err := CheckUpstream(t.Context(), address, l.Addr()); err != nil {
				t.Errorf("%s at %s: %v", address, listen, err)
			}
		}
		err = CheckUpstream(t.Context(), "ws://127.0.0.2:"+port, l.Addr())
		if own := errors.Is(err, ErrOwnAddress); own != (listen == ":0") {
			t.Errorf("127.0.0.2 at %s: %v", listen, err)
		}
		l.Close()
	}
}

func TestRefusedLocals(t *testing.T) {
	u := newUpstream(t, nil)
	r := start(t, Config{Upstream: u.address(), Origins: []string{"https://good.example"}, MaxConnections: 1})
	u.accept()
	for _, tt := range []struct {
		path, origin string
		status       int
	}{
		{"/", "", 403}, {"/_weft/x", "", 403}, {"/%ff", "", 403}, {"/" + strings.Repeat("x", 1025), "", 403},
		{"/doc", "https://evil.example", 403}, {"/doc", "null", 403},
	} {
		var header []string
		if tt.origin != "" {
			header = []string{"Origin", tt.origin}
		}
		_, err := r.dial(tt.path, header...)
		if he, ok := errors.AsType[*wsconn.HandshakeError](err); !ok || he.StatusCode != tt.status || he.Body == "" {
			t.Errorf("%.20s from %q: %v", tt.path, tt.origin, err)
		}
	}
	if _, err := r.dial("/doc", "Origin", "https://good.example"); err != nil {
		t.Error(err)
	}
	_, err := r.dial("/doc")
	if he, ok := errors.AsType[*wsconn.HandshakeError](err); !ok || he.StatusCode != 503 {
		t.Errorf("one too many: %v", err)
	}
	for path, status := range map[string]int{"/_weft/healthz": 200, "/_weft/readyz": 200, "/doc": 426} {
		resp, err := noKeepAlive.Get(r.http.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode != status || len(body) == 0 {
			t.Errorf("%s: %d %s", path, resp.StatusCode, body)
		}
		if path == "/_weft/readyz" && !bytes.Contains(body, []byte(`"status":"connected"`)) {
			t.Errorf("readyz: %s", body)
		}
	}
}

// TestBadUpstream checks frames without an ID.
func TestBadUpstream(t *testing.T) {
	for _, frame := range []string{"00000100", "", "494402", "494401ff"} {
		u := newUpstream(t, nil)
		r := start(t, Config{Upstream: u.address()})
		up := u.accept()
		b, err := hex.DecodeString(frame)
		if err != nil {
			t.Fatal(err)
		}
		up.write(string(b))
		up.closes(codec.BadMessage)
		if err := r.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
		if s := r.Stats(); s.Faults != 1 || s.Status != relay.Stopped {
			t.Errorf("%+v", s)
		}
	}
}

func TestConfig(t *testing.T) {
	for _, cfg := range []Config{
		{}, {Upstream: "http://x"}, {Upstream: "ws://"}, {Upstream: "ws://user:secret@x"}, {Upstream: "ws://x:secret@y:port"},
		{Upstream: "ws://x", Origins: []string{"a b"}},
	} {
		r, err := New(cfg)
		if err == nil {
			t.Errorf("%+v: accepted", cfg)
			_ = r.Shutdown(t.Context())
		} else if strings.Contains(err.Error(), "secret") {
			t.Errorf("the error tells the password: %v", err)
		}
	}
}
