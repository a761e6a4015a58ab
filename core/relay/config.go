package relay

import "github.com/weft-sync/weft/core/codec"

// Config is how a [Relay] behaves. The zero value is usable; a host with many
// relays sets Rand.
type Config struct {
	// Rand returns uniform 64-bit values for the jitter of the backoff, from a
	// source that the host seeds differently in each process. Nil: no jitter.
	Rand func() uint64

	// MinBackoff and MaxBackoff bound the delay before an attempt to connect
	// upstream, in milliseconds. Defaults 100 and 30000.
	MinBackoff, MaxBackoff int64

	// Timeout is how long, in milliseconds, an attempt may take, and how long the
	// upstream may be silent: after half of it there is a Ping. Default 60000.
	Timeout int64

	// Credentials says that the host has some, for a server that answers 401.
	Credentials bool

	// Framing is what the upstream is written to in: codec.ELVA, which is the
	// default, or codec.ELVA33. An upstream that answers in the other one is
	// answered in that.
	Framing *codec.Framing

	// QueueLimit is how many bytes may wait for a local connection, UpstreamLimit
	// how many for the upstream: enough for a short answer of each local, or their
	// answers are asked for without end. Defaults 1 MiB and 8 MiB.
	QueueLimit, UpstreamLimit int

	// Keepalive is the time in milliseconds after which a local connection that
	// was sent nothing is sent an empty awareness message. y-websocket's provider
	// gives a connection up after 30 s of silence. Default 15000.
	Keepalive int64
}

func (c Config) withDefaults() Config {
	if c.MinBackoff <= 0 {
		c.MinBackoff = 100
	}
	if c.MaxBackoff <= 0 {
		c.MaxBackoff = 30_000
	}
	c.MaxBackoff = max(c.MaxBackoff, c.MinBackoff)
	if c.Timeout <= 0 {
		c.Timeout = 60_000
	}
	if c.Framing == nil {
		c.Framing = codec.ELVA
	}
	if c.UpstreamLimit <= 0 {
		c.UpstreamLimit = 8 << 20
	}
	return c
}

// Stats counts what a relay has done since it was made, and says what it holds.
type Stats struct {
	Status    Status
	Locals    int // connections
	Documents int // with locals
	Queued    int // bytes waiting for locals
	Upstream  int // bytes waiting for the upstream

	FromLocals   uint64 // frames
	FromUpstream uint64 // frames
	ToLocals     uint64 // frames, once for each local
	ToUpstream   uint64 // frames
	Asked        uint64 // step 1s sent on behalf of locals

	Offline     uint64 // frames of locals that came while there was no upstream
	Shed        uint64 // frames not sent upstream because its queue was full
	Unwanted    uint64 // frames from upstream for documents without locals
	Dropped     uint64 // frames not sent to locals because their queues were full
	Closed      uint64 // locals closed because of that
	Attempts    uint64 // to connect
	Connections uint64 // of those: opened
	Faults      uint64 // connections ended because the upstream sent what cannot be read
}
