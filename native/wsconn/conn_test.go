package wsconn_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"go.uber.org/goleak"

	"github.com/weft-sync/weft/core/codec"
	"github.com/weft-sync/weft/native/wsconn"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// listen starts a server that hands over the connections that it accepts.
func listen(t testing.TB, o wsconn.Options) (url string, accepted <-chan *wsconn.Conn) {
	t.Helper()
	conns := make(chan *wsconn.Conn, 1)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c, err := wsconn.Accept(w, r, o); err == nil {
			conns <- c
		}
	}))
	t.Cleanup(func() {
		http.DefaultTransport.(*http.Transport).CloseIdleConnections()
		srv.Close()
	})
	return "ws" + strings.TrimPrefix(srv.URL, "http"), conns
}

func pair(t testing.TB, server, client wsconn.Options) (s, c *wsconn.Conn) {
	t.Helper()
	url, accepted := listen(t, server)
	c, err := wsconn.Dial(t.Context(), url, client)
	if err != nil {
		t.Fatal(err)
	}
	s = <-accepted
	t.Cleanup(func() { c.Abort(); s.Abort() })
	return s, c
}

// rawClient speaks the handshake on a plain TCP connection, with extra bytes
// behind it in the same segment.
func rawClient(t *testing.T, url string, early []byte) (net.Conn, *bufio.Reader) {
	t.Helper()
	host := strings.TrimPrefix(url, "ws://")
	conn, err := net.Dial("tcp", host)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	req := "GET / HTTP/1.1\r\nHost: " + host + "\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
	if _, err := conn.Write(append([]byte(req), early...)); err != nil {
		t.Fatal(err)
	}
	r := bufio.NewReader(conn)
	resp, err := http.ReadResponse(r, nil)
	if err != nil || resp.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("handshake: %v, %v", resp, err)
	}
	return conn, r
}

// clientFrame is a masked frame (RFC 6455, 5.2) with a mask of zeros.
func clientFrame(opcode byte, payload []byte) []byte {
	b := []byte{0x80 | opcode}
	switch n := len(payload); {
	case n < 126:
		b = append(b, 0x80|byte(n))
	case n < 1<<16:
		b = binary.BigEndian.AppendUint16(append(b, 0x80|126), uint16(n))
	default:
		b = binary.BigEndian.AppendUint64(append(b, 0x80|127), uint64(n))
	}
	return append(append(b, 0, 0, 0, 0), payload...)
}

func payload(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i * 7 >> 3)
	}
	return b
}

