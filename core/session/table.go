package session

// Everything that changes the state of a document is in this file, as data. An
// input with no row for the current state changes nothing. docs/session.md has the
// diagram that a test draws from the table.
//
// Theory of operation. A document is absent until the client's first frame for it,
// and asking until the host has judged whether it may be open; frames wait
// meanwhile. Only open lets them through. When it is over, by whichever side, what
// the client had on the way must not begin it anew, so ended takes frames and does
// nothing until the client has said Leave. Then, or when it leaves an open one, the
// room may still be at work, and what it made is to go out before our own Leave.

// State is what a document is on a connection.
type State uint8

// The states of a document.
const (
	Absent  State = iota // not known
	Asking               // the host judges access for the first time; frames wait
	Open                 // frames go through
	Ended                // over; frames are dropped until the client says Leave
	Leaving              // the client has said Leave; the room has not parted yet
)

var stateNames = [...]string{"Absent", "Asking", "Open", "Ended", "Leaving"}

// String returns the constant's name.
func (s State) String() string { return stateNames[s] }

type input uint8

const (
	arrived input = iota // the first frame
	granted              // access was granted
	denied               // access was denied
	faulted              // the room, or the host, ended it
	flooded              // more came than may wait
	expired              // the access has run out
	left                 // the client said Leave, and the room has nothing of it
	leaves               // the client said Leave, and the room has parted not yet
	parted               // the room has parted
	closed               // the connection is over
)

type action uint8

const (
	ask       action = iota // have access judged
	accept                  // tell the client that its token holds
	join                    // let the room have it
	flush                   // deliver what waits
	permit                  // tell the room what it may
	part                    // take it out of the room
	sayDenied               // tell the client that access is denied
	sayFault                // tell it what else happened
	sayBusy                 // tell it that it came with too much
	sayLeft                 // tell it that the document is left
	drop                    // forget what waits
)

type row struct {
	from State
	on   input
	to   State
	do   []action
}

var table = [...]row{
	{Absent, arrived, Asking, []action{ask}},
	{Absent, left, Absent, []action{sayLeft}},

	{Asking, granted, Open, []action{accept, join, flush}},
	{Asking, denied, Ended, []action{drop, sayDenied}},
	{Asking, faulted, Ended, []action{drop, sayFault}},
	{Asking, flooded, Ended, []action{drop, sayBusy}},
	{Asking, left, Absent, []action{drop, sayLeft}},
	{Asking, closed, Absent, []action{drop}},

	{Open, granted, Open, []action{accept, permit}},
	{Open, denied, Ended, []action{part, sayDenied}},
	{Open, expired, Ended, []action{part, sayDenied}},
	{Open, faulted, Ended, []action{sayFault}},
	{Open, leaves, Leaving, []action{part}},
	{Open, closed, Absent, []action{part}},

	{Ended, left, Absent, []action{sayLeft}},
	{Ended, leaves, Leaving, nil},
	{Ended, closed, Absent, nil},

	{Leaving, parted, Absent, []action{sayLeft}},
	{Leaving, closed, Absent, nil},
}

// fire runs the transition of a document's state for an input, if there is one. The
// state is the new one while the actions run.
func (s *Session) fire(now int64, d *document, in input) {
	for i := range table {
		t := &table[i]
		if t.from != d.state || t.on != in {
			continue
		}
		d.state = t.to
		for _, a := range t.do {
			s.perform(now, d, a)
		}
		if d.state == Absent {
			s.forget(d)
		}
		return
	}
}
