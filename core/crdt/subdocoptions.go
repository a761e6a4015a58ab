package crdt

import "github.com/weft-sync/weft/core/lib0"

// options are the options of a subdocument that travel with it.
type options struct {
	guid      string // takes the place of the subdocument's, if there is one
	named     bool
	keep      bool // what is deleted is not collected
	autoLoad  bool
	load      bool
	meta      any
	metaBytes []byte // meta, encoded; nil: none
}

// subdocOptions reads options. Any value may stand there, and of an object each
// property: they count as JavaScript would have them.
// Source: yjs@13.6.33/src/structs/ContentDoc.js#createDocFromOpts.
func subdocOptions(b []byte) (o options) {
	r := lib0.NewReader(b)
	for _, m := range r.Any("options").Object {
		v := m.Value
		switch string(m.Key) {
		case "guid":
			if o.named = v.Kind == lib0.KindString; o.named {
				o.guid = string(v.Bytes)
			}
		case "gc":
			o.keep = v.Kind != lib0.KindUndefined && !truthy(v)
		case "autoLoad":
			o.autoLoad = truthy(v)
		case "shouldLoad":
			o.load = truthy(v)
		case "meta":
			o.meta, o.metaBytes = nil, nil
			if v.Kind != lib0.KindUndefined && v.Kind != lib0.KindNull {
				o.meta, o.metaBytes = fromAny(v), lib0.AppendAny(nil, v)
			}
		}
	}
	return o
}

// append appends options as Yjs writes them.
// Source: yjs@13.6.33/src/structs/ContentDoc.js#constructor.
func (o *options) append(b []byte) []byte {
	n := 0
	for _, there := range []bool{o.keep, o.autoLoad, o.metaBytes != nil} {
		if there {
			n++
		}
	}
	b = lib0.AppendUint(append(b, byte(lib0.KindObject)), uint64(n))
	if o.keep {
		b = append(lib0.AppendString(b, "gc"), byte(lib0.KindFalse))
	}
	if o.autoLoad {
		b = append(lib0.AppendString(b, "autoLoad"), byte(lib0.KindTrue))
	}
	if o.metaBytes != nil {
		b = append(lib0.AppendString(b, "meta"), o.metaBytes...)
	}
	return b
}

// truthy reports whether JavaScript takes a value for true.
func truthy(v lib0.Any) bool {
	switch v.Kind {
	case lib0.KindUndefined, lib0.KindNull, lib0.KindFalse:
		return false
	case lib0.KindInteger, lib0.KindFloat32, lib0.KindFloat64:
		return v.Number != 0 && v.Number == v.Number
	case lib0.KindBigInt:
		return v.BigInt != 0
	case lib0.KindString:
		return len(v.Bytes) > 0
	}
	return true
}
