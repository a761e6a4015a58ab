// Command juggler is a Juggler server that shows every kind of message; README.md says
// what it answers.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/weft-sync/weft/native/htpasswd"
	"github.com/weft-sync/weft/native/juggler"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "juggler:", err)
		os.Exit(1)
	}
}

// farewell is how long the program waits for its handlers at the end.
const farewell = 5 * time.Second

func run() error {
	listen := flag.String("listen", "127.0.0.1:8080", "`address` to listen at")
	transport := flag.String("transport", "plain", "plain (Juggler 0.6) or segmented (0.7)")
	autoflush := flag.String("autoflush", "0.2", "`seconds` in which changes of the state gather; 0 sends each, none waits for flush")
	parallel := flag.Bool("parallel", false, "handle requests of one connection in parallel")
	shared := flag.Bool("shared", false, "one state for all connections")
	passwords := flag.String("htpasswd", "", "htpasswd `file` of those who may connect")
	static := flag.String("static", "", "`directory` of files to serve")
	pem := flag.String("pem", "", "`file` with certificate and key, for https and wss")
	flag.Parse()

	o := juggler.ServerOptions{
		OnRequest: answer,
		Parallel:  *parallel,
		// For the request "remote". A server that is not behind a proxy leaves it
		// out: anybody can write these headers.
		TrustForwarded: true,
	}
	var err error
	if o.Transport, err = parseTransport(*transport); err != nil {
		return err
	}
	if o.Autoflush, err = parseAutoflush(*autoflush); err != nil {
		return err
	}
	if *shared {
		o.State = new(juggler.State)
	}
	if *passwords != "" {
		users, err := htpasswd.Load(*passwords)
		if err != nil {
			return err
		}
		o.Authenticate = users.Check
	}
	if *static != "" {
		root, err := os.OpenRoot(*static)
		if err != nil {
			return err
		}
		defer root.Close()
		o.Static = root.FS()
	}
	if *pem != "" {
		if o.TLS, err = juggler.LoadPEM(*pem); err != nil {
			return err
		}
	}

	server, err := juggler.Listen(*listen, o)
	if err != nil {
		return err
	}
	fmt.Printf("listening at %v, the WebSocket is at /ws\n", server.Addr())
	stop, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	select {
	case <-stop.Done():
	case <-server.Done():
	}
	ctx, cancelShutdown := context.WithTimeout(context.Background(), farewell)
	defer cancelShutdown()
	return errors.Join(server.Shutdown(ctx), server.Err())
}

func parseTransport(s string) (juggler.Transport, error) {
	for _, t := range []juggler.Transport{juggler.Plain, juggler.Segmented} {
		if s == t.String() {
			return t, nil
		}
	}
	return 0, fmt.Errorf("the transport is plain or segmented, not %q", s)
}

func parseAutoflush(s string) (time.Duration, error) {
	if strings.EqualFold(s, "none") {
		return juggler.OnFlush, nil
	}
	seconds, err := strconv.ParseFloat(s, 64)
	if err != nil || !(seconds >= 0 && seconds < 1e6) {
		return 0, fmt.Errorf("autoflush is a number of seconds or none, not %q", s)
	}
	if delay := time.Duration(seconds * float64(time.Second)); delay > 0 {
		return delay, nil
	}
	return juggler.EveryChange, nil
}
