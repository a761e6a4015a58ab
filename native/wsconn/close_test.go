package wsconn_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/weft-sync/weft/native/wsconn"
)

// TestTheAnswerToACloseFrameLeaves over TLS, where a write cannot be tried.
func TestTheAnswerToACloseFrameLeaves(t *testing.T) {
	conns := make(chan *wsconn.Conn, 1)
	srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c, err := wsconn.Accept(w, r, wsconn.Options{}); err == nil {
			conns <- c
		}
	}))
	defer srv.Close()
	for range 20 {
		c, err := wsconn.Dial(t.Context(), srv.URL, wsconn.Options{Client: srv.Client()})
		if err != nil {
			t.Fatal(err)
		}
		s := <-conns
		read := make(chan struct{})
		go func() {
			defer close(read)
			_, err := s.Read()
			if ce, ok := errors.AsType[*wsconn.CloseError](err); !ok || ce.Code != 4001 {
				t.Errorf("the server read %v", err)
			}
			s.Abort()
		}()
		if err := c.Close(4001, "bye"); err != nil {
			t.Errorf("Close: %v, want the server's answer", err)
		}
		<-read
	}
}
