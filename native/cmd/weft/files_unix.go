//go:build unix

package main

import "syscall"

// connectionsByFiles returns how many connections leave enough file descriptors
// for the store, which must not run out of them, and for everything else; 0 if
// that is no matter.
func connectionsByFiles() int {
	const others = 512
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil || limit.Cur > 1<<30 {
		return 0
	}
	return max(int(limit.Cur)-others, int(limit.Cur)/2)
}
