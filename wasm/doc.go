// Command wasm is the module that a web page loads as its sync provider: a WASI
// reactor whose functions are called by jsbridge, and by wazero in tests.
//
// It decides nothing: package core/provider does. It keeps a provider for each
// handle, hands it events, and writes its outputs down in the byte protocol of
// wasm/abi; docs/wire/abi.md describes both for authors of hosts. It has no
// imports but what the Go runtime takes from WASI, no goroutines and no timers:
// between calls it does nothing at all.
//
// Build it with `go run ./wasm/build`, which knows how.
package main
