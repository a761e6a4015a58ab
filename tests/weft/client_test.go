package weft

import (
	"context"
	"errors"
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
	"github.com/weft-sync/weft/core/room"
	"github.com/weft-sync/weft/core/update"
	"github.com/weft-sync/weft/native/client"
	"github.com/weft-sync/weft/native/store"
	"github.com/weft-sync/weft/native/store/memstore"
	"github.com/weft-sync/weft/server"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// site is a server whose store outlives it, and that can be started again at the same
// address.
type site struct {
	t       *testing.T
	cfg     server.Config
	dials   atomic.Int64 // handshakes
	url     string
	http    *httptest.Server
	handler atomic.Value // http.Handler
	docs    *server.Server
}

func start(t *testing.T, cfg server.Config) *site {
	t.Helper()
	s := &site{t: t, cfg: cfg}
	if cfg.Store == nil {
		st := memstore.New()
		t.Cleanup(func() { st.Close() })
		s.cfg.Store = st
	}
	s.http = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.dials.Add(1)
		s.handler.Load().(http.Handler).ServeHTTP(w, r)
	}))
	s.url = "ws" + strings.TrimPrefix(s.http.URL, "http")
	s.run()
	t.Cleanup(func() {
		s.stop()
		s.http.Close()
	})
	return s
}

func (s *site) run() {
	docs, err := server.New(s.cfg)
	if err != nil {
		s.t.Fatal(err)
	}
	s.docs = docs
	s.handler.Store(http.Handler(docs))
}

func (s *site) stop() {
	if err := s.docs.Shutdown(context.Background()); err != nil {
		s.t.Error(err)
	}
}

// restart stops the server and starts another one, on a store if it is not nil.
func (s *site) restart(st store.Store) {
	s.stop()
	if st != nil {
		s.cfg.Store = st
	}
	s.run()
}

// person is a client with a document.
type person struct {
	*client.Client
	t     *testing.T
	doc   *update.Doc
	id    uint64
	clock uint64

	blocks bool // each text is typed before the others, so that they do not become one

	mu       sync.Mutex
	rejected []client.Rejection
	told     []client.Permission
	progress []uint64
}

func (s *site) person(id uint64, o client.Options) *person {
	s.t.Helper()
	p := &person{t: s.t, doc: update.NewDoc(), id: id}
	o.MaxBackoff = 50 * time.Millisecond
	o.OnRejected = func(r client.Rejection) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.rejected = append(p.rejected, r)
	}
	o.OnPermission = func(a client.Permission, _ string) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.told = append(p.told, a)
	}
	o.OnProgress = func(done, _ uint64) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.progress = append(p.progress, done)
	}
	c, err := client.New(s.url, "notes", p.doc, o)
	if err != nil {
		s.t.Fatal(err)
	}
	p.Client = c
	s.t.Cleanup(func() { c.Close() })
	if err := c.Connect(); err != nil {
		s.t.Fatal(err)
	}
	return p
}

func (p *person) types(text string) {
	p.t.Helper()
	var after *coretest.ID
	if p.clock > 0 && !p.blocks {
		after = &coretest.ID{Client: p.id, Clock: p.clock - 1}
	}
	u := coretest.Typing(p.id, p.clock, after, text)
	p.clock += uint64(len(text))
	if err := p.Update(u); err != nil {
		p.t.Fatal(err)
	}
}

func (p *person) sees(text string) bool {
	var all []byte
	if err := p.Do(func() { all = p.doc.Encode() }); err != nil {
		p.t.Fatal(err)
	}
	return strings.Contains(string(all), text)
}

const patience = 20 * time.Second

func (p *person) saved() {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := p.WaitSaved(ctx); err != nil {
		p.t.Fatal(err)
	}
}

func (p *person) synced() {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := p.WaitSynced(ctx); err != nil {
		p.t.Fatal(err)
	}
}

func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(time.Millisecond) {
		if condition() {
			return
		}
	}
	t.Fatalf("never: %s", what)
}

