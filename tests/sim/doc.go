// Package sim runs whole systems in a simulated world: people with providers, a
// server with rooms, a store that forgets what it was not yet sure of, and a network
// that cuts, delays and swallows. A run is decided by its seed alone, to the last
// byte, natively and in WebAssembly.
//
// It is a package of tests: nothing imports it but its own trace program.
//
//	go test ./tests/sim                            # the usual seeds
//	WEFT_SIM_SEEDS=1000-2000 go test ./tests/sim   # others
//	WEFT_SIM_SEEDS=1234 WEFT_SIM_TRACE=1 go test ./tests/sim -run TestWorld -v
package sim
