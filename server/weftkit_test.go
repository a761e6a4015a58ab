package server

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/weft-sync/weft/core/codec"
	"github.com/weft-sync/weft/core/coretest"
	"github.com/weft-sync/weft/core/update"
	"github.com/weft-sync/weft/native/wsconn"
)

// weftPeer is a connection that speaks weft.v1.
type weftPeer struct {
	t      testing.TB
	conn   *wsconn.Conn
	frames chan []byte
	closed chan error
	rest   []heard // of the frame last read
}

// heard is one message that a weftPeer was sent, about a document.
type heard struct {
	doc string
	codec.Message
}

func (s *testServer) weft(path string, header http.Header) *weftPeer {
	s.t.Helper()
	conn, err := wsconn.Dial(s.t.Context(), s.url+path, wsconn.Options{
		Client: noKeepAlive, Header: header, Subprotocols: []string{codec.WeftProtocol},
	})
	if err != nil {
		s.t.Fatal(err)
	}
	if conn.Subprotocol() != codec.WeftProtocol {
		s.t.Fatalf("subprotocol %q was selected", conn.Subprotocol())
	}
	p := &weftPeer{t: s.t, conn: conn, frames: make(chan []byte, 1000), closed: make(chan error, 1)}
	go func() {
		for {
			f, err := conn.Read()
			if err != nil {
				p.closed <- err
				close(p.frames)
				return
			}
			p.frames <- f
		}
	}()
	s.t.Cleanup(conn.Abort)
	return p
}

func (p *weftPeer) send(doc string, messages ...codec.Message) {
	p.t.Helper()
	b := codec.Weft.AppendID(nil, doc)
	for _, m := range messages {
		b = codec.Weft.Append(b, m)
	}
	if err := p.conn.Write([][]byte{b}); err != nil {
		p.t.Fatal(err)
	}
}

func msg(kind codec.Kind, payload ...byte) codec.Message {
	return codec.Message{Kind: kind, Payload: payload}
}

func token(text string) codec.Message {
	return codec.Message{Kind: codec.Access, Payload: codec.AccessNotice{Text: text}.Append(nil)}
}

var (
	step1   = msg(codec.SyncStep1, 0)
	nothing = msg(codec.SyncStep2, 0, 0)
)

func typing(client uint64, text string) codec.Message {
	return codec.Message{Kind: codec.SyncUpdate, Payload: coretest.Typing(client, 0, nil, text)}
}

// until reads until a message of a kind about a document comes, and returns it. What
// comes before is dropped.
func (p *weftPeer) until(doc string, kind codec.Kind) codec.Message {
	p.t.Helper()
	timeout := time.After(patience)
	for {
		for len(p.rest) > 0 {
			m := p.rest[0]
			p.rest = p.rest[1:]
			if m.doc == doc && m.Kind == kind {
				return m.Message
			}
		}
		select {
		case f, ok := <-p.frames:
			if !ok {
				p.t.Fatalf("closed while waiting for %v about %s: %v", kind, doc, <-p.closed)
			}
			p.rest = p.parse(f)
		case <-timeout:
			p.t.Fatalf("no %v about %s", kind, doc)
		}
	}
}

func (p *weftPeer) parse(f []byte) (all []heard) {
	p.t.Helper()
	id, messages, err := codec.CutWeft(f)
	if err == nil {
		err = codec.EachWeft(messages, func(m codec.Message) error {
			all = append(all, heard{string(id), m})
			return nil
		})
	}
	if err != nil {
		p.t.Fatalf("frame %x: %v", f, err)
	}
	return all
}

// saved waits until so many updates of a document are saved.
func (p *weftPeer) saved(doc string, n uint64) {
	p.t.Helper()
	for {
		a, err := codec.DecodeAck(p.until(doc, codec.Ack).Payload)
		if err != nil {
			p.t.Fatal(err)
		}
		if a.Saved >= n {
			return
		}
	}
}

func (p *weftPeer) denied(doc string) codec.AccessNotice {
	p.t.Helper()
	a, err := codec.DecodeAccess(p.until(doc, codec.Access).Payload)
	if err != nil {
		p.t.Fatal(err)
	}
	return a
}

func (p *weftPeer) fault(doc string) codec.Ending {
	p.t.Helper()
	e, err := codec.DecodeFault(p.until(doc, codec.Fault).Payload)
	if err != nil {
		p.t.Fatal(err)
	}
	return e
}

// closeError waits for the end of the connection.
func (p *weftPeer) closeError() *wsconn.CloseError {
	p.t.Helper()
	for range p.frames {
	}
	err := <-p.closed
	ce, ok := errors.AsType[*wsconn.CloseError](err)
	if !ok {
		p.t.Fatalf("the connection ended with %v", err)
	}
	return ce
}

// peek returns a document as a y client sees it.
func (s *testServer) peek(path string) *update.Doc {
	s.t.Helper()
	p, err := s.tryDial(path, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	p.sync()
	p.conn.Abort()
	return p.doc
}

// hasText reports whether somebody typed a text in one go into a document.
func hasText(d *update.Doc, text string) bool { return strings.Contains(string(d.Encode()), text) }
