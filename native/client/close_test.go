package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/weft-sync/weft/core/codec"
	"github.com/weft-sync/weft/core/update"
	"github.com/weft-sync/weft/native/wsconn"
)

// quickly fails if f takes longer than a limit.
func quickly(t *testing.T, limit time.Duration, f func()) {
	t.Helper()
	began := time.Now()
	f()
	if took := time.Since(began); took > limit {
		t.Errorf("it took %v", took)
	}
}

func (p *peer) close(want error) {
	p.t.Helper()
	if err := p.Close(); !errors.Is(err, want) || (want == nil && err != nil) {
		p.t.Errorf("Close: %v, want %v", err, want)
	}
}

func TestClosed(t *testing.T) {
	p := open(t, "ws://127.0.0.1:1", "notes", Options{})
	p.close(nil)
	p.close(nil)
	for name, err := range map[string]error{
		"Connect":     p.Connect(),
		"Disconnect":  p.Disconnect(),
		"Update":      p.Update(p.edit("x")),
		"Do":          p.Do(func() { t.Error("ran") }),
		"WaitSynced":  p.WaitSynced(t.Context()),
		"SetLocal":    p.Awareness().SetLocal(1),
		"RemoveLocal": p.Awareness().RemoveLocal(),
	} {
		if err != ErrClosed {
			t.Errorf("%s: %v", name, err)
		}
	}
	if p.Status() != Disconnected || p.Synced() || p.Err() != nil || len(p.Awareness().Others()) != 0 {
		t.Error("the getters show something")
	}
	if _, err := p.doc.Apply(p.edit("the document is the caller's again")); err != nil {
		t.Error(err)
	}
}

// TestCloseSendsEverything: a program that edits and ends, at every stage of a
// connection.
func TestCloseSendsEverything(t *testing.T) {
	s := newSite(t)
	reader := s.join("notes", Options{})
	for name, prepare := range map[string]func(p *peer){
		"not yet dialling": func(p *peer) { p.typ("early "); p.connect() },
		"dialling":         func(p *peer) { p.connect(); p.typ("early ") },
		"synced":           func(p *peer) { p.typ("early "); p.connect(); p.synced() },
	} {
		t.Run(name, func(t *testing.T) {
			for range 10 {
				p := open(t, s.url, "notes", Options{})
				prepare(p)
				for i := range 20 {
					p.typ(fmt.Sprint(i))
				}
				p.typ(strings.Repeat("large ", 1<<14))
				p.close(nil)
				want := p.doc.Encode()
				reader.until("the reader has it all", func() bool {
					fresh, err := reader.copied().Apply(want)
					return err == nil && !fresh
				})
			}
		})
	}
}

// TestCloseAfterDisconnect: what Disconnect still writes counts, and is waited for.
func TestCloseAfterDisconnect(t *testing.T) {
	for _, tt := range []struct {
		name       string
		queueLimit int
		then       func(p *peer)
		want       error
	}{
		{"all of it", 100, func(*peer) {}, nil},
		{"more waits than may", 10, func(*peer) {}, ErrUnsent},
		{"one edit more", 100, func(p *peer) { p.typ("too late") }, ErrUnsent},
	} {
		t.Run(tt.name, func(t *testing.T) {
			greeted, release := make(chan struct{}), make(chan struct{})
			got := make(chan *update.Doc, 1)
			addr := script(t, func(_ int, conn *wsconn.Conn) {
				welcome(conn)
				for m := (codec.Message{}); m.Kind != codec.SyncStep2; {
					frame, err := conn.Read()
					if err != nil {
						t.Error(err)
						return
					}
					if m, err = codec.DecodeY(frame); err != nil {
						t.Error(err)
						return
					}
				}
				close(greeted)
				<-release
				doc := update.NewDoc()
				for {
					frame, err := conn.Read()
					if err != nil {
						break
					}
					if m, err := codec.DecodeY(frame); err != nil {
						t.Error(err)
					} else if m.Kind == codec.SyncUpdate {
						if _, err := doc.Apply(m.Payload); err != nil {
							t.Error(err)
						}
					}
				}
				got <- doc
			})
			p := open(t, addr, "notes", Options{QueueLimit: tt.queueLimit})
			p.connect()
			p.synced()
			<-greeted
			for idle := false; !idle; { // the write of that is about to be done
				if err := p.Do(func() { idle = p.link.idle() }); err != nil {
					t.Fatal(err)
				}
			}
			p.typ(strings.Repeat("more than a socket holds ", 1<<20))
			p.typ("waits")
			want := p.copied()
			if err := p.Disconnect(); err != nil {
				t.Fatal(err)
			}
			tt.then(p)
			var closing sync.WaitGroup
			closing.Go(func() { p.close(tt.want) })
			if err := p.WaitSynced(t.Context()); err != ErrClosed { // Close has begun
				t.Error(err)
			}
			close(release)
			closing.Wait()
			if doc := <-got; tt.queueLimit > 10 {
				same(t, "what arrived", doc, want)
			}
		})
	}
}

