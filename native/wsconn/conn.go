package wsconn

import (
	"context"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/coder/websocket"

	"github.com/weft-sync/weft/core/codec"
)

// Conn is a WebSocket connection that carries binary messages, or text messages if
// it was made so.
//
// Read is called by one goroutine, which must be in Read whenever it has
// nothing else to do: control frames are handled there. Write, TryWrite and
// Flush are called by one goroutine at a time. The others may be called at any
// time from anywhere.
type Conn struct {
	ws       *websocket.Conn
	cut      func() // closes the socket
	wire     *wire  // nil on a dialled connection
	text     bool   // messages are text, not binary
	compress bool   // messages may be compressed
	limit    int64
}

// Subprotocol is the negotiated subprotocol, empty if none.
func (c *Conn) Subprotocol() string { return c.ws.Subprotocol() }

// RemoteAddr returns the other end's network address, empty if it is not known, as on a
// dialled connection.
func (c *Conn) RemoteAddr() string {
	if c.wire == nil {
		return ""
	}
	return c.wire.RemoteAddr().String()
}

// Read returns the next message; the caller owns it. It has exactly the
// capacity that it needs, so keeping it keeps nothing else.
//
// The error is a *[codec.PeerError] when the peer broke a rule of this
// package (a message of the other kind, text that is not UTF-8, one over the
// limit): the caller closes the connection with its code. It is a *[CloseError]
// when the peer closed, and the network's error otherwise. After an error there is
// nothing more to read.
func (c *Conn) Read() ([]byte, error) {
	kind, r, err := c.ws.Reader(context.Background())
	if err != nil {
		return nil, readError(err, c.limit)
	}
	if kind != c.kind() {
		return nil, &codec.PeerError{Code: codec.UnsupportedData, Reason: kindNames[kind] + " message"}
	}
	frame, err := readMessage(r)
	if err != nil {
		return nil, readError(err, c.limit)
	}
	if c.text && !utf8.Valid(frame) {
		return nil, &codec.PeerError{Code: notUTF8, Reason: "text that is not UTF-8"}
	}
	return frame, nil
}

// notUTF8 is RFC 6455's code for it (7.4.1).
const notUTF8 codec.CloseCode = 1007

var kindNames = map[websocket.MessageType]string{websocket.MessageText: "text", websocket.MessageBinary: "binary"}

// kind is what messages on this connection are.
func (c *Conn) kind() websocket.MessageType {
	if c.text {
		return websocket.MessageText
	}
	return websocket.MessageBinary
}

// readMessage reads r to its end. A message that fits into a block costs one
// allocation of exactly its size; a larger one grows with what has arrived,
// never with what its header claims.
func readMessage(r io.Reader) ([]byte, error) {
	b := getBlock()
	defer putBlock(b)
	buf := b[:]
	n := 0
	for {
		m, err := r.Read(buf[n:])
		n += m
		if err == io.EOF {
			frame := make([]byte, n)
			copy(frame, buf[:n])
			return frame, nil
		}
		if err != nil {
			return nil, err
		}
		if n == len(buf) {
			grown := make([]byte, 2*len(buf))
			copy(grown, buf)
			buf = grown
		}
	}
}

// Write writes each frame as one message and waits until the socket has them
// all. The frames are only read, but must not be changed before Write returns.
func (c *Conn) Write(frames [][]byte) error {
	done, err := c.TryWrite(frames)
	if err == nil && !done {
		err = c.Flush()
	}
	return err
}

// TryWrite writes each frame as one message without waiting for the peer. It
// reports whether the socket has taken everything; if not, [Conn.Flush] must be
// called before the next write, and the frames must not be changed until it
// has returned. On a dialled connection TryWrite waits, like Write.
func (c *Conn) TryWrite(frames [][]byte) (done bool, err error) {
	if c.wire == nil {
		for _, f := range frames {
			if err := c.ws.Write(context.Background(), c.kind(), f); err != nil {
				return false, fmt.Errorf("wsconn: write: %w", err)
			}
		}
		return true, nil
	}
	if !c.compress {
		done, err = c.wire.writeMessages(frames)
		if err != nil {
			err = fmt.Errorf("wsconn: write: %w", err)
		}
		return done, err
	}
	for _, f := range frames {
		c.wire.gather(f)
		// Without a deadline in the context this costs no timer: the wire
		// only collects the bytes, so it cannot block.
		if err := c.ws.Write(context.Background(), c.kind(), f); err != nil {
			c.wire.ungather()
			return false, fmt.Errorf("wsconn: write: %w", err)
		}
	}
	return c.wire.tryFlush()
}

// Flush waits until the socket has everything that was written, or the peer
// has taken nothing for the write timeout.
func (c *Conn) Flush() error {
	if c.wire == nil {
		return nil
	}
	return c.wire.flush()
}

// Ping sends a ping and waits for its answer, which [Conn.Read] must be running
// to see. An error means that the connection is closed or that ctx ended first.
func (c *Conn) Ping(ctx context.Context) error {
	if err := c.ws.Ping(ctx); err != nil {
		return fmt.Errorf("wsconn: ping: %w", err)
	}
	return nil
}

// maxReason is what fits into a close frame beside the code
// (RFC 6455, 5.5: a control frame's payload has at most 125 bytes).
const maxReason = 123

// Close sends a close frame and waits, for at most ten seconds, until the peer
// has answered it. A reason that does not fit is cut. What [Conn.Flush] has not
// yet written goes out before the close frame. Close after the connection was
// closed does nothing.
func (c *Conn) Close(code codec.CloseCode, reason string) error {
	reason = strings.ToValidUTF8(reason, "\uFFFD")
	if len(reason) > maxReason {
		cut := maxReason
		for !utf8.RuneStart(reason[cut]) {
			cut--
		}
		reason = reason[:cut]
	}
	err := c.ws.Close(websocket.StatusCode(code), reason)
	if err != nil {
		return fmt.Errorf("wsconn: close: %w", err)
	}
	return nil
}

// Abort closes the connection at once, without a close frame; the answer to the
// peer's, if that is still on its way, has a second to leave. Whoever is in one of its
// methods returns with an error.
func (c *Conn) Abort() {
	// First the socket: coder's CloseNow waits for a Close that is under way,
	// which ends when the socket does.
	c.cut()
	_ = c.ws.CloseNow()
}