func TestMessagesOfEverySizeBothWays(t *testing.T) {
	sizes := []int{0, 1, 125, 126, 1000, 2047, 2048, 2049, 16 << 10, 16<<10 + 1, 65535, 65536, 300_000, 3 << 20}
	for _, tc := range []struct {
		name           string
		server, client wsconn.Options
	}{
		{name: "plain"},
		{"compressed", wsconn.Options{Compression: true}, wsconn.Options{Compression: true}},
		{"only one side compresses", wsconn.Options{Compression: true}, wsconn.Options{}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s, c := pair(t, tc.server, tc.client)
			var frames [][]byte
			for _, n := range sizes {
				frames = append(frames, payload(n))
			}
			for _, dir := range []struct {
				name     string
				from, to *wsconn.Conn
			}{{"to the server", c, s}, {"to the client", s, c}} {
				sent := make(chan error, 1)
				go func() {
					for i := range frames { // one by one, then all at once
						if err := dir.from.Write(frames[i : i+1]); err != nil {
							sent <- err
							return
						}
					}
					sent <- dir.from.Write(frames)
				}()
				for i := range 2 * len(frames) {
					want := frames[i%len(frames)]
					got, err := dir.to.Read()
					if err != nil || !bytes.Equal(got, want) {
						t.Fatalf("%s: message %d: %d bytes, %v; want %d bytes", dir.name, i, len(got), err, len(want))
					}
					if cap(got)-len(got) > 64 {
						t.Errorf("%s: message of %d bytes keeps %d", dir.name, len(got), cap(got))
					}
				}
				if err := <-sent; err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

func TestReadLimit(t *testing.T) {
	s, c := pair(t, wsconn.Options{ReadLimit: 1000}, wsconn.Options{})
	if err := c.Write([][]byte{payload(1000), payload(1001)}); err != nil {
		t.Fatal(err)
	}
	if b, err := s.Read(); err != nil || len(b) != 1000 {
		t.Fatalf("message of the limit's size: %d bytes, %v", len(b), err)
	}
	_, err := s.Read()
	pe, ok := errors.AsType[*codec.PeerError](err)
	if !ok || pe.Code != codec.TooLarge {
		t.Fatalf("one byte more: %v, want a PeerError with 1009", err)
	}
	go s.Close(pe.Code, pe.Reason)
	_, err = c.Read()
	if ce, ok := errors.AsType[*wsconn.CloseError](err); !ok || ce.Code != codec.TooLarge {
		t.Errorf("the client read %v, want a close with 1009", err)
	}
}

func TestReadLimitCountsDecompressedBytes(t *testing.T) {
	o := wsconn.Options{Compression: true}
	s, c := pair(t, wsconn.Options{Compression: true, ReadLimit: 1000}, o)
	if err := c.Write([][]byte{make([]byte, 1<<20)}); err != nil {
		t.Fatal(err)
	}
	_, err := s.Read()
	if pe, ok := errors.AsType[*codec.PeerError](err); !ok || pe.Code != codec.TooLarge {
		t.Fatalf("%v, want a PeerError with 1009", err)
	}
}

func TestTextMessageIsThePeersFault(t *testing.T) {
	url, accepted := listen(t, wsconn.Options{})
	ws, _, err := websocket.Dial(t.Context(), url, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer ws.CloseNow()
	s := <-accepted
	defer s.Abort()
	if err := ws.Write(t.Context(), websocket.MessageText, []byte("hello")); err != nil {
		t.Fatal(err)
	}
	_, err = s.Read()
	pe, ok := errors.AsType[*codec.PeerError](err)
	if !ok || pe.Code != codec.UnsupportedData {
		t.Fatalf("%v, want a PeerError with 1003", err)
	}
	go s.Close(pe.Code, pe.Reason)
	if _, _, err := ws.Read(t.Context()); websocket.CloseStatus(err) != 1003 {
		t.Errorf("the client read %v, want a close with 1003", err)
	}
}

func TestBytesBehindTheHandshakeAreRead(t *testing.T) {
	url, accepted := listen(t, wsconn.Options{})
	early := append(clientFrame(2, []byte("early")), clientFrame(2, payload(500))[:100]...)
	conn, _ := rawClient(t, url, early)
	s := <-accepted
	defer s.Abort()
	if b, err := s.Read(); err != nil || string(b) != "early" {
		t.Fatalf("%q, %v", b, err)
	}
	if _, err := conn.Write(clientFrame(2, payload(500))[100:]); err != nil {
		t.Fatal(err)
	}
	if b, err := s.Read(); err != nil || !bytes.Equal(b, payload(500)) {
		t.Fatalf("%d bytes, %v", len(b), err)
	}
}

func TestFramesCutAtEveryByteEndTheConnection(t *testing.T) {
	url, accepted := listen(t, wsconn.Options{})
	for _, frame := range [][]byte{clientFrame(2, []byte("abc")), clientFrame(2, payload(200))[:140]} {
		for cut := range frame {
			conn, _ := rawClient(t, url, nil)
			s := <-accepted
			if _, err := conn.Write(frame[:cut]); err != nil {
				t.Fatal(err)
			}
			conn.Close()
			if b, err := s.Read(); err == nil {
				t.Fatalf("cut at %d: read %d bytes", cut, len(b))
			}
			s.Abort()
		}
	}
}

func TestServerFramesCutAtEveryByteEndTheConnection(t *testing.T) {
	// Long enough for a cut exactly between two reads of the payload.
	frame := append([]byte{0x82, 127, 0, 0, 0, 0, 0, 0, 0x80, 0}, payload(32<<10)...)
	cuts := []int{16<<10 + 10, 16<<10 + 16, 20_000, 32 << 10}
	for i := range 40 {
		cuts = append(cuts, i)
	}
	for _, cut := range cuts {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			key := sha1.Sum([]byte(r.Header.Get("Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
			w.Header().Set("Connection", "Upgrade")
			w.Header().Set("Upgrade", "websocket")
			w.Header().Set("Sec-WebSocket-Accept", base64.StdEncoding.EncodeToString(key[:]))
			w.WriteHeader(http.StatusSwitchingProtocols)
			conn, _, err := http.NewResponseController(w).Hijack()
			if err == nil {
				conn.Write(frame[:cut])
				conn.Close()
			}
		}))
		c, err := wsconn.Dial(t.Context(), srv.URL, wsconn.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if b, err := c.Read(); err == nil {
			t.Errorf("cut at %d: read %d bytes", cut, len(b))
		}
		c.Abort()
		srv.Close()
	}
}

func TestBadFramesEndTheConnection(t *testing.T) {
	for _, tc := range []struct {
		name  string
		bytes []byte
	}{
		{"not masked", []byte{0x82, 1, 'x'}},
		{"reserved bit", append([]byte{0xc2}, clientFrame(2, []byte("x"))[1:]...)},
		{"unknown opcode", clientFrame(3, nil)},
		{"continuation of nothing", clientFrame(0, []byte("x"))},
		{"long ping", clientFrame(9, payload(126))},
		{"length over 63 bits", []byte{0x82, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			url, accepted := listen(t, wsconn.Options{})
			conn, _ := rawClient(t, url, nil)
			s := <-accepted
			defer s.Abort()
			if _, err := conn.Write(tc.bytes); err != nil {
				t.Fatal(err)
			}
			if b, err := s.Read(); err == nil {
				t.Fatalf("read %q", b)
			}
		})
	}
}

func TestAHugeClaimedLengthAllocatesNothing(t *testing.T) {
	url, accepted := listen(t, wsconn.Options{})
	conn, _ := rawClient(t, url, nil)
	s := <-accepted
	defer s.Abort()
	header := binary.BigEndian.AppendUint64([]byte{0x82, 0xff}, 1<<62)
	if _, err := conn.Write(append(header, 0, 0, 0, 0, 'x')); err != nil {
		t.Fatal(err)
	}
	conn.Close()
	if _, err := s.Read(); err == nil {
		t.Fatal("no error")
	}
}

func TestCloseCodesArrive(t *testing.T) {
	long := strings.Repeat("é", 100)
	s, c := pair(t, wsconn.Options{}, wsconn.Options{})
	closed := make(chan error, 1)
	go func() {
		go s.Read()
		closed <- s.Close(codec.Quarantined, long)
	}()
	_, err := c.Read()
	ce, ok := errors.AsType[*wsconn.CloseError](err)
	if !ok || ce.Code != codec.Quarantined {
		t.Fatalf("%v, want a close with 4503", err)
	}
	if want := strings.Repeat("é", 61); ce.Reason != want {
		t.Errorf("reason %q, want it cut to %q", ce.Reason, want)
	}
	if err := <-closed; err != nil {
		t.Errorf("Close: %v", err)
	}
	if err := s.Write([][]byte{{1}}); err == nil {
		t.Error("Write after Close: no error")
	}
	s.Close(codec.Normal, "") // does nothing
}

func TestNoMessageFollowsACloseFrame(t *testing.T) {
	// RFC 6455, 5.5.1. Messages do not go through coder, which would see to it.
	url, accepted := listen(t, wsconn.Options{})
	conn, r := rawClient(t, url, nil)
	s := <-accepted
	defer s.Abort()
	closed := make(chan error, 1)
	go func() { closed <- s.Close(codec.Restart, "bye") }()
	if op, body := readFrame(t, r); op != 8 || string(body[2:]) != "bye" {
		t.Fatalf("opcode %d %q, want a close frame", op, body)
	}
	if _, err := s.TryWrite([][]byte{{1}}); err == nil {
		t.Error("a message after the close frame: no error")
	}
	if _, err := conn.Write(clientFrame(8, []byte{0x03, 0xf4})); err != nil {
		t.Fatal(err)
	}
	<-closed
	if rest, err := io.ReadAll(r); len(rest) > 0 {
		t.Errorf("after the close frame came %x, %v", rest, err)
	}
}

func TestAbortDoesNotWaitForACloseUnderWay(t *testing.T) {
	s, c := pair(t, wsconn.Options{}, wsconn.Options{})
	for _, end := range []*wsconn.Conn{c, s} { // the other end answers no close frame
		done := make(chan struct{})
		go func() { defer close(done); end.Close(codec.Normal, "") }()
		start := time.Now()
		end.Abort()
		<-done
		if d := time.Since(start); d > 2*time.Second {
			t.Errorf("Abort took %v", d)
		}
	}
}

func TestAbortEndsARead(t *testing.T) {
	s, c := pair(t, wsconn.Options{}, wsconn.Options{})
	for _, end := range []*wsconn.Conn{s, c} {
		got := make(chan error, 1)
		go func() {
			_, err := end.Read()
			got <- err
		}()
		end.Abort()
		if err := <-got; err == nil {
			t.Error("Read returned no error after Abort")
		}
	}
}

func TestDialSaysHowTheServerRefused(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Error(w, "not you", http.StatusForbidden)
	}))
	defer srv.Close()
	defer http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	_, err := wsconn.Dial(t.Context(), srv.URL, wsconn.Options{})
	he, ok := errors.AsType[*wsconn.HandshakeError](err)
	if !ok || he.StatusCode != 403 || he.Body != "not you\n" {
		t.Fatalf("%v (%+v), want a HandshakeError with 403 and the body", err, he)
	}
}

func TestPing(t *testing.T) {
	s, c := pair(t, wsconn.Options{}, wsconn.Options{})
	go c.Read()
	go s.Read()
	if err := s.Ping(t.Context()); err != nil {
		t.Error(err)
	}
	if err := c.Ping(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestPingOfAPeerThatDoesNotAnswer(t *testing.T) {
	url, accepted := listen(t, wsconn.Options{})
	rawClient(t, url, nil)
	s := <-accepted
	defer s.Abort()
	read := make(chan struct{})
	go func() { defer close(read); s.Read() }()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := s.Ping(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v, want the context's error", err)
	}
	s.Abort()
	<-read
}

func TestSlowPeerIsWaitedFor(t *testing.T) {
	url, accepted := listen(t, wsconn.Options{})
	conn, r := rawClient(t, url, nil)
	s := <-accepted
	defer s.Abort()
	go s.Read() // answers pings

	// More than the socket's buffers hold.
	const writes = 160
	small, large := payload(1000), payload(200_000)
	flushed := make(chan error, 1)
	go func() {
		var err error
		for range writes {
			err = errors.Join(err, s.Write([][]byte{small, large}))
		}
		flushed <- err
	}()

	// A peer that pings while it does not read is not cut off; it gets a few
	// pongs, when it reads.
	for range 100 {
		if _, err := conn.Write(clientFrame(9, []byte("hi"))); err != nil {
			t.Fatal(err)
		}
	}
	pongs := 0
	for got := 0; got < 2*writes; {
		op, body := readFrame(t, r)
		switch op {
		case 10:
			pongs++
		case 2:
			want := small
			if got%2 == 1 {
				want = large
			}
			if !bytes.Equal(body, want) {
				t.Fatalf("frame %d: %d bytes differ from the %d sent", got, len(body), len(want))
			}
			got++
		default:
			t.Fatalf("opcode %d", op)
		}
	}
	if err := <-flushed; err != nil {
		t.Fatal(err)
	}
	t.Logf("%d frames, %d pongs among them", 2*writes, pongs)
}

func readFrame(t *testing.T, r io.Reader) (opcode byte, body []byte) {
	t.Helper()
	var h [10]byte
	read := func(b []byte) []byte {
		if _, err := io.ReadFull(r, b); err != nil {
			t.Fatal(err)
		}
		return b
	}
	read(h[:2])
	n := uint64(h[1])
	switch n {
	case 126:
		n = uint64(binary.BigEndian.Uint16(read(h[2:4])))
	case 127:
		n = binary.BigEndian.Uint64(read(h[2:10]))
	}
	return h[0] & 15, read(make([]byte, n))
}

func TestStuckPeerIsCutOff(t *testing.T) {
	url, accepted := listen(t, wsconn.Options{WriteTimeout: 50 * time.Millisecond})
	rawClient(t, url, nil) // never reads
	s := <-accepted
	defer s.Abort()
	read := make(chan error, 1)
	go func() {
		_, err := s.Read()
		read <- err
	}()
	if err := s.Write([][]byte{payload(32 << 20)}); err == nil {
		t.Fatal("32 MB to a peer that does not read: no error")
	}
	if err := <-read; err == nil {
		t.Fatal("the reader was not told")
	}
}

func TestAWriteThatTheSocketTakesAllocatesNothing(t *testing.T) {
	s, c := pair(t, wsconn.Options{}, wsconn.Options{})
	frames := [][]byte{payload(40), payload(60)}
	done := make(chan int)
	go func() {
		n := 0
		for {
			if _, err := c.Read(); err != nil {
				done <- n
				return
			}
			n++
		}
	}()
	go s.Read()
	const writes = 500
	// The reader's allocations are counted too; it has one a message.
	total := testing.AllocsPerRun(writes, func() {
		if ok, err := s.TryWrite(frames); !ok || err != nil {
			t.Fatal(ok, err)
		}
	})
	s.Close(codec.Normal, "")
	if n := <-done; n != 2*(writes+1) {
		t.Errorf("%d of %d messages arrived", n, 2*(writes+1))
	}
	if total > 3 {
		t.Errorf("%v allocations for a write of two messages and their reading, want 2", total)
	}
}
