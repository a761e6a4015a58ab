package room

import "github.com/weft-sync/weft/core/awareness"

// Config is what a [Room] is made of. A zero field means the default.
type Config struct {
	// Doc is the document, loaded. The room owns it from then on; the host may
	// read it between two calls of the room's methods. Required.
	Doc Document

	// QueueLimit is how many bytes of updates the room keeps for members that
	// have not read them yet. All members share them. A member that is further
	// behind is sent a diff instead, which costs reading the document once.
	// Default 1 MiB.
	QueueLimit int

	// Keepalive is the time in milliseconds after which a member that was sent
	// nothing is sent an empty awareness message. y-websocket's provider gives
	// a connection up after 30 s of silence. Default 15000.
	Keepalive int64

	// Awareness bounds presence states.
	Awareness awareness.Limits

	// Limits bounds what members that speak the weft framing may write.
	Limits Limits
}

// Limits is what a room takes of a member that can be told that something is
// refused. Zero means no limit.
type Limits struct {
	Update      int // bytes of an update
	Document    int // bytes of the document with it
	Rate, Burst int // bytes of updates a second, and at once; Burst 0: as Rate
}

func (c Config) withDefaults() Config {
	if c.QueueLimit <= 0 {
		c.QueueLimit = 1 << 20
	}
	if c.Keepalive <= 0 {
		c.Keepalive = 15_000
	}
	if c.Limits.Burst <= 0 {
		c.Limits.Burst = c.Limits.Rate
	}
	return c
}

// Stats counts what a room has done since it was made, and says what it holds.
type Stats struct {
	Members    int // joined and not left
	QueueBytes int // of updates kept for members that have not taken them
	Present    int // clients with a presence state

	Frames    uint64 // handled, refused ones among them
	FrameSize uint64 // their bytes
	Refused   uint64 // answered with a PeerError

	Updates uint64 // received: updates and step 2s
	Stale   uint64 // of those: brought nothing new, so neither stored nor sent on
	Ignored uint64 // of those: from members that may not write, and cannot be told
	Appends uint64 // batches with something new; the last sequence number
	Merged  uint64 // updates that went into those batches

	Sent     uint64 // frames taken
	SentSize uint64 // their bytes
	Writes   uint64 // times that a member was given frames
	Synced   uint64 // step 1s answered
	Replaced uint64 // queues that were dropped to be replaced by a diff
	Diffs    uint64 // diffs sent in place of queues

	Acks     uint64 // acknowledgements sent
	Refusals uint64 // updates refused, with a word to the sender
	Nacks    uint64 // of those: told

	Presence        uint64 // awareness updates received
	PresenceStale   uint64 // of those: brought nothing new
	PresenceDropped uint64 // of those: too much for the room, so ignored
	Keepalives      uint64 // empty awareness messages sent
}
