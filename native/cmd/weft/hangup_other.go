//go:build !unix

package main

// onHangUp does nothing where there is no SIGHUP.
func onHangUp(func()) (stop func()) { return func() {} }
