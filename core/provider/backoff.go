package provider

// settleTime is how long a connection must live after its sync, in milliseconds,
// for the failures before it to be forgotten. Without it a server that syncs and
// then always fails would be dialled, and send the document, ten times a second.
const settleTime = 1000

// backoff counts failed attempts and draws the delay before the next one.
type backoff struct {
	rand     func() uint64
	min, max int64
	attempts int   // connections that ended since the last sync
	before   int   // what attempts was when that sync completed
	syncedAt int64 // when that was; never = not in this connection
}

// dialled starts a connection's account.
func (b *backoff) dialled() { b.syncedAt = never }

// synced forgets the failures, for as long as the connection holds.
func (b *backoff) synced(now int64) {
	b.before, b.attempts, b.syncedAt = b.attempts, 0, now
}

// failed counts the end of a connection and returns the delay until the next
// attempt: uniform between min and min·2^attempts, at most max (full jitter), so
// that the clients of a restarted server spread out.
func (b *backoff) failed(now int64) int64 {
	if b.syncedAt != never && now-b.syncedAt < settleTime {
		b.attempts = b.before
	}
	b.syncedAt = never
	b.attempts++
	ceiling := b.min
	for i := 0; i < b.attempts && ceiling < b.max; i++ {
		ceiling *= 2
	}
	ceiling = min(ceiling, b.max)
	if b.rand == nil {
		return ceiling
	}
	return b.min + int64(b.rand()%uint64(ceiling-b.min+1))
}
