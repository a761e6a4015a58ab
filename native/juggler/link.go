package juggler

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/weft-sync/weft/core/codec"
	"github.com/weft-sync/weft/native/wsconn"
)

// link is one connection, of either side: the messages on a socket, and their end.
//
// Its goroutines are the reader, which run is called by; a writer while there is
// something to write; and at the end one that closes the socket.
type link struct {
	ws  *wsconn.Conn
	cfg linkConfig
	out outbox

	// receive is called by the reader with each message. While it has not returned
	// nothing is read. An error is the peer's fault and ends the connection.
	receive func(text []byte) error
	// room, if set, is called by the writer after a write, when the outbox is not
	// over its limit.
	room func()

	ctx    context.Context // ends when the connection begins to end
	cancel context.CancelCauseFunc

	started time.Time
	heard   atomic.Int64 // when something last came, since started
	reading atomic.Bool  // the reader waits for the peer, not for this side
	timer   *time.Timer  // of pings; nil if there are none
	timerMu sync.Mutex
	asked   bool // a ping was sent,
	// and this was heard then.
	heardBefore int64

	ending   sync.Once
	finished chan struct{} // the socket is closed, and no writer is left
	done     chan struct{} // and no reader
}

type linkConfig struct {
	transport   Transport
	readLimit   int64
	queueLimit  int
	pingDelay   time.Duration // 0: no pings
	pingTimeout time.Duration
	// ping is the message that asks for a sign of life, in the plain transport,
	// which has no frame for it.
	ping func() []byte
}

// closeTimeout is how long the orderly end of a connection may take: writing what is
// queued, and waiting for the peer's close frame.
const closeTimeout = 5 * time.Second

func newLink(ws *wsconn.Conn, cfg linkConfig) *link {
	l := &link{
		ws:       ws,
		cfg:      cfg,
		out:      outbox{segmented: cfg.transport == Segmented, limit: cfg.queueLimit},
		started:  time.Now(),
		finished: make(chan struct{}),
		done:     make(chan struct{}),
	}
	l.ctx, l.cancel = context.WithCancelCause(context.Background())
	return l
}

// run reads until the connection has ended.
func (l *link) run() {
	defer close(l.done)
	l.startPings()
	err := l.read()
	code := codec.CloseCode(0) // the socket is no use any more
	if pe, ok := errors.AsType[*codec.PeerError](err); ok {
		// All ends of the original are 1000, but for what is too large.
		code = codec.Normal
		if pe.Code == codec.TooLarge {
			code = codec.TooLarge
		}
	}
	if errors.Is(err, ErrBacklog) {
		code = codec.Normal
	}
	l.end(err, code)
	<-l.finished
}

func (l *link) read() error {
	var parts assembler
	for {
		l.reading.Store(true)
		frame, err := l.ws.Read()
		l.reading.Store(false)
		if err != nil {
			return err
		}
		l.hear()
		if l.ctx.Err() != nil {
			continue // until the peer's close frame
		}
		if l.cfg.transport == Plain {
			if err := l.receive(frame); err != nil {
				return err
			}
			continue
		}
		if err := l.receiveFrame(&parts, frame); err != nil {
			return err
		}
	}
}

// receiveFrame takes a frame of the segmented transport.
func (l *link) receiveFrame(parts *assembler, frame []byte) error {
	if len(frame) == 0 {
		return badMessage("empty frame", nil)
	}
	switch frame[0] {
	case lastSegment, moreFollow:
		last := frame[0] == lastSegment
		message, ok := parts.add(frame[1:], last, l.cfg.readLimit)
		if !ok {
			return &codec.PeerError{Code: codec.TooLarge, Reason: "message too large"}
		}
		if last {
			return l.receive(message)
		}
	case pingFrame:
		frame[0] = pongFrame
		start, err := l.out.control(l.ctx, frame)
		l.write(start)
		if err != nil {
			return nil // the connection ends
		}
	case pongFrame:
	default:
		return badMessage("unknown kind of frame", nil)
	}
	return nil
}

// send queues a message when there is room. The message is not changed any more.
func (l *link) send(ctx context.Context, message []byte) error {
	start, err := l.out.send(ctx, message)
	l.write(start)
	return err
}

// post queues a message at once.
func (l *link) post(message []byte) (number uint64, err error) {
	number, start, err := l.out.post(message)
	l.write(start)
	return number, err
}

// write has a writer run if start says that there is none.
func (l *link) write(start bool) {
	if !start {
		return
	}
	go func() {
		for {
			b := l.out.take()
			if len(b.frames) == 0 {
				return
			}
			if err := l.ws.Write(b.frames); err != nil {
				l.end(err, 0)
				l.out.breakOff()
				return
			}
			if l.out.wrote(b) && l.room != nil {
				l.room()
			}
		}
	}()
}

// end ends the connection, once, and returns before it has ended. cause is what its
// users are told. What is queued is still written, and then a close frame with the
// code; code 0 means that there is no point in either.
func (l *link) end(cause error, code codec.CloseCode) {
	l.ending.Do(func() {
		err := closed(cause)
		l.cancel(err)
		l.out.close(err)
		go func() {
			defer close(l.finished)
			l.stopPings()
			if code != 0 {
				cut := time.AfterFunc(closeTimeout, l.ws.Abort)
				l.out.idle()
				_ = l.ws.Close(code, "") // a peer that is gone cannot be told
				cut.Stop()
			}
			l.ws.Abort()
			l.out.idle()
		}()
	})
}

// err returns why the connection has ended or is ending, wrapping ErrClosed; nil if
// it is not.
func (l *link) err() error {
	if l.ctx.Err() == nil {
		return nil
	}
	return context.Cause(l.ctx)
}
