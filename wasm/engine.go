package main

import (
	"math"

	"github.com/weft-sync/weft/core/codec"
	"github.com/weft-sync/weft/core/provider"
	"github.com/weft-sync/weft/wasm/abi"
)

// keepBuffer is the size of a buffer that survives a call, in bytes: a large
// document passes once, and its memory should be free for the next.
const keepBuffer = 1 << 20

// An engine holds the providers of one instance and the two buffers through
// which all bytes pass.
type engine struct {
	docs map[uint32]*provider.Provider
	last uint32 // handles are never reused
	in   []byte // what the host writes before a call
	out  []byte // what it reads afterwards
	dead bool   // a call panicked: nothing is to be believed any more
}

// input returns room for a call's n bytes, or nil if that is more than
// [abi.MaxPayload].
func (e *engine) input(n uint32) []byte {
	if cap(e.out) > keepBuffer {
		e.out = nil
	}
	switch {
	case n > abi.MaxPayload:
		return nil
	case int(n) > len(e.in) || e.in == nil || len(e.in) > keepBuffer && n <= keepBuffer:
		e.in = make([]byte, max(int(n)+int(n)/4, 4096))
	}
	return e.in
}

// open returns the handle of a new provider.
func (e *engine) open(seed, maxBackoff, timeout, resync float64, flags, n uint32) int32 {
	e.out = e.out[:0]
	if e.dead {
		return e.fail("dead since a call panicked")
	}
	if int64(n) > int64(len(e.in)) {
		return e.fail("more bytes than inbuf was asked for")
	}
	name, epoch, ok := "", []byte(nil), true
	if flags&abi.FlagWeft != 0 {
		if name, epoch, ok = offer(e.in[:n]); !ok {
			return e.fail("no document is named")
		}
	}
	if e.docs == nil {
		e.docs = map[uint32]*provider.Provider{}
	}
	if e.last == math.MaxInt32 {
		return e.fail("no handles are left")
	}
	e.last++
	e.docs[e.last] = provider.New(provider.Config{
		Rand:           randomFrom(math.Float64bits(seed) + uint64(e.last)),
		MaxBackoff:     delay(maxBackoff),
		Timeout:        delay(timeout),
		ResyncInterval: delay(resync),
		Broadcast:      flags&abi.FlagBroadcast != 0,
		Weft:           flags&abi.FlagWeft != 0,
		Document:       name,
		Epoch:          epoch,
		Token:          flags&abi.FlagToken != 0,
	})
	return int32(e.last)
}

// offer reads the bytes of open with FlagWeft.
func offer(b []byte) (name string, epoch []byte, ok bool) {
	if len(b) == 0 || b[0] == 0 || len(b) < 1+int(b[0]) || len(b) > 1+int(b[0])+codec.MaxEpoch {
		return "", nil, false
	}
	end := 1 + int(b[0])
	return string(b[1:end]), append([]byte(nil), b[end:]...), true
}

