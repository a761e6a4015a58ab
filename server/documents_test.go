package server

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/weft-sync/weft/core/codec"
	"github.com/weft-sync/weft/core/coretest"
	"github.com/weft-sync/weft/core/update"
	"github.com/weft-sync/weft/native/store"
)

// unhex reads hexadecimal bytes with spaces between them.
func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// hexed writes frames in hexadecimal.
func (p *peer) hexed(frames ...string) {
	p.t.Helper()
	for _, f := range frames {
		p.write(unhex(p.t, f))
	}
}

// gets expects these frames, in this order, and no others before them.
func (p *peer) gets(frames ...string) {
	p.t.Helper()
	for _, want := range frames {
		got, err := p.conn.Read()
		if err != nil {
			p.t.Fatalf("read: %v, want %s", err, want)
		}
		if !bytes.Equal(got, unhex(p.t, want)) {
			p.t.Fatalf("got  %x\nwant %s", got, want)
		}
	}
}

// TestELVACaptured replays what was captured between ELVA's programs, in the
// bytes of both its versions.
func TestELVACaptured(t *testing.T) {
	for _, id := range []string{"4944 02", "0200 02"} {
		s := serve(t, Config{})
		a, b := s.dial(""), s.dial("")
		a1, a2 := id+"6131", id+"6132" // documents a1 and a2
		a.hexed(a1 + "00000100")
		a.gets(a1+"0001020000", a1+"00000100")
		// The first frame joins, whatever follows: an empty update brings nothing.
		a.hexed(a2 + "0001020000")
		b.hexed(a1) // nor does nothing at all
		b.hexed(a1 + "00000100")
		b.gets(a1+"0001020000", a1+"00000100")

		// A step 2 goes on as an update, to the other sockets only.
		u := hex.EncodeToString(coretest.Typing(1, 0, nil, "x"))
		size := fmt.Sprintf("%02x", len(u)/2)
		a.hexed(a1 + "0001" + size + u)
		b.gets(a1 + "0002" + size + u)
		b.hexed(a1 + "0002020000") // empty: nobody hears of it
		// An update of another document, and each step 1 gets both answers again.
		b.hexed(a2 + "0002" + size + u)
		a.gets(a2 + "0002" + size + u)
		a.hexed(a1 + "000003010101")
		a.gets(a1+"0001020000", a1+"000003010101")
		a.hexed(a1 + "00000100")
		a.gets(a1+"0001"+size+u, a1+"000003010101")
	}
}

// TestELVAIgnores checks what a document does not understand or does not take:
// it has no effect, and the connection and its other documents go on.
func TestELVAIgnores(t *testing.T) {
	s := serve(t, Config{})
	p := s.dial("")
	const id = "4944 02 6131"
	ignored := []string{
		"00030502000001 00", "524f00", "525700", "440100", "440200", "440300", "440400", // no meaning
		"4944026132",                   // a second ID
		"", "00", "0000", "01", "4944", // too short
		"0009020000", "03", "02000161", "text", // unknown
		"0002020701", "00020407010203", "000001ff", "010501", // undecodable payload
		"000105aabb", // longer than the frame
	}
	var dropped uint64
	for i, m := range ignored {
		if m == "text" {
			m = hex.EncodeToString([]byte(m))
		}
		p.hexed(id + m)
		if i >= 8 && m != "" {
			dropped++
		}
		// It is still there.
		p.hexed(id + "00000100")
		p.gets(id+"0001020000", id+"00000100")
	}
	if got := s.Stats().Dropped; got < dropped {
		t.Errorf("%d messages counted as dropped, want %d", got, dropped)
	}
	if !strings.Contains(s.logs.String(), "message dropped") {
		t.Error("the log does not tell")
	}
	// Several messages behind one ID are read one after the other.
	p.hexed(id + "00000100" + "524f00" + "00000100")
	p.gets(id+"0001020000", id+"00000100")
}

// TestNoDocumentNamed checks frames that name no document: the connection ends.
func TestNoDocumentNamed(t *testing.T) {
	for _, frame := range []string{"00000100", "", "03", "4944", "49440261", "494401ff", "525702 6131"} {
		s := serve(t, Config{})
		p := s.dial("")
		p.hexed(frame)
		p.expectClose(codec.BadMessage)
		if st := s.Stats(); st.PeerErrors != 1 {
			t.Errorf("%q: %d peer errors", frame, st.PeerErrors)
		}
	}
	// After a good one too; a connection does not change its framing.
	s := serve(t, Config{})
	p, other := s.dial(""), s.join("other")
	p.hexed("4944 02 6131 00000100", "0200 02 6131 00000100")
	p.expectClose(codec.BadMessage)
	other.send(codec.SyncStep1, []byte{0})
	if m := other.read(); m.Kind != codec.SyncStep2 {
		t.Errorf("the other connection got a %v", m.Kind)
	}
	eventually(t, "the connection has left", func() bool { return s.Stats().Connections == 1 })
}

