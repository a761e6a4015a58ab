package wsconn

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/coder/websocket"
)

// Wanted reports whether r asks for the WebSocket protocol (RFC 6455, 4.1).
func Wanted(r *http.Request) bool {
	for _, v := range r.Header.Values("Upgrade") {
		for token := range strings.SplitSeq(v, ",") {
			if strings.EqualFold(strings.TrimSpace(token), "websocket") {
				return true
			}
		}
	}
	return false
}

// Accept answers a WebSocket handshake. On an error it has answered the
// request with an HTTP status. It checks the protocol only: whether the
// request's Origin is welcome must be decided before.
//
// The connection does not depend on the request: the handler should return
// soon after Accept, and read from another goroutine, so that net/http's
// goroutine, buffers and request are freed.
func Accept(w http.ResponseWriter, r *http.Request, o Options) (*Conn, error) {
	o = o.withDefaults()
	up := &upgrade{ResponseWriter: w, timeout: o.WriteTimeout}
	mode := websocket.CompressionDisabled
	if o.Compression {
		mode = websocket.CompressionNoContextTakeover
	}
	ws, err := websocket.Accept(up, r, &websocket.AcceptOptions{
		Subprotocols:       o.Subprotocols,
		InsecureSkipVerify: true, // the Origin check is the caller's
		CompressionMode:    mode,
		OnPingReceived:     func(context.Context, []byte) bool { return up.wire.wantPong() },
	})
	if err != nil {
		return nil, fmt.Errorf("wsconn: %w", err)
	}
	// The function above lives as long as the connection. It must not keep the
	// request, and net/http's buffers with it.
	up.ResponseWriter = nil
	ws.SetReadLimit(o.ReadLimit)
	up.wire.text = o.Text
	return &Conn{ws: ws, cut: up.wire.abort, wire: up.wire, text: o.Text, compress: o.Compression, limit: o.ReadLimit}, nil
}

// upgrade is the ResponseWriter that coder's Accept sees. It takes the
// connection over from net/http without net/http's buffers of 4 KB each, which
// coder would keep for the life of the connection.
type upgrade struct {
	http.ResponseWriter
	timeout time.Duration
	wire    *wire
}

const (
	// readBuf is what bufio needs at least: the wire has the real buffer,
	// unless it cannot borrow one, and then this is the buffer.
	readBuf      = 16
	plainReadBuf = 1 << 10
	// writeBuf holds the largest control frame (RFC 6455, 5.5), so that a
	// control frame reaches the wire whole.
	writeBuf = 2 + 125
)

// Hijack implements http.Hijacker.
func (u *upgrade) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(u.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	// A client that did not wait for the answer is ahead of us.
	early, err := rw.Reader.Peek(rw.Reader.Buffered())
	if err != nil {
		return nil, nil, err
	}
	u.wire = newWire(conn, slices.Clone(early), u.timeout)
	size := readBuf
	if u.wire.raw == nil {
		size = plainReadBuf
	}
	return u.wire, bufio.NewReadWriter(
		bufio.NewReaderSize(u.wire, size),
		bufio.NewWriterSize(u.wire, writeBuf),
	), nil
}
