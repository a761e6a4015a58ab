package room

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

	"github.com/weft-sync/weft/core/codec"
	"github.com/weft-sync/weft/core/lib0"
	"github.com/weft-sync/weft/core/update"
)

// frame hands each line of the input to the room, as a frame from a member. It
// prints nothing but errors.
func (s *scenario) frame(t *testing.T, d *datadriven.TestData) string {
	m := s.member(t, d)
	var out strings.Builder
	for line := range strings.Lines(d.Input) {
		parse := parseFrame
		if in := s.room.members[m]; in != nil && in.seat != nil {
			parse = parseMessages
		}
		frame, err := parse(strings.TrimSpace(line))
		if err != nil {
			d.Fatalf(t, "%s: %v", line, err)
		}
		if err := s.room.HandleFrame(s.now, m, frame); err != nil {
			fmt.Fprintln(&out, describeError(err))
		}
	}
	return out.String()
}

// describeError names the close code and the reason, and of the cause only the
// rule, as the rest of it is the cause's own business.
func describeError(err error) string {
	fault, ok := errors.AsType[*codec.PeerError](err)
	if !ok {
		return "not a PeerError: " + err.Error()
	}
	words := fmt.Sprintf("close with %v: %s", fault.Code, fault.Reason)
	if cause, ok := errors.AsType[*lib0.Error](err); ok {
		words += ": " + cause.Reason.String()
	}
	return words
}

// parseMessages makes a frame of the weft framing, without an ID, of messages that
// are joined with " + ": those of parseFrame, and
//
//	epoch HEX
//	token TEXT
//	leave
//	ack
func parseMessages(line string) ([]byte, error) {
	var b []byte
	for text := range strings.SplitSeq(line, " + ") {
		kind, arg, _ := strings.Cut(text, " ")
		m := codec.Message{}
		switch kind {
		case "epoch":
			epoch, err := hex.DecodeString(arg)
			if err != nil {
				return nil, err
			}
			m = codec.Message{Kind: codec.Epoch, Payload: epoch}
		case "token":
			m = codec.Message{Kind: codec.Access, Payload: codec.AccessNotice{Text: arg}.Append(nil)}
		case "leave":
			m.Kind = codec.Leave
		case "ack":
			m = codec.Message{Kind: codec.Ack, Payload: codec.Acknowledgement{}.Append(nil)}
		default:
			frame, err := parseFrame(text)
			if err != nil {
				return nil, err
			}
			b = append(b, frame...)
			continue
		}
		b = codec.Weft.Append(b, m)
	}
	return b, nil
}

// parseFrame makes a frame of a line:
//
//	step1 7:3 8:1           has 3 units of client 7 and 1 of client 8
//	update 7:0=abc          client 7 writes abc at its clock 0 (three units)
//	update 7:0=abc del:7:1-2  and deletes the unit at clock 1
//	step2 ...               like update
//	awareness 7@1={"a":1}   state of client 7 at clock 1; without spaces
//	query
//	auth
//	hex 00ff                these bytes
func parseFrame(line string) ([]byte, error) {
	words := strings.Fields(line)
	if len(words) == 0 {
		return nil, nil
	}
	switch words[0] {
	case "hex":
		return hex.DecodeString(strings.Join(words[1:], ""))
	case "query":
		return codec.EncodeY(codec.Message{Kind: codec.QueryAwareness}), nil
	case "auth":
		return codec.EncodeY(codec.Message{Kind: codec.Auth, Payload: []byte("no")}), nil
	case "step1":
		var pairs []uint64
		for _, w := range words[1:] {
			n, err := numbers(w, ":")
			if err != nil {
				return nil, err
			}
			pairs = append(pairs, n...)
		}
		return codec.EncodeY(codec.Message{Kind: codec.SyncStep1, Payload: vector(pairs...)}), nil
	case "step2", "update":
		u, err := parseUpdate(words[1:])
		if err != nil {
			return nil, err
		}
		kind := codec.SyncUpdate
		if words[0] == "step2" {
			kind = codec.SyncStep2
		}
		return codec.EncodeY(codec.Message{Kind: kind, Payload: u}), nil
	case "awareness":
		states := lib0.AppendUint(nil, uint64(len(words)-1))
		for _, w := range words[1:] {
			id, state, _ := strings.Cut(w, "=")
			n, err := numbers(id, "@")
			if err != nil {
				return nil, err
			}
			states = lib0.AppendUint(states, n[0])
			states = lib0.AppendUint(states, n[1])
			states = lib0.AppendString(states, state)
		}
		return codec.EncodeY(codec.Message{Kind: codec.Awareness, Payload: states}), nil
	}
	return nil, fmt.Errorf("unknown frame %q", words[0])
}

// numbers reads two or more numbers.
func numbers(s, separators string) ([]uint64, error) {
	var all []uint64
	for _, f := range strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(separators, r) }) {
		n, err := strconv.ParseUint(f, 10, 64)
		if err != nil {
			return nil, err
		}
		all = append(all, n)
	}
	if len(all) < 2 {
		return nil, fmt.Errorf("too few numbers in %q", s)
	}
	return all, nil
}

func parseUpdate(words []string) ([]byte, error) {
	parts := [][]byte{}
	for _, w := range words {
		if rest, ok := strings.CutPrefix(w, "del:"); ok {
			n, err := numbers(rest, ":-")
			if err != nil {
				return nil, err
			}
			parts = append(parts, remove(n[0], n[1], n[2]-n[1]))
			continue
		}
		id, text, _ := strings.Cut(w, "=")
		n, err := numbers(id, ":")
		if err != nil {
			return nil, err
		}
		parts = append(parts, insert(n[0], n[1], text))
	}
	if len(parts) == 0 {
		return []byte{0, 0}, nil
	}
	return update.Merge(parts...)
}
