package juggler_test

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"

	"github.com/weft-sync/weft/native/juggler"
)

// network is a listener whose connections are pipes, so that a server, its clients and
// their clocks fit into a synctest bubble. A pipe has no buffer: what a peer does not
// read is not written.
type network struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newNetwork() *network {
	return &network{conns: make(chan net.Conn), closed: make(chan struct{})}
}

func (n *network) Accept() (net.Conn, error) {
	select {
	case c := <-n.conns:
		return c, nil
	case <-n.closed:
		return nil, net.ErrClosed
	}
}

func (n *network) Close() error {
	n.once.Do(func() { close(n.closed) })
	return nil
}

func (n *network) Addr() net.Addr { return &net.IPAddr{} }

func (n *network) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	select {
	case n.conns <- theirs:
		return ours, nil
	case <-n.closed:
		return nil, net.ErrClosed
	}
}

func (n *network) client() *http.Client {
	return &http.Client{Transport: &http.Transport{DialContext: n.dial}}
}

const bubbleAddress = "ws://bubble/ws"

// bubble runs a test in a synctest bubble with a server.
func bubble(t *testing.T, o juggler.ServerOptions, f func(t *testing.T, s *juggler.Server, n *network)) {
	synctest.Test(t, func(t *testing.T) {
		o.Logger = quiet
		s, err := juggler.NewServer(o)
		if err != nil {
			t.Fatal(err)
		}
		n := newNetwork()
		web := http.Server{Handler: s}
		go web.Serve(n)
		f(t, s, n)
		if err := s.Shutdown(context.Background()); err != nil {
			t.Errorf("shutdown: %v", err)
		}
		web.Close()
	})
}

// entry is a message and when it came.
type entry struct {
	at   time.Duration // since the connection was made
	text string
}

func (e entry) String() string { return e.at.String() + " " + e.text }

// record makes a client that only listens. got waits until nothing is under way and
// returns what has come, once.
func record(t *testing.T, n *network) (c *raw, got func() []entry) {
	t.Helper()
	ws, _, err := websocket.Dial(t.Context(), bubbleAddress, &websocket.DialOptions{HTTPClient: n.client()})
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	var (
		mu      sync.Mutex
		entries []entry
	)
	go func() {
		for {
			_, text, err := ws.Read(context.Background())
			e := entry{time.Since(start), string(text)}
			if err != nil {
				e.text = "the end"
				if code := websocket.CloseStatus(err); code > 0 {
					e.text = "closed with " + code.String()
				}
			}
			mu.Lock()
			entries = append(entries, e)
			mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	return &raw{t, ws}, func() []entry {
		synctest.Wait()
		mu.Lock()
		defer mu.Unlock()
		e := entries
		entries = nil
		return e
	}
}

func expect(t *testing.T, what string, got []entry, want ...entry) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s:\n got %v\nwant %v", what, got, want)
	}
}

const ms = time.Millisecond

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestTheWindow(t *testing.T) {
	state, err := juggler.NewState(map[string]int{"a": 1})
	must(t, err)
	bubble(t, juggler.ServerOptions{State: state, Autoflush: 200 * ms}, func(t *testing.T, s *juggler.Server, n *network) {
		_, got := record(t, n)
		set := func(v any) { must(t, state.Set(juggler.Path{"a"}, v)) }

		time.Sleep(50 * ms)
		set(2)
		time.Sleep(1000 * ms)
		expect(t, "a window begins with the connection", got(),
			entry{200 * ms, `{"type":"state","diff":[{"op":"replace","path":"","value":{"a":2}}]}`})

		// 1050 ms: from the first change, whatever comes later.
		for i := range 4 {
			set(10 + i)
			time.Sleep(50 * ms)
		}
		time.Sleep(300 * ms) // 1550
		expect(t, "changes are merged", got(),
			entry{1250 * ms, `{"type":"state","diff":[{"op":"replace","path":"/a","value":13}]}`})

		set(1)
		set(13)
		time.Sleep(450 * ms) // 2000
		expect(t, "back to the old value", got())

		set(3)
		time.Sleep(100 * ms) // 2100
		must(t, s.Conns()[0].Flush(t.Context()))
		time.Sleep(50 * ms) // 2150
		set(4)
		time.Sleep(850 * ms)
		expect(t, "a flush ends the window", got(),
			entry{2100 * ms, `{"type":"state","diff":[{"op":"replace","path":"/a","value":3}]}`},
			entry{2350 * ms, `{"type":"state","diff":[{"op":"replace","path":"/a","value":4}]}`})
	})
}

