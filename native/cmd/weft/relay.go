package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"

	"github.com/weft-sync/weft/native/relay"
)

type relayCmd struct {
	Upstream     string   `required:"" env:"WEFT_UPSTREAM" placeholder:"URL" help:"Server to pass on to, ws or wss: weft serve, or an ElvaWebsocketServer."`
	Listen       string   `default:"127.0.0.1:8788" env:"WEFT_LISTEN" placeholder:"ADDR" help:"Address for local clients (${default})."`
	User         string   `env:"WEFT_USER" placeholder:"NAME" help:"Sent with the password to an upstream that answers 401, and once."`
	Password     string   `env:"WEFT_PASSWORD" placeholder:"SECRET" help:"Better given in the environment, where other users of the machine do not see it."`
	PasswordFile string   `type:"path" env:"WEFT_PASSWORD_FILE" placeholder:"FILE" help:"File with the password, in place of --password."`
	ELVA33       bool     `name:"elva33" env:"WEFT_ELVA33" help:"Write to the upstream in the bytes of ELVA up to v0.33."`
	Origin       []string `env:"WEFT_ORIGIN" placeholder:"ORIGIN" help:"Web origin, besides the relay's own, whose pages may connect. Repeatable."`

	ReadLimit      int64 `default:"67108864" env:"WEFT_READ_LIMIT" placeholder:"BYTES" help:"Largest message on either side (${default})."`
	QueueLimit     int   `default:"1048576" env:"WEFT_QUEUE_LIMIT" placeholder:"BYTES" help:"What may wait for a slow client before it is closed (${default})."`
	UpstreamLimit  int   `default:"8388608" env:"WEFT_UPSTREAM_LIMIT" placeholder:"BYTES" help:"What may wait for the upstream (${default})."`
	MaxConnections int   `default:"0" env:"WEFT_MAX_CONNECTIONS" placeholder:"N" help:"Most open connections; 0 for as many as the system allows."`

	processFlags
}

func (*relayCmd) Help() string {
	return `Local clients connect by WebSocket to ws://ADDR/NAME, as to a server. The relay passes what they
send to each other and, over one connection, upstream; it keeps no document. While the upstream is
away the clients have each other, and when it is back it is told what it lacks. A client that does not
read is closed when its queue is full; the others do not wait for it. The relay refuses to be its own
upstream, under whatever name. /_weft/healthz answers while it lives, /_weft/readyz while it is connected
upstream, with its status (connecting, connected, waiting, refused) and all numbers. SIGINT and SIGTERM
end it: clients are closed with 1012.

Examples:
  weft relay --upstream wss://hub.example.org/
  weft relay --upstream ws://127.0.0.1:8787/ --listen 127.0.0.1:8788
  WEFT_PASSWORD=... weft relay --upstream wss://hub.example.org/ --user me

Exit statuses: 0 ended by a signal, 1 could not start, 2 wrong usage, or the upstream is the relay
itself.`
}

// Run passes on until a signal comes.
func (c *relayCmd) Run(t *terminal) error {
	logger := c.logger(t)
	password, err := c.password()
	if err != nil {
		return &exitError{exitUsage, err}
	}
	signals, ignore := listenToSignals()
	defer ignore()
	listener, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return err
	}
	cfg := relay.Config{
		Upstream: c.Upstream, Own: listener.Addr(), User: c.User, Password: password, ELVA33: c.ELVA33,
		Origins: c.Origin, ReadLimit: c.ReadLimit, QueueLimit: c.QueueLimit, UpstreamLimit: c.UpstreamLimit,
		MaxConnections: c.MaxConnections, Logger: logger,
	}
	if cfg.MaxConnections == 0 {
		cfg.MaxConnections = connectionsByFiles()
	}
	if err := relay.CheckUpstream(context.Background(), c.Upstream, listener.Addr()); err != nil {
		return &exitError{exitUsage, errors.Join(err, listener.Close())}
	}
	r, err := relay.New(cfg)
	if err != nil {
		return &exitError{exitUsage, errors.Join(err, listener.Close())}
	}
	web := webServer(r, logger)
	served := make(chan error, 1)
	go func() { served <- web.Serve(listener) }()
	fmt.Fprintf(t.out, "weft relays http://%s\n", listener.Addr())

	select {
	case err = <-served: // the listener broke
	case s := <-signals:
		logger.Info("shutting down", "signal", s.String(), "timeout", c.ShutdownTimeout)
	}
	defer c.limitShutdown(logger).Stop()
	return errors.Join(err, c.shutdown(web, r.Shutdown, signals))
}

func (c *relayCmd) password() (string, error) {
	if c.PasswordFile == "" {
		return c.Password, nil
	}
	if c.Password != "" {
		return "", errors.New("--password and --password-file are two passwords")
	}
	b, err := os.ReadFile(c.PasswordFile)
	if err != nil {
		return "", err
	}
	return strings.TrimRight(string(b), "\r\n"), nil
}
