package juggler_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"time"

	"github.com/weft-sync/weft/native/juggler"
)

// A server with one state for everybody, and a client that changes it.
func Example() {
	state, err := juggler.NewState(map[string]any{"open": map[string]bool{}})
	if err != nil {
		log.Fatal(err)
	}
	server, err := juggler.Listen("127.0.0.1:0", juggler.ServerOptions{
		State: state,
		OnRequest: func(ctx context.Context, c *juggler.Conn, r juggler.Request) (any, error) {
			if r.Name != "open" {
				return nil, fmt.Errorf("there is no request %q", r.Name)
			}
			if err := state.Set(juggler.Path{"open", "garden gate"}, true); err != nil {
				return nil, err
			}
			return "done", c.Flush(ctx)
		},
	})
	if err != nil {
		log.Fatal(err)
	}

	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	shown := make(chan juggler.Snapshot, 1)
	client, err := juggler.Connect(ctx, "ws://"+server.Addr().String()+"/ws", juggler.ClientOptions{
		OnState: func(s juggler.Snapshot) { shown <- s },
	})
	if err != nil {
		log.Fatal(err)
	}
	answer, err := client.Send(ctx, "open", nil)
	fmt.Println(string(answer), err)
	fmt.Println(<-shown)
	_, err = client.Send(ctx, "close", nil)
	fmt.Println(err)
	client.Close()
	fmt.Println(server.Shutdown(ctx))
	// Output:
	// "done" <nil>
	// {"open":{"garden gate":true}}
	// juggler: the request failed: "there is no request \"close\""
	// <nil>
}

// A Server is an http.Handler, to be mounted beside others.
func ExampleNewServer() {
	server, err := juggler.NewServer(juggler.ServerOptions{
		Transport: juggler.Segmented,
		IndexPath: "index.html", // relative, so that it holds below the mount
	})
	if err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/admin/", http.StripPrefix("/admin", server))
	if err := server.Shutdown(context.Background()); err != nil {
		log.Fatal(err)
	}
}
