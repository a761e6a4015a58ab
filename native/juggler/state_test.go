package juggler_test

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/weft-sync/weft/native/juggler"
)

// set changes the connection's state from OnRequest: {"set": [path, value]}.
func setter(ctx context.Context, c *juggler.Conn, r juggler.Request) (any, error) {
	var args []json.RawMessage
	if err := json.Unmarshal(r.Data, &args); err != nil {
		return nil, err
	}
	for i := 0; i+1 < len(args); i += 2 {
		path, err := juggler.ParsePath(args[i])
		if err != nil {
			return nil, err
		}
		if err := c.State().Set(path, args[i+1]); err != nil {
			return nil, err
		}
	}
	if r.Name == "flush" {
		return nil, c.Flush(ctx)
	}
	return nil, nil
}

// request is the text of a request with the id 1.
func request(name, data string) string {
	return `{"type":"request","id":1,"name":"` + name + `","data":` + data + `}`
}

const done = `{"type":"response","id":1,"data":null,"success":true}`

// TestEveryChangeIsAMessage: with EveryChange changes are never merged, and a flush is
// over when all are sent.
func TestEveryChangeIsAMessage(t *testing.T) {
	_, address := start(t, juggler.ServerOptions{Autoflush: juggler.EveryChange, OnRequest: setter})
	c := dialRaw(t, address, nil)
	c.send(request("flush", `["a",1,"a",1.0,"a",1.0,["b",1],[true],"a",2]`))
	for _, want := range []string{
		`{"type":"state","diff":[{"op":"replace","path":"","value":{"a":1}}]}`,
		`{"type":"state","diff":[{"op":"replace","path":"/a","value":1.0}]}`,
		`{"type":"state","diff":[{"op":"add","path":"/b","value":[null,[true]]}]}`,
		`{"type":"state","diff":[{"op":"replace","path":"/a","value":2}]}`,
		done,
	} {
		if got := c.read(); !sameJSON(t, got, want) {
			t.Errorf("got %s\nwant %s", got, want)
		}
	}
}

// TestOnFlush: nothing is sent without a flush, what is there in the beginning too.
func TestOnFlush(t *testing.T) {
	state, err := juggler.NewState(map[string]any{"first": []int{1}})
	if err != nil {
		t.Fatal(err)
	}
	_, address := start(t, juggler.ServerOptions{Autoflush: juggler.OnFlush, State: state, OnRequest: setter})
	c := dialRaw(t, address, nil)
	for _, tc := range []struct {
		request string
		want    []string
	}{
		{request("set", `["a",1]`), []string{done}},
		{request("set", `["a",2]`), []string{done}},
		{request("flush", `[]`), []string{`{"type":"state","diff":[{"op":"replace","path":"","value":{"a":2,"first":[1]}}]}`, done}},
		{request("flush", `[]`), []string{done}},            // no change, no message
		{request("flush", `["a",3,"a",2]`), []string{done}}, // and back again
		{request("flush", `[[],null]`), []string{`{"type":"state","diff":[{"op":"replace","path":"","value":null}]}`, done}},
		{request("flush", `[[],null]`), []string{done}},
	} {
		c.send(tc.request)
		for _, want := range tc.want {
			if got := c.read(); !sameJSON(t, got, want) {
				t.Errorf("%s: got %s\nwant %s", tc.request, got, want)
			}
		}
	}
}

func TestOwnAndSharedStates(t *testing.T) {
	shared, err := juggler.NewState(1)
	if err != nil {
		t.Fatal(err)
	}
	for _, state := range []*juggler.State{nil, shared} {
		_, address := start(t, juggler.ServerOptions{Autoflush: juggler.EveryChange, State: state, OnRequest: setter})
		onA, awaitA := states(t)
		onB, awaitB := states(t)
		a := connect(t, address, juggler.ClientOptions{OnState: onA})
		b := connect(t, address, juggler.ClientOptions{OnState: onB})
		if _, err := a.Send(t.Context(), "set", []any{"from", "a"}); err != nil {
			t.Fatal(err)
		}
		awaitA(`{"from":"a"}`)
		if state != nil {
			awaitB(`{"from":"a"}`)
			continue
		}
		if _, err := b.Send(t.Context(), "set", []any{"from", "b"}); err != nil {
			t.Fatal(err)
		}
		awaitB(`{"from":"b"}`)
		if got := a.State().String(); got != `{"from":"a"}` {
			t.Errorf("the other one's own state is %s", got)
		}
	}
}

