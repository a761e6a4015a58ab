package client

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/weft-sync/weft/native/store/memstore"
	"github.com/weft-sync/weft/server"
)

// guarded is a real server behind a door that counts.
type guarded struct {
	url string

	mu      sync.Mutex
	headers []string // Authorization of each handshake
	refuse  int      // an HTTP status for all, or 0
}

func newGuarded(t testing.TB, cfg server.Config) *guarded {
	g := &guarded{}
	st := memstore.New()
	cfg.Store = st
	cfg.Logger = (&logs{}).logger()
	docs, err := server.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		g.mu.Lock()
		g.headers = append(g.headers, r.Header.Get("Authorization"))
		refuse := g.refuse
		g.mu.Unlock()
		if refuse != 0 {
			w.WriteHeader(refuse)
			return
		}
		docs.ServeHTTP(w, r)
	}))
	t.Cleanup(func() {
		if err := docs.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
		h.Close()
		st.Close()
	})
	g.url = strings.Replace(h.URL, "http", "ws", 1)
	return g
}

func (g *guarded) attempts() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return append([]string(nil), g.headers...)
}

// TestELVA has clients of ELVA's framing, old and new, and one of the y protocol in one
// document.
func TestELVA(t *testing.T) {
	s := newSite(t)
	a := open(t, s.url, "shared-document", Options{ELVA: true})
	b := open(t, s.url+"/", "shared-document", Options{ELVA33: true})
	c := open(t, s.url, "shared-document", Options{})
	other := open(t, s.url, "another-document", Options{ELVA: true})
	// Written before there is a connection: the first frames carry it.
	a.typ("offline ")
	for _, p := range []*peer{a, b, c, other} {
		p.connect()
		p.synced()
	}
	b.typ("old ")
	c.typ("y ")
	for _, p := range []*peer{a, b, c} {
		p.sees(a, b, c)
	}
	if n := len(other.doc.Encode()); n != 2 {
		t.Errorf("the other document has %d bytes", n)
	}
}

// TestBasic checks that credentials are sent after a 401 only and once, and from the
// start once they were accepted.
func TestBasic(t *testing.T) {
	g := newGuarded(t, server.Config{Processors: []server.Processor{
		server.BasicAuth(func(user, password string) bool { return user == "me" && password == "pass:word" }),
	}})
	const good, wrong = "Basic bWU6cGFzczp3b3Jk", "Basic bWU6d3Jvbmc="
	a := open(t, g.url, "document-1", Options{ELVA: true, User: "me", Password: "pass:word"})
	a.connect()
	a.synced()
	if err := a.Disconnect(); err != nil {
		t.Fatal(err)
	}
	a.connect()
	a.synced()
	if got := strings.Join(g.attempts(), ","); got != ","+good+","+good {
		t.Errorf("the attempts came with %q", got)
	}

	b := open(t, g.url, "document-1", Options{User: "me", Password: "wrong"})
	b.connect()
	b.until("the refusal", func() bool { return b.Err() != nil })
	if re, ok := errors.AsType[*RefusedError](b.Err()); !ok || re.Status != http.StatusUnauthorized {
		t.Errorf("refused with %v", b.Err())
	}
	if got := strings.Join(g.attempts()[3:], ","); got != ","+wrong {
		t.Errorf("the attempts came with %q", got)
	}
	// Nobody without them.
	c := open(t, g.url, "document-1", Options{})
	c.connect()
	c.until("the refusal", func() bool { return c.Err() != nil })
	if got := g.attempts(); len(got) != 6 || got[5] != "" {
		t.Errorf("the attempts came with %q", got)
	}
}

// TestOnFailure checks that the hook can change what the next attempt is made with,
// and stop the client.
func TestOnFailure(t *testing.T) {
	g := newGuarded(t, server.Config{Processors: []server.Processor{
		server.BasicAuth(func(user, password string) bool { return user == "me" && password == "right" }),
	}})
	var mu sync.Mutex
	var asked []error
	stop := errors.New("enough")
	o := Options{User: "me", Password: "wrong", MinBackoff: time.Millisecond}
	o.OnFailure = func(_ context.Context, err error, next *Target) error {
		mu.Lock()
		defer mu.Unlock()
		asked = append(asked, err)
		switch len(asked) {
		case 1:
			next.Address = strings.Replace(next.Address, "document-1", "document-2", 1)
			next.Header.Set("X-Try", "2")
			return nil // the same password again
		case 2:
			next.Password = "right"
			return nil
		default:
			return stop
		}
	}
	a := open(t, g.url, "document-1", o)
	a.connect()
	a.synced()
	mu.Lock()
	if len(asked) != 2 {
		t.Errorf("asked about %v", asked)
	}
	for _, err := range asked {
		if re, ok := errors.AsType[*RefusedError](err); !ok || re.Status != http.StatusUnauthorized {
			t.Errorf("asked about %v", err)
		}
	}
	mu.Unlock()
	if got := len(g.attempts()); got != 6 { // each without credentials first, and then with
		t.Errorf("%d attempts: %q", got, g.attempts())
	}

	// What the program wants itself is no failure.
	if err := a.Disconnect(); err != nil {
		t.Fatal(err)
	}
	a.connect()
	a.synced()

	// The server ends it, and the hook has had enough.
	g.mu.Lock()
	g.refuse = http.StatusServiceUnavailable
	g.mu.Unlock()
	a.cable.cut()
	a.until("the end", func() bool { return a.Status() == Disconnected && errors.Is(a.Err(), stop) })
	if se, ok := errors.AsType[*StoppedError](a.Err()); !ok || !errors.Is(se, stop) {
		t.Errorf("ended with %v", a.Err())
	}
	mu.Lock()
	defer mu.Unlock()
	if len(asked) != 3 {
		t.Errorf("asked about %v", asked)
	}
}
