//go:build unix

package main

import (
	"os"
	"os/signal"
	"syscall"
)

// onHangUp calls f for each SIGHUP, from a goroutine of its own, until stop is called.
func onHangUp(f func()) (stop func()) {
	signals, done := make(chan os.Signal, 1), make(chan struct{})
	signal.Notify(signals, syscall.SIGHUP)
	go func() {
		for {
			select {
			case <-signals:
				f()
			case <-done:
				return
			}
		}
	}()
	return func() {
		signal.Stop(signals)
		close(done)
	}
}
