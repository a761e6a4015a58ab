// Package provider is the client side of one shared document's connection: the
// machine that decides when to dial, what to say to a server that speaks the y
// protocol or weft.v1, what to do with its answers, and when to give up and try again.
//
// It contains no sockets, no timers, no goroutines and no document. The document
// (a Y.Doc in a page, an update.Doc in a Go program) belongs to the host; the
// machine handles updates, state vectors and presence as bytes. It behaves as
// y-websocket's WebsocketProvider does where applications can notice, and the
// differences are listed in docs/provider.md. Source:
// y-websocket@3.1.0/src/y-websocket.js#WebsocketProvider.
//
// # Methods
//
// A [Provider] has four kinds of methods:
//
//   - commands, from the application: Connect, Disconnect, Destroy, Update, Relay,
//     Awareness, SetMaxBackoff, Rejoin;
//   - Handle…, from the network, the clock, the document and other tabs;
//   - Next, which takes the outputs, in the order in which they must be performed;
//   - getters.
//
// Time is an argument: now is the host's monotonic clock in milliseconds. A now
// that is smaller than an earlier one counts as the earlier one. One goroutine owns
// a Provider; nothing in it is safe for concurrent use.
//
// # The host's loop
//
//	for event := range events {
//		deliver(p, event)                      // exactly one Handle… or command
//		for out, ok := p.Next(); ok; out, ok = p.Next() {
//			switch out.Kind {
//			case provider.Dial:             dial(out.Conn)      // later: HandleOpen, HandleOpenWeft or HandleClose
//			case provider.Close:            hangUp(out.Conn, out.Code)
//			case provider.Send:             write(out.Conn, out.Payload)  // later: HandleWritten
//			case provider.Broadcast:        channel.Post(out.Payload)
//			case provider.AskStateVector:   p.HandleStateVector(now, out.Conn, doc.StateVector())
//			case provider.AskDiff:          p.HandleDiff(now, out.Conn, doc.Diff(out.Payload))
//			case provider.AskAwareness:     p.HandleAwareness(now, out.Conn, presence.Local())
//			case provider.AskAllAwareness:  p.HandleAwareness(now, out.Conn, presence.All())
//			case provider.AskToken:         fetch(func(t string) { p.HandleToken(now, out.Conn, t) })
//			case provider.Apply:            doc.Apply(out.Payload, origin)
//			case provider.ApplyAwareness:   presence.Apply(out.Payload, origin)
//			case provider.ClearAwareness:   presence.RemoveAllButLocal(origin)
//			…                                          // Status, Synced, Counts, Rejected and so on: tell the application
//			}
//		}
//		wakeAt(p.NextWake())                   // then HandleTime
//	}
//
// # What the host promises
//
//   - No echo: what it applies for an Apply or ApplyAwareness output does not come
//     back as an Update or Awareness command. Hosts mark it with an origin and filter
//     by that. Everything else that changes the document does come, at once or later.
//     What an Apply from other tabs changed may come as Relay.
//   - An ask is answered at most once, with the Conn of the ask, and the answer
//     describes the document as it is when answering. Conn says where the answer goes,
//     so answers may come late and in any order, and an answer for a connection that
//     is gone is dropped. Not answering is allowed and sends nothing.
//   - After a Send, HandleWritten says when the bytes are with the socket. Until then
//     the machine holds local edits back and lets them leave as one merged update.
//     A host that never calls it sends nothing after the first frame.
//   - Close lets frames sent before it be written, where the socket still takes them.
//   - A failed dial is HandleClose with code 1006.
//
// # Memory
//
// While there is no connection nothing is queued: the next handshake carries what
// was edited meanwhile. While a write is in progress the machine holds at most
// [Config.QueueLimit] bytes of local updates and one entry per presence client;
// updates past that are dropped and replaced by one diff, taken from the document
// when the write ends, against the server's last state vector. With a server that
// speaks weft.v1 as many bytes of updates are kept until they are received, and what
// is left of a large diff until it is sent.
package provider
