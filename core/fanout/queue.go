package fanout

// Queue is what waits for one connection: whole frames, in order, up to a bound
// in bytes, and whether a write is under way. The zero value is an empty queue.
type Queue struct {
	frames  [][]byte
	bytes   int
	writing bool
}

// frameCost is what a queued frame counts beside its bytes, so that empty frames
// do not fill the memory.
const frameCost = 32

// Push appends a frame, unless the queue would hold more than limit bytes with
// it, and reports whether it did. An empty queue takes any frame, so that one
// which is larger than the limit can be sent at all.
func (q *Queue) Push(frame []byte, limit int) bool {
	if len(q.frames) > 0 && q.bytes+len(frame)+frameCost > limit {
		return false
	}
	q.frames = append(q.frames, frame)
	q.bytes += len(frame) + frameCost
	return true
}

// Bytes returns what is in the queue, in bytes, the cost of each frame included.
func (q *Queue) Bytes() int { return q.bytes }

// Ready reports whether there is something to write and no write under way.
func (q *Queue) Ready() bool { return !q.writing && len(q.frames) > 0 }

// Take appends everything to frames and empties the queue. If that is anything, a
// write is under way from then on, until Written. It takes nothing while one is.
func (q *Queue) Take(frames [][]byte) [][]byte {
	if !q.Ready() {
		return frames
	}
	frames = append(frames, q.frames...)
	q.Drop()
	q.writing = true
	return frames
}

// Hold notes that a write is under way, without one.
func (q *Queue) Hold() { q.writing = true }

// Written tells that the write under way is done.
func (q *Queue) Written() { q.writing = false }

// Drop empties the queue. The memory of a short one is kept.
func (q *Queue) Drop() {
	clear(q.frames)
	q.frames, q.bytes = q.frames[:0], 0
	if cap(q.frames) > keepSlots {
		q.frames = nil
	}
}

// keepSlots is how many places for frames an empty queue keeps.
const keepSlots = 8
