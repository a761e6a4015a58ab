package server

import (
	"bytes"
	"encoding/hex"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/weft-sync/weft/core/codec"
	"github.com/weft-sync/weft/core/coretest"
	"github.com/weft-sync/weft/native/wsconn"
)

func TestModeRules(t *testing.T) {
	for _, tt := range []struct {
		pattern string
		yes, no []string
	}{
		{"a", []string{"a"}, []string{"", "b", "aa"}},
		{"*", []string{"", "a", "a/b"}, nil},
		{"a*", []string{"a", "ab", "a/b"}, []string{"", "ba"}},
		{"*a", []string{"a", "ba", "b/a"}, []string{"", "ab"}},
		{"tmp/*-x*y", []string{"tmp/-xy", "tmp/1-x2-x3y"}, []string{"tmp/-x", "tmp/-y", "tmp-xy", "tmp/xy"}},
		{"a*a", []string{"aa", "aba", "aaa"}, []string{"a"}},
		{"a**b", []string{"ab", "axb"}, []string{"a"}},
		{"*ab*ab*", []string{"abab", "xabyabz"}, []string{"ab", "aab"}},
		{"é?", []string{"é?"}, []string{"éx"}},
	} {
		for _, name := range tt.yes {
			if !(ModeRule{Pattern: tt.pattern}).matches(name) {
				t.Errorf("%q does not match %q", tt.pattern, name)
			}
		}
		for _, name := range tt.no {
			if (ModeRule{Pattern: tt.pattern}).matches(name) {
				t.Errorf("%q matches %q", tt.pattern, name)
			}
		}
	}
	c := Config{Mode: ModeMemory, Modes: []ModeRule{{"keep/*", ModeStore}, {"k*", ModeBroadcast}}}
	for name, want := range map[string]Mode{"keep/x": ModeStore, "kx": ModeBroadcast, "x": ModeMemory} {
		if got := c.modeOf(name); got != want {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
	for _, m := range []Mode{ModeStore, ModeMemory, ModeBroadcast} {
		var again Mode
		if err := again.UnmarshalText([]byte(m.String())); err != nil || again != m {
			t.Errorf("%v is read as %v, %v", m, again, err)
		}
	}
	if err := new(Mode).UnmarshalText([]byte("disk")); err == nil || !strings.Contains(err.Error(), "broadcast") {
		t.Errorf("an unknown word: %v", err)
	}
	for _, cfg := range []Config{{Mode: -1}, {Mode: ModeMemory, Modes: []ModeRule{{"x", 7}}}, {Mode: ModeMemory, Modes: []ModeRule{{"x", ModeStore}}}} {
		if _, err := New(cfg); err == nil {
			t.Errorf("%+v is accepted", cfg)
		}
	}
}

// TestBroadcastOnly checks that every frame goes to all others as it is, and to
// nobody else, and that nobody answers.
func TestBroadcastOnly(t *testing.T) {
	s := serve(t, Config{Mode: ModeBroadcast})
	a, b := s.dial("a1"), s.dial("a1")
	many, other := s.dial(""), s.dial("other")
	frames := []string{
		"00000100", "0001020000", "0002020701", "000305020000 0100", "", "00", "03", "524f00", "4401 00",
		"4944 02 6162 00000100", "01 01 00 01 01 00", hex.EncodeToString([]byte("not for us")), "000105aabb",
	}
	// Who joins hears of what comes afterwards; that it has joined is seen by this.
	s.joined("a1", 2)
	many.hexed("4944 02 6131")
	s.joined("a1", 3)
	a.gets("")
	b.gets("")
	for _, f := range frames {
		a.hexed(f)
		b.gets(f)
		many.gets("4944 02 6131" + f)
		many.hexed("4944 02 6131" + f)
		a.gets(f)
		b.gets(f)
	}
	other.hexed("00000100") // nobody is there to answer
	// The program cannot open what is not there.
	_, err := s.Open(t.Context(), "a1")
	if de, ok := errors.AsType[*DocumentError](err); !ok || de.Code != codec.Forbidden {
		t.Errorf("opened: %v", err)
	}
	// Nor can a client of weft.v1: it is left to the y protocol where the path says so,
	// and told so where the frame does.
	conn, err := wsconn.Dial(t.Context(), s.url+"/a1", wsconn.Options{Client: noKeepAlive, Subprotocols: []string{codec.WeftProtocol}})
	if err != nil {
		t.Fatal(err)
	}
	if got := conn.Subprotocol(); got != "" {
		t.Errorf("subprotocol %q was selected", got)
	}
	conn.Abort()
	w := s.weft("/", nil)
	w.send("a1", step1)
	if e := w.fault("a1"); e.Code != codec.Forbidden || e.Text == "" {
		t.Errorf("weft.v1 is told %+v", e)
	}
	// A frame on a connection with many documents must still name one.
	many.hexed("00000100")
	many.expectClose(codec.BadMessage)
}

// joined waits until a document has a number of members.
func (s *testServer) joined(name string, n int) {
	s.t.Helper()
	eventually(s.t, "the members are there", func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		h := s.rooms[name]
		return h != nil && h.refs == n
	})
}

// TestBroadcastSlow has a member that never reads: it is closed, the others are not
// delayed.
func TestBroadcastSlow(t *testing.T) {
	s := serve(t, Config{Mode: ModeBroadcast, QueueLimit: 256 << 10})
	deaf, a, b := s.dial("doc"), s.dial("doc"), s.dial("doc")
	s.joined("doc", 3)
	frame := bytes.Repeat([]byte{'x'}, 64<<10)
	rounds := 0
	for ; s.Stats().PeerErrors == 0; rounds++ {
		if rounds > 2000 {
			t.Fatal("the sockets take everything")
		}
		a.write(frame)
		got, err := b.conn.Read()
		if err != nil || !bytes.Equal(got, frame) {
			t.Fatalf("round %d: %d bytes, %v", rounds, len(got), err)
		}
	}
	for {
		_, err := deaf.conn.Read()
		if err == nil {
			continue
		}
		if ce, ok := errors.AsType[*wsconn.CloseError](err); !ok || ce.Code != codec.Busy {
			t.Errorf("closed with %v", err)
		}
		return
	}
}

// TestModeMemory checks that a document lives as long as the server, and no longer.
func TestModeMemory(t *testing.T) {
	st := openMemory(t)
	cfg := Config{Store: st, Modes: []ModeRule{{"scratch/*", ModeMemory}}, IdleTimeout: time.Millisecond}
	s := serve(t, cfg)
	for _, name := range []string{"scratch/a", "kept"} {
		p := s.join(name)
		p.typ("hello")
		p.send(codec.SyncStep1, p.doc.StateVector())
		for p.read().Kind != codec.SyncStep2 { // by then it has all
		}
		p.conn.Abort()
		eventually(t, "the room is unloaded", func() bool { return s.Stats().Rooms == 0 })
		again := s.join(name)
		same(t, name, again.doc, p.doc)
		again.conn.Abort()
		eventually(t, "the room is unloaded again", func() bool { return s.Stats().Rooms == 0 })
	}
	if err := s.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	docs, err := st.List(t.Context(), "", 0)
	if err != nil || len(docs) != 1 || docs[0].Name != "kept" {
		t.Errorf("stored: %v, %v", docs, err)
	}
	again := serve(t, Config{Store: st, Modes: cfg.Modes})
	if p := again.join("scratch/a"); len(p.doc.Encode()) != 2 {
		t.Error("it outlived its server")
	}

	// A server that stores nothing needs no store.
	lone, err := New(Config{Mode: ModeMemory})
	if err != nil {
		t.Fatal(err)
	}
	if err := lone.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestModes has documents of all modes on one connection.
func TestModes(t *testing.T) {
	s := serve(t, Config{Modes: []ModeRule{{"cast*", ModeBroadcast}, {"mem*", ModeMemory}}})
	a, b := s.dial(""), s.dial("")
	u := hex.EncodeToString(codec.EncodeY(codec.Message{Kind: codec.SyncUpdate, Payload: coretest.Typing(1, 0, nil, "x")}))
	id := func(name string) string { return hex.EncodeToString(codec.ELVA.AppendID(nil, name)) }
	for _, name := range []string{"doc", "mem", "cast"} {
		a.hexed(id(name))
		b.hexed(id(name))
		s.joined(name, 2)
	}
	for _, name := range []string{"doc", "mem"} {
		a.hexed(id(name) + u)
		b.hexed(id(name) + "00000100")
		for {
			got, err := b.conn.Read()
			if err != nil {
				t.Fatal(err)
			}
			if bytes.HasPrefix(got, unhex(t, id(name)+"0000")) {
				break // the server's own step 1 comes last
			}
		}
	}
	a.hexed(id("cast") + "00000100")
	for {
		got, err := b.conn.Read()
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Equal(got, unhex(t, id("cast")+"00000100")) {
			break
		}
	}
}
