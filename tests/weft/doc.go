// Package weft is the suite of weft.v1 end to end: the Go client against the server,
// and both against processes that are killed.
package weft
