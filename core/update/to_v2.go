package update

import (
	"slices"

	"github.com/weft-sync/weft/core/lib0"
)

// toV2 turns an update in the layout of version 1 into version 2. It checks all
// of it on the way; the error is a *lib0.Error.
//
// It writes structs and ranges as Yjs does: without empty sections, clients of
// the delete set descending. Ranges that are empty or in disorder have no form in
// version 2, where Yjs throws or writes other ranges than it has read; then they
// are put in order.
func toV2(u []byte, l layout) ([]byte, error) {
	s := scan(u, l)
	e := EncoderV2{rest: make([]byte, sectionsSize, 64)}
	var clients clientOrder
	sections := 0
	for s.section() {
		if s.structs == 0 {
			continue
		}
		sections++
		clients.add(s.client)
		e.Section(s.structs, s.client, s.clock)
		for s.next() {
			e.add(&s, u)
		}
	}
	e.deletes(&s)
	e.rest = e.rest[prefix(e.rest, sections):]
	if err := s.End("update"); err != nil {
		return nil, err
	}
	if clients.repeated() {
		return toV2(rewritten(u, l, false, true), l)
	}
	return e.AppendTo(make([]byte, 0, e.MaxLen())), nil
}

// add writes the struct that a scanner read last.
func (e *EncoderV2) add(s *scanner, u []byte) {
	kind := Kind(s.info & infoKind)
	info := s.info
	if s.layout == withJSON { // or else it is what version 2 had, or what Merge or Diff made
		info = fixedInfo(info)
	}
	e.Info(info)
	switch kind {
	case KindGC:
		e.Len(s.units)
		return
	case KindSkip:
		e.SkipLen(s.units)
		return
	}
	r := lib0.NewReader(u[s.off:s.Offset()])
	r.Skip(1)
	if s.info&infoOrigin != 0 {
		e.LeftID(readID(&r))
	}
	if s.info&infoRightOrigin != 0 {
		e.RightID(readID(&r))
	}
	if s.info&infoOrigins == 0 {
		named := r.Uint("parent form") == 1
		e.NamedParent(named)
		if named {
			e.String(r.Bytes("parent name"))
		} else {
			e.LeftID(readID(&r))
		}
		if s.info&infoParentSub != 0 {
			e.String(r.Bytes("parent key"))
		}
	}
	if kind == KindString {
		e.Text(r.Bytes("string"), int(s.units))
		return
	}
	e.content(kind, s, &r)
}

// content writes an item's content but text.
func (e *EncoderV2) content(kind Kind, s *scanner, r *lib0.Reader) {
	switch kind {
	case KindDeleted:
		e.Len(s.units)
	case KindJSON:
		e.Len(r.Uint("json count"))
		for r.Len() > 0 {
			e.String(r.Bytes("json"))
		}
	case KindBinary:
		e.Bytes(r.Bytes("binary"))
	case KindEmbed:
		e.value(s.layout, r)
	case KindFormat:
		e.Key(r.Bytes("format key"))
		e.value(s.layout, r)
	case KindType:
		ref := TypeRef(r.Uint("type"))
		e.TypeRef(ref)
		if ref.named() {
			e.Key(r.Bytes("type name"))
		}
	case KindAny:
		e.Len(r.Uint("any count"))
		e.Any(r.Rest())
	case KindDoc:
		e.String(r.Bytes("guid"))
		e.Any(r.Rest())
	}
}

// value writes the value of an embed or a format.
func (e *EncoderV2) value(l layout, r *lib0.Reader) {
	if l == withAny {
		e.Any(r.Rest())
		return
	}
	v, _ := lib0.ParseJSON(r.Bytes("value"))
	e.rest = lib0.AppendAny(e.rest, v)
}

// deletes writes the delete set of what a scanner reads.
func (e *EncoderV2) deletes(s *scanner) {
	var list []deleteRange
	for s.deleteClient() {
		for s.deleteRange() {
			if s.deleted.Start < s.deleted.End {
				list = append(list, deleteRange{s.client, s.deleted})
			}
		}
	}
	slices.SortStableFunc(list, deleteRange.compareClients)
	for i := 1; i < len(list); i++ {
		if list[i].client == list[i-1].client && list[i].Start < list[i-1].End {
			list = mergeDeletes(list)
			break
		}
	}
	e.DeleteClients(countClients(list))
	for len(list) > 0 {
		n := sameClient(list)
		e.DeleteClient(list[0].client, n)
		for _, d := range list[:n] {
			e.DeleteRange(d.Range)
		}
		list = list[n:]
	}
}
