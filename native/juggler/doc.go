// Package juggler speaks Juggler, the protocol of hat.juggler and npm's
// @hat-open/juggler: a server shows its clients a JSON state and keeps their copies
// up to date, answers their requests, and notifies them. Programs of either family can
// take this package for one end and keep the other.
//
// It is no message broker and stores nothing: what a client misses while it is not
// connected is in the state, or lost. docs/wire/juggler.md has the bytes, and where
// this package differs from the original.
//
// The types: [Server] is an http.Handler, [Listener] one with a socket of its own,
// [Conn] one of its clients, [State] what clients are shown; [Client] is the other end.
//
//	state, err := juggler.NewState(map[string]any{"rooms": []string{}})
//	server, err := juggler.Listen(":8080", juggler.ServerOptions{State: state, OnRequest: answer})
//	err = state.Set(juggler.Path{"rooms", 0}, "kitchen")
//	...
//	err = server.Shutdown(ctx)
//
//	client, err := juggler.Connect(ctx, "ws://127.0.0.1:8080/ws", juggler.ClientOptions{OnState: show})
//	data, err := client.Send(ctx, "open", map[string]int{"door": 3})
//	client.Close()
//
// # Two transports
//
// Juggler up to 0.6 has a message in a WebSocket message ([Plain]), 0.7 cuts messages
// into segments ([Segmented]) and has pings. Both ends must be told the same.
//
// # When things go wrong
//
//   - A peer that sends what it must not is closed with 1000, as by the original, and
//     with 1009 if it is too large. Err says what it was.
//   - A handler's error, panic, or result without a JSON text fails its request.
//   - For a slow peer at most QueueLimit bytes and one message wait. Then whoever sends
//     waits, with a context, and changes of the state gather into one difference; no
//     more of its requests are read. A client that takes nothing for WriteTimeout is cut
//     off.
//   - A segmented peer that is silent is asked for a sign of life, and given up if it
//     gives none. A plain one is left to TCP's keep-alive.
//
// # What is guaranteed
//
// State messages arrive in the order of the changes, and what a client has after the
// last one is the state. Notifications arrive in the order in which they were sent.
// State messages, answers and notifications are not ordered among each other.
//
// # Costs
//
// An idle connection costs a goroutine, no timer in the plain transport, and what
// native/wsconn says. A change of the state costs the way to it, and one message per
// connection.
package juggler
