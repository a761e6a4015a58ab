package client_test

import (
	"context"
	"fmt"
	"log"
	"log/slog"
	"net/http/httptest"
	"slices"
	"strings"
	"time"

	"github.com/weft-sync/weft/core/coretest"
	"github.com/weft-sync/weft/core/update"
	"github.com/weft-sync/weft/native/client"
	"github.com/weft-sync/weft/native/store/memstore"
	"github.com/weft-sync/weft/server"
)

// A program that joins a document, adds an edit, and keeps a copy of the whole.
func Example() {
	url, stop := serve() // "wss://example.org/docs" in real life
	defer stop()

	doc := update.NewDoc()
	c, err := client.New(url, "meeting-notes", doc, client.Options{
		OnUpdate: func(u []byte) { fmt.Println("somebody has edited") },
	})
	if err != nil {
		log.Fatal(err)
	}
	if err := c.Connect(); err != nil {
		log.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := c.WaitSynced(ctx); err != nil {
		log.Fatal(err) // refused, or not within the time
	}

	// An edit is an update (v1), from whatever made it.
	if err := c.Update(coretest.Typing(c.ClientID(), 0, nil, "hello")); err != nil {
		log.Fatal(err)
	}

	// The document belongs to the client; what is needed is copied out.
	var backup []byte
	if err := c.Do(func() { backup = slices.Clone(doc.Encode()) }); err != nil {
		log.Fatal(err)
	}
	fmt.Println("copied:", update.Validate(backup) == nil)

	// Close sends what is left.
	if err := c.Close(); err != nil {
		log.Fatal(err)
	}
	// Output: copied: true
}

// Two programs that see each other.
func ExampleAwareness() {
	url, stop := serve()
	defer stop()

	came := make(chan uint64, 1)
	ada, err := client.New(url, "meeting-notes", update.NewDoc(), client.Options{
		OnAwareness: func(c client.AwarenessChange) {
			if len(c.Added) > 0 {
				came <- c.Added[0]
			}
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer ada.Close()
	bob, err := client.New(url, "meeting-notes", update.NewDoc(), client.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer bob.Close()
	for _, c := range []*client.Client{ada, bob} {
		if err := c.Connect(); err != nil {
			log.Fatal(err)
		}
	}

	type person struct {
		Name string `json:"name"`
	}
	if err := bob.Awareness().SetLocal(person{"Bob"}); err != nil {
		log.Fatal(err)
	}
	client := <-came
	fmt.Printf("%s\n", ada.Awareness().Others()[client])
	// Output: {"name":"Bob"}
}

// serve runs a server on a loopback socket.
func serve() (url string, stop func()) {
	store := memstore.New()
	docs, err := server.New(server.Config{Store: store, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		log.Fatal(err)
	}
	s := httptest.NewServer(docs)
	return strings.Replace(s.URL, "http", "ws", 1), func() {
		if err := docs.Shutdown(context.Background()); err != nil {
			log.Print(err)
		}
		s.Close()
		store.Close()
	}
}
