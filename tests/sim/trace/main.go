// Command trace prints the hash of a simulation's trace for each seed in the
// arguments. tests/sim runs it natively and in WebAssembly and compares.
package main

import (
	"fmt"
	"os"
	"strconv"

	"github.com/weft-sync/weft/tests/sim"
)

func main() {
	for _, arg := range os.Args[1:] {
		seed, err := strconv.ParseUint(arg, 10, 64)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
		r := sim.Run(seed, nil)
		fmt.Printf("%d %016x %d %d\n", r.Seed, r.Sum, r.Lines, len(r.Problems))
	}
}
