package juggler_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"github.com/weft-sync/weft/native/juggler"
)

// answer is the handler of the tables below.
func answer(_ context.Context, _ *juggler.Conn, r juggler.Request) (any, error) {
	switch r.Name {
	case "echo":
		return r.Data, nil
	case "fail":
		return nil, errors.New("boom")
	case "failwith":
		return nil, &juggler.RequestError{Data: r.Data}
	case "nothing":
		return nil, nil
	case "panic":
		panic("the handler's")
	case "unencodable":
		return func() {}, nil
	}
	return nil, fmt.Errorf("unknown request %q", r.Name)
}

// frames wraps messages for a transport.
func frame(tr juggler.Transport, text string) string {
	if tr == juggler.Segmented {
		return "0" + text
	}
	return text
}

var transports = []juggler.Transport{juggler.Plain, juggler.Segmented}

func both(t *testing.T, f func(t *testing.T, tr juggler.Transport)) {
	for _, tr := range transports {
		t.Run(tr.String(), func(t *testing.T) { f(t, tr) })
	}
}

// TestAnswers has requests as Python's and JavaScript's clients write them, and what
// the original answers.
func TestAnswers(t *testing.T) {
	both(t, func(t *testing.T, tr juggler.Transport) {
		_, address := start(t, juggler.ServerOptions{Transport: tr, OnRequest: answer})
		c := dialRaw(t, address, nil)
		for _, tc := range []struct{ request, want string }{
			{`{"type": "request", "id": 1, "name": "echo", "data": {"k": [1.0, "\u00e9"]}}`, `{"type":"response","id":1,"data":{"k":[1.0,"é"]},"success":true}`},
			{`{"type":"request","id":1,"name":"echo","data":null}`, `{"type":"response","id":1,"data":null,"success":true}`},
			{`{"type":"request","id":2,"name":"fail","data":null}`, `{"type":"response","id":2,"data":"boom","success":false}`},
			{`{"type":"request","id":2,"name":"failwith","data":{"a":1}}`, `{"type":"response","id":2,"data":{"a":1},"success":false}`},
			{`{"type":"request","id":2,"name":"nothing","data":[]}`, `{"type":"response","id":2,"data":null,"success":true}`},
			{`{"type":"request","id":2,"name":"nm","data":[]}`, `{"type":"response","id":2,"data":"unknown request \"nm\"","success":false}`},

			// Numbers keep their text, large ones too.
			{`{"type":"request","id":3,"name":"echo","data":[1,1.0,1e2,-0,12345678901234567890123,0.1000]}`, `{"type":"response","id":3,"data":[1,1.0,1e2,-0,12345678901234567890123,0.1000],"success":true}`},
			{`{"type":"request","id":3,"name":"echo","data":"<\u2028\"\\🧵\u0000>"}`, `{"type":"response","id":3,"data":"<\u2028\"\\🧵\u0000>","success":true}`},

			// The id comes back, whatever it is.
			{`{"type":"request","id":"x","name":"echo","data":1}`, `{"type":"response","id":"x","data":1,"success":true}`},
			{`{"type":"request","id":1.50,"name":"echo","data":1}`, `{"type":"response","id":1.50,"data":1,"success":true}`},
			{`{"type":"request","id":null,"name":"echo","data":1}`, `{"type":"response","id":null,"data":1,"success":true}`},
			{`{"type":"request","id":{"a":[]},"name":"","data":1}`, `{"type":"response","id":{"a":[]},"data":1,"success":true}`},

			// A name that Python takes for false is an echo.
			{`{"type":"request","id":4,"name":"","data":{"a":"b"}}`, `{"type":"response","id":4,"data":{"a":"b"},"success":true}`},
			{`{"type":"request","id":4,"name":null,"data":1}`, `{"type":"response","id":4,"data":1,"success":true}`},
			{`{"type":"request","id":4,"name":0,"data":1}`, `{"type":"response","id":4,"data":1,"success":true}`},
			{`{"type":"request","id":4,"name":-0.00e5,"data":1}`, `{"type":"response","id":4,"data":1,"success":true}`},
			{`{"type":"request","id":4,"name":false,"data":1}`, `{"type":"response","id":4,"data":1,"success":true}`},
			{`{"type":"request","id":4,"name":[],"data":1}`, `{"type":"response","id":4,"data":1,"success":true}`},
			{`{"type":"request","id":4,"name":{ },"data":1}`, `{"type":"response","id":4,"data":1,"success":true}`},
			{`{"type":"request","id":4,"name":" ","data":1}`, `{"type":"response","id":4,"data":"unknown request \" \"","success":false}`},
			{`{"type":"request","id":4,"name":"0","data":1}`, `{"type":"response","id":4,"data":"unknown request \"0\"","success":false}`},
			// Others that are no strings fail.
			{`{"type":"request","id":4,"name":0.1,"data":1}`, `{"type":"response","id":4,"data":"the name is no string","success":false}`},
			{`{"type":"request","id":4,"name":true,"data":1}`, `{"type":"response","id":4,"data":"the name is no string","success":false}`},
			{`{"type":"request","id":4,"name":[0],"data":1}`, `{"type":"response","id":4,"data":"the name is no string","success":false}`},

			{`{"type":"request","id":5,"name":"echo"}`, `{"type":"response","id":5,"data":"'data'","success":false}`},
			{`{"type":"request","id":5,"name":"echo","data":1,"more":2,"Name":"fail","ID":6}`, `{"type":"response","id":5,"data":1,"success":true}`},
			{`{"id":5,"type":"state","id":6,"name":"fail","name":"echo","data":1,"type":"request"}`, `{"type":"response","id":6,"data":1,"success":true}`},
			{" \t{\"type\" :\"request\", \"id\":7,\n\"name\":\"echo\",\"data\": [ ] }\n", `{"type":"response","id":7,"data":[],"success":true}`},

			// A handler's fault is its request's failure.
			{`{"type":"request","id":8,"name":"panic","data":1}`, `{"type":"response","id":8,"data":"internal error","success":false}`},
			{`{"type":"request","id":8,"name":"unencodable","data":1}`, `{"type":"response","id":8,"data":"json: unsupported type: func()","success":false}`},
			{`{"type":"request","id":8,"name":"echo","data":1}`, `{"type":"response","id":8,"data":1,"success":true}`},
		} {
			c.send(frame(tr, tc.request))
			got := c.read()
			if tr == juggler.Segmented {
				got = strings.TrimPrefix(got, "0")
			}
			if !sameJSON(t, got, tc.want) {
				t.Errorf("%s:\n got %s\nwant %s", tc.request, got, tc.want)
			}
			// The order of members is the original's.
			if !strings.HasPrefix(got, `{"type":"response","id":`) || !strings.Contains(got, `,"data":`) {
				t.Errorf("members in another order: %s", got)
			}
		}
	})
}

