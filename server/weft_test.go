package server

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/weft-sync/weft/core/codec"
	"github.com/weft-sync/weft/core/room"
	"github.com/weft-sync/weft/native/store/memstore"
)

// Two documents on one connection, a y client in one of them: all of it converges, is
// saved, and can be left and joined again.
func TestWeft(t *testing.T) {
	s := serve(t, Config{})
	p := s.weft("/", nil)
	p.send("a", step1)
	p.until("a", codec.ReadWrite)
	p.until("a", codec.SyncCross)
	p.send("a", nothing, typing(1001, "hello"))
	if len(p.until("a", codec.Epoch).Payload) != 16 {
		t.Error("no epoch was told when the document was saved")
	}
	p.saved("a", 2)

	y := s.join("a")
	if !hasText(y.doc, "hello") {
		t.Error("the y client does not see the text")
	}
	y.typ("world")
	p.until("a", codec.SyncUpdate)

	p.send("b", step1, typing(1002, "second"))
	p.saved("b", 1)
	p.send("a", msg(codec.Leave))
	p.until("a", codec.Leave)
	y.typ("unheard")
	p.send("a", step1)
	p.until("a", codec.Epoch)
	cross := p.until("a", codec.SyncCross)
	u, _, err := codec.DecodeCross(cross.Payload)
	if err != nil || !bytes.Contains(u, []byte("unheard")) {
		t.Errorf("joined again it is sent %x, %v", u, err)
	}
}

// A document may be on a connection several times, told apart by tags: each is a
// member of its own, with its own numbers, access and end.
func TestWeftTags(t *testing.T) {
	var frozen atomic.Bool
	s := serve(t, Config{Access: func(_ context.Context, q AccessRequest) (Grant, error) {
		if q.Document != "a" {
			return Grant{}, &AccessError{Denial: codec.NoAccess}
		}
		return Grant{ReadOnly: q.Token == "reader" || frozen.Load()}, nil
	}})
	p := s.weft("/", nil)
	p.send("a\x001", step1)
	p.until("a\x001", codec.ReadWrite)
	p.until("a\x001", codec.SyncCross)
	p.send("a\x002", token("reader"), step1)
	p.until("a\x002", codec.Read)
	p.until("a\x002", codec.SyncCross)
	p.send("a\x001", nothing, typing(1001, "hello"))
	if u := p.until("a\x002", codec.SyncUpdate); !bytes.Contains(u.Payload, []byte("hello")) {
		t.Errorf("the other member is sent %x", u.Payload)
	}
	p.saved("a\x001", 2)
	p.send("a\x002", typing(1002, "no"))
	p.until("a\x002", codec.Nack)

	p.send("a\x001", msg(codec.Leave))
	p.until("a\x001", codec.Leave)
	y := s.join("a")
	y.typ("still here")
	p.until("a\x002", codec.SyncUpdate)

	p.send("a", step1)
	p.until("a", codec.ReadWrite)
	p.send("a\x003", step1)
	p.until("a\x003", codec.ReadWrite)
	frozen.Store(true)
	s.Recheck("a")
	p.until("a\x003", codec.Read)
	p.send("a", typing(1003, "no"))
	p.until("a", codec.Nack)

	p.send("b\x001", step1)
	if a := p.denied("b\x001"); a.Denial != codec.NoAccess {
		t.Errorf("another document: %+v", a)
	}
	p.send("\x001", step1)
	if e := p.fault("\x001"); e.Code != codec.Forbidden {
		t.Errorf("no document: %+v", e)
	}
}

// The path may name a document, or not; names are checked as always.
func TestWeftNames(t *testing.T) {
	s := serve(t, Config{})
	p := s.weft("/whatever", nil)
	p.send("../x", step1)
	if e := p.fault("../x"); e.Code != codec.Forbidden || e.Text == "" {
		t.Errorf("a bad name: %+v", e)
	}
	p.send("fine", step1)
	p.until("fine", codec.SyncCross)
	if err := p.conn.Write([][]byte{{0, 0, 1, 0}}); err != nil {
		t.Fatal(err)
	}
	if ce := p.closeError(); ce.Code != codec.BadMessage {
		t.Errorf("a frame without an ID: closed with %v", ce.Code)
	}
}

