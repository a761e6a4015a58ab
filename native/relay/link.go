package relay

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"sync"

	"github.com/weft-sync/weft/core/codec"
	"github.com/weft-sync/weft/native/host"
	"github.com/weft-sync/weft/native/wsconn"
)

// codeAbnormal stands for an end without a close frame (RFC 6455, 7.1.5).
const codeAbnormal codec.CloseCode = 1006

// link is one attempt to connect upstream and the connection that it becomes. Its
// goroutine dials and then reads.
type link struct {
	relay  *Relay
	number uint32 // the machine's
	cancel context.CancelFunc

	mu   sync.Mutex
	conn *wsconn.Conn // nil while it is dialled
	off  bool         // it is not wanted any more
}

func (r *Relay) dial(number uint32, authorized bool) {
	ctx, cancel := context.WithCancel(r.ctx)
	l := &link{relay: r, number: number, cancel: cancel}
	r.link = l
	header := http.Header{}
	if authorized {
		pair := r.cfg.User + ":" + r.cfg.Password
		header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(pair)))
	}
	r.log.Debug("connecting upstream", "upstream", r.upstream.Host, "attempt", number, "credentials", authorized)
	r.conns.Go(func() {
		defer cancel()
		err := l.run(ctx, header)
		r.loop.Post(event{kind: upEnded, link: l, err: err})
	})
}

// run dials and reads until the connection ends.
func (l *link) run(ctx context.Context, header http.Header) error {
	r := l.relay
	conn, err := wsconn.Dial(ctx, r.upstream.String(), wsconn.Options{
		ReadLimit: r.cfg.ReadLimit, Header: header, Client: r.cfg.HTTPClient,
	})
	if err != nil {
		return err
	}
	l.mu.Lock()
	l.conn = conn
	off := l.off
	l.mu.Unlock()
	if off {
		conn.Abort()
		return context.Canceled
	}
	defer context.AfterFunc(r.ctx, conn.Abort)()
	r.loop.Post(event{kind: opened, link: l})
	for {
		frame, err := conn.Read()
		if err == nil {
			err = r.loop.Put(event{kind: upReceived, link: l, frame: frame}, len(frame)+frameCost)
		}
		if err != nil {
			if pe, ok := errors.AsType[*codec.PeerError](err); ok {
				_ = conn.Close(pe.Code, pe.Reason)
			} else if !errors.Is(err, host.ErrClosed) { // then it is being closed in order
				conn.Abort()
			}
			return err
		}
	}
}

// write writes in a goroutine of its own.
func (l *link) write(frames [][]byte) {
	l.relay.conns.Go(func() {
		err := l.conn.Write(frames)
		if err != nil {
			l.conn.Abort() // its reader will say that it has ended
		}
		l.relay.loop.Post(event{kind: upWritten, link: l, err: err})
	})
}

// ping asks the upstream for a sign of life, in a goroutine of its own.
func (l *link) ping() {
	l.relay.conns.Go(func() {
		ctx, cancel := context.WithTimeout(l.relay.ctx, pongTimeout)
		defer cancel()
		err := l.conn.Ping(ctx)
		l.relay.loop.Post(event{kind: upPonged, link: l, err: err})
	})
}

// close ends the attempt, or closes the connection in a goroutine of its own.
func (l *link) close(code codec.CloseCode) {
	l.mu.Lock()
	l.off = true
	conn := l.conn
	l.mu.Unlock()
	if conn == nil {
		l.cancel()
		return
	}
	l.relay.conns.Go(func() {
		stop := context.AfterFunc(l.relay.ctx, conn.Abort)
		defer stop()
		_ = conn.Close(code, "")
		conn.Abort()
	})
}

// upEnded tells the machine how a link has ended.
func (r *Relay) upEnded(now int64, l *link, err error) {
	if r.link == l {
		r.link = nil
	}
	var (
		he *wsconn.HandshakeError
		ce *wsconn.CloseError
	)
	code := codeAbnormal
	switch {
	case errors.Is(err, ErrOwnAddress):
		r.log.Error("the upstream is the relay itself; it does not connect", "upstream", r.upstream.Host)
		r.machine.HandleRefused(now, l.number, 0)
		return
	case errors.As(err, &he):
		r.log.Warn("the upstream refused the connection", "status", he.StatusCode)
		r.machine.HandleRefused(now, l.number, he.StatusCode)
		return
	case errors.As(err, &ce):
		code = ce.Code
	}
	if ue, ok := errors.AsType[*url.Error](err); ok {
		err = ue.Err // the address may have a token in its query
	}
	r.log.Info("no connection upstream", "error", err)
	r.machine.HandleClose(now, l.number, code)
}