// TestTheTextOfDataIsKept: what Go's strings cannot hold comes back all the same.
func TestTheTextOfDataIsKept(t *testing.T) {
	_, address := start(t, juggler.ServerOptions{OnRequest: answer})
	c := dialRaw(t, address, nil)
	for _, name := range []string{"", "echo"} {
		c.send(request(name, `"\ud800 \u00e9 <&>"`))
		if got, want := c.read(), `{"type":"response","id":1,"data":"\ud800 \u00e9 <&>","success":true}`; got != want {
			t.Errorf("%q: %s, want %s", name, got, want)
		}
	}
}

func TestAnswersWithoutAHandler(t *testing.T) {
	_, address := start(t, juggler.ServerOptions{})
	c := dialRaw(t, address, nil)
	for _, tc := range []struct{ request, want string }{
		{`{"type":"request","id":1,"name":"nm","data":1}`, `{"type":"response","id":1,"data":"request handler not implemented","success":false}`},
		{`{"type":"request","id":1,"name":"nm"}`, `{"type":"response","id":1,"data":"request handler not implemented","success":false}`},
		{`{"type":"request","id":2,"name":"","data":1}`, `{"type":"response","id":2,"data":1,"success":true}`},
	} {
		c.send(tc.request)
		if got := c.read(); !sameJSON(t, got, tc.want) {
			t.Errorf("%s: %s, want %s", tc.request, got, tc.want)
		}
	}
}

