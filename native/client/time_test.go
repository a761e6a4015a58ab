package client

import (
	"context"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weft-sync/weft/core/awareness"
	"github.com/weft-sync/weft/core/codec"
	"github.com/weft-sync/weft/core/update"
	"github.com/weft-sync/weft/native/wsconn"
)

// pipes is a network without sockets, so that it can be in a synctest bubble.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error { close(p.closed); return nil }

func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipes", Net: "unix"} }

func (p *pipes) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	here, there := net.Pipe()
	select {
	case p.conns <- there:
		return here, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// inBubble runs do with a client of a server that does to each connection what
// serve says, both with the bubble's clock. changes are those of the presence.
func inBubble(t *testing.T, serve func(attempt int, conn *wsconn.Conn), do func(c *Client, changes <-chan AwarenessChange)) {
	synctest.Test(t, func(t *testing.T) {
		network := &pipes{make(chan net.Conn), make(chan struct{})}
		var attempts atomic.Int64
		s := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			attempt := int(attempts.Add(1))
			conn, err := wsconn.Accept(w, r, wsconn.Options{})
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Abort()
			serve(attempt, conn)
		})}
		done := make(chan struct{})
		go func() {
			defer close(done)
			_ = s.Serve(network)
		}()
		l := &logs{}
		changes := make(chan AwarenessChange, 9)
		c, err := New("ws://pipes", "notes", update.NewDoc(), Options{
			ClientID: 5, Logger: l.logger(), OnAwareness: func(c AwarenessChange) { changes <- c },
			HTTPClient: &http.Client{Transport: &http.Transport{DialContext: network.dial, DisableKeepAlives: true}},
		})
		if err != nil {
			t.Fatal(err)
		}
		do(c, changes)
		if err := c.Close(); err != nil {
			t.Error(err)
		}
		s.Close()
		<-done
		if t.Failed() {
			t.Logf("log:\n%s", l)
		}
	})
}

// TestPresenceInTime: the local state is renewed, and those of others expire, while
// the server answers questions only.
func TestPresenceInTime(t *testing.T) {
	heard := awareness.New(awareness.Limits{})
	var renewed []time.Duration
	inBubble(t, func(_ int, conn *wsconn.Conn) {
		began := time.Now()
		welcome(conn)
		send(conn, codec.Awareness, []byte{1, 9, 1, 1, '7'})        // client 9, clock 1: 7
		send(conn, codec.Awareness, []byte("\x01\x05\x63\x04null")) // the client itself, clock 99: gone
		for {
			frame, err := conn.Read()
			if err != nil {
				return
			}
			switch m, err := codec.DecodeY(frame); {
			case err != nil:
				t.Error(err)
			case m.Kind == codec.SyncStep1:
				send(conn, codec.SyncStep2, []byte{0, 0})
			case m.Kind == codec.Awareness:
				change, err := heard.Apply(0, m.Payload)
				if err != nil || change.Empty() {
					t.Errorf("%q: %v", m.Payload, err)
				}
				if len(change.Updated) > 0 {
					renewed = append(renewed, time.Since(began))
				}
			}
		}
	}, func(c *Client, changes <-chan AwarenessChange) {
		if err := c.Awareness().SetLocal("me"); err != nil {
			t.Error(err)
		}
		if err := c.Connect(); err != nil {
			t.Error(err)
		}
		if change := <-changes; len(change.Added) != 1 || string(c.Awareness().Others()[9]) != "7" {
			t.Errorf("%+v, %v", change, c.Awareness().Others())
		}
		began := time.Now()
		if change := <-changes; len(change.Removed) != 1 || len(c.Awareness().Others()) != 0 {
			t.Errorf("%+v, %v", change, c.Awareness().Others())
		}
		if took := time.Since(began); took != 30*time.Second {
			t.Errorf("the other expired after %v", took)
		}
		if c.Status() != Connected {
			t.Error("a server that answers was given up")
		}
	})
	if _, clock, _ := heard.State(5); len(renewed) != 3 || renewed[0] != 0 || renewed[2] != 30*time.Second || clock < 102 {
		t.Errorf("renewed after %v, clock %d", renewed, clock)
	}
}

// TestSilentServer: with the default settings, after 30 seconds, and the next one has
// a minute.
func TestSilentServer(t *testing.T) {
	var (
		mu    sync.Mutex
		lives []time.Duration
	)
	inBubble(t, func(attempt int, conn *wsconn.Conn) {
		began := time.Now()
		if attempt == 3 {
			welcome(conn)
		}
		if code := closedWith(drainConn(conn)); attempt < 3 && code != codeTimeout {
			t.Errorf("closed with %v", code)
		}
		mu.Lock()
		defer mu.Unlock()
		lives = append(lives, time.Since(began))
	}, func(c *Client, _ <-chan AwarenessChange) {
		if err := c.Connect(); err != nil {
			t.Error(err)
		}
		if err := c.WaitSynced(context.Background()); err != nil {
			t.Error(err)
		}
	})
	if len(lives) != 3 || lives[0] != 30*time.Second || lives[1] != time.Minute {
		t.Errorf("connections lived for %v", lives)
	}
}

// TestHangingDial: an attempt that neither opens nor fails.
func TestHangingDial(t *testing.T) {
	was := http.DefaultTransport
	defer func() { http.DefaultTransport = was }()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		tried := make(chan time.Duration, 9)
		http.DefaultTransport = &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			tried <- time.Since(began)
			<-ctx.Done()
			return nil, ctx.Err()
		}}
		c, err := New("ws://nowhere", "notes", update.NewDoc(), Options{
			Timeout: 10 * time.Second, MaxBackoff: 200 * time.Millisecond, Logger: (&logs{}).logger(),
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Connect(); err != nil {
			t.Error(err)
		}
		<-tried
		if at := <-tried; at < 10*time.Second || at > 10*time.Second+200*time.Millisecond {
			t.Errorf("tried again after %v", at)
		}
		if c.Err() != errSilent {
			t.Error(c.Err())
		}
		if err := c.Disconnect(); err != nil {
			t.Error(err)
		}
		if c.Status() != Disconnected || c.Err() != nil {
			t.Error(c.Status(), c.Err())
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
}