func TestEachConnectionHasItsOwnClock(t *testing.T) {
	state, err := juggler.NewState("s")
	must(t, err)
	bubble(t, juggler.ServerOptions{State: state}, func(t *testing.T, s *juggler.Server, n *network) {
		_, gotA := record(t, n)
		time.Sleep(70 * ms)
		_, gotB := record(t, n)
		time.Sleep(time.Second)
		want := entry{200 * ms, `{"type":"state","diff":[{"op":"replace","path":"","value":"s"}]}`}
		expect(t, "the first", gotA(), want)
		expect(t, "the second", gotB(), want)
	})
}

func TestWhatIsThereAtFirst(t *testing.T) {
	state, err := juggler.NewState("s")
	must(t, err)
	for delay, want := range map[time.Duration][]entry{
		juggler.EveryChange: {{0, `{"type":"state","diff":[{"op":"replace","path":"","value":"s"}]}`}},
		juggler.OnFlush:     nil,
	} {
		bubble(t, juggler.ServerOptions{State: state, Autoflush: delay}, func(t *testing.T, s *juggler.Server, n *network) {
			_, got := record(t, n)
			time.Sleep(time.Hour)
			expect(t, delay.String(), got(), want...)
		})
	}
}

func TestAServerAsksForSignsOfLife(t *testing.T) {
	bubble(t, juggler.ServerOptions{Transport: juggler.Segmented}, func(t *testing.T, s *juggler.Server, n *network) {
		c, got := record(t, n)
		synctest.Wait()
		conn := s.Conns()[0]
		time.Sleep(10 * time.Second)
		c.send("2abc")
		c.send("2")
		expect(t, "pings are answered", got(), entry{10 * time.Second, "3abc"}, entry{10 * time.Second, "3"})

		time.Sleep(31 * time.Second) // 41
		expect(t, "a ping after 30 seconds of silence", got(), entry{40 * time.Second, "2"})
		time.Sleep(19 * time.Second) // 60
		c.send("3")
		time.Sleep(31 * time.Second) // 91
		expect(t, "a pong is a sign of life", got(), entry{90 * time.Second, "2"})
		time.Sleep(10 * time.Second) // 101
		c.send("1{")
		time.Sleep(40 * time.Second) // 141
		expect(t, "a segment is one too", got(), entry{131 * time.Second, "2"})
		time.Sleep(60 * time.Second)
		expect(t, "silence", got(), entry{161 * time.Second, "the end"})
		if err := conn.Err(); !errors.Is(err, juggler.ErrSilent) || !errors.Is(err, juggler.ErrClosed) {
			t.Errorf("Err: %v", err)
		}
	})
}

func TestAPlainServerDoesNotPing(t *testing.T) {
	bubble(t, juggler.ServerOptions{}, func(t *testing.T, s *juggler.Server, n *network) {
		_, got := record(t, n)
		time.Sleep(24 * time.Hour)
		expect(t, "a day", got())
	})
}

// TestABusyServerDoesNotTakeAClientForDead: while its requests wait it is not heard.
func TestABusyServerDoesNotTakeAClientForDead(t *testing.T) {
	var free chan struct{}
	o := juggler.ServerOptions{Transport: juggler.Segmented, QueueLimit: 1, OnRequest: func(ctx context.Context, c *juggler.Conn, r juggler.Request) (any, error) {
		<-free
		return nil, nil
	}}
	bubble(t, o, func(t *testing.T, s *juggler.Server, n *network) {
		free = make(chan struct{})
		c, got := record(t, n)
		for range 4 { // one is handled, one queued, one waits for the queue
			go c.ws.Write(context.Background(), websocket.MessageText, []byte("0"+request("slow", "1")))
		}
		time.Sleep(time.Hour)
		for _, e := range got() {
			if e.text != "2" {
				t.Errorf("%v: %s", e.at, e.text)
			}
		}
		if err := s.Conns()[0].Err(); err != nil {
			t.Errorf("the connection has ended: %v", err)
		}
		close(free)
		time.Sleep(time.Second)
		if answers := got(); len(answers) != 4 {
			t.Errorf("%d answers, want 4: %v", len(answers), answers)
		}
	})
}

