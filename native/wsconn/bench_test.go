package wsconn_test

import (
	"io"
	"net"
	"testing"

	"github.com/weft-sync/weft/native/wsconn"
)

// BenchmarkTryWrite is the cost of one small frame to one peer over loopback:
// nearly all of it is the kernel's, as BenchmarkPlainSocket shows.
func BenchmarkTryWrite(b *testing.B) {
	b.ReportAllocs()
	s, c := pair(b, wsconn.Options{}, wsconn.Options{})
	go func() {
		for {
			if _, err := c.Read(); err != nil {
				return
			}
		}
	}()
	go s.Read()
	frames := [][]byte{payload(60)}
	for b.Loop() {
		if done, err := s.TryWrite(frames); err != nil {
			b.Fatal(err)
		} else if !done {
			if err := s.Flush(); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// BenchmarkPlainSocket writes the same bytes to a TCP connection.
func BenchmarkPlainSocket(b *testing.B) {
	b.ReportAllocs()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	go func() {
		if c, err := l.Accept(); err == nil {
			io.Copy(io.Discard, c)
			c.Close()
		}
	}()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	buf := payload(62)
	for b.Loop() {
		if _, err := c.Write(buf); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRead is the cost of reading small frames that arrive in bulk.
func BenchmarkRead(b *testing.B) {
	b.ReportAllocs()
	s, c := pair(b, wsconn.Options{}, wsconn.Options{})
	go c.Read()
	stop := make(chan struct{})
	done := make(chan struct{})
	go func() {
		defer close(done)
		frames := make([][]byte, 64)
		for i := range frames {
			frames[i] = payload(60)
		}
		for {
			select {
			case <-stop:
				return
			default:
				if c.Write(frames) != nil {
					return
				}
			}
		}
	}()
	for b.Loop() {
		if _, err := s.Read(); err != nil {
			b.Fatal(err)
		}
	}
	close(stop)
	s.Abort()
	<-done
}