// TestWhatEndsTheConnection: with 1000 and without a reason, as the original does.
func TestWhatEndsTheConnection(t *testing.T) {
	both(t, func(t *testing.T, tr juggler.Transport) {
		s, address := start(t, juggler.ServerOptions{Transport: tr, OnRequest: answer})
		witness := connect(t, address, juggler.ClientOptions{Transport: tr})
		type message struct {
			kind websocket.MessageType
			text string
		}
		text := func(s string) message { return message{websocket.MessageText, frame(tr, s)} }
		messages := []message{
			text(``), text(`{`), text(`null`), text(`[]`), text(`1`), text(`"request"`), text(`hello`), text(`{"type":"request"} x`),
			text(`{}`), text(`{"type":null}`), text(`{"type":1}`), text(`{"type":"Request","id":1,"name":"","data":1}`),
			text(`{"type":"response","id":1,"data":1,"success":true}`), text(`{"type":"state","diff":[]}`), text(`{"type":"notify","name":"a","data":1}`),
			text(`{"type":"request","name":"echo","data":1}`), text(`{"type":"request","ID":1,"name":"echo","data":1}`),
			text(`{"type":"request","id":1,"data":1}`), text(`{"type":"request","id":1,"name":""}`),
			text(`{"type":"request","id":1,"name":"","data":NaN}`),
			text(`{"type":"request","id":1,"name":"echo","data":` + strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000) + `}`),
			{websocket.MessageBinary, frame(tr, `{"type":"request","id":1,"name":"","data":1}`)},
			{websocket.MessageText, frame(tr, "{\"type\":\"request\",\"id\":1,\"name\":\"\",\"data\":\"\xff\"}")},
		}
		if tr == juggler.Segmented {
			messages = append(messages, message{websocket.MessageText, ""}, message{websocket.MessageText, "4"},
				message{websocket.MessageText, `{"type":"request","id":1,"name":"","data":1}`})
		} else {
			messages = append(messages, message{websocket.MessageText, `0{"type":"request","id":1,"name":"","data":1}`})
		}
		for _, m := range messages {
			c := dialRaw(t, address, nil)
			if tr == juggler.Segmented && m.text == "0" {
				c.send("1") // nothing, in two segments
			}
			if err := c.ws.Write(t.Context(), m.kind, []byte(m.text)); err != nil {
				t.Fatal(err)
			}
			if code, reason := c.closed(); code != 1000 || reason != "" {
				t.Errorf("%.80q: closed with %d %q, want 1000", m.text, code, reason)
			}
		}
		if _, err := witness.Send(t.Context(), "echo", 1); err != nil {
			t.Errorf("another connection has noticed: %v", err)
		}
		_ = s
	})
}

func TestTooLarge(t *testing.T) {
	request := func(size int) string {
		head, tail := `{"type":"request","id":1,"name":"","data":"`, `"}`
		return head + strings.Repeat("x", size-len(head)-len(tail)) + tail
	}
	t.Run("plain", func(t *testing.T) {
		_, address := start(t, juggler.ServerOptions{})
		c := dialRaw(t, address, nil)
		c.send(request(4194303))
		if got := c.read(); len(got) < 4194303 {
			t.Errorf("an answer of %d bytes", len(got))
		}
		c.send(request(4194304))
		if code, _ := c.closed(); code != 1009 {
			t.Errorf("closed with %d, want 1009", code)
		}
	})
	t.Run("segmented", func(t *testing.T) {
		_, address := start(t, juggler.ServerOptions{Transport: juggler.Segmented, ReadLimit: 300_000})
		c := dialRaw(t, address, nil)
		send := func(text string) {
			for len(text) > 65536 {
				c.send("1" + text[:65536])
				text = text[65536:]
			}
			c.send("0" + text)
		}
		send(request(300_000))
		for got := c.read(); got[0] == '1'; got = c.read() {
			if len(got) != 65537 {
				t.Errorf("a segment of %d bytes", len(got)-1)
			}
		}
		go send(request(300_001)) // the server may not wait for all of it
		if code, _ := c.closed(); code != 1009 {
			t.Errorf("closed with %d, want 1009", code)
		}
	})
}
