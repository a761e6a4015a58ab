package client

import (
	"testing"

	"github.com/weft-sync/weft/core/coretest"
	"github.com/weft-sync/weft/core/update"
)

// letters returns a function that makes updates of one letter, each typed behind the
// one before.
func letters(client uint64) func() []byte {
	clock := uint64(0)
	return func() []byte {
		var after *coretest.ID
		if clock > 0 {
			after = &coretest.ID{Client: client, Clock: clock - 1}
		}
		clock++
		return coretest.Typing(client, clock-1, after, "x")
	}
}

// BenchmarkRoundTrip is two clients that answer each other's letters through a
// server on loopback: four messages, each way one to the server and one from it.
func BenchmarkRoundTrip(b *testing.B) {
	s := newSite(b)
	var (
		pong = make(chan struct{}, 1)
		bob  *Client
		next = letters(2)
		err  error
	)
	bob, err = New(s.url, "notes", update.NewDoc(), Options{
		ClientID: 2, Logger: s.logs.logger(), HTTPClient: (&cable{}).client(),
		OnUpdate: func([]byte) {
			if err := bob.Update(next()); err != nil {
				b.Error(err)
			}
		},
	})
	if err != nil {
		b.Fatal(err)
	}
	defer bob.Close()
	if err := bob.Connect(); err != nil {
		b.Fatal(err)
	}
	if err := bob.WaitSynced(b.Context()); err != nil {
		b.Fatal(err)
	}
	ada := s.join("notes", Options{ClientID: 1, OnUpdate: func([]byte) { pong <- struct{}{} }})
	type1 := letters(1)
	b.ReportAllocs()
	for b.Loop() {
		if err := ada.Update(type1()); err != nil {
			b.Fatal(err)
		}
		<-pong
	}
}

// BenchmarkUpdateOffline is what an edit costs a program without a connection.
func BenchmarkUpdateOffline(b *testing.B) {
	p := open(b, "ws://127.0.0.1:1", "notes", Options{ClientID: 1})
	next := letters(1)
	b.ReportAllocs()
	for b.Loop() {
		if err := p.Update(next()); err != nil {
			b.Fatal(err)
		}
	}
	p.Close()
}
