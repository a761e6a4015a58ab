package provider

import "math"

// never is the time of a timer that is not set.
const never = math.MaxInt64

// timer names what a Provider waits for. At most one of retryTimer, dialTimer and
// the group of the others is set.
type timer uint8

const (
	retryTimer  timer = iota // the backoff ends
	dialTimer                // an attempt that neither opened nor failed is given up
	probeTimer               // the server has been silent for half of Config.Timeout
	deadTimer                // the server did not answer the probe
	resyncTimer              // Config.ResyncInterval has passed
	resendTimer              // what the server refused for now is to be sent again
	relayTimer               // changes of other tabs were not seen at the server
	numTimers
)

// timers holds the due times in milliseconds.
type timers [numTimers]int64

func (t *timers) clear() {
	for i := range t {
		t[i] = never
	}
}

func (t *timers) next() int64 {
	first := int64(never)
	for _, at := range t {
		first = min(first, at)
	}
	return first
}

// due reports whether a timer is due and clears it if so.
func (t *timers) due(which timer, now int64) bool {
	if t[which] > now {
		return false
	}
	t[which] = never
	return true
}

// after adds a delay to a time; a delay of zero or less never ends.
func after(now, delay int64) int64 {
	if delay <= 0 || now > never-delay {
		return never
	}
	return now + delay
}
