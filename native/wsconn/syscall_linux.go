package wsconn

import (
	"syscall"
	"unsafe"
)

// readNow and writeNow are read(2) and write(2) on a socket that does not block,
// as all of the net package's are. Such a call is over in microseconds, so the
// scheduler is not told of it: told, it would watch for calls that take long, and
// that watching alone was 13 to 15 % of the CPU of a server whose rooms are busy.
// p must not be empty.

func readNow(fd uintptr, p []byte) (int, error) { return transfer(syscall.SYS_READ, fd, p) }

func writeNow(fd uintptr, p []byte) (int, error) { return transfer(syscall.SYS_WRITE, fd, p) }

func transfer(call, fd uintptr, p []byte) (int, error) {
	n, _, errno := syscall.RawSyscall(call, fd, uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)))
	if errno != 0 {
		return 0, errno
	}
	return int(n), nil
}
