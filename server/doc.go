// Package server serves shared documents over WebSockets: an [http.Handler] that
// every client of the y protocol can talk to, with its documents in a
// [store.Store].
//
// It is not a web server: TLS, logging of requests, compression of other pages
// and the listener belong to the program that mounts it.
//
// The types: [Server] is the handler, [Config] its settings, [Stats] what it
// counts, [Document] a document that the program itself reads and edits. The usual
// way in:
//
//	store, err := badgerstore.Open("weft-data")
//	docs, err := server.New(server.Config{Store: store, Authorize: authorize})
//	http.Handle("/docs/", http.StripPrefix("/docs", docs))
//	...
//	err = docs.Shutdown(ctx)   // first this,
//	err = store.Close()        // then the store
//
// # Addresses
//
//	/{document}       WebSocket: joins the document. GET: the page, if there is one.
//	/                 WebSocket: any number of documents, named in the frames.
//	                  GET: redirects to the default document's page
//	/_weft/healthz    GET: 200 while the server lives
//	/_weft/readyz     GET: 200 while it can take edits and save them, 503 otherwise
//	/_weft/...        GET: the page's files
//
// A document's name is the path behind the mount, percent-decoded once; see
// [NameRule]. So /caf%C3%A9 and /caf%c3%a9 are one document, and %2e%2e is "..",
// which is refused. A request that may not open its document gets an HTTP status
// with a reason in plain text and no WebSocket: 403 for a name, an Origin or an
// Authorize function that says no, 503 when the server is full or stopping.
//
// Before any of this Config.Processors are asked, which may answer a request
// themselves, such as [BasicAuth] with 401.
//
// On the WebSocket without a name each frame names its document, in the framing of
// ELVA's programs (docs/wire/elva.md). Authorize is asked for each document, with
// the request of the connection. A document that is refused costs the connection
// only what it sends for that document, as the protocol has no word for it.
//
// # Framings
//
// A client that offers the subprotocol weft.v1 speaks it, with any number of documents
// on its connection (docs/wire/weft.md): it is told what is saved, what was refused and
// what it may do. All others speak the y protocol, about the document that the path
// names; without a name in the path, each frame names one (docs/wire/elva.md).
//
// # Access
//
// Config.Authorize decides by the request, Config.Access by that and the token that the
// client presents: whether it may have a document, only read it, and until when.
// Server.Recheck has it decide again. Nothing that a client sends has an effect before.
//
// # Rooms
//
// The first connection to a document makes its room: one goroutine that loads
// the document once and owns it until nobody was there for Config.IdleTimeout
// and everything is stored. Each connection costs one more goroutine, its
// reader; the rooms of a connection take turns in writing to it. What arrives while a room is busy becomes one batch: one append to the
// store and one message to each member. An update is handed to the store before
// it is sent to anybody, and sent before it is durable.
//
// What is kept of a document is its [Mode]: it is stored, or kept in memory, or not
// kept at all, and then its room only passes messages on.
//
// What a server and its documents are doing is their [Status] and [DocumentStatus]:
// asked for by Server.Status and Server.DocumentStatus, told as they change to
// Config.OnStatus and Config.OnDocument.
//
// Server.Rooms, Failed and Inspect look at the documents in memory, Server.CloseRoom,
// Kick and Compact act on them; package server/admin shows all that to people.
//
// # When things go wrong
//
//   - A peer that sends what it must not is closed with a code that says why
//     ([codec.CloseCode], docs/wire/close-codes.md). Nobody else notices.
//   - A slow peer is waited for: its queue is bounded in bytes, and past the
//     bound replaced by one update with all that it lacks. A peer that takes
//     nothing at all for a minute, or answers no ping, is cut off.
//   - A document that cannot be loaded is quarantined: nothing is written to it,
//     whoever opens it is closed with 4503, and the log and readyz tell. It is
//     tried again when somebody opens it five seconds later.
//   - When the store fails, documents stay in memory and in use, readyz says 503,
//     and the whole document is stored again as soon as the store works.
//
// # Limits
//
// A document lives in memory while it is open. One process serves a document:
// nothing here shares documents between servers.
package server
