// Package fanout passes frames on, verbatim, among the members of groups, and
// holds for each member what it has not read yet, up to a bound.
//
// It contains no goroutines, no I/O and no clock, and does not know what a frame
// means. The relay's local side and rooms that only broadcast are made of it.
//
// The main types are [Hub], the groups with their members, and [Queue], what
// waits for one connection. One goroutine owns a Hub, and drives it:
//
//	for batch := range inbox {
//		...                              // Join, Leave, Send, HandleWritten
//		for _, m := range hub.Ready() {
//			frames = hub.Take(m, frames[:0])
//			write(m, frames)             // HandleWritten when done
//		}
//		for _, m := range hub.Overflowed() {
//			closeSlow(m)                 // and Leave
//		}
//	}
//
// Frames are shared by all who are sent them, so they are read-only. A member that
// does not read costs nobody else anything: past the bound its queue is dropped, it
// is sent nothing more, and [Hub.Overflowed] names it, for the host to close its
// connection. Frames that say what follows from others cannot be left out one by
// one; who comes back asks for everything anew.
package fanout