// Nothing of any kind has an effect, is answered or seen before access is granted.
func TestWeftNothingBeforeAccess(t *testing.T) {
	decide := make(chan error)
	s := serve(t, Config{Access: func(ctx context.Context, q AccessRequest) (Grant, error) {
		if q.Token == "good" {
			return Grant{}, nil
		}
		select {
		case err := <-decide:
			return Grant{}, err
		case <-ctx.Done():
			return Grant{}, ctx.Err()
		}
	}})
	watcher := s.weft("/", nil)
	watcher.send("a", token("good"), step1)
	watcher.until("a", codec.SyncCross)

	p := s.weft("/", nil)
	p.send("a", token("slow"), step1, typing(1001, "secret"), msg(codec.SyncStep2, 0, 0), msg(codec.Epoch),
		codec.Message{Kind: codec.Awareness, Payload: append([]byte{1, 9, 1, 7}, `{"a":1}`...)})
	p.send("a", typing(1001, "secret"))
	// The other document is not held up, and proves that all of it was read.
	p.send("b", token("good"), step1)
	p.until("b", codec.SyncCross)
	select {
	case f := <-watcher.frames:
		t.Errorf("somebody was told %x", f)
	case f := <-p.frames:
		if p.parse(f)[0].doc == "a" {
			t.Errorf("an answer came: %x", f)
		}
	case <-time.After(50 * time.Millisecond):
	}
	decide <- &AccessError{Denial: TokenInvalid, Reason: "not ours"}
	if a := p.denied("a"); a.Kind != codec.Refused || a.Denial != codec.Bad || a.Text != "not ours" {
		t.Errorf("refused with %+v", a)
	}
	p.send("a", typing(1001, "secret"))
	p.send("a", msg(codec.Leave))
	p.until("a", codec.Leave)
	if hasText(s.peek("a?token=good"), "secret") {
		t.Error("it was taken over")
	}

	// A fault of the program's is no denial, and a panic is one.
	p.send("a", token("slow"), step1)
	decide <- errors.New("the database is away")
	if a := p.denied("a"); a.Denial != codec.NoAccess {
		t.Errorf("an unknown error gives %+v", a)
	}
	p.send("a", msg(codec.Leave))
	p.until("a", codec.Leave)
	p.send("a", token("slow"), step1)
	decide <- &StatusError{Status: 503, Reason: "later"}
	if a := p.denied("a"); a.Denial != codec.Unavailable || a.Text != "later" {
		t.Errorf("503 gives %+v", a)
	}

	// And then it is granted, and what waited is handled.
	p.send("a", msg(codec.Leave))
	p.until("a", codec.Leave)
	p.send("a", token("slow"), step1, typing(1001, "welcome"))
	decide <- nil
	if a := p.denied("a"); a.Kind != codec.Accepted {
		t.Errorf("accepted with %+v", a)
	}
	watcher.until("a", codec.SyncUpdate)
	p.saved("a", 1)
}

