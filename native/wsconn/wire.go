package wsconn

import (
	"encoding/binary"
	"net"
	"sync"
	"syscall"
	"time"
)

// wire is the net.Conn that coder/websocket writes to and reads from on an
// accepted connection.
//
// Writing never blocks. What coder writes is queued: while Conn gathers the
// messages of one write, until tryFlush; otherwise (a pong, a close frame) for
// as long as the socket does not take it at once. So coder's own write
// deadlines, which would close the connection of a slow peer, never come into
// play; the one deadline is in drain, and it asks for progress, not for
// completion.
//
// A message that is not compressed is the same bytes on every connection, and
// does not need coder's locks and buffers: see writeMessages. Everything else
// (handshake, control frames, compressed messages, all reading) is coder's.
//
// Reading borrows a block from the pool when the socket has bytes, and gives
// it back when they are consumed; see readOnce.
type wire struct {
	net.Conn
	raw     syscall.RawConn // nil if the socket cannot be tried without blocking
	fd      uintptr         // raw's descriptor; open while mu is held and err is nil
	timeout time.Duration
	text    bool // messages are text

	// Of the reader's goroutine.
	in      []byte // read from the socket, not yet consumed
	inBlock *block // where in lives, if it is borrowed
	into    []byte // where readOnce may put the bytes directly
	readN   int
	readErr error
	readFn  func(fd uintptr) bool // readOnce, bound once

	mu        sync.Mutex
	out       []segment
	queued    int    // bytes in out
	gathering bool   // coder's writes belong to frames of the running TryWrite
	frame     []byte // the frame that coder is writing, while gathering
	farewell  bool   // a close frame was queued: no message may follow
	leaving   bool   // the socket is to be closed when drain is done
	flushing  bool   // a goroutine is in drain
	flushed   chan struct{}
	pongs     int // control frames that queued up behind drain
	err       error
}

// segment is a run of bytes on its way out: a part of a frame itself, or
// copies of small parts in a borrowed block.
type segment struct {
	data  []byte
	block *block
}

const (
	// aliasMin is the size from which a message is not copied into a block. It
	// must be larger than writeBuf: what coder's bufio.Writer passes on in one
	// piece is then the message itself, never bufio's buffer.
	aliasMin = 2 << 10
	// tryMax is how many queued bytes tryFlush offers to the socket. Copying
	// more into the kernel takes long enough to be another goroutine's work.
	tryMax = 64 << 10
	// drainStep is what must leave within the write timeout.
	drainStep = 64 << 10
	// lastCall is how long a close frame may take to leave after the end.
	lastCall = time.Second
	// maxPongs bounds what a peer that pings but does not read can queue.
	maxPongs = 4
)

func newWire(conn net.Conn, early []byte, timeout time.Duration) *wire {
	w := &wire{Conn: conn, in: early, timeout: timeout}
	if raw := rawConn(conn); raw != nil {
		w.raw = raw
		w.readFn = w.readOnce
		if raw.Control(func(fd uintptr) { w.fd = fd }) != nil {
			w.raw = nil
		}
	}
	return w
}

// Read implements net.Conn for coder's reader.
func (w *wire) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if len(w.in) == 0 {
		if w.raw == nil {
			n, err := w.Conn.Read(p)
			return n, uncut(err)
		}
		w.into = p
		err := w.raw.Read(w.readFn)
		w.into = nil
		if err == nil {
			err = w.readErr
		}
		if err != nil || w.readN > 0 {
			return w.readN, err
		}
	}
	n := copy(p, w.in)
	w.in = w.in[n:]
	if len(w.in) == 0 {
		w.in = nil
		if w.inBlock != nil {
			putBlock(w.inBlock)
			w.inBlock = nil
		}
	}
	return n, nil
}

// opcodes with the final bit (RFC 6455, 5.2).
const (
	finalText   = 0x81
	finalBinary = 0x82
	finalClose  = 0x88
)

