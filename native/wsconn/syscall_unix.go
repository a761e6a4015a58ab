//go:build unix && !linux

package wsconn

import "syscall"

// readNow is read(2) on a socket that does not block.
func readNow(fd uintptr, p []byte) (int, error) { return syscall.Read(int(fd), p) }

// writeNow is write(2) on a socket that does not block.
func writeNow(fd uintptr, p []byte) (int, error) { return syscall.Write(int(fd), p) }
