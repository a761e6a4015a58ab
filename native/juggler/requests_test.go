package juggler_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"

	"github.com/weft-sync/weft/native/juggler"
)

// slow answers a request named by a duration after it.
func slow(ctx context.Context, _ *juggler.Conn, r juggler.Request) (any, error) {
	d, err := time.ParseDuration(r.Name)
	if err != nil {
		return nil, err
	}
	select {
	case <-time.After(d):
		return r.Name, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func TestTheOrderOfAnswers(t *testing.T) {
	answer := func(id, data string) string {
		return fmt.Sprintf(`{"type":"response","id":%s,"data":%s,"success":true}`, id, data)
	}
	for _, parallel := range []bool{false, true} {
		bubble(t, juggler.ServerOptions{OnRequest: slow, Parallel: parallel}, func(t *testing.T, s *juggler.Server, n *network) {
			c, got := record(t, n)
			c.send(`{"type":"request","id":1,"name":"3s","data":1}`)
			c.send(`{"type":"request","id":2,"name":"1s","data":1}`)
			c.send(`{"type":"request","id":3,"name":"","data":"alive"}`)
			must(t, c.ws.Ping(t.Context()))
			expect(t, "an empty request and a ping wait for nobody", got(), entry{0, answer("3", `"alive"`)})
			time.Sleep(time.Minute)
			want := []entry{{3 * time.Second, answer("1", `"3s"`)}, {4 * time.Second, answer("2", `"1s"`)}}
			if parallel {
				want = []entry{{1 * time.Second, answer("2", `"1s"`)}, {3 * time.Second, answer("1", `"3s"`)}}
			}
			expect(t, fmt.Sprintf("parallel %v", parallel), got(), want...)
		})
	}
}

func TestParallelRequestsAreBounded(t *testing.T) {
	bubble(t, juggler.ServerOptions{OnRequest: slow, Parallel: true, MaxParallel: 3}, func(t *testing.T, s *juggler.Server, n *network) {
		c, got := record(t, n)
		for range 7 {
			c.send(request("1s", "1"))
		}
		time.Sleep(time.Minute)
		var at []time.Duration
		for _, e := range got() {
			at = append(at, e.at/time.Second)
		}
		if want := []time.Duration{1, 1, 1, 2, 2, 2, 3}; !slices.Equal(at, want) {
			t.Errorf("answers after %d seconds, want %d", at, want)
		}
	})
}

func TestAPongGoesBetweenSegments(t *testing.T) {
	o := juggler.ServerOptions{Transport: juggler.Segmented, OnRequest: answer}
	bubble(t, o, func(t *testing.T, s *juggler.Server, n *network) {
		conn, err := n.dial(t.Context(), "", "")
		must(t, err)
		handshake(t, conn)
		synctest.Wait()
		must(t, s.Conns()[0].Notify(t.Context(), "n", strings.Repeat("ž", 1<<20)))
		synctest.Wait() // the first segment stands in the pipe
		if _, err := conn.Write([]byte{0x81, 0x82, 0, 0, 0, 0, '2', 'x'}); err != nil {
			t.Fatal(err)
		}
		var kinds strings.Builder
		for !strings.HasSuffix(kinds.String(), "0") {
			text, err := readText(conn)
			must(t, err)
			kinds.WriteString(text[:1])
		}
		if got := kinds.String(); !strings.HasPrefix(got, "1") || strings.Index(got, "3") > 3 || strings.Count(got, "1") != 32 {
			t.Errorf("kinds of frames %s: the pong should be among the first", got)
		}
		conn.Close()
	})
}

func TestTheEndOfAConnectionCancelsItsHandlers(t *testing.T) {
	for _, parallel := range []bool{false, true} {
		var ended, started atomic.Int32
		o := juggler.ServerOptions{
			Parallel: parallel,
			OnConnect: func(ctx context.Context, c *juggler.Conn) {
				<-ctx.Done()
				if ce, ok := errors.AsType[*juggler.CloseError](context.Cause(ctx)); !ok || ce.Code != 4001 {
					t.Errorf("the context ended with %v", context.Cause(ctx))
				}
				ended.Add(1)
			},
			OnRequest: func(ctx context.Context, c *juggler.Conn, r juggler.Request) (any, error) {
				started.Add(1)
				<-ctx.Done()
				ended.Add(1)
				return nil, nil
			},
		}
		bubble(t, o, func(t *testing.T, s *juggler.Server, n *network) {
			c, _ := record(t, n)
			c.send(request("wait", "1"))
			c.send(request("wait", "1"))
			synctest.Wait()
			conn := s.Conns()[0]
			must(t, c.ws.Close(4001, "bye"))
			synctest.Wait()
			if got, want := ended.Load(), started.Load()+1; got != want || parallel && want != 3 || !parallel && want != 2 {
				t.Errorf("parallel %v: %d handlers have ended of %d", parallel, got, want)
			}
			if err := conn.Err(); !errors.Is(err, juggler.ErrClosed) {
				t.Errorf("Err: %v", err)
			}
		})
	}
}

func TestWhatIsQueuedIsWrittenBeforeTheEnd(t *testing.T) {
	o := juggler.ServerOptions{Autoflush: juggler.OnFlush, OnConnect: func(ctx context.Context, c *juggler.Conn) {
		for i := range 3 {
			must(t, c.Notify(ctx, "n", i))
		}
		must(t, c.State().Set(nil, 1)) // and this is lost
		c.Close()
		c.Close()
	}}
	bubble(t, o, func(t *testing.T, s *juggler.Server, n *network) {
		_, got := record(t, n)
		expect(t, "before the end", got(),
			entry{0, `{"type":"notify","name":"n","data":0}`},
			entry{0, `{"type":"notify","name":"n","data":1}`},
			entry{0, `{"type":"notify","name":"n","data":2}`},
			entry{0, "closed with StatusNormalClosure"})
	})
}

func TestAPanicInOnConnectEndsItsConnection(t *testing.T) {
	first := true
	o := juggler.ServerOptions{OnConnect: func(context.Context, *juggler.Conn) {
		if first {
			first = false
			panic("the program's")
		}
	}}
	bubble(t, o, func(t *testing.T, s *juggler.Server, n *network) {
		_, got := record(t, n)
		expect(t, "the first", got(), entry{0, "closed with StatusNormalClosure"})
		_, got = record(t, n)
		expect(t, "the second", got())
	})
}

// TestFloodOfRequests: a client that sends and does not read is not read either.
func TestFloodOfRequests(t *testing.T) {
	o := juggler.ServerOptions{OnRequest: answer, QueueLimit: 10_000, WriteTimeout: time.Hour}
	bubble(t, o, func(t *testing.T, s *juggler.Server, n *network) {
		for _, name := range []string{"", "echo"} {
			ws, _, err := websocket.Dial(t.Context(), bubbleAddress, &websocket.DialOptions{HTTPClient: n.client()})
			must(t, err)
			sent := 0
			for err == nil {
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				err = ws.Write(ctx, websocket.MessageText, []byte(request(name, `"`+strings.Repeat("x", 500)+`"`)))
				cancel()
				if sent++; sent > 1000 {
					t.Fatalf("%q: the queue is not bounded", name)
				}
			}
			t.Logf("%q: %d requests of 0.5 KB were taken", name, sent)
			ws.CloseNow()
		}
	})
}

func TestMaxConnections(t *testing.T) {
	bubble(t, juggler.ServerOptions{MaxConnections: 2}, func(t *testing.T, s *juggler.Server, n *network) {
		dial := func() (*juggler.Client, error) {
			return juggler.Connect(t.Context(), bubbleAddress, juggler.ClientOptions{HTTPClient: n.client()})
		}
		var clients []*juggler.Client
		for range 2 {
			c, err := dial()
			must(t, err)
			clients = append(clients, c)
		}
		_, err := dial()
		if he, ok := errors.AsType[*juggler.HandshakeError](err); !ok || he.StatusCode != 503 {
			t.Errorf("a third connection: %v, want 503", err)
		}
		clients[0].Close()
		synctest.Wait()
		c, err := dial()
		must(t, err)
		c.Close()
		clients[1].Close()
	})
}
