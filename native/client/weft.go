package client

import (
	"context"
	"errors"
	"fmt"

	"github.com/weft-sync/weft/core/codec"
	"github.com/weft-sync/weft/core/provider"
)

// This file is what a client adds with servers that speak weft.v1
// (docs/wire/weft.md): what is saved, what was refused, what it may do, tokens, and
// documents of another history.

// Counts is what became of the local edits. It means something once [Client.Weft] was
// true.
type Counts = provider.Counts

// Permission is what the server lets the client do.
type Permission = provider.Permission

// The values of Permission. Unknown is before a server has told, and with servers that
// do not tell.
const (
	Unknown  = provider.NotTold
	MayRead  = provider.MayRead
	MayWrite = provider.MayWrite
)

// Rejection is a local update that the server refused. It stays in the document, and
// unsaved, as do the edits after it; [Client.Rejoin] with an empty document returns to
// what the server has.
type Rejection struct {
	// Reason is "read_only", "too_large", "rate_limited", "invalid" or "quota".
	Reason codec.Reason
	// Text is for a person; it may be empty.
	Text string
	// Update is what was refused, nil if more than Options.QueueLimit was sent since.
	Update []byte
	// Again: the client sends it again by itself, after a while.
	Again bool
}

// AuthError says that the server does not accept the token, or wants one. The client
// makes no further attempt until [Client.Connect].
type AuthError struct {
	Denial codec.Denial
	Reason string // for a person; it may be empty
}

func (e *AuthError) Error() string {
	s := "client: the server refused the token: " + e.Denial.String()
	if e.Reason != "" {
		s += fmt.Sprintf(": %q", e.Reason)
	}
	return s
}

// DivergedError says that the document that the server has stored is of another
// history than the client's, because its store was lost or the document was deleted.
// Nothing was exchanged, and the client makes no further attempt until
// [Client.Rejoin].
type DivergedError struct{}

func (*DivergedError) Error() string {
	return "client: the server's document is of another history than this one"
}

// ErrUntold is returned by [Client.WaitSaved] when the server does not tell what it
// has saved.
var ErrUntold = errors.New("client: the server does not tell what is saved")

// Weft reports whether there is a connection, to a server that speaks weft.v1.
func (c *Client) Weft() bool { return c.look().weft }

// Counts returns what became of the local edits.
func (c *Client) Counts() Counts { return c.look().counts }

// Saved reports whether every local edit is durable at the server, and so is what the
// document held when it was joined. What others write is theirs to have saved.
func (c *Client) Saved() bool { return c.look().counts.Saved }

// Permission returns what the server lets the client do.
func (c *Client) Permission() Permission { return c.look().permission }

// WaitSaved waits until all edits made so far, and any made meanwhile, are durable at
// the server: killing its process then loses none of them. The errors are those of
// [Client.WaitSynced], and ErrUntold. While an update is refused it waits on.
func (c *Client) WaitSaved(ctx context.Context) error {
	for {
		c.mu.Lock()
		v, changed := c.shown, c.changed
		c.mu.Unlock()
		switch {
		case v.closed:
			return ErrClosed
		case v.counts.Saved:
			return nil
		case v.stopped != nil:
			return v.stopped
		case v.synced && !v.weft:
			return ErrUntold
		}
		select {
		case <-changed:
		case <-ctx.Done():
			err := fmt.Errorf("client: not saved: %w", context.Cause(ctx))
			if v.err != nil {
				err = fmt.Errorf("%w; last failure: %w", err, v.err)
			}
			return err
		}
	}
}

// Rejoin joins the server's document with what there is here, whatever history it is
// of, and connects if need be: with the document as it is, which merges the two, or
// with another one, which must be empty to become what the server has. The former
// document is the caller's then. Edits are counted anew. The error is ErrClosed.
func (c *Client) Rejoin(doc Document) error {
	return c.call(0, func(now int64) error {
		if doc != nil {
			c.doc = doc
		}
		c.view.err, c.view.stopped = nil, nil
		return c.machine.Rejoin(now)
	})
}

// fetchToken asks the application for a token, for a link.
func (c *Client) fetchToken(l *link) {
	go func() {
		token, err := c.opts.Token(l.ctx)
		c.loop.Post(event{kind: tokened, link: l, token: token, err: err})
	}()
}

// tokened hands a token to the machine. Without one the connection is given up, and
// tried again like any other.
func (c *Client) tokened(now int64, l *link, token string, err error) {
	if l != c.link {
		return
	}
	if err != nil {
		l.failure = fmt.Errorf("client: there is no token: %w", err)
		l.cut()
		return
	}
	c.machine.HandleToken(now, l.conn, token)
}

// performWeft performs the outputs that only servers with weft.v1 cause.
func (c *Client) performWeft(o provider.Output) {
	switch o.Kind {
	case provider.AskToken:
		c.fetchToken(c.link)
	case provider.PermissionChanged:
		c.view.permission = o.Permission
		c.notes = append(c.notes, note{kind: permissionNote, permission: o.Permission, text: string(o.Payload)})
	case provider.CountsChanged:
		c.view.counts = o.Counts
		c.notes = append(c.notes, note{kind: countsNote, counts: o.Counts})
	case provider.Rejected:
		r := Rejection{Reason: o.Reason, Text: o.Text, Update: append([]byte(nil), o.Payload...), Again: o.Retry > 0}
		c.notes = append(c.notes, note{kind: rejectedNote, rejected: []Rejection{r}})
		c.log.Info("the server refused an update", "reason", o.Reason.String(), "text", o.Text)
	case provider.AuthFailed:
		c.stop(&AuthError{Denial: o.Denial, Reason: o.Text})
	case provider.Diverged:
		c.stop(&DivergedError{})
	case provider.EpochChanged:
		c.notes = append(c.notes, note{kind: epochNote, epoch: append([]byte(nil), o.Payload...)})
	case provider.Progressed:
		c.notes = append(c.notes, note{kind: progressNote, done: o.Done, total: o.Total})
	}
}

// stop shows why there are no more attempts. The machine has told the status before,
// in the same step: the note of it, which is not given yet, gets the reason.
func (c *Client) stop(err error) {
	c.view.err, c.view.stopped = err, err
	for i := len(c.notes) - 1; i >= 0; i-- {
		if n := &c.notes[i]; n.kind == statusNote {
			n.err = err
			break
		}
	}
	c.log.Warn("the server refused", "error", err)
}
