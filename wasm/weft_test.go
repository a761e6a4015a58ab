//go:build !wasip1 && !js

package main

import (
	"encoding/binary"
	"slices"
	"testing"

	"github.com/weft-sync/weft/core/codec"
	"github.com/weft-sync/weft/core/coretest"
	"github.com/weft-sync/weft/wasm/abi"
)

// TestWeft takes a provider through all that weft.v1 adds to the protocol with the
// host.
func TestWeft(t *testing.T) {
	m := instantiate(t, "shipped")
	offer := append([]byte{5}, "notes\xab\xcd"...)
	doc := uint32(m.openWith(abi.FlagWeft|abi.FlagToken, offer))
	frame := func(messages ...codec.Message) []byte {
		b := codec.Weft.AppendID(nil, "notes")
		for _, msg := range messages {
			b = codec.Weft.Append(b, msg)
		}
		return b
	}
	want := func(out []abi.Output, kinds ...abi.OutputKind) []abi.Output {
		t.Helper()
		var got []abi.OutputKind
		for _, o := range out {
			got = append(got, o.Kind)
		}
		if !slices.Equal(got, kinds) {
			t.Fatalf("outputs %v, want %v", got, kinds)
		}
		return out
	}
	u32 := func(b []byte) uint32 { return binary.LittleEndian.Uint32(b) }

	out := want(m.step(doc, abi.EventConnect, 0, 0, nil), abi.OutputDial, abi.OutputStatus)
	if out[0].Value != 1 {
		t.Error("Dial does not offer weft.v1")
	}
	want(m.step(doc, abi.EventOpenedWeft, 1, 0, nil), abi.OutputStatus, abi.OutputAskToken)
	want(m.step(doc, abi.EventToken, 1, 0, []byte("tk")), abi.OutputAskStateVector, abi.OutputAskAwareness)
	sv := []byte{1, 7, 3}
	out = want(m.step(doc, abi.EventStateVector, 1, 0, sv), abi.OutputSend)
	joining := frame(
		codec.Message{Kind: codec.Access, Payload: codec.AccessNotice{Text: "tk"}.Append(nil)},
		codec.Message{Kind: codec.Epoch, Payload: []byte{0xab, 0xcd}},
		codec.Message{Kind: codec.SyncStep1, Payload: sv})
	if string(out[0].Payload) != string(joining) {
		t.Errorf("joins with %x, want %x", out[0].Payload, joining)
	}
	m.step(doc, abi.EventWritten, 1, 0, nil)
	out = want(m.step(doc, abi.EventFrame, 1, 0, frame(
		codec.Message{Kind: codec.Read, Payload: []byte("guest")},
		codec.Message{Kind: codec.Epoch, Payload: []byte{1}},
		codec.Message{Kind: codec.Progress, Payload: codec.Part{Done: 5, Total: 10}.Append(nil)},
		codec.Message{Kind: codec.SyncCross, Payload: codec.AppendCross(nil, []byte{0, 0}, []byte{0})})),
		abi.OutputPermission, abi.OutputEpoch, abi.OutputProgress, abi.OutputApply, abi.OutputSynced, abi.OutputProgress, abi.OutputAskDiff)
	if out[0].Value != abi.PermissionRead || string(out[0].Payload) != "guest" || string(out[1].Payload) != "\x01" ||
		u32(out[2].Payload) != 5 || u32(out[2].Payload[4:]) != 10 || u32(out[5].Payload) != 10 {
		t.Errorf("outputs %+v", out)
	}
	edit := coretest.Typing(7, 0, nil, "abc")
	want(m.step(doc, abi.EventDiff, 1, 0, edit), abi.OutputSend)
	out = want(m.step(doc, abi.EventUpdate, 0, 0, edit), abi.OutputCounts)
	if u32(out[0].Payload) != 1 || u32(out[0].Payload[4:]) != 1 || out[0].Value != 0 {
		t.Errorf("counts %+v", out[0])
	}
	want(m.step(doc, abi.EventWritten, 1, 0, nil), abi.OutputSend)
	out = want(m.step(doc, abi.EventFrame, 1, 0, frame(codec.Message{Kind: codec.Ack, Payload: codec.Acknowledgement{Received: 2, Saved: 2}.Append(nil)})), abi.OutputCounts)
	if u32(out[0].Payload[4:]) != 0 || out[0].Value != 1 {
		t.Errorf("counts %+v", out[0])
	}
	want(m.step(doc, abi.EventWritten, 1, 0, nil))
	want(m.step(doc, abi.EventUpdate, 0, 0, edit), abi.OutputSend, abi.OutputCounts)
	out = want(m.step(doc, abi.EventFrame, 1, 0, frame(codec.Message{Kind: codec.Nack, Payload: codec.Refusal{Update: 3, Reason: codec.ReadOnly, Retry: 70, Text: "no"}.Append(nil)})), abi.OutputRejected)
	p := out[0].Payload
	if out[0].Value != abi.ReasonReadOnly || u32(p) != 70 || u32(p[4:]) != 2 || string(p[8:10]) != "no" || string(p[10:]) != string(edit) {
		t.Errorf("rejected %+v", out[0])
	}
	out = m.step(doc, abi.EventRejoin, 0, 0, nil)
	if last := out[len(out)-2]; last.Kind != abi.OutputDial {
		t.Errorf("Rejoin gives %+v", out)
	}
	m.step(doc, abi.EventOpenedWeft, 2, 0, nil)
	m.step(doc, abi.EventToken, 2, 0, nil)
	m.step(doc, abi.EventStateVector, 2, 0, sv)
	out = m.step(doc, abi.EventFrame, 2, 0, frame(codec.Message{Kind: codec.Access, Payload: codec.AccessNotice{Kind: codec.Refused, Denial: codec.Expired, Text: "old"}.Append(nil)}))
	if last := out[len(out)-1]; last.Kind != abi.OutputAuthFailed || last.Value != abi.DenialExpired || string(last.Payload) != "old" {
		t.Errorf("a refused token gives %+v", out)
	}
	m.step(doc, abi.EventConnect, 0, 0, nil)
	m.step(doc, abi.EventOpenedWeft, 3, 0, nil)
	m.step(doc, abi.EventToken, 3, 0, nil)
	m.step(doc, abi.EventStateVector, 3, 0, sv)
	out = m.step(doc, abi.EventFrame, 3, 0, frame(codec.Message{Kind: codec.Fault, Payload: codec.Ending{Code: codec.Diverged}.Append(nil)}))
	if last := out[len(out)-1]; last.Kind != abi.OutputDiverged {
		t.Errorf("another history gives %+v", out)
	}
	m.step(doc, abi.EventConnect, 0, 0, nil)
	m.step(doc, abi.EventClosed, 4, 0, append([]byte{0xf4, 0x03}, codec.RetryReason(7777, "restart")...)) // 1012
	if at := m.deadline(doc); at != 7777 {
		t.Errorf("the next attempt is due at %d, the server said 7777", at)
	}
	m.call("close", uint64(doc))
}

func TestWeftNeedsADocument(t *testing.T) {
	m := instantiate(t, "shipped")
	for _, b := range [][]byte{nil, {0}, {2, 'a'}, append([]byte{1, 'a'}, make([]byte, 33)...)} {
		if n := m.openWith(abi.FlagWeft, b); n >= 0 {
			t.Errorf("%x: opened", b)
		} else if _, text := m.result(n); text == "" {
			t.Errorf("%x: no error text", b)
		}
	}
	alive(m)
}