func TestAClientAsksForSignsOfLife(t *testing.T) {
	both(t, func(t *testing.T, tr juggler.Transport) {
		bubble(t, juggler.ServerOptions{Transport: tr, PingDelay: 24 * time.Hour}, func(t *testing.T, s *juggler.Server, n *network) {
			c, err := juggler.Connect(t.Context(), bubbleAddress, juggler.ClientOptions{Transport: tr, HTTPClient: n.client(), PingDelay: 5 * time.Second, PingTimeout: 5 * time.Second})
			must(t, err)
			time.Sleep(time.Hour)
			if err := c.Err(); err != nil {
				t.Fatalf("a server that answers: %v", err)
			}
			c.Close()
		})
		// A server that answers the handshake, and nothing after it.
		synctest.Test(t, func(t *testing.T) {
			n := newNetwork()
			web := http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				ws, err := websocket.Accept(w, r, nil)
				must(t, err)
				for err == nil {
					_, _, err = ws.Read(context.Background())
				}
			})}
			go web.Serve(n)
			start := time.Now()
			c, err := juggler.Connect(t.Context(), bubbleAddress, juggler.ClientOptions{Transport: tr, HTTPClient: n.client(), PingDelay: 5 * time.Second, PingTimeout: 7 * time.Second})
			must(t, err)
			_, err = c.Send(t.Context(), "x", nil)
			if d := time.Since(start); d != 12*time.Second || !errors.Is(err, juggler.ErrSilent) {
				t.Errorf("after %v: %v, want ErrSilent after 12 s", d, err)
			}
			<-c.Done()
			web.Close()
		})
	})
}

// TestShutdown: handlers are cancelled and not answered, clients are closed with 1000,
// and one that does not read is cut off.
func TestShutdown(t *testing.T) {
	o := juggler.ServerOptions{ShutdownTimeout: 2 * time.Second, OnRequest: func(ctx context.Context, c *juggler.Conn, r juggler.Request) (any, error) {
		<-ctx.Done()
		return "too late", nil
	}}
	bubble(t, o, func(t *testing.T, s *juggler.Server, n *network) {
		c, got := record(t, n)
		c.send(request("wait", "1"))
		synctest.Wait()
		deaf, err := n.dial(t.Context(), "", "")
		must(t, err)
		handshake(t, deaf)
		must(t, s.Conns()[0].Notify(t.Context(), "n", nil))
		synctest.Wait()
		conns := s.Conns()

		start := time.Now()
		must(t, s.Shutdown(t.Context()))
		if d := time.Since(start); d != 2*time.Second {
			t.Errorf("it took %v, want the deaf client's 2 s", d)
		}
		if e := got(); e[len(e)-1] != (entry{0, "closed with StatusNormalClosure"}) || slices.ContainsFunc(e, func(e entry) bool { return e.text == "too late" }) {
			t.Errorf("the client got %v", e)
		}
		for _, c := range conns {
			if err := c.Err(); !errors.Is(err, juggler.ErrShutdown) {
				t.Errorf("Err: %v", err)
			}
			if err := c.Flush(t.Context()); !errors.Is(err, juggler.ErrClosed) {
				t.Errorf("Flush: %v", err)
			}
			if err := c.Notify(t.Context(), "n", 1); !errors.Is(err, juggler.ErrClosed) {
				t.Errorf("Notify: %v", err)
			}
		}
		if len(s.Conns()) != 0 {
			t.Errorf("%d connections are left", len(s.Conns()))
		}
		if _, err := juggler.Connect(t.Context(), bubbleAddress, juggler.ClientOptions{HTTPClient: n.client()}); err == nil {
			t.Error("a connection after the end")
		} else if he, ok := errors.AsType[*juggler.HandshakeError](err); !ok || he.StatusCode != 503 {
			t.Errorf("a connection after the end: %v, want 503", err)
		}
		deaf.Close()
	})
}