// Permission is announced, enforced, and changed while connected, for both framings.
func TestPermissionLives(t *testing.T) {
	var mode atomic.Value
	mode.Store("read")
	s := serve(t, Config{Access: func(_ context.Context, q AccessRequest) (Grant, error) {
		switch mode.Load() {
		case "read":
			return Grant{ReadOnly: true, Reason: "guest"}, nil
		case "write":
			return Grant{Reason: "member"}, nil
		}
		return Grant{}, &AccessError{Denial: TokenRevoked, Reason: "bye"}
	}})
	y := s.join("a")
	p := s.weft("/", nil)
	p.send("a", token("t"), step1)
	if m := p.until("a", codec.Read); string(m.Payload) != "guest" {
		t.Errorf("read-only because %q", m.Payload)
	}
	p.send("a", nothing, typing(1001, "refused"))
	nack, err := codec.DecodeNack(p.until("a", codec.Nack).Payload)
	if err != nil || nack.Update != 2 || nack.Reason != codec.ReadOnly {
		t.Errorf("refused with %+v, %v", nack, err)
	}
	y.typ("refused")
	y.send(codec.QueryAwareness, nil)
	for y.read().Kind != codec.Awareness { // then the edit has been handled
	}

	mode.Store("write")
	s.Recheck("other")
	s.Recheck("a")
	if m := p.until("a", codec.ReadWrite); string(m.Payload) != "member" {
		t.Errorf("may write because %q", m.Payload)
	}
	p.until("a", codec.SyncStep1)
	p.send("a", typing(1001, "welcome"))
	p.saved("a", 3)
	if d := s.peek("a"); hasText(d, "refused") || !hasText(d, "welcome") {
		t.Errorf("the document is %q", d.Encode())
	}

	mode.Store("revoked")
	s.Recheck("")
	for {
		if a := p.denied("a"); a.Kind == codec.Refused {
			if a.Denial != codec.Revoked || a.Text != "bye" {
				t.Errorf("revoked with %+v", a)
			}
			break
		}
	}
	y.expectClose(codec.Unauthorized)
	s.refused("a", nil, http.StatusUnauthorized, "bye")
}

// What is taken back while access is judged is taken back for who was let in by that.
func TestRecheckWhileJudged(t *testing.T) {
	var s *testServer
	var revoked atomic.Bool
	s = serve(t, Config{Access: func(_ context.Context, q AccessRequest) (Grant, error) {
		if revoked.Swap(true) {
			return Grant{}, &AccessError{Denial: codec.Revoked, Reason: "bye"}
		}
		s.Recheck(q.Document) // before the answer is there
		return Grant{}, nil
	}})
	s.dial("a").expectClose(codec.Unauthorized)
	revoked.Store(false)
	p := s.weft("/", nil)
	p.send("a", step1)
	if a := p.denied("a"); a.Denial != codec.Revoked {
		t.Errorf("of weft.v1: %+v", a)
	}
}

// Access that runs out is announced, renewed, and over.
func TestAccessExpires(t *testing.T) {
	s := serve(t, Config{Access: func(_ context.Context, q AccessRequest) (Grant, error) {
		switch q.Token {
		case "short":
			return Grant{Expires: time.Now().Add(300 * time.Millisecond)}, nil
		case "long":
			return Grant{Expires: time.Now().Add(time.Hour)}, nil
		}
		return Grant{}, &AccessError{Denial: TokenMissing}
	}})
	p, q := s.weft("/", nil), s.weft("/", nil)
	p.send("kept", token("short"), step1)
	q.send("lost", token("short"), step1)
	for doc, c := range map[string]*weftPeer{"kept": p, "lost": q} {
		if a := c.denied(doc); a.Kind != codec.Accepted || a.Millis == 0 || a.Millis > 300 {
			t.Errorf("%s: %+v", doc, a)
		}
		if a := c.denied(doc); a.Kind != codec.Renew {
			t.Errorf("%s: %+v", doc, a)
		}
	}
	p.send("kept", token("long"))
	if a := q.denied("lost"); a.Kind != codec.Refused || a.Denial != codec.Expired {
		t.Errorf("lost: %+v", a)
	}
	p.send("kept", typing(1001, "still here"))
	p.saved("kept", 1)
	p.send("none", step1)
	if a := p.denied("none"); a.Denial != codec.Missing {
		t.Errorf("without a token: %+v", a)
	}

	// Others bring it with the request, and are closed when it is over.
	y, err := s.tryDial("kept", http.Header{"Authorization": {"Bearer short"}})
	if err != nil {
		t.Fatal(err)
	}
	y.expectClose(codec.Unauthorized)
	if y, err := s.tryDial("kept?token=long", nil); err != nil {
		t.Errorf("a token in the query: %v", err)
	} else {
		y.sync()
	}
	if _, err := s.tryDial("kept", nil); err == nil {
		t.Error("without a token a y client was let in")
	}
}