// What is reported saved is stored; what is made offline is saved later.
func TestSaved(t *testing.T) {
	s := start(t, server.Config{})
	p := s.person(1, client.Options{})
	p.types("hello")
	p.saved()
	if !p.Weft() || p.Permission() != client.MayWrite {
		t.Errorf("weft %v, permission %v", p.Weft(), p.Permission())
	}
	s.restart(nil)
	eventually(t, "the client comes back", p.Synced)
	if err := p.Disconnect(); err != nil {
		t.Fatal(err)
	}
	p.types(" offline")
	if c := p.Counts(); c.Unsaved != 1 || c.Unsynced != 1 || p.Saved() {
		t.Errorf("offline: %+v", c)
	}
	if err := p.Connect(); err != nil {
		t.Fatal(err)
	}
	p.saved()
	s.restart(nil)
	q := s.person(2, client.Options{})
	q.synced()
	if !q.sees("hello") || !q.sees(" offline") {
		t.Error("somebody else does not see what was saved")
	}
}

// A read-only user types: it is told which update was refused, and can return to what
// the server has.
func TestReadOnlyUser(t *testing.T) {
	s := start(t, server.Config{Access: func(_ context.Context, q server.AccessRequest) (server.Grant, error) {
		return server.Grant{ReadOnly: q.Token != "writer", Reason: "guest"}, nil
	}})
	w := s.person(1, client.Options{Token: func(context.Context) (string, error) { return "writer", nil }})
	w.types("the server's text")
	w.saved()
	p := s.person(2, client.Options{})
	p.synced()
	p.types("mine")
	eventually(t, "a rejection", func() bool { p.mu.Lock(); defer p.mu.Unlock(); return len(p.rejected) > 0 })
	r := p.rejected[0]
	if r.Reason != codec.ReadOnly || r.Text != "guest" || r.Again || !strings.Contains(string(r.Update), "mine") {
		t.Errorf("rejected %+v", r)
	}
	if p.Saved() || p.Permission() != client.MayRead {
		t.Errorf("saved %v, permission %v", p.Saved(), p.Permission())
	}
	// Return to what the server has.
	p.doc = update.NewDoc()
	if err := p.Rejoin(p.doc); err != nil {
		t.Fatal(err)
	}
	p.saved()
	if p.sees("mine") || !p.sees("the server's text") {
		t.Error("the document is not the server's")
	}
	if w.sees("mine") {
		t.Error("the refused text reached somebody")
	}
}

// A token that does not hold is told once, and there is no retry; a new one works, is
// renewed before it expires, and may be taken back.
func TestTokens(t *testing.T) {
	var revoked atomic.Bool
	var asked atomic.Int64
	s := start(t, server.Config{Access: func(_ context.Context, q server.AccessRequest) (server.Grant, error) {
		switch {
		case revoked.Load():
			return server.Grant{}, &server.AccessError{Denial: server.TokenRevoked, Reason: "bye"}
		case q.Token == "":
			return server.Grant{}, &server.AccessError{Denial: server.TokenMissing}
		case !strings.HasPrefix(q.Token, "good"):
			return server.Grant{}, &server.AccessError{Denial: server.TokenInvalid}
		}
		return server.Grant{Expires: time.Now().Add(400 * time.Millisecond)}, nil
	}})
	var token atomic.Value
	token.Store("bad")
	p := s.person(1, client.Options{Token: func(context.Context) (string, error) {
		asked.Add(1)
		return token.Load().(string), nil
	}})
	denied := func(want codec.Denial) {
		t.Helper()
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		err := p.WaitSaved(ctx)
		if ae, ok := errors.AsType[*client.AuthError](err); !ok || ae.Denial != want {
			t.Fatalf("got %v, want a denial: %v", err, want)
		}
	}
	p.types("secret")
	denied(codec.Bad)
	before := s.dials.Load()
	time.Sleep(200 * time.Millisecond) // four times the longest backoff
	if n := s.dials.Load() - before; n != 0 {
		t.Errorf("%d attempts with a refused token", n)
	}

	token.Store("good")
	if err := p.Connect(); err != nil {
		t.Fatal(err)
	}
	p.saved()
	dials := s.dials.Load()
	first := asked.Load()
	eventually(t, "three renewals", func() bool { return asked.Load() >= first+3 })
	p.types(" and more")
	p.saved()
	if n := s.dials.Load() - dials; n != 0 {
		t.Errorf("%d new connections while the token was renewed", n)
	}

	revoked.Store(true)
	s.docs.Recheck("notes")
	eventually(t, "the revocation", func() bool {
		ae, ok := errors.AsType[*client.AuthError](p.Err())
		return ok && ae.Denial == codec.Revoked
	})
}

