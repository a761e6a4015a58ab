// Package client keeps a document of a Go program in step with a server: it is the
// Go counterpart of y-websocket's WebsocketProvider, and speaks with every server
// that does.
//
// It decides nothing itself. Package core/provider does, the same machine that runs
// in pages; this package is its host: a goroutine, a WebSocket and a clock. It does
// not know what is in a document, and stores nothing.
//
// The types: [Client] is one document's connection, [Options] its settings,
// [Document] what it asks of a document, [Awareness] who else is there. The usual
// way in:
//
//	doc := update.NewDoc()
//	c, err := client.New("wss://example.org/docs", "meeting-notes", doc, client.Options{})
//	defer c.Close()
//	err = c.Connect()
//	err = c.WaitSynced(ctx)
//	err = c.Update(edit)                        // a local edit
//	err = c.Do(func() { all = doc.Encode() })   // reads the document
//
// # Who owns what
//
// From New until Close has returned, the document belongs to the client's goroutine.
// The program uses it inside [Client.Do] only, or copies out what it needs.
//
// The methods of Client and Awareness may be called from any goroutine, but not from
// a function that runs inside Do: such a call waits for itself.
//
// Callbacks (the On… fields of Options) are called one at a time, in the order in
// which things happened, from a goroutine that exists while there is something to
// tell. They may call any method, Close too. A callback that is slow delays later
// callbacks and nothing else: updates and presence changes that gather meanwhile are
// merged, and of very many changes of the status the older ones are left out.
//
// # Connections
//
// Connect wants a connection, and the client keeps at it until Disconnect, Close or
// a permanent refusal: after a failure it waits for a random time that grows from
// Options.MinBackoff to Options.MaxBackoff, which docs/provider.md explains. Calling
// Connect again while it waits makes it try at once.
//
// A refusal is permanent, and a *[RefusedError], when the server closes with a code
// from 4400 to 4499, and when it answers the handshake with an HTTP status from 400
// to 499 other than 408, 425 and 429. Everything else is tried again.
//
// Edits made without a connection are in the document and nowhere else; the next
// handshake carries them, however many there are.
//
// # What is saved
//
// With a server that speaks weft.v1 (docs/wire/weft.md), which the client offers, it
// knows what became of each edit: [Client.WaitSaved] waits until all are durable at the
// server, [Client.Counts] and Options.OnCounts say how many are not yet. Edits that the
// server refuses are told by Options.OnRejected; a token that does not hold is an
// *[AuthError], a stored document of another history a *[DivergedError], after which
// [Client.Rejoin] joins what there is, or what the server has.
//
// # What is guaranteed by other servers
//
// An update that the server has been sent may still be lost with the server or the
// connection, until the next handshake brings it again: the y protocol has no
// acknowledgements. So what [Client.Close] can promise is that everything was handed
// to the operating system's socket, and it says so if not.
//
// # Limits
//
// A message of the server may have Options.ReadLimit bytes. What waits for a slow
// network is bounded by Options.QueueLimit, after which one diff takes its place.
// One Client is one document and one connection.
package client