// writeMessages queues messages, not compressed, and offers them to the socket.
func (w *wire) writeMessages(messages [][]byte) (done bool, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.refusal(); err != nil {
		return false, err
	}
	first := byte(finalBinary)
	if w.text {
		first = finalText
	}
	for _, m := range messages {
		var header [maxHeader]byte
		w.queueCopy(messageHeader(header[:0], first, len(m)))
		w.queue(m, len(m) >= aliasMin)
	}
	return w.offer()
}

// refusal is why no message can be written, or nil. w.mu is held.
func (w *wire) refusal() error {
	if w.err == nil && w.farewell {
		return net.ErrClosed
	}
	return w.err
}

// open reports whether what is written next goes straight to the socket. w.mu
// is held.
func (w *wire) open() bool {
	return w.refusal() == nil && !w.flushing && len(w.out) == 0
}

// finish takes over the rest of messages whose beginning, if they have one, was
// written with the given error while the wire was open. w.mu is held.
func (w *wire) finish(rest []byte, err error) (done bool, _ error) {
	if err != nil {
		w.fail(err)
	}
	if err := w.refusal(); err != nil {
		return false, err
	}
	w.queueCopy(rest)
	return w.offer()
}

// maxHeader is the length of the longest message header.
const maxHeader = 10

// messageHeader appends the frame header of a message from a server: whole, not
// masked (RFC 6455, 5.2). Its first byte says whether it is text or binary.
func messageHeader(b []byte, first byte, n int) []byte {
	switch {
	case n < 126:
		return append(b, first, byte(n))
	case n < 1<<16:
		return binary.BigEndian.AppendUint16(append(b, first, 126), uint16(n))
	}
	return binary.BigEndian.AppendUint64(append(b, first, 127), uint64(n))
}

// gather begins a frame: what coder writes from now on is kept until tryFlush.
func (w *wire) gather(frame []byte) {
	w.mu.Lock()
	w.gathering = true
	w.frame = frame
	w.mu.Unlock()
}

func (w *wire) ungather() {
	w.mu.Lock()
	w.gathering = false
	w.frame = nil
	w.mu.Unlock()
}

// Write implements net.Conn for coder's writer.
func (w *wire) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err != nil {
		return 0, w.err
	}
	if w.leaving {
		return 0, net.ErrClosed
	}
	if !w.gathering && len(p) > 0 && p[0] == finalClose {
		w.farewell = true // control frames come whole, see writeBuf
	}
	w.queue(p, w.isFrame(p))
	if w.gathering || w.flushing {
		return len(p), nil
	}
	if w.try(); w.err != nil {
		return 0, w.err
	}
	if len(w.out) > 0 {
		w.flushing = true
		go w.drain()
	}
	return len(p), nil
}

// queue appends p to what is to be written: p itself if keep is set, a copy
// otherwise. w.mu is held.
func (w *wire) queue(p []byte, keep bool) {
	if !keep {
		w.queueCopy(p)
		return
	}
	w.queued += len(p)
	w.out = append(w.out, segment{data: p})
}

func (w *wire) queueCopy(p []byte) {
	if len(p) == 0 {
		return
	}
	w.queued += len(p)
	if n := len(w.out); n > 0 {
		last := &w.out[n-1]
		if last.block != nil && cap(last.data)-len(last.data) >= len(p) {
			last.data = append(last.data, p...)
			return
		}
	}
	if len(p) > len(block{}) {
		w.out = append(w.out, segment{data: append([]byte(nil), p...)})
		return
	}
	b := getBlock()
	w.out = append(w.out, segment{data: append(b[:0], p...), block: b})
}

// isFrame reports whether p is the tail of the frame that is being written,
// and not a copy of it in a buffer that coder or bufio will use again.
func (w *wire) isFrame(p []byte) bool {
	n, m := len(p), len(w.frame)
	return w.gathering && n >= aliasMin && m >= n && &p[n-1] == &w.frame[m-1]
}

// tryFlush ends gathering and offers what is queued to the socket. done is
// false if flush must be called.
func (w *wire) tryFlush() (done bool, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.gathering = false
	w.frame = nil
	return w.offer()
}