// The store is lost while a client is offline: it is told, and decides.
func TestHistoryDiverged(t *testing.T) {
	for _, choice := range []string{"merge", "replace"} {
		t.Run(choice, func(t *testing.T) {
			s := start(t, server.Config{})
			p := s.person(1, client.Options{})
			p.types("once")
			p.saved()
			if err := p.Disconnect(); err != nil {
				t.Fatal(err)
			}
			wiped := memstore.New()
			t.Cleanup(func() { wiped.Close() })
			s.restart(wiped)
			q := s.person(2, client.Options{})
			q.types("anew")
			q.saved()
			if err := p.Connect(); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(context.Background(), patience)
			defer cancel()
			eventually(t, "the other history", func() bool { _, ok := errors.AsType[*client.DivergedError](p.Err()); return ok })
			if err := p.WaitSynced(ctx); err == nil || q.sees("once") || p.sees("anew") {
				t.Errorf("%v: the histories were mixed", err)
			}
			var fresh client.Document
			if choice == "replace" {
				p.doc = update.NewDoc()
				fresh = p.doc
			}
			if err := p.Rejoin(fresh); err != nil {
				t.Fatal(err)
			}
			p.saved()
			if !p.sees("anew") || p.sees("once") != (choice == "merge") {
				t.Errorf("sees anew %v, once %v", p.sees("anew"), p.sees("once"))
			}
			if n := strings.Count(string(p.doc.Encode()), "once"); n > 1 {
				t.Errorf("the text is there %d times", n)
			}
		})
	}
}

// Too much at once is refused, sent again, and saved in the end.
func TestRateLimited(t *testing.T) {
	s := start(t, server.Config{Limits: room.Limits{Rate: 200, Burst: 100}})
	p := s.person(1, client.Options{})
	p.synced()
	rejected := func() bool { p.mu.Lock(); defer p.mu.Unlock(); return len(p.rejected) > 0 }
	for range 100 {
		// One at a time, or what waits for the socket becomes one update.
		p.types("0123456789")
		eventually(t, "the edit arrives", func() bool { return p.Counts().Unsynced == 0 || rejected() })
		if rejected() {
			break
		}
	}
	eventually(t, "a rejection", rejected)
	p.saved()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.rejected[0].Reason != codec.RateLimited || !p.rejected[0].Again {
		t.Errorf("rejections: %d", len(p.rejected))
	}
}

// A large document is shown as it comes, goes both ways, and survives cuts.
func TestLargeDocument(t *testing.T) {
	s := start(t, server.Config{})
	p := s.person(1, client.Options{Compression: false})
	chunk := strings.Repeat("0123456789abcdef", 8<<10) // 128 KiB
	if err := p.Disconnect(); err != nil {
		t.Fatal(err)
	}
	p.blocks = true
	for range 40 {
		p.types(chunk)
	}
	if err := p.Connect(); err != nil {
		t.Fatal(err)
	}
	p.saved()
	q := s.person(2, client.Options{})
	q.synced()
	q.saved()
	eventually(t, "progress to the end", func() bool {
		q.mu.Lock()
		defer q.mu.Unlock()
		n := len(q.progress)
		return n > 0 && q.progress[n-1] >= 5<<20
	})
	q.mu.Lock()
	defer q.mu.Unlock()
	last := uint64(0)
	for _, done := range q.progress {
		if done < last {
			t.Errorf("progress fell from %d to %d", last, done)
		}
		last = done
	}
}

// Credentials go out after a 401 only, and once.
func TestBasicCredentials(t *testing.T) {
	var with, without atomic.Int64
	s := start(t, server.Config{Authorize: func(r *http.Request, _ string) error {
		user, password, ok := r.BasicAuth()
		if !ok {
			without.Add(1)
			return &server.StatusError{Status: 401, Reason: "who are you?"}
		}
		with.Add(1)
		if user != "anna" || password != "pass" {
			return &server.StatusError{Status: 401, Reason: "wrong"}
		}
		return nil
	}})
	p := s.person(1, client.Options{User: "anna", Password: "pass"})
	p.synced()
	s.restart(nil)
	eventually(t, "the client comes back", func() bool { return with.Load() >= 3 && p.Synced() })
	if n := without.Load(); n != 1 {
		t.Errorf("%d handshakes without credentials, want 1", n)
	}
	q := s.person(2, client.Options{User: "anna", Password: "wrong"})
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if re, ok := errors.AsType[*client.RefusedError](q.WaitSynced(ctx)); !ok || re.Status != 401 {
		t.Errorf("wrong credentials: %v", q.Err())
	}
}
