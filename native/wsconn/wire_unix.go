//go:build unix

package wsconn

import (
	"net"
	"os"
	"syscall"
)

// rawConn returns conn's socket for system calls of our own, or nil. Only the
// net package's own connections qualify: a type that embeds one may have
// methods that must not be gone around.
func rawConn(conn net.Conn) syscall.RawConn {
	var (
		raw syscall.RawConn
		err error
	)
	switch conn := conn.(type) {
	case *net.TCPConn:
		raw, err = conn.SyscallConn()
	case *net.UnixConn:
		raw, err = conn.SyscallConn()
	default:
		return nil
	}
	if err != nil {
		return nil
	}
	return raw
}

// readOnce is called by the reader's goroutine whenever the socket may have
// bytes. It puts them into w.into if they fit, and into a block otherwise. False
// means that there were none and that it wants to be called again; no buffer is
// held meanwhile, which is the point of the exercise.
func (w *wire) readOnce(fd uintptr) bool {
	w.readN, w.readErr = 0, nil
	direct := len(w.into) >= len(block{})
	var b *block
	buf := w.into
	if !direct {
		b = getBlock()
		buf = b[:]
	}
	n, err := readNow(fd, buf)
	for err == syscall.EINTR {
		n, err = readNow(fd, buf)
	}
	switch {
	case err == nil && n == 0:
		w.readErr = errCut
	case err == nil && direct:
		w.readN = n
		return true
	case err == nil && n <= len(w.into):
		w.readN = copy(w.into, buf[:n])
	case err == nil:
		w.in, w.inBlock = buf[:n], b
		return true
	case err != syscall.EAGAIN:
		w.readErr = os.NewSyscallError("read", err)
	}
	if b != nil {
		putBlock(b)
	}
	return err != syscall.EAGAIN
}

// write gives the socket what it takes of p at once. w.mu is held and w.err is
// nil, so nobody closes the socket meanwhile.
func (w *wire) write(p []byte) (int, error) {
	n, err := writeNow(w.fd, p)
	for err == syscall.EINTR {
		n, err = writeNow(w.fd, p)
	}
	switch err {
	case nil:
		return n, nil
	case syscall.EAGAIN:
		return 0, nil // waiting is for drain
	}
	return 0, os.NewSyscallError("write", err)
}
