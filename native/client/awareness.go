package client

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
)

// Awareness is who else has the document open, and what they show of themselves: for
// each client a small JSON value such as a name and a cursor. It is never stored. Its
// methods may be called from any goroutine; those with an error not inside
// [Client.Do].
type Awareness struct{ c *Client }

// AwarenessChange says of which clients, other than the local one, the state has
// changed. A renewal of the same state is no change.
type AwarenessChange struct {
	Added   []uint64 // had no state before
	Updated []uint64 // had another one
	Removed []uint64 // have none any more
}

func (c *AwarenessChange) empty() bool {
	return len(c.Added)+len(c.Updated)+len(c.Removed) == 0
}

// SetLocal shows a state of the local client to the others: as JSON, made by
// encoding/json; a json.RawMessage is taken as it is. A state that becomes null, nil
// for instance, is RemoveLocal. The state is renewed while the client lives, and
// shown again after a reconnect.
//
// The error is ErrClosed, that of encoding/json, or that the state is larger than
// Options.Awareness allows.
func (a *Awareness) SetLocal(state any) error {
	raw, ok := state.(json.RawMessage)
	if !ok {
		var err error
		if raw, err = json.Marshal(state); err != nil {
			return fmt.Errorf("client: the state of the local client: %w", err)
		}
	}
	if string(bytes.TrimSpace(raw)) == "null" {
		return a.RemoveLocal()
	}
	raw = append(json.RawMessage{}, raw...) // not nil, even if empty: that is not JSON
	return a.set(raw)
}

// RemoveLocal takes the local client's state away. The error is ErrClosed.
func (a *Awareness) RemoveLocal() error { return a.set(nil) }

func (a *Awareness) set(raw json.RawMessage) error {
	c := a.c
	return c.call(len(raw), func(now int64) error {
		if raw == nil && c.local == nil {
			return nil
		}
		if _, err := c.presence.SetLocal(now, c.opts.ClientID, raw); err != nil {
			return fmt.Errorf("client: the state of the local client: %w", err)
		}
		c.mu.Lock()
		c.local = raw
		c.mu.Unlock()
		return c.machine.Awareness(now, c.encodeLocal())
	})
}

// Local returns the local client's state, nil if it has none. It is read-only.
func (a *Awareness) Local() json.RawMessage {
	a.c.mu.Lock()
	defer a.c.mu.Unlock()
	return a.c.local
}

// Others returns the states of all other clients; there are none while there is no
// connection. The map is the caller's, the states are read-only.
func (a *Awareness) Others() map[uint64]json.RawMessage {
	a.c.mu.Lock()
	defer a.c.mu.Unlock()
	return maps.Clone(a.c.others)
}
