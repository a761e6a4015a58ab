package provider

// Everything that changes a Provider's state is in this file, as data: for each
// state and input the next state, and the actions in the order in which they run.
// An input with no row for the current state changes nothing. docs/provider.md has
// the diagram that a test draws from the table.
//
// Theory of operation. The application's wish (Connect, Disconnect) and the fate of
// a connection are one machine: "wants a connection and has none" is Dialing or
// Waiting, and "wants none" is Stopped. Each attempt has a number of its own, so an
// event of a connection that was given up can be told from the current one's; such
// events never reach this table. Guards are inputs: a close is lost or refused by
// its code, a timer that is due is expired whatever it was set for.

// State is what a Provider is doing.
type State uint8

// The states of a Provider.
const (
	Stopped   State = iota // no connection wanted
	Waiting                // wants a connection; the next attempt is due at NextWake
	Dialing                // an attempt is under way
	Syncing                // connected, the server's answer to our state vector is outstanding
	Synced                 // connected and that answer is applied
	Destroyed              // for good
)

var stateNames = [...]string{"Stopped", "Waiting", "Dialing", "Syncing", "Synced", "Destroyed"}

// String returns the constant's name.
func (s State) String() string {
	if int(s) >= len(stateNames) {
		return "invalid"
	}
	return stateNames[s]
}

type input uint8

const (
	connect    input = iota // command
	disconnect              // command
	destroy                 // command
	rejoin                  // command
	opened                  // the dialled connection is open
	caughtUp                // the server's step 2 has arrived
	lost                    // the connection failed or ended, and may be tried again
	refused                 // the connection ended with a permanent code, or after "permission denied"
	faulted                 // the server sent what cannot be decoded
	ended                   // the server has ended the document for good, and the connection is there
	dropped                 // the server has ended it, and it may be tried again
	expired                 // the state's timer is due: the backoff ended, or the other side was silent too long
)

type action uint8

const (
	dial     action = iota // start an attempt under a new number
	announce               // tell the other tabs what we have and ask what they have
	greet                  // say what we have and who we are to the server
	settle                 // tell that the document is synced, forget the failures
	leave                  // say farewell to the server and the other tabs
	hangUp                 // end the connection
	quit                   // end it because the server has nothing more for us on it
	down                   // tell that the connection is gone
	bear                   // allow the next connection more time, if this one was at work
	retry                  // set the backoff timer
	giveUp                 // tell that the server does not want us
)

type row struct {
	from State
	on   input
	to   State
	do   []action
}

var table = [...]row{
	{Stopped, connect, Dialing, []action{dial, announce}},
	{Stopped, rejoin, Dialing, []action{dial, announce}},
	{Stopped, disconnect, Stopped, []action{leave}},
	{Stopped, destroy, Destroyed, []action{leave}},

	{Waiting, connect, Dialing, []action{dial, announce}},
	{Waiting, rejoin, Dialing, []action{dial, announce}},
	{Waiting, expired, Dialing, []action{dial}},
	{Waiting, disconnect, Stopped, []action{leave, down}},
	{Waiting, destroy, Destroyed, []action{leave, down}},

	{Dialing, opened, Syncing, []action{greet}},
	{Dialing, lost, Waiting, []action{retry}},
	{Dialing, refused, Stopped, []action{down, giveUp}},
	{Dialing, expired, Waiting, []action{hangUp, retry}},
	{Dialing, disconnect, Stopped, []action{leave, hangUp, down}},
	{Dialing, destroy, Destroyed, []action{leave, hangUp, down}},

	{Syncing, caughtUp, Synced, []action{settle}},
	{Syncing, lost, Waiting, []action{down, retry}},
	{Syncing, refused, Stopped, []action{down, giveUp}},
	{Syncing, faulted, Waiting, []action{hangUp, down, retry}},
	{Syncing, ended, Stopped, []action{quit, down, giveUp}},
	{Syncing, dropped, Waiting, []action{quit, down, retry}},
	{Syncing, rejoin, Dialing, []action{quit, down, dial}},
	{Syncing, expired, Waiting, []action{bear, hangUp, down, retry}},
	{Syncing, disconnect, Stopped, []action{leave, hangUp, down}},
	{Syncing, destroy, Destroyed, []action{leave, hangUp, down}},

	{Synced, lost, Waiting, []action{down, retry}},
	{Synced, refused, Stopped, []action{down, giveUp}},
	{Synced, faulted, Waiting, []action{hangUp, down, retry}},
	{Synced, ended, Stopped, []action{quit, down, giveUp}},
	{Synced, dropped, Waiting, []action{quit, down, retry}},
	{Synced, rejoin, Dialing, []action{quit, down, dial}},
	{Synced, expired, Waiting, []action{bear, hangUp, down, retry}},
	{Synced, disconnect, Stopped, []action{leave, hangUp, down}},
	{Synced, destroy, Destroyed, []action{leave, hangUp, down}},
}

// fire runs the transition of the current state for an input, if there is one.
// The state is the new one while the actions run.
func (p *Provider) fire(now int64, in input) {
	for i := range table {
		if t := &table[i]; t.from == p.state && t.on == in {
			p.state = t.to
			for _, a := range t.do {
				p.perform(now, a)
			}
			return
		}
	}
}
