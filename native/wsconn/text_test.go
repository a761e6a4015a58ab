package wsconn_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"github.com/weft-sync/weft/core/codec"
	"github.com/weft-sync/weft/native/wsconn"
)

func TestTextMessagesBothWays(t *testing.T) {
	for _, compression := range []bool{false, true} {
		o := wsconn.Options{Text: true, Compression: compression}
		s, c := pair(t, o, o)
		for _, want := range []string{"", "a", "žluťoučký 🧵", strings.Repeat("é", 100_000)} {
			for _, dir := range []struct{ from, to *wsconn.Conn }{{c, s}, {s, c}} {
				sent := make(chan error, 1)
				go func() { sent <- dir.from.Write([][]byte{[]byte(want)}) }()
				if got, err := dir.to.Read(); err != nil || string(got) != want {
					t.Fatalf("compression %v: %d bytes, %v; want %d", compression, len(got), err, len(want))
				}
				if err := <-sent; err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}

func TestTheOtherKindIsThePeersFault(t *testing.T) {
	for _, tc := range []struct {
		name    string
		kind    websocket.MessageType
		payload string
		code    codec.CloseCode
	}{
		{"binary", websocket.MessageBinary, "hello", codec.UnsupportedData},
		{"not UTF-8", websocket.MessageText, "a\xffb", 1007},
		{"half a character", websocket.MessageText, "\xc3", 1007},
	} {
		t.Run(tc.name, func(t *testing.T) {
			url, accepted := listen(t, wsconn.Options{Text: true})
			ws, _, err := websocket.Dial(t.Context(), url, nil)
			if err != nil {
				t.Fatal(err)
			}
			defer ws.CloseNow()
			s := <-accepted
			defer s.Abort()
			if err := ws.Write(context.Background(), tc.kind, []byte(tc.payload)); err != nil {
				t.Fatal(err)
			}
			_, err = s.Read()
			if pe, ok := errors.AsType[*codec.PeerError](err); !ok || pe.Code != tc.code {
				t.Fatalf("%v, want a PeerError with %v", err, tc.code)
			}
		})
	}
}