// TestCloseAfterQuickDisconnect is about a real server.
func TestCloseAfterQuickDisconnect(t *testing.T) {
	s := newSite(t)
	reader := s.join("notes", Options{})
	for _, after := range []bool{false, true} {
		p := s.join("notes", Options{})
		p.typ(strings.Repeat("many frames ", 1<<16)) // less than QueueLimit
		p.typ("one more, which waits for that")
		want := p.copied().Encode()
		if err := p.Disconnect(); err != nil {
			t.Fatal(err)
		}
		if after {
			p.typ("too late")
			p.close(ErrUnsent)
		} else {
			p.close(nil)
		}
		reader.until("the reader has what was sent", func() bool {
			fresh, err := reader.copied().Apply(want)
			return err == nil && !fresh
		})
	}
}

// TestCloseWithoutQuestion: a server that never sends its state vector is sent what
// is edited while it is there, and not what was edited before.
func TestCloseWithoutQuestion(t *testing.T) {
	addr := script(t, func(_ int, conn *wsconn.Conn) {
		send(conn, codec.SyncStep2, []byte{0, 0})
		drainConn(conn)
	})
	for _, before := range []bool{false, true} {
		p := open(t, addr, "notes", Options{CloseTimeout: 100 * time.Millisecond})
		if before {
			p.typ("before")
		}
		p.connect()
		p.synced()
		p.typ("now")
		if before {
			p.close(ErrUnsent)
		} else {
			p.close(nil)
		}
	}
}

func TestCloseWithoutConnection(t *testing.T) {
	p := open(t, "ws://127.0.0.1:1", "notes", Options{})
	p.typ("x")
	p.connect()
	p.until("a failure", func() bool { return p.Err() != nil })
	quickly(t, time.Second, func() { p.close(ErrUnsent) })

	never := open(t, "ws://127.0.0.1:1", "notes", Options{})
	never.typ("x")
	quickly(t, time.Second, func() { never.close(ErrUnsent) })
}

// TestCloseDuringDial: against a server that accepts connections and says nothing.
func TestCloseDuringDial(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	accepted := make(chan net.Conn, 10)
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			accepted <- conn
		}
	}()
	for _, edit := range []bool{false, true} {
		p := open(t, "ws://"+l.Addr().String(), "notes", Options{CloseTimeout: 100 * time.Millisecond})
		p.connect()
		conn := <-accepted
		if edit {
			p.typ("x")
			quickly(t, 2*time.Second, func() { p.close(ErrUnsent) })
		} else {
			quickly(t, time.Second, func() { p.close(nil) })
		}
		// The connection ends, whether the request was on its way or not.
		if err := conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
			t.Error(err)
		}
		if _, err := io.Copy(io.Discard, conn); errors.Is(err, os.ErrDeadlineExceeded) {
			t.Error("the connection is open")
		}
		conn.Close()
	}
}

func TestCloseDuringBeforeDial(t *testing.T) {
	entered := make(chan struct{})
	p := open(t, "ws://127.0.0.1:1", "notes", Options{BeforeDial: func(ctx context.Context, _ http.Header, _ url.Values) error {
		close(entered)
		<-ctx.Done()
		return ctx.Err()
	}})
	p.connect()
	<-entered
	quickly(t, time.Second, func() { p.close(nil) })
}

