package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/weft-sync/weft/native/juggler"
)

// answer handles all requests.
func answer(ctx context.Context, c *juggler.Conn, r juggler.Request) (any, error) {
	switch r.Name {
	case "echo":
		return r.Data, nil
	case "fail":
		return nil, juggler.Fail(r.Data)
	case "set":
		return nil, set(c.State(), r.Data)
	case "setmany":
		var changes []json.RawMessage
		if err := json.Unmarshal(r.Data, &changes); err != nil {
			return nil, err
		}
		for _, change := range changes {
			if err := set(c.State(), change); err != nil {
				return nil, err
			}
		}
		return nil, nil
	case "remove":
		path, err := juggler.ParsePath(r.Data)
		if err != nil {
			return nil, err
		}
		return nil, c.State().Remove(path)
	case "data":
		return c.State().Snapshot(), nil
	case "flush":
		return nil, c.Flush(ctx)
	case "notify":
		name, data, err := notification(r.Data)
		if err != nil {
			return nil, err
		}
		return nil, c.Notify(ctx, name, data)
	case "sleep":
		return sleep(ctx, r.Data)
	case "remote":
		return c.Remote(), nil
	}
	return nil, fmt.Errorf("there is no request %q", r.Name)
}

// pair takes [first, second] apart.
func pair(text json.RawMessage) (first, second json.RawMessage, err error) {
	var parts []json.RawMessage
	if err := json.Unmarshal(text, &parts); err != nil {
		return nil, nil, err
	}
	if len(parts) != 2 {
		return nil, nil, errors.New("an array of two is wanted")
	}
	return parts[0], parts[1], nil
}

func set(state *juggler.State, text json.RawMessage) error {
	where, value, err := pair(text)
	if err != nil {
		return err
	}
	path, err := juggler.ParsePath(where)
	if err != nil {
		return err
	}
	return state.Set(path, value)
}

func notification(text json.RawMessage) (name string, data json.RawMessage, err error) {
	first, data, err := pair(text)
	if err != nil {
		return "", nil, err
	}
	err = json.Unmarshal(first, &name)
	return name, data, err
}

func sleep(ctx context.Context, text json.RawMessage) (any, error) {
	var args struct {
		Seconds float64         `json:"s"`
		Value   json.RawMessage `json:"value"`
	}
	if err := json.Unmarshal(text, &args); err != nil {
		return nil, err
	}
	timer := time.NewTimer(time.Duration(args.Seconds * float64(time.Second)))
	defer timer.Stop()
	select {
	case <-timer.C:
		return args.Value, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}