// TestDocumentsShareRooms has clients of both kinds in the same documents, all of
// them at once.
func TestDocumentsShareRooms(t *testing.T) {
	s := serve(t, Config{})
	const docs, sockets = 20, 4
	name := func(i int) string { return fmt.Sprintf("doc-%02d", i) }
	var wg sync.WaitGroup
	many := make([]*peer, sockets)
	for k := range many {
		many[k] = s.dial("")
		wg.Go(func() {
			p := many[k]
			for i := range docs {
				u := coretest.Typing(uint64(1000+k), uint64(i), nil, "x")
				p.write(codec.ELVA.Append(codec.ELVA.AppendID(nil, name(i)), codec.Message{Kind: codec.SyncStep1, Payload: []byte{0}}))
				p.write(codec.ELVA.Append(codec.ELVA.AppendID(nil, name(i)), codec.Message{Kind: codec.SyncUpdate, Payload: u}))
			}
		})
	}
	single := make([]*peer, docs)
	for i := range single {
		wg.Go(func() { single[i] = s.join(name(i)) })
	}
	wg.Wait()
	for _, p := range single {
		p.typ("hello")
	}
	for _, p := range many {
		seen := map[string]*update.Doc{}
		for i := range single {
			seen[name(i)] = update.NewDoc()
		}
		missing := func() string {
			for i, q := range single {
				if !hasClient(seen[name(i)], q.client) {
					return name(i)
				}
			}
			return ""
		}
		for missing() != "" {
			frame, err := p.conn.Read()
			if err != nil {
				t.Fatalf("%s: %v", missing(), err)
			}
			id, rest, err := codec.ELVA.CutID(frame)
			if err != nil {
				t.Fatal(err)
			}
			m, err := codec.ELVA.Decode(rest)
			if err != nil {
				t.Fatal(err)
			}
			if m.Kind == codec.SyncStep2 || m.Kind == codec.SyncUpdate {
				if _, err := seen[string(id)].Apply(m.Payload); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}

// hasClient reports whether a document has something of a client.
func hasClient(doc *update.Doc, client uint64) bool {
	sv, err := update.DecodeStateVector(doc.StateVector())
	return err == nil && sv[client] > 0
}

// TestDocumentsRefused checks that a document which a connection may not have
// costs it only that document.
func TestDocumentsRefused(t *testing.T) {
	st := openMemory(t)
	broken := &brokenStore{Store: st, name: "quarantined"}
	s := serve(t, Config{
		Store: broken, MaxDocuments: 3,
		Authorize: func(r *http.Request, document string) error {
			if document == "private" || r.Header.Get("X-Who") != "me" {
				return errors.New("no")
			}
			return nil
		},
	}, func(s *Server) { s.timing.quarantine = 0 })
	p, err := s.tryDial("", http.Header{"X-Who": {"me"}})
	if err != nil {
		t.Fatal(err)
	}
	ask := func(name string) {
		p.write(codec.ELVA.Append(codec.ELVA.AppendID(nil, name), codec.Message{Kind: codec.SyncStep1, Payload: []byte{0}}))
	}
	answered := func(name string) {
		t.Helper()
		ask(name)
		id := hex.EncodeToString(codec.ELVA.AppendID(nil, name))
		p.gets(id+"0001020000", id+"00000100")
	}
	for _, name := range []string{"", "..", strings.Repeat("x", 251), "private", "quarantined"} {
		ask(name)
		answered("a")
	}
	answered("b")
	ask("one-too-many") // a, b and quarantined are three
	answered("a")
	if st := s.Stats(); st.Connections != 1 || st.Refused < 5 {
		t.Errorf("stats: %+v", st)
	}

	// What is repaired is there with the next frame.
	broken.repair()
	eventually(t, "the document is open again", func() bool {
		ask("quarantined")
		ask("b")
		frame, err := p.conn.Read()
		if err != nil {
			t.Fatal(err)
		}
		return bytes.HasPrefix(frame, codec.ELVA.AppendID(nil, "quarantined"))
	})
}

// brokenStore has a document that cannot be loaded until it is repaired.
type brokenStore struct {
	store.Store
	name string
	mu   sync.Mutex
	good bool
}

func (b *brokenStore) repair() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.good = true
}

func (b *brokenStore) Open(ctx context.Context, name string) (store.Doc, error) {
	b.mu.Lock()
	good := b.good
	b.mu.Unlock()
	if name == b.name && !good {
		return nil, &store.CorruptError{Name: name, Err: errors.New("broken for the test")}
	}
	return b.Store.Open(ctx, name)
}

// TestFirstJoins has a thousand clients open one document at the same moment, half of
// them by the path and half in a frame: all are answered.
func TestFirstJoins(t *testing.T) {
	s := serve(t, Config{})
	var wg sync.WaitGroup
	peers := make([]*peer, 1000)
	for i := range peers {
		peers[i] = s.dial([]string{"", "a1"}[i%2])
	}
	for i, p := range peers {
		id := []string{"4944 02 6131", ""}[i%2]
		wg.Go(func() {
			p.hexed(id + "00000100")
			p.gets(id+"0001020000", id+"00000100")
		})
	}
	wg.Wait()
	for _, p := range peers {
		p.conn.Abort()
	}
}