// TestStateSequences sends states with moves, nested lists, unicode, large numbers and
// megabytes, and compares what the client has after each.
func TestStateSequences(t *testing.T) {
	size := 6 << 20
	if testing.Short() {
		size = 1 << 20
	}
	big := strings.Repeat("ž🧵", size/6)
	both(t, func(t *testing.T, tr juggler.Transport) {
		for _, delay := range []struct {
			name string
			o    juggler.ServerOptions
		}{{"every change", juggler.ServerOptions{Autoflush: juggler.EveryChange}}, {"on flush", juggler.ServerOptions{Autoflush: juggler.OnFlush}}} {
			t.Run(delay.name, func(t *testing.T) {
				o := delay.o
				o.Transport, o.OnRequest, o.State = tr, setter, new(juggler.State)
				_, address := start(t, o)
				on, await := states(t)
				c := connect(t, address, juggler.ClientOptions{Transport: tr, OnState: on})
				for _, state := range []string{
					`{"a":{"x":[1,2,3]},"l":[[1,[2,[3]]],[4]]}`,
					`{"b":{"x":[1,2,3]},"l":[[4],[1,[2,[3]]]]}`,
					`{"b":{"x":[3,2,1]},"l":[[4],[1,[true,[3]]]]}`,
					`{"č":"žluťoučký 🧵","/~":{"":0},"n":[12345678901234567890123456789,1e400,1.0]}`,
					`{"č":"žluťoučký 🧵","/~":{"":1},"n":[12345678901234567890123456788,1e400,1]}`,
					`[0]`, `[false]`, `"text"`, `0`, `[]`,
					`{"big":"` + big + `"}`,
					`{"moved":"` + big + `","and":1}`,
					`null`,
				} {
					if err := o.State.Set(nil, json.RawMessage(state)); err != nil {
						t.Fatal(err)
					}
					if _, err := c.Send(t.Context(), "flush", []int{}); err != nil {
						t.Fatal(err)
					}
					await(state)
				}
			})
		}
	})
}

func TestPathsOfRequests(t *testing.T) {
	for _, tc := range []struct {
		text string
		want juggler.Path // nil is a refusal
	}{
		{`"a"`, juggler.Path{"a"}},
		{`""`, juggler.Path{""}},
		{`3`, juggler.Path{3}},
		{`-1`, juggler.Path{-1}},
		{`[]`, juggler.Path{}},
		{`["a",[0,["b"],[]]]`, juggler.Path{"a", 0, "b"}},
		{`null`, nil}, {`true`, nil}, {`1.5`, nil}, {`1e30`, nil}, {`{}`, nil}, {`["a",null]`, nil}, {`[[true]]`, nil}, {``, nil},
	} {
		got, err := juggler.ParsePath(json.RawMessage(tc.text))
		if tc.want == nil {
			if !errors.Is(err, juggler.ErrPath) {
				t.Errorf("%s: %v, %v", tc.text, got, err)
			}
		} else if err != nil || !slices.Equal(got, tc.want) {
			t.Errorf("%s: %v, %v; want %v", tc.text, got, err, tc.want)
		}
	}
}

// TestSnapshotsAsAnswers: a handler may return one, and choose its error's data.
func TestSnapshotsAsAnswers(t *testing.T) {
	_, address := start(t, juggler.ServerOptions{OnRequest: func(_ context.Context, c *juggler.Conn, r juggler.Request) (any, error) {
		if r.Name == "fail" {
			return nil, juggler.Fail(c.State().Snapshot())
		}
		return c.State().Snapshot(), c.State().Set(juggler.Path{"l", 1}, r.Data)
	}})
	c := connect(t, address, juggler.ClientOptions{})
	for _, want := range []string{`null`, `{"l":[null,1.50]}`} {
		if data, err := c.Send(t.Context(), "x", json.RawMessage("1.50")); err != nil || string(data) != want {
			t.Errorf("%s, %v; want %s", data, err, want)
		}
	}
	_, err := c.Send(t.Context(), "fail", nil)
	if re, ok := errors.AsType[*juggler.RequestError](err); !ok || string(re.Data) != `{"l":[null,1.50]}` {
		t.Errorf("%v", err)
	}
	if _, ok := errors.AsType[*juggler.RequestError](juggler.Fail(math.Inf(1))); ok {
		t.Error("infinity is the data of an error")
	}
}

func TestWhatAStateRefuses(t *testing.T) {
	s, err := juggler.NewState(map[string]int{"a": 1})
	if err != nil {
		t.Fatal(err)
	}
	before := s.Snapshot()
	for _, f := range []func() error{
		func() error { return s.Set(juggler.Path{"a"}, math.NaN()) },
		func() error { return s.Set(juggler.Path{"a"}, func() {}) },
		func() error { return s.Set(juggler.Path{"a"}, json.RawMessage("{")) },
		func() error { return s.Set(juggler.Path{true}, 1) },
		func() error { return s.Set(juggler.Path{"l", 1 << 30}, 1) },
		func() error { return s.Remove(juggler.Path{1.5}) },
	} {
		if err := f(); err == nil {
			t.Errorf("no error, and the state is %v", s.Snapshot())
		}
	}
	if !s.Snapshot().Equal(before) {
		t.Errorf("the state is %v", s.Snapshot())
	}
	if err := s.Set(juggler.Path{"b"}, s.Snapshot()); err != nil {
		t.Error(err)
	}
	var got struct{ B map[string]int }
	if part, ok := s.Get(juggler.Path{"b"}); !ok || part.String() != `{"a":1}` {
		t.Errorf("b is %v, %v", part, ok)
	}
	if err := s.Snapshot().Decode(&got); err != nil || got.B["a"] != 1 {
		t.Errorf("%+v, %v", got, err)
	}
}