// offer writes what the socket takes at once, if that is worth trying. w.mu is
// held.
func (w *wire) offer() (done bool, err error) {
	if w.err == nil && !w.flushing && w.queued <= tryMax {
		w.try()
	}
	return len(w.out) == 0 && !w.flushing, w.err
}

// try writes what the socket takes at once. w.mu is held, and not for long.
func (w *wire) try() {
	if w.raw == nil {
		return
	}
	sent := 0
	for sent < len(w.out) {
		s := &w.out[sent]
		n, err := w.write(s.data)
		if err != nil {
			w.fail(err)
			return
		}
		w.queued -= n
		if n < len(s.data) {
			s.data = s.data[n:]
			break
		}
		s.release()
		sent++
	}
	w.out = append(w.out[:0], w.out[sent:]...)
	clear(w.out[len(w.out):cap(w.out)])
}

// flush waits until nothing is queued.
func (w *wire) flush() error {
	w.mu.Lock()
	for w.flushing {
		if w.flushed == nil {
			w.flushed = make(chan struct{})
		}
		done := w.flushed
		w.mu.Unlock()
		<-done
		w.mu.Lock()
	}
	if len(w.out) == 0 || w.err != nil {
		defer w.mu.Unlock()
		return w.err
	}
	w.flushing = true
	w.mu.Unlock()
	w.drain()
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.err
}

// drain writes what is queued, and what is queued meanwhile, waiting for the
// peer. One goroutine at a time is here: the one that set w.flushing.
func (w *wire) drain() {
	w.mu.Lock()
	for len(w.out) > 0 && w.err == nil {
		out := w.out
		w.out, w.queued = nil, 0
		w.mu.Unlock()
		err := w.writeAll(out)
		w.mu.Lock()
		if err != nil {
			w.fail(err)
		}
	}
	w.flushing = false
	w.pongs = 0
	if w.leaving {
		w.shut()
	}
	if w.flushed != nil {
		close(w.flushed)
		w.flushed = nil
	}
	w.mu.Unlock()
}

func (w *wire) writeAll(out []segment) error {
	for i := range out {
		for rest := out[i].data; len(rest) > 0; {
			step := min(len(rest), drainStep)
			// A slow peer has the whole timeout for each step, and between
			// two of them nobody waits.
			if err := w.Conn.SetWriteDeadline(time.Now().Add(w.timeout)); err != nil {
				return err
			}
			if _, err := w.Conn.Write(rest[:step]); err != nil {
				return err
			}
			rest = rest[step:]
		}
		out[i].release()
	}
	return w.Conn.SetWriteDeadline(time.Time{})
}

// fail makes err the answer to every write from now on and closes the socket,
// so that the reader learns of it. w.mu is held.
func (w *wire) fail(err error) {
	if w.err == nil {
		w.err = err
		_ = w.Conn.Close()
	}
	w.out, w.queued = nil, 0
}

// Close implements net.Conn for coder, which calls it right after it has answered a
// close frame, and when its own was not answered. A close frame that is still on its
// way gets a moment to leave, without which the peer would see a cut connection.
// Everything else that is queued is dropped.
func (w *wire) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.leaving:
		return nil
	case !w.farewell || !w.flushing:
		return w.shut()
	}
	w.leaving = true
	time.AfterFunc(lastCall, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		_ = w.shut()
	})
	return w.Conn.SetReadDeadline(time.Unix(1, 0)) // readers return now
}

// abort closes the socket at once, unless Close is about to.
func (w *wire) abort() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.leaving {
		_ = w.shut()
	}
}

// shut closes the socket. w.mu is held.
func (w *wire) shut() error {
	if w.err != nil {
		return nil
	}
	w.err = net.ErrClosed
	w.out, w.queued = nil, 0
	return w.Conn.Close()
}

// wantPong reports whether a ping is to be answered. RFC 6455, 5.5.3, allows
// answering only the latest of several pings; behind a stalled write only the
// first few are, so that pings cannot fill the memory.
func (w *wire) wantPong() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.flushing {
		return true
	}
	w.pongs++
	return w.pongs <= maxPongs
}

func (s *segment) release() {
	if s.block != nil {
		putBlock(s.block)
		s.block = nil
	}
	s.data = nil
}
