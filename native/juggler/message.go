package juggler

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"

	"github.com/weft-sync/weft/native/juggler/internal/tree"
)

// The messages of the wire are drawn in docs/wire/juggler.md. As bytes they have
// lastSegment in front, see nextSegment.

// fields are the members of a message. Names are as they are written: unlike
// encoding/json's structs, Juggler tells "ID" from "id". The last of several members
// of one name counts.
type fields map[string]json.RawMessage

// parseMessage reads the text of a message, and its type.
func parseMessage(text []byte) (f fields, kind string, err error) {
	if err := json.Unmarshal(text, &f); err != nil {
		return nil, "", badMessage("a message that is no JSON object", err)
	}
	kind, ok := stringOf(f["type"])
	if !ok {
		return nil, "", badMessage("a message without a type", nil)
	}
	return f, kind, nil
}

// stringOf returns the JSON string that raw is; ok is false if it is none.
func stringOf(raw json.RawMessage) (s string, ok bool) {
	if len(raw) == 0 || raw[0] != '"' {
		return "", false
	}
	return s, json.Unmarshal(raw, &s) == nil
}

// falsy reports whether Python takes the JSON value for false, as the original does
// with a request's name.
func falsy(raw json.RawMessage) bool {
	switch raw[0] {
	case '"':
		return len(raw) == 2
	case '[', '{':
		return len(bytes.TrimSpace(raw[1:len(raw)-1])) == 0
	case 'n', 'f':
		return true
	case 't':
		return false
	}
	// Zero is all zeros before the exponent.
	mantissa, _, _ := strings.Cut(strings.ToLower(string(raw)), "e")
	return strings.Trim(mantissa, "-0.") == ""
}

// marshal is json.Marshal without the escapes that HTML needs.
func marshal(v any) (json.RawMessage, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

func requestMessage(id int64, name string, data json.RawMessage) []byte {
	b := make([]byte, 0, 64+len(name)+len(data))
	b = append(b, lastSegment)
	b = strconv.AppendInt(append(b, `{"type":"request","id":`...), id, 10)
	b = tree.AppendString(append(b, `,"name":`...), name)
	b = append(append(b, `,"data":`...), data...)
	return append(b, '}')
}

func responseMessage(id, data json.RawMessage, success bool) []byte {
	b := make([]byte, 0, 64+len(id)+len(data))
	b = append(b, lastSegment)
	b = append(append(b, `{"type":"response","id":`...), id...)
	b = append(append(b, `,"data":`...), data...)
	b = strconv.AppendBool(append(b, `,"success":`...), success)
	return append(b, '}')
}

func notifyMessage(name string, data json.RawMessage) []byte {
	b := make([]byte, 0, 64+len(name)+len(data))
	b = append(b, lastSegment)
	b = tree.AppendString(append(b, `{"type":"notify","name":`...), name)
	b = append(append(b, `,"data":`...), data...)
	return append(b, '}')
}

func stateMessage(p tree.Patch) []byte {
	b := append([]byte{lastSegment}, `{"type":"state","diff":`...)
	return append(p.AppendJSON(b), '}')
}
