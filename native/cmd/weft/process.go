package main

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// processFlags are common to the commands that run until a signal comes.
type processFlags struct {
	ShutdownTimeout time.Duration `default:"10s" env:"WEFT_SHUTDOWN_TIMEOUT" placeholder:"TIME" help:"How long a shutdown may take (${default})."`
	Log             string        `default:"text" enum:"text,json" env:"WEFT_LOG" placeholder:"FORMAT" help:"Log format on standard error: text or json."`
	LogLevel        slog.Level    `default:"info" env:"WEFT_LOG_LEVEL" placeholder:"LEVEL" help:"debug, info, warn or error (${default})."`
}

func (c *processFlags) logger(t *terminal) *slog.Logger {
	opts := &slog.HandlerOptions{Level: c.LogLevel}
	if c.Log == "json" {
		return slog.New(slog.NewJSONHandler(t.err, opts))
	}
	return slog.New(slog.NewTextHandler(t.err, opts))
}

// listenToSignals returns the signals that end the process. It is called before the
// socket is open: whoever sees the address printed may already end the server.
func listenToSignals() (signals chan os.Signal, ignore func()) {
	signals = make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	return signals, func() { signal.Stop(signals) }
}

// webServer returns an HTTP server for h. Slow headers and idle keep-alive
// connections are bounded; what was upgraded is the handler's.
func webServer(h http.Handler, logger *slog.Logger) *http.Server {
	return &http.Server{
		Handler: h, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: time.Minute,
		MaxHeaderBytes: 64 << 10, ErrorLog: slog.NewLogLogger(logger.Handler(), slog.LevelWarn),
	}
}

// lastResort is how long after the shutdown timeout the process is ended in
// whatever state it is.
const lastResort = 3 * time.Second

// limitShutdown ends the process when a shutdown that begins now takes far too long,
// whatever hangs, the closing of a store among it; unless the timer is stopped.
func (c *processFlags) limitShutdown(logger *slog.Logger) *time.Timer {
	return time.AfterFunc(c.ShutdownTimeout+lastResort, func() {
		logger.Error("the shutdown took too long; the process ends as it is")
		os.Exit(exitFailed)
	})
}

// shutdown ends a server within the timeout, or at once on a second signal: first
// what it serves, which refuses newcomers by itself while probes still hear that it
// is not ready, then the listener.
func (c *processFlags) shutdown(web *http.Server, stop func(context.Context) error, signals <-chan os.Signal) error {
	ctx, cancel := context.WithTimeout(context.Background(), c.ShutdownTimeout)
	defer cancel()
	stopped := make(chan struct{})
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		select {
		case <-signals:
			cancel()
		case <-stopped:
		}
	}()
	err := stop(ctx)
	if e := web.Shutdown(ctx); e != nil {
		err = errors.Join(err, web.Close())
	}
	close(stopped)
	<-watched
	return err
}
