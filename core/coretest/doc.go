// Package coretest is the test kit of the core: worlds in which providers and rooms
// talk over a network that has a clock of its own and obeys nobody, seeded randomness
// that is the same on every platform, and the comparison of documents.
//
// It contains no testing framework, no clock and no I/O, so a simulation runs
// unchanged natively and in WebAssembly. It holds no expectations either, but for
// what must be true at any time: those are checked as it goes, and violations are
// gathered in World.Problems.
//
// The main types are [World], one simulation; [Peer], a person with a document open,
// driving a provider; [Site], a server that drives rooms over a [Store]; [Network],
// which cuts connections, leaves them half open, parts places and heals them; and
// [Document], a document with somebody who types in it.
//
//	w := coretest.NewWorld(seed, coretest.Link{Latency: 10, Jitter: 40}, nil)
//	site := w.AddSite("site", coretest.Clock{}, store)
//	peer := w.AddPeer(coretest.PeerConfig{Name: "anna", Client: 1, Site: site, Document: "notes"})
//	peer.Connect()
//	peer.Edit()
//	w.Net.Cut()
//	if why := w.Settle(60_000); why != "" { … }
//
// Everything happens on the caller's goroutine, inside Run and Settle, in an order
// that only the seed decides. [Trace] has a hash of it: equal hashes are equal runs.
//
// # Limits
//
// A document is an update.Doc: what a person would see of it is not simulated. Frames
// are handed over whole, and lost only with their connection, as over TCP.
package coretest
