package server

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/coder/websocket"

	"github.com/weft-sync/weft/core/codec"
	"github.com/weft-sync/weft/core/coretest"
	"github.com/weft-sync/weft/core/lib0"
)

func frame(kind codec.Kind, payload []byte) []byte {
	return codec.AppendY(nil, codec.Message{Kind: kind, Payload: payload})
}

// gap returns an update with one struct of the given kind (GC is 0, Skip 10) and
// length.
func gap(kind byte, length uint64) []byte {
	b := []byte{1, 1, 1, 0, kind} // one client, one struct, client 1, clock 0
	return append(lib0.AppendUint(b, length), 0)
}

// hugeLength is the nine-byte update of peers.md: a count of structs that no
// memory would hold.
var hugeLength = []byte{1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f}

func TestBadFramesCloseOneConnectionOnly(t *testing.T) {
	over := []byte{0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x10} // varint 2^53
	update := coretest.Typing(77, 0, nil, "hello")
	cases := []struct {
		name  string
		frame []byte
		code  codec.CloseCode
	}{
		{"empty frame", []byte{}, codec.BadMessage},
		{"unknown message", []byte{9, 0}, codec.BadMessage},
		{"unknown sync message", []byte{0, 3, 0}, codec.BadMessage},
		{"auth from a client", frame(codec.Auth, []byte("no")), codec.BadMessage},
		{"trailing byte", append(frame(codec.SyncUpdate, update), 0), codec.BadMessage},
		{"two messages", bytes.Repeat(frame(codec.SyncUpdate, update), 2), codec.BadMessage},
		{"update of nine bytes with a huge length", frame(codec.SyncUpdate, hugeLength), codec.BadMessage},
		{"step 2 of nine bytes with a huge length", frame(codec.SyncStep2, hugeLength), codec.BadMessage},
		{"GC past 2^53", frame(codec.SyncUpdate, append([]byte{1, 1, 1, 0, 0}, append(over, 0)...)), codec.BadMessage},
		{"Skip past 2^53", frame(codec.SyncUpdate, append([]byte{1, 1, 1, 0, 10}, append(over, 0)...)), codec.BadMessage},
		{"GC whose end is past 2^53", frame(codec.SyncUpdate, append(append(append([]byte{1, 1, 1}, lib0.AppendUint(nil, lib0.MaxSafeInteger)...), 0), 2, 0)), codec.BadMessage},
		{"GC of no length", frame(codec.SyncUpdate, gap(0, 0)), codec.BadMessage},
		{"update without bytes", frame(codec.SyncUpdate, nil), codec.BadMessage},
		{"state vector without bytes", frame(codec.SyncStep1, nil), codec.BadMessage},
		{"state vector with a huge count", frame(codec.SyncStep1, over), codec.BadMessage},
		{"awareness without bytes", frame(codec.Awareness, nil), codec.BadMessage},
		{"awareness with a huge count", frame(codec.Awareness, hugeLength), codec.BadMessage},
		{"awareness that is no JSON", frame(codec.Awareness, []byte{1, 1, 1, 1, '{'}), codec.BadMessage},
		{"length over the frame's end", []byte{0, 2, 0xff, 0xff, 0x03, 1}, codec.BadMessage},
		{"message over the limit", frame(codec.SyncUpdate, make([]byte, 10_001)), codec.TooLarge},
	}
	for _, f := range [][]byte{
		frame(codec.SyncUpdate, update),
		frame(codec.SyncStep1, []byte{1, 77, 5}),
		frame(codec.Awareness, []byte{1, 1, 1, 2, '{', '}'}),
	} {
		for cut := range f {
			cases = append(cases, struct {
				name  string
				frame []byte
				code  codec.CloseCode
			}{fmt.Sprintf("%x cut at %d", f, cut), f[:cut], codec.BadMessage})
		}
	}

	s := serve(t, Config{ReadLimit: 10_000})
	a, b := s.join("doc"), s.join("doc")
	for i, tc := range cases {
		bad := s.join("doc")
		if i%2 == 0 {
			bad = s.dial("doc") // that it is bad is its first word
		}
		bad.write(tc.frame)
		if ce := bad.closed(); ce.Code != tc.code || ce.Reason == "" {
			t.Errorf("%s: closed with %v %q, want %v and a reason", tc.name, ce.Code, ce.Reason, tc.code)
		}
		a.typ("x")
		b.sees(a)
	}
	eventually(t, "all are counted", func() bool { return s.Stats().PeerErrors == uint64(len(cases)) })
	if n := s.Stats().Panics; n != 0 {
		t.Errorf("%d panics", n)
	}
	late := s.join("doc")
	same(t, "the document", late.doc, a.doc)
}

func TestTextFramesAreRefused(t *testing.T) {
	s := serve(t, Config{})
	other := s.join("doc")
	for _, text := range []string{"", "hello", string([]byte{0, 0, 1, 0})} {
		ws, _, err := websocket.Dial(t.Context(), s.url+"/doc", &websocket.DialOptions{HTTPClient: noKeepAlive})
		if err != nil {
			t.Fatal(err)
		}
		if err := ws.Write(t.Context(), websocket.MessageText, []byte(text)); err != nil {
			t.Fatal(err)
		}
		if _, _, err = ws.Read(t.Context()); websocket.CloseStatus(err) != websocket.StatusUnsupportedData {
			t.Errorf("text %q: %v, want a close with 1003", text, err)
		}
		ws.CloseNow()
	}
	other.query()
}

func TestGapsAreKeptAndFilled(t *testing.T) {
	// Not bad at all: a Skip that says what the sender lacks, and the filling.
	s := serve(t, Config{})
	a, b := s.join("doc"), s.join("doc")
	first, second := a.edit("one"), a.edit("two")
	a.send(codec.SyncUpdate, gap(10, 1<<40))
	a.send(codec.SyncUpdate, second)
	a.send(codec.SyncUpdate, first)
	b.sees(a)
	late := s.join("doc")
	same(t, "the document", late.doc, a.doc)
}
