package juggler

import (
	"encoding/json"
	"errors"
	"sync"
)

// requests are a connection's requests that no handler has taken yet. Goroutines
// that take them exist while there are some.
type requests struct {
	workers int // at most
	limit   int // bytes

	mu      sync.Mutex
	queue   []request
	bytes   int
	running int
	taken   chan struct{} // closed when one is taken; nil while nobody waits
}

type request struct {
	Request
	id    json.RawMessage
	fault string // the answer, if there is no use in calling the handler
}

func (r *request) size() int { return len(r.id) + len(r.Name) + len(r.Data) + 64 }

// receive takes a message of the client. It waits while too many requests are queued:
// then nothing is read from this client. The error is the client's fault.
func (c *Conn) receive(text []byte) error {
	f, kind, err := parseMessage(text)
	if err != nil {
		return err
	}
	if kind != "request" {
		return badMessage("a message that is no request", nil)
	}
	r := request{id: f["id"]}
	if r.id == nil {
		return badMessage("a request without an id", nil)
	}
	name := f["name"]
	if name == nil {
		return badMessage("a request without a name", nil)
	}
	r.Data = f["data"]
	if falsy(name) {
		if r.Data == nil {
			return badMessage("a request without data", nil)
		}
		// At once, whatever handlers do: clients ask like this whether the server
		// lives.
		c.respond(r.id, r.Data, true)
		return nil
	}
	var ok bool
	r.Name, ok = stringOf(name)
	switch {
	case c.server.opts.OnRequest == nil:
		r.fault = "request handler not implemented"
	case r.Data == nil:
		r.fault = "'data'" // the original's text, a Python KeyError
	case !ok:
		r.fault = "the name is no string"
	}
	c.queue(r)
	return nil
}

// queue has a request handled, in its turn.
func (c *Conn) queue(r request) {
	q := &c.requests
	q.mu.Lock()
	for q.bytes > q.limit {
		if q.taken == nil {
			q.taken = make(chan struct{})
		}
		taken := q.taken
		q.mu.Unlock()
		select {
		case <-taken:
		case <-c.link.ctx.Done():
			return
		}
		q.mu.Lock()
	}
	q.queue = append(q.queue, r)
	q.bytes += r.size()
	start := q.running < q.workers
	if start {
		q.running++
	}
	q.mu.Unlock()
	if start {
		c.handlers.Go(c.work)
	}
}

// work handles requests until there are none.
func (c *Conn) work() {
	for {
		r, ok := c.requests.take(c.link.ctx.Err() != nil)
		if !ok {
			return
		}
		data, success := c.answer(r)
		c.respond(r.id, data, success)
	}
}

// take returns the next request, or ends the worker that called it.
func (q *requests) take(ended bool) (r request, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if ended {
		q.queue = nil
	}
	if len(q.queue) == 0 {
		q.queue = nil
		q.running--
		return r, false
	}
	r = q.queue[0]
	q.queue[0] = request{}
	q.queue = q.queue[1:]
	q.bytes -= r.size()
	if q.taken != nil {
		close(q.taken)
		q.taken = nil
	}
	return r, true
}

// respond queues the answer to a request, and waits for room. If the connection ends
// meanwhile there is nobody to tell.
func (c *Conn) respond(id, data json.RawMessage, success bool) {
	_ = c.link.send(c.link.ctx, responseMessage(id, data, success))
}

// answer calls the handler, and returns the data of the answer.
func (c *Conn) answer(r request) (data json.RawMessage, success bool) {
	if r.fault != "" {
		return failure(r.fault), false
	}
	defer func() {
		if v := recover(); v != nil {
			c.logPanic("OnRequest", v)
			data, success = failure("internal error"), false
		}
	}()
	result, err := c.server.opts.OnRequest(c.link.ctx, c, r.Request)
	if err == nil {
		if data, err = marshal(result); err == nil {
			return data, true
		}
	}
	if re, ok := errors.AsType[*RequestError](err); ok && json.Valid(re.Data) {
		return re.Data, false
	}
	return failure(err.Error()), false
}

// failure returns the JSON text of an error's text.
func failure(text string) json.RawMessage {
	data, err := marshal(text)
	if err != nil {
		panic("juggler: " + err.Error()) // encoding/json refuses no string
	}
	return data
}
