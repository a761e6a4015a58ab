package client

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/weft-sync/weft/core/codec"
	"github.com/weft-sync/weft/core/coretest"
	"github.com/weft-sync/weft/core/update"
	"github.com/weft-sync/weft/native/wsconn"
)

// TestServerFaults: the client ends the connection with a code, says why, and tries
// again.
func TestServerFaults(t *testing.T) {
	for _, tt := range []struct {
		name string
		do   func(conn *wsconn.Conn)
		o    Options
		code codec.CloseCode // that the server gets
		want codec.CloseCode // of the PeerError
	}{
		{"no message", func(conn *wsconn.Conn) { _ = conn.Write([][]byte{{}}) }, Options{}, codec.BadMessage, codec.BadMessage},
		{"malformed update", func(conn *wsconn.Conn) { send(conn, codec.SyncUpdate, []byte{1}) }, Options{}, codec.BadMessage, codec.BadMessage},
		{"malformed state vector", func(conn *wsconn.Conn) { send(conn, codec.SyncStep1, []byte{9}) }, Options{}, codec.BadMessage, codec.BadMessage},
		{"malformed presence", func(conn *wsconn.Conn) { send(conn, codec.Awareness, []byte{9}) }, Options{}, codec.BadMessage, codec.BadMessage},
		{"too large", func(conn *wsconn.Conn) { _ = conn.Write([][]byte{make([]byte, 2000)}) }, Options{ReadLimit: 1000}, codec.TooLarge, codec.TooLarge},
		{"silence", func(*wsconn.Conn) {}, Options{Timeout: 50 * time.Millisecond}, codeTimeout, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			codes := make(chan codec.CloseCode, 1)
			addr := script(t, func(attempt int, conn *wsconn.Conn) {
				switch attempt {
				case 1:
					tt.do(conn)
					codes <- closedWith(drainConn(conn))
				default:
					welcome(conn)
					drainConn(conn)
				}
			})
			var lost error
			told := make(chan struct{})
			tt.o.OnStatus = func(s Status, err error) {
				if s == Disconnected && lost == nil {
					lost = err
					close(told)
				}
			}
			p := open(t, addr, "notes", tt.o)
			p.connect()
			if code := <-codes; code != tt.code {
				t.Errorf("closed with %v, want %v", code, tt.code)
			}
			<-told
			if pe, ok := errors.AsType[*codec.PeerError](lost); tt.want != 0 && (!ok || pe.Code != tt.want) {
				t.Errorf("told %v, want a PeerError with %v", lost, tt.want)
			} else if lost == nil {
				t.Error("told no reason")
			}
			p.synced()
		})
	}
}

// TestTextMessage: wsconn cannot send one, so this server is made by hand.
func TestTextMessage(t *testing.T) {
	codes := make(chan codec.CloseCode, 1)
	addr := requests(t, func(attempt int, w http.ResponseWriter, r *http.Request) {
		if attempt > 1 {
			http.Error(w, "enough", http.StatusForbidden)
			return
		}
		w.Header().Set("Upgrade", "websocket")
		w.Header().Set("Connection", "Upgrade")
		w.Header().Set("Sec-WebSocket-Accept", acceptKey(r.Header.Get("Sec-WebSocket-Key")))
		w.WriteHeader(http.StatusSwitchingProtocols)
		conn, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		_, _ = conn.Write([]byte{0x81, 2, 'h', 'i'})
		for {
			// Frames of a client: opcode, length, mask, payload (RFC 6455, 5.2).
			var h [6]byte
			if _, err := io.ReadFull(rw.Reader, h[:]); err != nil {
				t.Error(err)
				return
			}
			payload := make([]byte, h[1]&0x7f)
			if _, err := io.ReadFull(rw.Reader, payload); err != nil {
				t.Error(err)
				return
			}
			if h[0] == 0x88 {
				for i := range payload {
					payload[i] ^= h[2+i%4]
				}
				codes <- codec.CloseCode(binary.BigEndian.Uint16(payload))
				return
			}
		}
	})
	p := open(t, addr, "notes", Options{})
	p.connect()
	if code := <-codes; code != codec.UnsupportedData {
		t.Errorf("closed with %v", code)
	}
	if _, ok := errors.AsType[*RefusedError](p.WaitSynced(t.Context())); !ok {
		t.Error("no second attempt")
	}
}

// brokenDoc refuses what a test says.
type brokenDoc struct {
	update.Doc
	apply, diff error
}

func (d *brokenDoc) Apply(u []byte) (bool, error) {
	if d.apply != nil {
		return false, d.apply
	}
	return d.Doc.Apply(u)
}

func (d *brokenDoc) Diff(sv []byte) ([]byte, error) {
	if d.diff != nil {
		return nil, d.diff
	}
	return d.Doc.Diff(sv)
}

func TestDocumentFails(t *testing.T) {
	s := newSite(t)
	other := s.join("notes", Options{})
	other.typ("x")
	why := errors.New("full")
	for name, doc := range map[string]*brokenDoc{"Apply": {apply: why}, "Diff": {diff: why}} {
		t.Run(name, func(t *testing.T) {
			l := &logs{}
			synced := make(chan bool, 9)
			c, err := New(s.url, "notes", doc, Options{
				HTTPClient: (&cable{}).client(), Logger: l.logger(),
				OnSynced: func(is bool) { synced <- is },
			})
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			if err := c.Connect(); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			for c.Err() == nil && ctx.Err() == nil {
				// A Diff that fails comes after the sync.
				if err = c.WaitSynced(ctx); err != nil {
					break
				}
			}
			de, ok := errors.AsType[*DocumentError](c.Err())
			if !ok || !errors.Is(de, why) || c.Status() != Disconnected || c.Synced() {
				t.Errorf("%v, %v, synced %v", c.Err(), c.Status(), c.Synced())
			}
			if name == "Apply" && len(synced) > 0 {
				t.Error("told that it is synced, which it never was")
			}
			// The application has made room.
			if err := c.Do(func() { doc.apply, doc.diff = nil, nil }); err != nil {
				t.Fatal(err)
			}
			if err := c.Connect(); err != nil {
				t.Fatal(err)
			}
			if err := c.WaitSynced(ctx); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestForeignServers: frames with several messages, unknown kinds, questions.
func TestForeignServers(t *testing.T) {
	answers := make(chan codec.Message, 20)
	addr := script(t, func(_ int, conn *wsconn.Conn) {
		var frame []byte
		frame = codec.AppendY(frame, codec.Message{Kind: codec.SyncStep1, Payload: []byte{0}})
		frame = codec.AppendY(frame, codec.Message{Kind: codec.QueryAwareness})
		frame = codec.AppendY(frame, codec.Message{Kind: codec.SyncStep2, Payload: coretest.Typing(1, 0, nil, "hi")})
		_ = conn.Write([][]byte{{100, 1, 2}, frame})
		for {
			f, err := conn.Read()
			if err != nil {
				return
			}
			m, err := codec.DecodeY(f)
			if err != nil {
				t.Error(err)
			}
			answers <- m
		}
	})
	p := open(t, addr, "notes", Options{ClientID: 5})
	p.show("me")
	p.connect()
	p.synced()
	var got []string
	for range 4 {
		m := <-answers
		if m.Kind == codec.Awareness && !strings.Contains(string(m.Payload), `"me"`) {
			t.Errorf("awareness %q", m.Payload)
		}
		got = append(got, m.Kind.String())
	}
	t.Log(got)
	if len(answers) > 0 {
		t.Errorf("and more: %v", <-answers)
	}
	if p.copied().Size() == 0 {
		t.Error("the update is not there")
	}
}
