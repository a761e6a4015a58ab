package relay

// Everything that changes the state of the upstream connection is in this file, as
// data: for each state and input the next state, and the actions in their order.
// An input with no row changes nothing. docs/relay.md has the diagram that a test
// draws from the table.
//
// Theory of operation. A relay always wants its upstream until it is stopped. Each
// attempt has a number, so what comes from one that was given up can be told from
// the current one's, and never reaches this table. An attempt goes without
// credentials first; a 401 is answered by one more attempt with them, at once, and
// what was accepted is used from the start the next time. A server that does not
// want us, whatever the reason, is asked again at the slowest pace: an operator may
// mend it, and meanwhile the locals have each other.

// Status is what the upstream connection is doing.
type Status uint8

// The states of the upstream connection.
const (
	Stopped    Status = iota // not started, or stopped for good
	Connecting               // an attempt is under way
	Connected                // frames pass
	Waiting                  // the connection failed; the next attempt comes after the backoff
	Refused                  // the server does not want us; it is asked again, slowly
)

var statusNames = [...]string{"stopped", "connecting", "connected", "waiting", "refused"}

// String returns the state in a lower-case word.
func (s Status) String() string {
	if int(s) >= len(statusNames) {
		return "invalid"
	}
	return statusNames[s]
}

type input uint8

const (
	start     input = iota // command
	stop                   // command
	opened                 // the connection is open
	challenge              // it was answered with 401, and there are credentials that were not tried
	lost                   // it failed or ended, and may be tried again
	refused                // it failed or ended in a way that says no
	faulted                // the server sent what cannot be read
	expired                // the state's time is over
)

type action uint8

const (
	dial    action = iota // start an attempt under a new number
	present               // with the credentials
	ask                   // send a step 1 for each document with locals
	hangUp                // end the connection
	forget                // what was to be sent is void
	retry                 // set the timer, to a delay that grows
	rest                  // set the timer to the longest delay
)

type row struct {
	from Status
	on   input
	to   Status
	do   []action
}

var table = [...]row{
	{Stopped, start, Connecting, []action{dial}},

	{Connecting, opened, Connected, []action{ask}},
	{Connecting, challenge, Connecting, []action{present, dial}},
	{Connecting, lost, Waiting, []action{retry}},
	{Connecting, refused, Refused, []action{rest}},
	{Connecting, expired, Waiting, []action{hangUp, retry}},
	{Connecting, stop, Stopped, []action{hangUp}},

	{Connected, lost, Waiting, []action{forget, retry}},
	{Connected, refused, Refused, []action{forget, rest}},
	{Connected, faulted, Refused, []action{hangUp, forget, rest}},
	{Connected, expired, Waiting, []action{hangUp, forget, retry}},
	{Connected, stop, Stopped, []action{hangUp, forget}},

	{Waiting, expired, Connecting, []action{dial}},
	{Waiting, stop, Stopped, nil},

	{Refused, expired, Connecting, []action{dial}},
	{Refused, stop, Stopped, nil},
}

// fire runs the transition of the current state for an input, if there is one. The
// state is the new one while the actions run.
func (r *Relay) fire(now int64, in input) {
	for i := range table {
		if t := &table[i]; t.from == r.status && t.on == in {
			r.status = t.to
			r.wakeAt = never
			for _, a := range t.do {
				r.perform(now, a)
			}
			if t.to != t.from {
				r.out = append(r.out, Output{Kind: Changed, Status: t.to})
			}
			return
		}
	}
}
