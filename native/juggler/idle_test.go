package juggler_test

import (
	"net"
	"runtime"
	"strings"
	"testing"

	"github.com/weft-sync/weft/native/juggler"
)

func TestAnIdleConnectionCostsAGoroutine(t *testing.T) {
	both(t, func(t *testing.T, tr juggler.Transport) {
		s, address := start(t, juggler.ServerOptions{Transport: tr})
		before := runtime.NumGoroutine()
		const n = 50
		for range n {
			conn, err := net.Dial("tcp", strings.TrimSuffix(strings.TrimPrefix(address, "ws://"), "/ws"))
			must(t, err)
			defer conn.Close()
			handshake(t, conn)
		}
		for len(s.Conns()) < n || runtime.NumGoroutine() > before+n {
			runtime.Gosched() // net/http's goroutines end; the test's deadline is the limit
		}
	})
}
