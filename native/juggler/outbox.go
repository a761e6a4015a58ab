package juggler

import (
	"context"
	"slices"
	"sync"
)

// outbox is what waits to be written on a connection. Its bytes are bounded by those
// who put something in: they wait while it is over its limit.
type outbox struct {
	segmented bool
	limit     int // bytes

	mu       sync.Mutex
	messages [][]byte // lastSegment and the text
	offset   int      // what of messages[0] has been taken
	controls [][]byte // frames that go before the next segment
	bytes    int
	put      uint64 // messages ever put in
	written  uint64 // messages handed to the socket
	err      error  // nothing more is put in
	broken   bool   // nothing more is written
	changed  chan struct{}
	writing  bool // a writer is under way
}

// wake lets those who wait look again. o.mu is held.
func (o *outbox) wake() {
	if o.changed != nil {
		close(o.changed)
		o.changed = nil
	}
}

// wait waits for the next change. o.mu is held, and released meanwhile.
func (o *outbox) wait(ctx context.Context) error {
	if o.changed == nil {
		o.changed = make(chan struct{})
	}
	changed := o.changed
	o.mu.Unlock()
	defer o.mu.Lock()
	select {
	case <-changed:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// post puts a message in, whatever the limit. start says that the caller must have
// the writer run.
func (o *outbox) post(message []byte) (number uint64, start bool, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.add(message)
}

// hasRoom reports whether the outbox is not over its limit.
func (o *outbox) hasRoom() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.bytes <= o.limit
}

// send puts a message in once the outbox is not over its limit.
func (o *outbox) send(ctx context.Context, message []byte) (start bool, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if err := o.waitForRoom(ctx); err != nil {
		return false, err
	}
	_, start, err = o.add(message)
	return start, err
}

// control is send for a frame that goes before the next segment.
func (o *outbox) control(ctx context.Context, frame []byte) (start bool, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if err := o.waitForRoom(ctx); err != nil {
		return false, err
	}
	return o.addControl(frame), nil
}

// ping is control without waiting. There is one ping at a time.
func (o *outbox) ping(frame []byte) (start bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.err != nil {
		return false
	}
	return o.addControl(frame)
}

func (o *outbox) addControl(frame []byte) (start bool) {
	o.controls = append(o.controls, frame)
	o.bytes += len(frame)
	return o.started()
}

func (o *outbox) waitForRoom(ctx context.Context) error {
	for o.err == nil && o.bytes > o.limit {
		if err := o.wait(ctx); err != nil {
			return err
		}
	}
	return o.err
}

func (o *outbox) add(message []byte) (number uint64, start bool, err error) {
	if o.err != nil {
		return 0, false, o.err
	}
	o.messages = append(o.messages, message)
	o.bytes += len(message)
	o.put++
	return o.put, o.started(), nil
}

func (o *outbox) started() bool {
	start := !o.writing
	o.writing = true
	return start
}

// flushed waits until the message of that number, and those before it, are handed to
// the socket.
func (o *outbox) flushed(ctx context.Context, number uint64) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	for o.written < number {
		if o.broken {
			return o.err
		}
		if err := o.wait(ctx); err != nil {
			return err
		}
	}
	return nil
}

// batchSize is how many bytes are written in one call, unless one frame is larger.
const batchSize = 64 << 10

// batch is what one write takes.
type batch struct {
	frames [][]byte
	bytes  int // that are done with when it is written
	ended  int // messages, likewise
}

// take returns the next frames, of one segment at most if a message has several, so
// that controls can go between. None is the end of the writer. After they are written
// it calls wrote.
func (o *outbox) take() (b batch) {
	o.mu.Lock()
	defer o.mu.Unlock()
	b.frames, o.controls = o.controls, nil
	for _, f := range b.frames {
		b.bytes += len(f)
	}
	for size := b.bytes; b.ended < len(o.messages); b.ended++ {
		m := o.messages[b.ended]
		frame, next := m[1:], len(m)
		if o.segmented {
			frame, next = nextSegment(m, o.offset)
		}
		if size += len(frame); size > batchSize && len(b.frames) > 0 {
			break
		}
		b.frames = append(b.frames, frame)
		if o.offset = next; next < len(m) {
			break
		}
		o.offset = 0
		b.bytes += len(m)
	}
	o.messages = slices.Delete(o.messages, 0, b.ended)
	if len(b.frames) == 0 {
		o.writing = false
		o.wake()
	}
	return b
}

// wrote says that a batch is handed to the socket, and whether there is room again.
func (o *outbox) wrote(b batch) (room bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.bytes -= b.bytes
	o.written += uint64(b.ended)
	o.wake()
	return o.bytes <= o.limit
}

// close ends puts with err, and keeps what is there to be written.
func (o *outbox) close(err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.err == nil {
		o.err = err
	}
	o.wake()
}

// breakOff drops what is there, after close. It is the writer's last call when
// writing fails.
func (o *outbox) breakOff() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.broken = true
	o.messages, o.controls, o.bytes = nil, nil, 0
	o.writing = false
	o.wake()
}

// idle waits until no writer is under way.
func (o *outbox) idle() {
	o.mu.Lock()
	defer o.mu.Unlock()
	for o.writing {
		_ = o.wait(context.Background())
	}
}