// step hands one event to a provider and writes what it puts out to e.out.
func (e *engine) step(doc uint32, event abi.Event, arg uint32, nowMillis float64, n uint32) int32 {
	e.out = e.out[:0]
	p := e.docs[doc]
	switch {
	case e.dead:
		return e.fail("dead since a call panicked")
	case p == nil && doc-1 < e.last:
		return 0 // closed: nothing has an effect any more
	case p == nil:
		return e.fail("no such document")
	case int64(n) > int64(len(e.in)):
		return e.fail("more bytes than inbuf was asked for")
	}
	payload, now := e.in[:n], millis(nowMillis)
	var err error
	switch event {
	case abi.EventConnect:
		err = p.Connect(now)
	case abi.EventDisconnect:
		err = p.Disconnect(now, payload)
	case abi.EventDestroy:
		p.Destroy(now, payload)
	case abi.EventUpdate: // kept by the provider, unlike e.in
		err = p.Update(now, append([]byte(nil), payload...))
	case abi.EventAwareness:
		err = p.Awareness(now, append([]byte(nil), payload...))
	case abi.EventSetMaxBackoff:
		err = p.SetMaxBackoff(delay(float64(arg)))
	case abi.EventOpened:
		p.HandleOpen(now, arg)
	case abi.EventFrame:
		err = p.HandleFrame(now, arg, payload)
	case abi.EventClosed:
		if n < 2 {
			return e.fail("a close code has two bytes")
		}
		p.HandleClose(now, arg, codec.CloseCode(uint16(payload[0])|uint16(payload[1])<<8), string(payload[2:]))
	case abi.EventWritten:
		p.HandleWritten(now, arg)
	case abi.EventStateVector:
		p.HandleStateVector(now, arg, payload)
	case abi.EventDiff:
		p.HandleDiff(now, arg, payload)
	case abi.EventPresence:
		p.HandleAwareness(now, arg, payload)
	case abi.EventBroadcast:
		err = p.HandleBroadcast(now, payload)
	case abi.EventRelay:
		err = p.Relay(now, append([]byte(nil), payload...))
	case abi.EventOpenedWeft:
		p.HandleOpenWeft(now, arg)
	case abi.EventToken:
		p.HandleToken(now, arg, string(payload))
	case abi.EventRejoin:
		err = p.Rejoin(now)
	case abi.EventTime:
		p.HandleTime(now)
	default:
		return e.fail("no such event")
	}
	if err != nil {
		e.put(abi.Output{Kind: abi.OutputProblem, Payload: []byte(err.Error())})
	}
	for o, ok := p.Next(); ok; o, ok = p.Next() {
		if o.Kind == provider.Denied {
			e.put(abi.Output{Kind: abi.OutputProblem, Payload: append([]byte("permission denied: "), o.Payload...)})
			continue
		}
		// Of these a kind has one.
		value := uint16(o.Code) | uint16(o.Status) | uint16(o.Permission) | uint16(min(o.Reason, 0xffff)) | uint16(min(o.Denial, 0xffff))
		if o.Synced || o.Weft || o.Counts.Saved {
			value = 1
		}
		e.put(abi.Output{Kind: abi.OutputKind(o.Kind), Value: value, Conn: o.Conn, Payload: payloadOf(&o)})
	}
	if event == abi.EventDestroy {
		e.close(doc)
	}
	return int32(len(e.out))
}

// payloadOf returns the payload of an output as the protocol has it.
func payloadOf(o *provider.Output) []byte {
	switch o.Kind {
	case provider.Refused, provider.AuthFailed:
		return []byte(o.Text)
	case provider.CountsChanged:
		return appendU32(appendU32(nil, o.Counts.Unsynced), o.Counts.Unsaved)
	case provider.Progressed:
		return appendU32(appendU32(nil, o.Done), o.Total)
	case provider.Rejected:
		b := appendU32(appendU32(nil, uint64(o.Retry)), uint64(len(o.Text)))
		return append(append(b, o.Text...), o.Payload...)
	}
	return o.Payload
}

// appendU32 appends a number, or the largest there is room for.
func appendU32(b []byte, v uint64) []byte {
	n := uint32(min(v, math.MaxUint32))
	return append(b, byte(n), byte(n>>8), byte(n>>16), byte(n>>24))
}

// deadline returns when the provider wants to be told the time.
func (e *engine) deadline(doc uint32) float64 {
	if p := e.docs[doc]; p != nil && !e.dead {
		if at := p.NextWake(); at != math.MaxInt64 {
			return float64(at)
		}
	}
	return math.Inf(1)
}

func (e *engine) close(doc uint32) { delete(e.docs, doc) }

func (e *engine) put(o abi.Output) { e.out = abi.AppendOutput(e.out, o) }

// fail leaves an error text in the out-buffer and returns its negative length.
func (e *engine) fail(text string) int32 {
	e.out = append(append(e.out[:0], "module: "...), text...)
	return -int32(len(e.out))
}

// guard is deferred by the exports. A panic may leave a provider half changed,
// so the whole instance is done for, and the host hears why.
func (e *engine) guard(n *int32) {
	v := recover()
	if v == nil {
		return
	}
	e.dead = true
	e.docs = nil
	text := "panic"
	switch v := v.(type) {
	case error:
		text = v.Error()
	case string:
		text = v
	}
	*n = e.fail(text)
}

// delay converts a delay from outside, so that a JavaScript timer can hold it:
// they wrap around after 2^31 ms, 24 days.
func delay(f float64) int64 { return min(millis(f), 1<<30) }

// millis converts a time from outside. What is no number or out of all bounds
// becomes 0.
func millis(f float64) int64 {
	if f >= 0 && f < 1<<52 {
		return int64(f)
	}
	return 0
}

// randomFrom returns the splitmix64 generator (Steele, Lea, Flood 2014).
func randomFrom(state uint64) func() uint64 {
	return func() uint64 {
		state += 0x9e3779b97f4a7c15
		z := state
		z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
		z = (z ^ z>>27) * 0x94d049bb133111eb
		return z ^ z>>31
	}
}
