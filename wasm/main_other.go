//go:build !wasip1

package main

func main() {
	println("this is a WebAssembly module; build it with: go run ./wasm/build -o provider.wasm")
}
