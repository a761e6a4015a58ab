package room

import "github.com/weft-sync/weft/core/fanout"

// Member names a connection in a room. The host chooses it, and uses it once.
type Member = fanout.Member

// member is what a room knows of one. An idle member costs little more than
// this struct: queues are places in shared logs, and known is shared too.
type member struct {
	id    Member
	phase phase
	feed  feed
	seat  *seat // of a member that speaks the weft framing

	readOnly bool // what it would change has no effect

	many bool // stands for many clients, see JoinMany

	// Things that are owed to the member, and things that were done once.
	newcomer bool // has not been sent the presence states yet
	inquired bool // asked for all presence states, even if there are none
	overdue  bool // was sent nothing for too long
	greeted  bool // was sent the room's own step 1
	complete bool // everything was sent to it once, so known may be renewed
	listed   bool // is in Room.active
	present  bool // wrote a presence state

	at        uint64  // following: place in the log, a number of a batch
	authored  uint64  // the number after the last batch with updates of its own
	seen      uint64  // version of the presence states that it was sent
	known     []byte  // encoded state vector that it has at least; nil: nothing
	traffic   int     // bytes of updates to and from it since known was renewed
	share     int     // its place in the current batch + 1; 0: none
	order     int     // its place in Room.order
	older     *member // neighbours in the list of silence
	newer     *member
	lastWrite int64 // when it was written to, or began to listen
}
