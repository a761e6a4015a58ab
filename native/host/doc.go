// Package host drives a sans-I/O machine: it is the one goroutine that owns
// the machine, the inbox through which everything else talks to it, and the
// one timer that the machine's NextWake sets.
//
// It contains no protocol and no network code; what an event means is the
// caller's affair. The main type is [Loop]:
//
//	loop := host.NewLoop[event](clock, 1<<20)
//	go loop.Run(func(now int64, batch []event) (wake int64) {
//		for i := range batch {
//			handle(machine, now, &batch[i])
//		}
//		takeOutputs(machine)
//		return machine.NextWake()   // or host.Stop
//	})
//	...
//	err := loop.Put(event{frame}, len(frame))   // from a socket's reader; waits when too much is queued
//	loop.Post(event{stored})                    // from a completion; never waits
//
// Batching is natural. The loop takes the whole inbox at once, so what was
// queued while it worked arrives as one batch; there is no timer on the way of
// a single event, which is handled at once.
//
// # Limits
//
// Put bounds the bytes that are queued, not the number of events: an event of
// size 0 is never held back. The bound is soft by one event for each waiting
// caller, so that a single event larger than the limit still passes.
package host
