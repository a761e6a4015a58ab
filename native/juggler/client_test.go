package juggler_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/weft-sync/weft/core/codec"
	"github.com/weft-sync/weft/native/juggler"
)

// original is a server with the original's messages, written as Python's json.dumps
// writes them: serve has the connection to itself.
func original(t *testing.T, serve func(s *raw)) (address string) {
	t.Helper()
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ws, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		ws.SetReadLimit(-1)
		defer ws.CloseNow()
		serve(&raw{t, ws})
	}))
	t.Cleanup(web.Close)
	return "ws" + strings.TrimPrefix(web.URL, "http") + "/ws"
}

// until reads until the client has gone.
func (r *raw) untilTheEnd() {
	for {
		if _, _, err := r.ws.Read(context.Background()); err != nil {
			return
		}
	}
}

func TestClientWithTheOriginalsMessages(t *testing.T) {
	both(t, func(t *testing.T, tr juggler.Transport) {
		address := original(t, func(s *raw) {
			for _, tc := range []struct {
				want    string
				answers []string
			}{
				{`{"type":"request","id":1,"name":"nm","data":{"k":[1.5,"é"]}}`, []string{
					`{"type": "state", "diff": [{"op": "replace", "path": "", "value": {"a": 1, "b": [1, 2]}}]}`,
					`{"type": "state", "diff": []}`,
					`{"type": "notify", "name": "n", "data": {"a": 1}}`,
					`{"type": "response", "id": 99, "data": null, "success": true}`,
					`{"type": "response", "id": "1", "data": null, "success": true}`,
					`{"type": "response", "id": 1, "data": "\u00e9", "success": true}`,
					`{"type": "response", "id": 1, "data": "again", "success": false}`,
				}},
				{`{"type":"request","id":2,"name":"","data":null}`, []string{
					`{"type": "state", "diff": [{"op": "move", "from": "/a", "path": "/c"}, {"op": "add", "path": "/b/-", "value": 12345678901234567890123}, {"op": "remove", "path": "/b/0"}, {"op": "copy", "from": "/b", "path": "/d"}, {"op": "test", "path": "/c", "value": 1.0}]}`,
					`{"type": "response", "id": 2, "data": {"e": "boom"}, "success": false, "extra": 1}`,
				}},
				{`{"type":"request","id":3,"name":"end","data":[]}`, []string{
					`{"type": "state", "diff": [{"op": "add", "path": "", "value": {"\ud83e\uddf5": NULL}}]}`,
					`{"type": "response", "id": 3, "data": [], "success": true}`,
				}},
			} {
				got := s.read()
				if tr == juggler.Segmented {
					got = strings.TrimPrefix(got, "0")
				}
				if got != tc.want {
					t.Errorf("the client sent %s, want %s", got, tc.want)
				}
				for i, a := range tc.answers {
					a = strings.ReplaceAll(a, "NULL", "null")
					if tr == juggler.Segmented && len(a) > 50 { // cut anywhere, and a ping between
						s.send("1" + a[:30])
						if i == 0 { // later the next request may come before the pong
							s.send("2abc")
							if pong := s.read(); pong != "3abc" {
								t.Errorf("the ping is answered with %q", pong)
							}
						}
						s.send("1" + a[30:50])
						a = a[50:]
					}
					s.send(frame(tr, a))
				}
			}
			s.untilTheEnd()
		})
		notified := make(chan string, 1)
		on, await := states(t)
		c := connect(t, address, juggler.ClientOptions{Transport: tr, OnState: on, OnNotify: func(name string, data json.RawMessage) {
			notified <- name + " " + string(data)
		}})
		if s := c.State().String(); s != "null" {
			t.Errorf("the first state is %s", s)
		}
		data, err := c.Send(t.Context(), "nm", map[string]any{"k": []any{1.5, "é"}})
		if err != nil || !sameJSON(t, string(data), `"é"`) {
			t.Errorf("the answer is %s, %v", data, err)
		}
		await(`{"a":1,"b":[1,2]}`)
		if got := <-notified; got != `n {"a": 1}` {
			t.Errorf("notified of %s", got)
		}
		_, err = c.Send(t.Context(), "", nil)
		if re, ok := errors.AsType[*juggler.RequestError](err); !ok || string(re.Data) != `{"e": "boom"}` {
			t.Errorf("a failure is %v", err)
		}
		if got, want := c.State().String(), `{"b":[2,12345678901234567890123],"c":1,"d":[2,12345678901234567890123]}`; got != want {
			t.Errorf("the state is %s, want %s", got, want)
		}
		if _, err := c.Send(t.Context(), "end", []int{}); err != nil {
			t.Error(err)
		}
		if got := c.State().String(); got != `{"🧵":null}` {
			t.Errorf("the state is %s", got)
		}
	})
}

