package provider_test

import (
	"encoding/hex"
	"strings"
	"testing"

	"github.com/weft-sync/weft/core/codec"
	"github.com/weft-sync/weft/core/coretest"
	"github.com/weft-sync/weft/core/provider"
	"github.com/weft-sync/weft/core/update"
)

// elvaPeer is a provider of ELVA's framing with a document.
type elvaPeer struct {
	t    *testing.T
	p    *provider.Provider
	doc  *update.Doc
	conn uint32
	sent []string // frames, in hexadecimal
	code codec.CloseCode
}

const elvaName = "doc-0123456789"

func newELVA(t *testing.T, framing *codec.Framing, doc *update.Doc) *elvaPeer {
	e := &elvaPeer{t: t, p: provider.New(provider.Config{ELVA: framing, Document: elvaName, Weft: true}), doc: doc}
	e.do(e.p.Connect(0))
	e.p.HandleOpen(0, e.conn)
	e.drain()
	return e
}

func (e *elvaPeer) do(err error) {
	e.t.Helper()
	if err != nil {
		e.t.Fatal(err)
	}
	e.drain()
}

func (e *elvaPeer) drain() {
	for o, ok := e.p.Next(); ok; o, ok = e.p.Next() {
		switch o.Kind {
		case provider.Dial:
			e.conn = o.Conn
			if o.Weft {
				e.t.Error("it offers weft.v1")
			}
		case provider.Close:
			e.code = o.Code
		case provider.Send:
			e.sent = append(e.sent, hex.EncodeToString(o.Payload))
			e.p.HandleWritten(0, e.conn)
		case provider.AskStateVector:
			e.p.HandleStateVector(0, o.Conn, e.doc.StateVector())
		case provider.AskDiff:
			diff, err := e.doc.Diff(o.Payload)
			if err != nil {
				e.t.Fatal(err)
			}
			e.p.HandleDiff(0, o.Conn, diff)
		case provider.Apply:
			if _, err := e.doc.Apply(o.Payload); err != nil {
				e.t.Fatal(err)
			}
		}
	}
}

// says takes what was sent since it was last called.
func (e *elvaPeer) says(want ...string) {
	e.t.Helper()
	got := strings.Join(e.sent, ",")
	if w := strings.ReplaceAll(strings.Join(want, ","), " ", ""); got != w {
		e.t.Errorf("sent %s\nwant %s", got, w)
	}
	e.sent = nil
}

func (e *elvaPeer) hears(frame string) error {
	e.t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(frame, " ", ""))
	if err != nil {
		e.t.Fatal(err)
	}
	err = e.p.HandleFrame(0, e.conn, b)
	e.drain()
	return err
}

// TestELVAProvider checks the frames that ELVA's provider was seen to send, in the
// bytes of both its versions.
func TestELVAProvider(t *testing.T) {
	for framing, id := range map[*codec.Framing]string{
		codec.ELVA: "49440e646f632d30313233343536373839", codec.ELVA33: "02000e646f632d30313233343536373839",
	} {
		e := newELVA(t, framing, update.NewDoc())
		e.says(id+"00000100", id+"0001020000") // its state vector, and its whole state unasked
		if e.p.Synced() {
			t.Error("synced before the answer")
		}
		e.do(e.hears(id + "0001020000"))
		if !e.p.Synced() {
			t.Error("not synced")
		}
		e.do(e.hears(id + "00000100"))
		e.says(id + "0001020000")

		// An edit goes out; what comes is applied and not sent back.
		u := coretest.Typing(1, 0, nil, "x")
		x := hex.EncodeToString(u)
		if _, err := e.doc.Apply(u); err != nil {
			t.Fatal(err)
		}
		e.do(e.p.Update(0, u))
		e.says(id + "00020e" + x)
		y := hex.EncodeToString(coretest.Typing(2, 0, nil, "y"))
		e.do(e.hears(id + "00020e" + y))
		e.says()
		e.do(e.hears(id + "00000100"))
		if len(e.sent) != 1 || !strings.HasPrefix(e.sent[0], id+"0001") || len(e.sent[0]) < len(x)+len(y) {
			t.Errorf("answered %v", e.sent)
		}
		e.sent = nil

		// Other documents, empty updates, and what has no meaning.
		for _, f := range []string{
			strings.Replace(id, "39", "38", 1) + "00000100", id, id + "0002020000", id + "000305020000 0100",
			id + "01 01 00", id + id,
		} {
			e.do(e.hears(f))
			e.says()
		}
		if framing == codec.ELVA {
			e.do(e.hears(id + "524f00" + "440100" + "00000100"))
			e.sent = nil
		}

		// What cannot be read ends the connection.
		for _, f := range []string{"00000100", "", id + "0002020701", id + "05", id + "0002"} {
			e := newELVA(t, framing, update.NewDoc())
			if err := e.hears(f); err == nil || e.code != codec.BadMessage || e.p.Connected() {
				t.Errorf("%s: %v, closed with %v", f, err, e.code)
			}
		}
	}
}

// TestELVAProviderAnswersInKind checks that a server of the other version is answered
// in its bytes, from its first frame on, and the next connection begins anew.
func TestELVAProviderAnswersInKind(t *testing.T) {
	e := newELVA(t, codec.ELVA, update.NewDoc())
	e.sent = nil
	const old = "02000e646f632d30313233343536373839"
	e.do(e.hears(old + "00000100"))
	e.says(old + "0001020000")
	if err := e.hears("49440e646f632d30313233343536373839 00000100"); err == nil {
		t.Error("a connection changes its framing")
	}
	e.p.HandleTime(1 << 30)
	e.drain()
	e.p.HandleOpen(1<<30, e.conn)
	e.drain()
	if len(e.sent) == 0 || !strings.HasPrefix(e.sent[len(e.sent)-1], "4944") {
		t.Errorf("the next connection begins with %v", e.sent)
	}
}

// TestELVAProviderOffline checks that what was edited without a connection is in the
// whole state that the next one begins with.
func TestELVAProviderOffline(t *testing.T) {
	doc := update.NewDoc()
	u := coretest.Typing(1, 0, nil, "offline")
	if _, err := doc.Apply(u); err != nil {
		t.Fatal(err)
	}
	e := newELVA(t, codec.ELVA, doc)
	if len(e.sent) != 2 || !strings.HasSuffix(e.sent[1], hex.EncodeToString(doc.Encode())) {
		t.Errorf("sent %v", e.sent)
	}
}
