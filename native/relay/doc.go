// Package relay hosts the relay machine: an http.Handler for local connections,
// each about the document that its path names, and one connection upstream about
// all of them. docs/relay.md says how it behaves.
//
// It keeps no document. The machine is core/relay; here are the goroutines, the
// sockets, and the test that the upstream is not the relay itself.
//
//	r, err := relay.New(relay.Config{Upstream: "wss://hub.example.org/", Own: listener.Addr()})
//	go http.Serve(listener, r)
//	...
//	err = r.Shutdown(ctx)
//
// # Addresses
//
//	/{document}       WebSocket: joins the document
//	/_weft/healthz    GET: 200 while the relay lives
//	/_weft/readyz     GET: 200 while it is connected upstream, 503 otherwise; the
//	                  body has the status and all numbers
//
// The document is the path, percent-decoded once, without its first slash; 1 to 1024
// bytes of UTF-8 that do not begin with "_weft/". The upstream decides which names it
// takes.
package relay