// TestWhatAServerMustNotSend ends the client's connection with 1000, and its calls with
// an error that says what it was.
func TestWhatAServerMustNotSend(t *testing.T) {
	both(t, func(t *testing.T, tr juggler.Transport) {
		for _, message := range []string{
			``, `{`, `null`, `{}`, `{"type":"request","id":1,"name":"","data":1}`, `{"type":"other"}`, `{"type":1}`,
			`{"type":"response","id":1,"data":1}`, `{"type":"response","data":1,"success":true}`, `{"type":"response","id":1,"success":true}`,
			`{"type":"response","id":1,"data":1,"success":"yes"}`,
			`{"type":"state"}`, `{"type":"state","diff":{}}`, `{"type":"state","diff":[{"op":"remove","path":"/a"}]}`,
			`{"type":"state","diff":[{"op":"add","path":"/a","value":1}]}`, `{"type":"state","diff":[{"op":"become","path":"","value":1}]}`,
			`{"type":"state","diff":[{"op":"replace","path":"","value":"` + strings.Repeat("x", 2000) + `"}]}`,
			`{"type":"notify","data":1}`, `{"type":"notify","name":1,"data":1}`, `{"type":"notify","name":"n"}`,
			"binary",
		} {
			code := make(chan int, 1)
			address := original(t, func(s *raw) {
				s.read()
				if message == "binary" {
					must(t, s.ws.Write(t.Context(), websocket.MessageBinary, []byte(`0{"type":"state","diff":[]}`)))
				} else {
					s.send(frame(tr, message))
				}
				c, _ := s.closed()
				code <- c
			})
			c := connect(t, address, juggler.ClientOptions{Transport: tr, StateLimit: 1000, OnNotify: func(string, json.RawMessage) {}})
			_, err := c.Send(t.Context(), "x", nil)
			if _, ok := errors.AsType[*codec.PeerError](err); !ok || !errors.Is(err, juggler.ErrClosed) {
				t.Errorf("%.60s: Send: %v", message, err)
			}
			if got := <-code; got != 1000 {
				t.Errorf("%.60s: closed with %d", message, got)
			}
		}
	})
}

func TestTheClientsReadLimit(t *testing.T) {
	code := make(chan int, 1)
	address := original(t, func(s *raw) {
		s.send(`{"type":"notify","name":"n","data":"` + strings.Repeat("x", 1000) + `"}`)
		c, _ := s.closed()
		code <- c
	})
	c := connect(t, address, juggler.ClientOptions{ReadLimit: 1000})
	<-c.Done()
	if pe, ok := errors.AsType[*codec.PeerError](c.Err()); !ok || pe.Code != codec.TooLarge {
		t.Errorf("Err: %v", c.Err())
	}
	if got := <-code; got != 1009 {
		t.Errorf("closed with %d", got)
	}
}

func TestSendThatIsGivenUp(t *testing.T) {
	_, address := start(t, juggler.ServerOptions{Parallel: true, OnRequest: func(ctx context.Context, c *juggler.Conn, r juggler.Request) (any, error) {
		if r.Name == "never" {
			<-ctx.Done()
		}
		return r.Data, nil
	}})
	c := connect(t, address, juggler.ClientOptions{})
	ctx, cancel := context.WithCancelCause(t.Context())
	given := errors.New("given up")
	time.AfterFunc(10*time.Millisecond, func() { cancel(given) })
	if _, err := c.Send(ctx, "never", nil); !errors.Is(err, given) {
		t.Errorf("Send: %v", err)
	}
	if _, err := c.Send(t.Context(), "nan", math.NaN()); err == nil {
		t.Error("NaN is sent")
	} else if errors.Is(err, juggler.ErrClosed) {
		t.Errorf("NaN: %v", err)
	}
	var wg sync.WaitGroup
	for i := range 100 { // and the connection is as good as before
		wg.Go(func() {
			if data, err := c.Send(t.Context(), "echo", i); err != nil || string(data) != fmt.Sprint(i) {
				t.Errorf("%d: %s, %v", i, data, err)
			}
		})
	}
	wg.Wait()
	pending := make(chan error)
	go func() {
		_, err := c.Send(t.Context(), "never", nil)
		pending <- err
	}()
	c.Close()
	if err := <-pending; !errors.Is(err, juggler.ErrClosed) {
		t.Errorf("a pending Send: %v", err)
	}
	if _, err := c.Send(t.Context(), "echo", 1); !errors.Is(err, juggler.ErrClosed) {
		t.Errorf("Send after Close: %v", err)
	}
	c.Close()
}

// TestCallbacksMaySend: an answer is read while a callback waits for it.
func TestCallbacksMaySend(t *testing.T) {
	_, address := start(t, juggler.ServerOptions{Autoflush: juggler.EveryChange, OnRequest: func(ctx context.Context, c *juggler.Conn, r juggler.Request) (any, error) {
		if r.Name == "start" {
			must(t, c.State().Set(nil, 1))
			return nil, c.Notify(ctx, "n", nil)
		}
		return r.Data, nil
	}})
	var c *juggler.Client
	got := make(chan string, 2)
	ready := make(chan struct{})
	ask := func(what string) {
		<-ready
		data, err := c.Send(context.Background(), "echo", what)
		if err != nil {
			t.Error(err)
		}
		got <- string(data)
	}
	c = connect(t, address, juggler.ClientOptions{
		OnNotify: func(name string, _ json.RawMessage) { ask(name) },
		OnState:  func(s juggler.Snapshot) { ask(s.String()) },
	})
	close(ready)
	if _, err := c.Send(t.Context(), "start", nil); err != nil {
		t.Fatal(err)
	}
	if a, b := <-got, <-got; a != `"1"` || b != `"n"` {
		t.Errorf("the callbacks were answered %s and %s", a, b)
	}
}

func TestBacklog(t *testing.T) {
	code := make(chan int, 1)
	address := original(t, func(s *raw) {
		go func() {
			for {
				text := `{"type":"notify","name":"n","data":"` + strings.Repeat("x", 100) + `"}`
				if s.ws.Write(context.Background(), websocket.MessageText, []byte(text)) != nil {
					return
				}
			}
		}()
		c, _ := s.closed()
		code <- c
	})
	free := make(chan struct{})
	c := connect(t, address, juggler.ClientOptions{QueueLimit: 10_000, OnNotify: func(string, json.RawMessage) { <-free }})
	<-c.Done()
	close(free)
	if err := c.Err(); !errors.Is(err, juggler.ErrBacklog) || !errors.Is(err, juggler.ErrClosed) {
		t.Errorf("Err: %v", err)
	}
	if got := <-code; got != 1000 {
		t.Errorf("closed with %d", got)
	}
}
