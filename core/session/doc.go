// Package session is the server side of one weft.v1 connection: the machine that
// knows which documents are open on it, asks whether they may be, and lets nothing
// through before the answer.
//
// It contains no sockets, no rooms, no clock, and no idea of what a token is; the
// host has those. What it lets through, in both directions, is not its affair: a
// document's messages are package room's.
//
// The main type is [Session]. One goroutine at a time drives it:
//
//	err := s.HandleFrame(now, frame)        // a *codec.PeerError: close the connection
//	for o, ok := s.Next(); ok; o, ok = s.Next() {
//		switch o.Kind {
//		case session.Ask:     go judge(o.Doc, o.Seq, o.Token) // then HandleGrant, HandleDenial or HandleFault
//		case session.Join:    room(o.Doc).JoinWeft(o.Access)
//		case session.Deliver: room(o.Doc).HandleFrame(o.Frame)
//		case session.Permit:  room(o.Doc).Permit(o.Access)
//		case session.Part:    room(o.Doc).Leave()             // then HandleParted
//		case session.Send:    write(o.Frame)                  // whole, with its ID
//		}
//	}
//	wakeAt(s.NextWake())                    // then HandleTime
//
// The frames that rooms make go to the socket by themselves, each behind an ID
// message. They and those of Send are written in the order in which they come up.
//
// # What the host promises
//
//   - Each Ask is answered once, with its Seq, by HandleGrant, HandleDenial or
//     HandleFault; an answer that is not wanted any more has no effect.
//   - After Part the room makes no more frames for the document, from the moment
//     that HandleParted tells.
//   - What a room does by itself, such as refusing what came or being unloaded, is
//     told by HandleFault; it then makes no more frames either, and there is no Part.
//   - When the connection has ended it calls Close, and performs its outputs.
//
// # Limits
//
// [Config.Documents] on a connection, and [Config.Queue] bytes of frames that wait
// for an Ask. A document that has ended costs its name until the client says Leave.
//
// The messages are in docs/wire/weft.md.
package session