// A client that comes back to a store that was wiped is told so, and nothing of it is
// taken over.
func TestWeftStoreWiped(t *testing.T) {
	var first memstore.Memory
	st := first.Open()
	defer st.Close()
	s := serve(t, Config{Store: st})
	p := s.weft("/", nil)
	p.send("a", step1, typing(1001, "old"))
	epoch := p.until("a", codec.Epoch)
	if err := s.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	if ce := p.closeError(); ce.Code != codec.Restart {
		t.Errorf("closed with %v", ce.Code)
	}

	wiped := openMemory(t)
	s = serve(t, Config{Store: wiped})
	p = s.weft("/", nil)
	p.send("a", epoch, msg(codec.SyncStep1, 1, 1, 3), typing(1001, "old"))
	if e := p.fault("a"); e.Code != codec.Diverged {
		t.Errorf("ended with %+v", e)
	}
	p.send("a", typing(1001, "old"))
	p.send("a", msg(codec.Leave))
	p.until("a", codec.Leave)
	if hasText(s.peek("a"), "old") {
		t.Error("the old text was taken over")
	}
	p.send("a", msg(codec.SyncStep1, 1, 1, 3), typing(1001, "old")) // merge
	p.saved("a", 1)
}

// Limits cost an update, not the connection.
func TestWeftLimits(t *testing.T) {
	s := serve(t, Config{Limits: room.Limits{Update: 50, Rate: 1000, Burst: 200}})
	p := s.weft("/", nil)
	p.send("a", step1, typing(1001, string(bytes.Repeat([]byte("x"), 100))), typing(1002, "fine"))
	nack, err := codec.DecodeNack(p.until("a", codec.Nack).Payload)
	if err != nil || nack.Update != 1 || nack.Reason != codec.Oversized {
		t.Errorf("refused with %+v, %v", nack, err)
	}
	for client := range uint64(20) {
		p.send("a", typing(2000+client, "quite a lot of text"))
	}
	nack, err = codec.DecodeNack(p.until("a", codec.Nack).Payload)
	if err != nil || nack.Reason != codec.RateLimited || nack.Retry == 0 {
		t.Errorf("refused with %+v, %v", nack, err)
	}
	p.send("a", step1)
	p.until("a", codec.SyncCross)
}

// Authorize is asked for each document of a connection as well.
func TestWeftAuthorize(t *testing.T) {
	s := serve(t, Config{Authorize: func(r *http.Request, document string) error {
		if r.Header.Get("Cookie") != "me" {
			return &StatusError{Status: 401, Reason: "log in"}
		}
		if document == "private" {
			return errors.New("no")
		}
		return nil
	}})
	p := s.weft("/", http.Header{"Cookie": {"me"}})
	p.send("a", step1)
	p.until("a", codec.SyncCross)
	p.send("private", step1)
	if a := p.denied("private"); a.Denial != codec.NoAccess {
		t.Errorf("refused with %+v", a)
	}
	p = s.weft("/", nil)
	p.send("a", step1)
	if a := p.denied("a"); a.Denial != codec.Bad || a.Text != "log in" {
		t.Errorf("refused with %+v", a)
	}
}

// A large document goes out in parts, beside another one on the same connection.
func TestWeftLarge(t *testing.T) {
	s := serve(t, Config{})
	p := s.weft("/", nil)
	p.send("a", step1)
	p.until("a", codec.SyncCross)
	big := bytes.Repeat([]byte("0123456789abcdef"), 16<<10) // 256 KiB
	for client := range uint64(8) {
		p.send("a", typing(2000+client, string(big)))
	}
	p.saved("a", 8)
	q := s.weft("/", nil)
	q.send("a", step1)
	q.send("b", step1)
	got := 0
	for range 7 {
		part, err := codec.DecodeProgress(q.until("a", codec.Progress).Payload)
		if err != nil || part.Total < 2<<20 || int(part.Done) < got {
			t.Fatalf("progress %+v after %d, %v", part, got, err)
		}
		got = int(part.Done)
	}
	q.until("a", codec.SyncCross)
}
