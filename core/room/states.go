package room

// A member is in two states at once. Its phase says whether it may be written
// to; its feed says how it learns of updates. Both tables are here, everything
// that moves a member goes through them, and the diagrams in docs/room.md are
// drawn from them.
//
// Theory of operation. A room does not speak before it is spoken to, because
// the first message decides the framing: a member starts silent, with no feed.
// Any valid message makes it idle and puts it at the end of the log of updates,
// which it follows from there on. A step 1 says what it has; its answer is
// computed when it is taken and covers everything up to then, so until then the
// member needs no place in the log. A member that follows and whose place was
// dropped, because the log is bounded, is behind: the next it takes is a diff
// from what it is known to have. Whatever it takes, it follows again.
//
// A member of the weft framing is sent a large answer in parts. While it is loading
// it keeps its place in the log; should the log drop it, it is behind when the last
// part was taken.
//
// One write is under way at a time. While it is, nothing is ready for the
// member, and what comes meanwhile is taken in one piece after it.

// phase says whether a member may be written to.
type phase uint8

const (
	silent  phase = iota + 1 // has said nothing yet and is told nothing
	idle                     // may be given frames
	writing                  // has been given frames that are not written yet
	gone                     // has left
)

// feed says how a member learns of updates.
type feed uint8

const (
	none      feed = iota + 1 // of none
	following                 // from its place in the log
	behind                    // by a diff from what it is known to have
	asked                     // by a step 2, the answer to its step 1
	loading                   // by the rest of such an answer, then from its place in the log
)

// event is what moves a member.
type event uint8

const (
	message  event = iota // a valid message came, of any kind
	step1                 // it was a step 1
	take                  // frames were taken
	part                  // a part of an answer was taken, and more are to come
	written               // they were written
	overflow              // the log dropped the member's place
	leave                 // the member left
	events                // how many there are
)

// A zero in the tables means that the event changes nothing.
var phases = [...][events]phase{
	silent:  {message: idle, leave: gone},
	idle:    {take: writing, leave: gone},
	writing: {written: idle, leave: gone},
	gone:    {},
}

var feeds = [...][events]feed{
	none:      {message: following},
	following: {step1: asked, overflow: behind, leave: none},
	behind:    {step1: asked, take: following, part: loading, leave: none},
	asked:     {take: following, part: loading, leave: none},
	loading:   {step1: asked, take: following, leave: none},
}

func (p phase) next(e event) phase {
	if n := phases[p][e]; n != 0 {
		return n
	}
	return p
}

func (f feed) next(e event) feed {
	if n := feeds[f][e]; n != 0 {
		return n
	}
	return f
}

func (p phase) String() string {
	return [...]string{silent: "silent", idle: "idle", writing: "writing", gone: "gone"}[p]
}

func (f feed) String() string {
	return [...]string{none: "none", following: "following", behind: "behind", asked: "asked", loading: "loading"}[f]
}

func (e event) String() string {
	return [...]string{message: "message", step1: "step 1", take: "take", part: "part", written: "written",
		overflow: "overflow", leave: "leave"}[e]
}
