// Package wsconn carries messages, binary or text, over WebSocket connections
// (RFC 6455): it is github.com/coder/websocket made into the transport of
// this project's machines.
//
// It knows nothing of what the frames mean, starts no goroutine for an idle
// connection, and has none of the WebSocket library's types in its API. The
// main type is [Conn], made by [Accept] on a server and by [Dial] on a client.
//
//	conn, err := wsconn.Accept(w, r, wsconn.Options{})
//	go func() { // the one goroutine that an idle connection costs
//		for {
//			frame, err := conn.Read()
//			if err != nil {
//				break // *codec.PeerError, *CloseError, or the network's error
//			}
//			inbox.Put(frame)
//		}
//	}()
//	...
//	done, err := conn.TryWrite(frames) // never waits
//	if err == nil && !done {
//		go conn.Flush()                // waits until the peer has made room
//	}
//
// Who writes to many connections at once uses a [Batch].
//
// # What it costs
//
// An accepted connection keeps no read or write buffer while it is idle: on a
// plain TCP or Unix socket the read buffer is borrowed from a pool when the
// kernel has bytes, and given back before the reader waits again. The frames
// of one write leave in one system call, and a write that the socket takes at
// once costs neither a goroutine nor a timer. A batch hands the writes of up to
// 32 connections to Linux in one call, through io_uring(7), and makes a call for
// each where that is not there or not allowed. Over TLS the read and write
// buffers are those of crypto/tls, and writes need Flush.
//
// # Limits
//
// A message larger than Options.ReadLimit ends the connection with 1009, a
// message of the other kind with 1003: a connection has binary messages, or text
// messages if Options.Text is set, never both. A peer that
// takes nothing for Options.WriteTimeout while bytes wait for it is cut off; a
// slow one, as long as it takes something, never is.
package wsconn
