//go:build linux && (amd64 || arm64)

package wsconn

import (
	"errors"
	"strings"
	"syscall"
	"testing"
)

func TestRingReportsEachSend(t *testing.T) {
	r, err := newRing()
	if err != nil {
		t.Skipf("no io_uring here: %v", err)
	}
	defer r.close()
	socket := func() (ours, theirs int) {
		fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_NONBLOCK|syscall.SOCK_CLOEXEC, 0)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { syscall.Close(fds[0]); syscall.Close(fds[1]) })
		return fds[0], fds[1]
	}
	good, reader := socket()
	full, _ := socket()
	for err := error(nil); err == nil; {
		_, err = writeNow(uintptr(full), make([]byte, 4096))
	}
	gone, peer := socket()
	syscall.Shutdown(peer, syscall.SHUT_RD)

	// Often enough for the indexes to go around.
	for round := range 3 * MaxBatch {
		message := []byte(strings.Repeat("x", 1+round%7))
		a, b, c := r.send(uintptr(good), message), r.send(uintptr(full), message), r.send(uintptr(gone), message)
		r.submit()
		if n, err := r.result(a); n != len(message) || err != nil {
			t.Fatalf("round %d: sent %d, %v", round, n, err)
		}
		if n, err := r.result(b); n != 0 || err != nil {
			t.Fatalf("round %d: a full socket took %d, %v", round, n, err)
		}
		if n, err := r.result(c); n != 0 || !errors.Is(err, syscall.EPIPE) {
			t.Fatalf("round %d: a socket without a reader took %d, %v", round, n, err)
		}
		got := make([]byte, 100)
		if n, err := readNow(uintptr(reader), got); err != nil || string(got[:n]) != string(message) {
			t.Fatalf("round %d: read %q, %v", round, got[:n], err)
		}
	}
}

func TestABrokenRingLeavesTheWritesToOthers(t *testing.T) {
	r, err := newRing()
	if err != nil {
		t.Skipf("no io_uring here: %v", err)
	}
	syscall.Close(int(r.fd))
	i := r.send(0, []byte("x"))
	r.submit()
	if n, err := r.result(i); n != 0 || err != nil || !r.broken {
		t.Errorf("%d, %v, broken %v; want nothing sent, as if the socket were full", n, err, r.broken)
	}
}
