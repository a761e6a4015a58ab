package client

import "github.com/weft-sync/weft/native/host"

// closing is how far Close has come. It has two parts: in the first the client goes
// on as always until all edits are written; in the second, begun, the machine is
// destroyed and the connections end.
type closing struct {
	asked, begun bool
	by           int64 // when the part ends at the latest
	cut          bool  // it has: connections were cut, and goroutines have cutTime
}

const (
	// farewellTime is how long the second part may take, in milliseconds: to say
	// farewell, and for the server to answer the close frame. Then connections are
	// cut.
	farewellTime = 1000
	// cutTime is how long goroutines have to end after that.
	cutTime = 500
)

// wake returns when closeOnTime has something to do.
func (s *closing) wake() int64 {
	switch {
	case !s.asked:
		return host.Never
	case s.cut:
		return s.by + cutTime
	}
	return s.by
}

// Close ends the client. Calls of its methods return ErrClosed from now on, and when
// Close has returned the document is the caller's again, the client's goroutines
// have ended, and no callback is called any more; one that is running may still run.
//
// If there is a connection, or an attempt under way, Close first waits until edits
// are written, for up to Options.CloseTimeout; then it says farewell and closes the
// connection, which takes a second at most. It does not wait for a connection to
// come back. The error is ErrUnsent if an edit was not handed to a socket. That it
// was does not mean that the server has it: see the package comment.
//
// Further calls wait for the first and return the same.
func (c *Client) Close() error {
	c.loop.Post(event{kind: closeWish})
	<-c.ended
	c.tell.stop()
	return c.lost
}

// wishClose begins the first part.
func (c *Client) wishClose(now int64) {
	if !c.closing.asked {
		c.closing.asked = true
		c.closing.by = now + millis(c.opts.CloseTimeout)
		c.view.closed = true
	}
}

// closeOnTime takes the next step of closing if it is due.
func (c *Client) closeOnTime(now int64) {
	s := &c.closing
	switch {
	case !s.asked:
	case !s.begun:
		if c.writes() && now < s.by {
			return
		}
		s.begun = true
		s.by = now + farewellTime
		c.machine.Destroy(now, c.farewell())
	case now >= s.by:
		s.cut = true
		for l := range c.links {
			l.cut()
		}
	}
}

// writes reports whether there are edits to wait for, and a connection, an attempt
// or a last write that may bring them to a socket.
func (c *Client) writes() bool {
	if !c.sent.missing() {
		return false
	}
	for l := range c.links {
		if l == c.link || l.writing && c.sent.lacks(l.carries) {
			return true
		}
	}
	return false
}

// over reports whether the loop has nothing left to do.
func (c *Client) over(now int64) bool {
	return c.closing.begun && (len(c.links) == 0 || now >= c.closing.by+cutTime)
}

// finish is the last thing that the loop's goroutine does.
func (c *Client) finish() {
	c.loop.Close()
	for l := range c.links {
		l.cut() // it is late, and ends by itself
	}
	if c.sent.missing() {
		c.lost = ErrUnsent
	}
}
