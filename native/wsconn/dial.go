package wsconn

import (
	"context"
	"fmt"
	"io"
	"net/http"

	"github.com/coder/websocket"
)

// Dial connects to a WebSocket server at a ws, wss, http or https URL. ctx
// bounds the handshake only. The error is a *[HandshakeError] if the server
// answered, but not with a WebSocket connection.
func Dial(ctx context.Context, url string, o Options) (*Conn, error) {
	o = o.withDefaults()
	mode := websocket.CompressionDisabled
	if o.Compression {
		mode = websocket.CompressionNoContextTakeover
	}
	client, transport := uncutClient(o.Client)
	ws, resp, err := websocket.Dial(ctx, url, &websocket.DialOptions{
		HTTPClient:      client,
		HTTPHeader:      o.Header,
		Subprotocols:    o.Subprotocols,
		CompressionMode: mode,
	})
	if err != nil {
		if resp != nil {
			he := &HandshakeError{StatusCode: resp.StatusCode, Err: err}
			if resp.Body != nil {
				body, _ := io.ReadAll(io.LimitReader(resp.Body, 1024))
				he.Body = string(body)
			}
			return nil, he
		}
		return nil, fmt.Errorf("wsconn: %w", err)
	}
	ws.SetReadLimit(o.ReadLimit)
	return &Conn{ws: ws, cut: func() { _ = transport.body.Close() }, text: o.Text, limit: o.ReadLimit}, nil
}

// uncutClient returns a copy of c (nil: http.DefaultClient) whose WebSocket
// connection ends with errCut.
func uncutClient(c *http.Client) (*http.Client, *uncutTransport) {
	if c == nil {
		c = http.DefaultClient
	}
	client := *c
	t := &uncutTransport{base: c.Transport}
	client.Transport = t
	return &client, t
}

type uncutTransport struct {
	base http.RoundTripper
	body io.ReadWriteCloser // of the latest answer, which is the connection
}

func (t *uncutTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	base := t.base
	if base == nil {
		base = http.DefaultTransport
	}
	resp, err := base.RoundTrip(r)
	if err == nil && resp.StatusCode == http.StatusSwitchingProtocols {
		if body, ok := resp.Body.(io.ReadWriteCloser); ok {
			t.body = uncutBody{body}
			resp.Body = t.body
		}
	}
	return resp, err
}

type uncutBody struct{ io.ReadWriteCloser }

func (b uncutBody) Read(p []byte) (int, error) {
	n, err := b.ReadWriteCloser.Read(p)
	return n, uncut(err)
}
