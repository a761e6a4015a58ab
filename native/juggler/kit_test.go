package juggler_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/coder/websocket"
	"go.uber.org/goleak"

	"github.com/weft-sync/weft/native/juggler"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var quiet = slog.New(slog.NewTextHandler(io.Discard, nil))

// start serves until the test ends. The address is of the WebSocket.
func start(t testing.TB, o juggler.ServerOptions) (s *juggler.Server, address string) {
	t.Helper()
	if o.Logger == nil {
		o.Logger = quiet
	}
	s, err := juggler.NewServer(o)
	if err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(s)
	t.Cleanup(func() {
		if err := s.Shutdown(context.Background()); err != nil {
			t.Errorf("shutdown: %v", err)
		}
		http.DefaultTransport.(*http.Transport).CloseIdleConnections()
		web.Close()
	})
	return s, "ws" + strings.TrimPrefix(web.URL, "http") + "/ws"
}

func connect(t testing.TB, address string, o juggler.ClientOptions) *juggler.Client {
	t.Helper()
	c, err := juggler.Connect(t.Context(), address, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// raw is a WebSocket client that speaks nothing by itself.
type raw struct {
	t  testing.TB
	ws *websocket.Conn
}

func dialRaw(t testing.TB, address string, o *websocket.DialOptions) *raw {
	t.Helper()
	ws, _, err := websocket.Dial(t.Context(), address, o)
	if err != nil {
		t.Fatal(err)
	}
	ws.SetReadLimit(-1)
	t.Cleanup(func() { ws.CloseNow() })
	return &raw{t, ws}
}

func (r *raw) send(text string) {
	r.t.Helper()
	if err := r.ws.Write(r.t.Context(), websocket.MessageText, []byte(text)); err != nil {
		r.t.Fatal(err)
	}
}

func (r *raw) read() string {
	r.t.Helper()
	kind, text, err := r.ws.Read(r.t.Context())
	if err != nil || kind != websocket.MessageText {
		r.t.Fatalf("read: %v, %v", kind, err)
	}
	return string(text)
}

// closed reads until the server closes, and returns its code and reason.
func (r *raw) closed() (code int, reason string) {
	r.t.Helper()
	for {
		_, text, err := r.ws.Read(r.t.Context())
		if err == nil {
			r.t.Logf("before the close frame: %.80s", text)
			continue
		}
		if websocket.CloseStatus(err) < 0 {
			r.t.Fatalf("the connection ended without a close frame: %v", err)
		}
		ce := err.(interface{ Unwrap() error })
		for {
			if c, ok := any(ce).(websocket.CloseError); ok {
				return int(c.Code), c.Reason
			}
			next := ce.Unwrap()
			if c, ok := next.(websocket.CloseError); ok {
				return int(c.Code), c.Reason
			}
			ce = next.(interface{ Unwrap() error })
		}
	}
}

// sameJSON reports whether two texts are the same but for spaces and the order of
// members. Numbers are compared as they are written.
func sameJSON(t testing.TB, a, b string) bool {
	t.Helper()
	return canonical(t, a) == canonical(t, b)
}

func canonical(t testing.TB, text string) string {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// states returns a callback for ClientOptions.OnState, and a function that waits for
// a state.
func states(t testing.TB) (on func(juggler.Snapshot), await func(want string)) {
	seen := make(chan juggler.Snapshot, 1000)
	await = func(want string) {
		t.Helper()
		state, err := juggler.NewState(json.RawMessage(want))
		must(t, err)
		for s := range seen { // or the test's own deadline comes
			if s.Equal(state.Snapshot()) {
				return
			}
		}
	}
	return func(s juggler.Snapshot) { seen <- s }, await
}

func mustJSON(t testing.TB, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	must(t, err)
	return b
}