// TestCloseWithStubbornBeforeDial: a function that does not listen to its context
// holds up Close for a time, and not for ever.
func TestCloseWithStubbornBeforeDial(t *testing.T) {
	release, entered, left := make(chan struct{}), make(chan struct{}), make(chan struct{})
	p := open(t, "ws://127.0.0.1:1", "notes", Options{BeforeDial: func(context.Context, http.Header, url.Values) error {
		close(entered)
		<-release
		close(left)
		return nil
	}})
	p.connect()
	<-entered
	quickly(t, 5*time.Second, func() { p.close(nil) })
	close(release)
	<-left
}

// TestCloseWhileTheServerReadsNothing: what does not fit into the socket is
// reported, in time.
func TestCloseWhileTheServerReadsNothing(t *testing.T) {
	release := make(chan struct{})
	addr := script(t, func(_ int, conn *wsconn.Conn) {
		welcome(conn)
		<-release
	})
	defer close(release) // before the server's Close, which waits for the handler
	p := open(t, addr, "notes", Options{CloseTimeout: 100 * time.Millisecond})
	p.connect()
	p.synced()
	p.typ(strings.Repeat("more than a socket holds ", 1<<20))
	quickly(t, 5*time.Second, func() { p.close(ErrUnsent) })
}

// TestCloseWhileTheServerIsSilent: one that reads, and neither speaks nor answers
// the close frame.
func TestCloseWhileTheServerIsSilent(t *testing.T) {
	release := make(chan struct{})
	addr := script(t, func(_ int, conn *wsconn.Conn) {
		if _, err := conn.Read(); err != nil { // step 1, and no more
			t.Error(err)
		}
		<-release
	})
	defer close(release)
	p := open(t, addr, "notes", Options{CloseTimeout: 100 * time.Millisecond})
	p.connect()
	p.until("connected", func() bool { return p.Status() == Connected })
	quickly(t, 5*time.Second, func() { p.close(nil) })
}

// TestCloseWhileBusy calls everything from many goroutines and closes.
func TestCloseWhileBusy(t *testing.T) {
	s := newSite(t)
	for range 10 {
		p := s.join("notes", Options{})
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				for n := 0; ; n++ {
					var err error
					switch i {
					case 0:
						err = p.Update(p.edit("x"))
					case 1:
						err = p.Awareness().SetLocal(n)
					case 2:
						err = p.Do(func() { p.doc.StateVector() })
					case 3:
						err = p.Connect()
					case 4:
						if n%10 == 0 {
							err = p.Disconnect()
						}
					case 5:
						ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
						if err = p.WaitSynced(ctx); errors.Is(err, context.DeadlineExceeded) {
							err = nil
						}
						cancel()
					case 6:
						p.Awareness().Others()
						p.Awareness().Local()
						p.Status()
						err = p.Do(func() {})
					case 7:
						p.cable.cut()
						if n == 30 {
							_ = p.Close()
						}
						err = p.Do(func() {})
					}
					if err == ErrClosed {
						return
					} else if err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		wg.Wait()
	}
}

// TestCallbacksMayCall: callbacks may use the client, and close it.
func TestCallbacksMayCall(t *testing.T) {
	s := newSite(t)
	var c *Client
	closed := make(chan error, 1)
	ready := make(chan struct{})
	edit := (&peer{Client: &Client{opts: Options{ClientID: 7}}}).edit("from a callback")
	c, err := New(s.url, "notes", update.NewDoc(), Options{
		ClientID: 7, HTTPClient: (&cable{}).client(), Logger: s.logs.logger(),
		OnSynced: func(is bool) {
			<-ready
			if !is {
				return
			}
			if !c.Synced() || c.Status() != Connected {
				t.Error("the getters are behind")
			}
			if err := c.Update(edit); err != nil {
				t.Error(err)
			}
			if err := c.Do(func() {}); err != nil {
				t.Error(err)
			}
			closed <- c.Close()
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	close(ready)
	if err := c.Connect(); err != nil {
		t.Fatal(err)
	}
	if err := <-closed; err != nil {
		t.Error(err)
	}
	other := s.join("notes", Options{})
	if other.copied().Size() == 0 {
		t.Error("the edit did not arrive")
	}
}
