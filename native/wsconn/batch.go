package wsconn

import "fmt"

// MaxBatch is how many connections a [Batch] writes to at a time. The calling
// thread is in the kernel for all of them, about 5 µs each.
const MaxBatch = 32

// Batch writes to several connections what is mostly the same for all of them:
// messages are framed once, and where the kernel offers it, the writes are
// handed over in one system call. The zero value is ready for use, by one
// goroutine at a time. Between batches it holds no buffer.
//
//	for i, conn := range conns { // at most MaxBatch
//		batch.Add(conn, frames[i])
//	}
//	for i, o := range batch.Flush() {
//		// as after o.Done, o.Err = conns[i].TryWrite(frames[i])
//	}
type Batch struct {
	block    *block
	used     int      // bytes of block
	messages [][]byte // those that framed holds
	framed   []byte   // in block
	writes   []batchWrite
	outcomes []Outcome
}

// Outcome is what became of a write, as [Conn.TryWrite] would report it.
type Outcome struct {
	Done bool
	Err  error
}

type batchWrite struct {
	wire    *wire
	data    []byte
	outcome int // index in outcomes
	sent    int // place in the ring, or -1
}

// ringMin is how many writes are worth the ring's own cost.
const ringMin = 4

// Add writes each frame as one message, now or in Flush. A connection is added
// at most once to a batch, and not written to otherwise until Flush. The frames
// are only read, and not after Add unless the outcome is that Flush of the
// connection must be called.
func (b *Batch) Add(c *Conn, frames [][]byte) {
	w := c.wire
	if w == nil || w.raw == nil || w.text || c.compress || len(frames) == 0 || !b.frame(frames) {
		done, err := c.TryWrite(frames)
		b.outcomes = append(b.outcomes, Outcome{done, err})
		return
	}
	b.writes = append(b.writes, batchWrite{wire: w, data: b.framed, outcome: len(b.outcomes)})
	b.outcomes = append(b.outcomes, Outcome{})
}

// Flush ends the batch and returns what became of each Add, in their order. The
// slice is valid until the next Add.
func (b *Batch) Flush() []Outcome {
	var r *ring
	if len(b.writes) >= ringMin {
		r = takeRing()
	}
	if r != nil {
		b.writeTogether(r)
		giveRing(r)
	} else {
		for i := range b.writes {
			w := &b.writes[i]
			w.wire.mu.Lock()
			n, err := 0, error(nil)
			if w.wire.open() {
				n, err = w.wire.write(w.data)
			}
			b.settle(w, n, err)
			w.wire.mu.Unlock()
		}
	}
	if b.block != nil {
		putBlock(b.block)
		b.block = nil
	}
	clear(b.writes)
	clear(b.messages)
	b.writes, b.messages, b.framed, b.used = b.writes[:0], b.messages[:0], nil, 0
	outcomes := b.outcomes
	b.outcomes = b.outcomes[:0]
	return outcomes
}

// writeTogether makes all writes through the ring. The wires are locked all the
// while, so that nothing is written between and nobody closes a socket.
func (b *Batch) writeTogether(r *ring) {
	for i := range b.writes {
		w := &b.writes[i]
		w.wire.mu.Lock()
		if w.sent = -1; w.wire.open() {
			w.sent = r.send(w.wire.fd, w.data)
		}
	}
	r.submit()
	for i := range b.writes {
		w := &b.writes[i]
		n, err := 0, error(nil)
		if w.sent >= 0 {
			n, err = r.result(w.sent)
		}
		b.settle(w, n, err)
		w.wire.mu.Unlock()
	}
}

// settle notes that the socket has taken n bytes of a write. What is left is
// queued. The wire is locked.
func (b *Batch) settle(w *batchWrite, n int, err error) {
	done, err := w.wire.finish(w.data[n:], err)
	if err != nil {
		err = fmt.Errorf("wsconn: write: %w", err)
	}
	b.outcomes[w.outcome] = Outcome{done, err}
}

// frame makes framed hold the messages. It reports whether there is room.
func (b *Batch) frame(messages [][]byte) bool {
	if b.framed != nil && sameSlices(messages, b.messages) {
		return true
	}
	size := 0
	for _, m := range messages {
		size += maxHeader + len(m)
	}
	if size > len(block{})-b.used {
		return false
	}
	if b.block == nil {
		b.block = getBlock()
	}
	framed := b.block[b.used:b.used]
	for _, m := range messages {
		framed = append(messageHeader(framed, finalBinary, len(m)), m...)
	}
	b.used += len(framed)
	b.framed = framed
	b.messages = append(b.messages[:0], messages...)
	return true
}

// sameSlices reports whether a and b are the same memory, slice by slice.
func sameSlices(a, b [][]byte) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if len(a[i]) != len(b[i]) || len(a[i]) > 0 && &a[i][0] != &b[i][0] {
			return false
		}
	}
	return true
}