// handshake makes conn a WebSocket that nobody reads.
func handshake(t *testing.T, conn net.Conn) {
	t.Helper()
	_, err := conn.Write([]byte("GET /ws HTTP/1.1\r\nHost: bubble\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"))
	must(t, err)
	var head []byte
	for b := make([]byte, 1); len(head) < 4 || string(head[len(head)-4:]) != "\r\n\r\n"; head = append(head, b[0]) {
		_, err := conn.Read(b)
		must(t, err)
	}
}

func TestShutdownDoesNotWaitForEver(t *testing.T) {
	var free chan struct{}
	o := juggler.ServerOptions{OnRequest: func(context.Context, *juggler.Conn, juggler.Request) (any, error) {
		<-free // and does not look at its context
		return nil, nil
	}}
	bubble(t, o, func(t *testing.T, s *juggler.Server, n *network) {
		free = make(chan struct{})
		c, _ := record(t, n)
		c.send(request("wait", "1"))
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := s.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Shutdown: %v", err)
		}
		close(free)
	})
}

// TestASlowClient: its queue is bounded, states gather, and it is cut off when it takes
// nothing.
func TestASlowClient(t *testing.T) {
	state := new(juggler.State)
	o := juggler.ServerOptions{State: state, Autoflush: juggler.EveryChange, QueueLimit: 10_000, WriteTimeout: time.Minute}
	bubble(t, o, func(t *testing.T, s *juggler.Server, n *network) {
		conn, err := n.dial(t.Context(), "", "")
		must(t, err)
		handshake(t, conn)
		synctest.Wait()
		c := s.Conns()[0]
		sent := 0
		for {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			err := c.Notify(ctx, "n", make([]int, 400))
			cancel()
			if err != nil {
				if !errors.Is(err, context.DeadlineExceeded) {
					t.Fatal(err)
				}
				break
			}
			if sent++; sent > 1000 {
				t.Fatal("the queue is not bounded")
			}
		}
		t.Logf("%d notifications of 0.8 KB were queued", sent)
		for i := range 1000 {
			must(t, state.Set(juggler.Path{"n"}, i)) // never waits
		}

		// It reads again, for a while: the states have become one.
		var states []string
		for {
			must(t, conn.SetReadDeadline(time.Now().Add(time.Millisecond)))
			text, err := readText(conn)
			if err != nil {
				break
			}
			if strings.HasPrefix(text, `{"type":"state"`) {
				states = append(states, text)
			}
		}
		if want := []string{`{"type":"state","diff":[{"op":"replace","path":"","value":{"n":999}}]}`}; !slices.Equal(states, want) {
			t.Errorf("%d state messages: %q", len(states), states)
		}

		// And no more. Who waits for it waits as long as it wants.
		must(t, c.Notify(t.Context(), "n", make([]int, 400)))
		must(t, state.Set(nil, 0))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		if err := c.Flush(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Flush: %v", err)
		}
		cancel()
		for err == nil {
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
			err = c.Notify(ctx, "n", make([]int, 400))
			cancel()
		}
		if !errors.Is(err, juggler.ErrClosed) {
			t.Errorf("Notify to a client that takes nothing: %v", err)
		}
		<-c.Done()
		conn.Close()
	})
}

// readText reads one text message of a server.
func readText(conn net.Conn) (string, error) {
	h := make([]byte, 10)
	if _, err := io.ReadFull(conn, h[:2]); err != nil {
		return "", err
	}
	n := uint64(h[1])
	switch n {
	case 126:
		if _, err := io.ReadFull(conn, h[2:4]); err != nil {
			return "", err
		}
		n = uint64(binary.BigEndian.Uint16(h[2:]))
	case 127:
		if _, err := io.ReadFull(conn, h[2:]); err != nil {
			return "", err
		}
		n = binary.BigEndian.Uint64(h[2:])
	}
	b := make([]byte, n)
	_, err := io.ReadFull(conn, b)
	return string(b), err
}
