package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"runtime/debug"
	"time"

	"github.com/weft-sync/weft/native/badgerstore"
	"github.com/weft-sync/weft/native/htpasswd"
	"github.com/weft-sync/weft/page"
	"github.com/weft-sync/weft/server"
)

type serveCmd struct {
	Listen  string           `default:"127.0.0.1:8787" env:"WEFT_LISTEN" placeholder:"ADDR" help:"Address to serve on (${default})."`
	Data    string           `default:"./weft-data" env:"WEFT_DATA" type:"path" placeholder:"DIR" help:"Directory of the documents (${default})."`
	Sync    badgerstore.Sync `default:"never" env:"WEFT_SYNC" placeholder:"WHEN" help:"What a saved edit survives: never (the end of the process, however it ends) or always (a power failure too; slower)."`
	Commit  time.Duration    `name:"commit-interval" default:"50ms" env:"WEFT_COMMIT_INTERVAL" placeholder:"TIME" help:"Least time between two commits (${default}): edits are passed on at once, and saved within it."`
	Origin  []string         `env:"WEFT_ORIGIN" placeholder:"ORIGIN" help:"Web origin, besides the server's own, whose pages may connect: https://app.example.org, https://*.example.org, or * for all. Repeatable."`
	IDs     string           `name:"ids" default:"path" enum:"path,elva" env:"WEFT_IDS" placeholder:"RULE" help:"Which document names are accepted: path (1 to 250 bytes of URL path) or elva (10 to 250 of A-Z a-z 0-9 _ -)."`
	Mode    []string         `env:"WEFT_MODE" placeholder:"[PATTERN=]MODE" help:"What is kept of a document: store, memory (until the server ends) or broadcast (nothing: messages are passed on as they are). With a pattern, in which * is any text, for the documents whose name matches; the first pattern that does counts. Repeatable; store by default."`
	Passwd  string           `name:"htpasswd" type:"path" env:"WEFT_HTPASSWD" placeholder:"FILE" help:"Users and passwords, as htpasswd -B writes them: every request but probes needs one of them, by Basic authentication. Read once."`
	NoPage  bool             `env:"WEFT_NO_PAGE" help:"Serve documents only, no page."`
	Default string           `name:"default-document" default:"welcome" env:"WEFT_DEFAULT_DOCUMENT" placeholder:"NAME" help:"Where / leads (${default})."`

	ReadLimit      int64         `default:"67108864" env:"WEFT_READ_LIMIT" placeholder:"BYTES" help:"Largest message a client may send (${default})."`
	QueueLimit     int           `default:"1048576" env:"WEFT_QUEUE_LIMIT" placeholder:"BYTES" help:"What may wait for a slow client before it is replaced by one diff (${default})."`
	MaxConnections int           `default:"0" env:"WEFT_MAX_CONNECTIONS" placeholder:"N" help:"Most open connections; 0 for as many as the system allows."`
	MaxDocuments   int           `default:"1000" env:"WEFT_MAX_DOCUMENTS" placeholder:"N" help:"Most documents on a connection that carries many (${default})."`
	Compression    bool          `env:"WEFT_COMPRESSION" help:"Offer permessage-deflate: less traffic, more CPU and memory."`
	Idle           time.Duration `default:"30s" env:"WEFT_IDLE" placeholder:"TIME" help:"How long a document stays in memory after its last client left (${default})."`

	tokenFlags
	processFlags
}

func (*serveCmd) Help() string {
	return `Clients connect by WebSocket to ws://ADDR/NAME; a browser that opens http://ADDR/NAME gets an
editor on that document. Clients of weft.v1 are told what is saved. With --token-key a client needs a token that names its
documents ({"read": ["handbook/*"], "write": ["notes"]}); clients that do not speak weft.v1 put it into ?token= or a bearer header.
 ELVA's multi-document clients connect to ws://ADDR/. /_weft/healthz and /_weft/readyz answer for probes. SIGINT and SIGTERM end the
server: it stops accepting, stores what it has, closes with 1012, and exits within the shutdown
timeout. A second signal ends it at once; what was saved stays saved.

Examples:
  weft serve
  weft serve --listen 0.0.0.0:8787 --data /var/lib/weft --sync always
  weft serve --mode memory --mode 'notes/*=store'
  weft serve --origin https://app.example.org --origin https://admin.example.org
  weft serve --token-key public.pem --token-issuer https://login.example.org
  htpasswd -cB users alice && weft serve --htpasswd users
  WEFT_LISTEN=:80 WEFT_LOG=json weft serve

Exit statuses: 0 ended by a signal with everything stored, 1 could not start, or something was not
stored, 2 wrong usage.`
}

// Run serves until a signal comes.
func (c *serveCmd) Run(t *terminal) error {
	if os.Getenv("GOGC") == "" {
		// What this process holds is mostly idle connections, and a handshake
		// leaves more garbage than its connection keeps: collecting earlier makes
		// a connection a quarter smaller and costs no CPU that can be measured.
		debug.SetGCPercent(50)
	}
	logger := c.logger(t)
	names := server.NamesPath
	if c.IDs == "elva" {
		names = server.NamesELVA
	}
	mode, modes, err := parseModes(c.Mode)
	if err != nil {
		return &exitError{exitUsage, err}
	}
	var processors []server.Processor
	if c.Passwd != "" {
		users, err := htpasswd.Load(c.Passwd)
		if err != nil {
			return &exitError{exitUsage, err}
		}
		processors = append(processors, server.BasicAuth(users.Check))
	}
	tokens, err := c.gate()
	if err != nil {
		return &exitError{exitUsage, err}
	}
	st, where, err := c.open(mode, modes, logger)
	if err != nil {
		return err
	}
	cfg := server.Config{
		Store: st, Mode: mode, Modes: modes, Processors: processors, Origins: c.Origin, Names: names,
		ReadLimit: c.ReadLimit, QueueLimit: c.QueueLimit, MaxConnections: c.MaxConnections, MaxDocuments: c.MaxDocuments,
		Compression: c.Compression, IdleTimeout: c.Idle,
		DefaultDocument: c.Default, Logger: logger,
	}
	if tokens != nil {
		cfg.Access = tokens.access
	}
	if names == server.NamesELVA && cfg.DefaultDocument == server.DefaultDocument {
		cfg.DefaultDocument = "welcome-to-weft" // the usual one is too short for an id
	}
	if cfg.MaxConnections == 0 {
		cfg.MaxConnections = connectionsByFiles()
	}
	switch {
	case c.NoPage:
	case page.Built():
		cfg.Page = page.FS
	default:
		logger.Warn(page.BuildHint)
	}
	docs, err := server.New(cfg)
	if err != nil {
		return &exitError{exitUsage, errors.Join(err, closeStore(st))}
	}

	if tokens != nil {
		defer onHangUp(func() { tokens.reload(docs, logger) })()
	}
	signals, ignore := listenToSignals()
	defer ignore()
	listener, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return errors.Join(err, docs.Shutdown(context.Background()), closeStore(st))
	}
	web := webServer(docs, logger)
	served := make(chan error, 1)
	go func() { served <- web.Serve(listener) }()
	fmt.Fprintf(t.out, "weft serves http://%s (%s)\n", listener.Addr(), where)

	select {
	case err = <-served: // the listener broke
	case s := <-signals:
		logger.Info("shutting down", "signal", s.String(), "timeout", c.ShutdownTimeout)
	}
	defer c.limitShutdown(logger).Stop()
	return errors.Join(err, c.shutdown(web, docs.Shutdown, signals), closeStore(st))
}
