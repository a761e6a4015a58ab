package server_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/weft-sync/weft/core/update"
	"github.com/weft-sync/weft/native/client"
	"github.com/weft-sync/weft/native/store/memstore"
	"github.com/weft-sync/weft/server"
)

// A server is mounted like any handler. Below a prefix, which StripPrefix takes
// off, the document "notes" is at ws://HOST/docs/notes.
func Example() {
	store := memstore.New() // or badgerstore.Open("weft-data")
	docs, err := server.New(server.Config{Store: store})
	if err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/docs/", http.StripPrefix("/docs", docs))
	web := httptest.NewServer(mux)

	c, err := client.New("ws"+strings.TrimPrefix(web.URL, "http")+"/docs", "notes", update.NewDoc(), client.Options{})
	if err != nil {
		log.Fatal(err)
	}
	if err := c.Connect(); err != nil {
		log.Fatal(err)
	}
	fmt.Println("synced:", c.WaitSynced(context.Background()) == nil)

	// First the clients' side here, then the documents, then the store.
	err = errors.Join(c.Close(), docs.Shutdown(context.Background()), store.Close())
	web.Close()
	http.DefaultClient.CloseIdleConnections()
	fmt.Println("stopped:", err)
	// Output:
	// synced: true
	// stopped: <nil>
}

// Authorize sees the request before the connection is upgraded. A *StatusError
// chooses what the client is told; of any other error it is told nothing.
func ExampleConfig_authorize() {
	store := memstore.New()
	defer store.Close()
	docs, err := server.New(server.Config{
		Store: store,
		Authorize: func(r *http.Request, document string) error {
			if r.URL.Query().Get("token") == "" {
				return &server.StatusError{Status: http.StatusUnauthorized, Reason: "a token is missing"}
			}
			return nil
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodGet, "/notes", nil)
	r.Header.Set("Upgrade", "websocket")
	w := httptest.NewRecorder()
	docs.ServeHTTP(w, r)
	fmt.Print(w.Code, " ", w.Body.String())
	// Output: 401 a token is missing
}
