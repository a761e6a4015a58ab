package update

import (
	"iter"

	"github.com/weft-sync/weft/core/lib0"
)

// ConvertV1ToV2 returns an update of version 1 in version 2, byte for byte what
// Y.convertUpdateFormatV1ToV2 of Yjs 13.6 returns. The values of embeds and formats
// become what JavaScript reads of their JSON (lib0.ParseJSON); other values stay as
// they are.
//
// The argument is only read; the result is the caller's. The error is a
// *lib0.Error.
func ConvertV1ToV2(u []byte) ([]byte, error) { return toV2(u, withJSON) }

// ConvertV2ToV1 returns an update of version 2 in version 1, byte for byte what
// Y.convertUpdateFormatV2ToV1 of Yjs 13.6 returns. The values of embeds and formats
// become the JSON that JavaScript writes (lib0.AppendJSON); where that throws, the
// error's reason is lib0.NotJSON.
//
// The argument is only read; the result is the caller's. The error is a
// *lib0.Error.
func ConvertV2ToV1(u []byte) ([]byte, error) {
	f := fromVersion2{layout: withJSON}
	b, repeated, err := f.update(u)
	if err != nil {
		return nil, err
	}
	if repeated {
		b = rewritten(b, withJSON, false, true)
	}
	return b, nil
}

// MergeV2 is Merge for updates of version 2, byte for byte what Y.mergeUpdatesV2
// of Yjs 13.6 returns.
func MergeV2(updates ...[]byte) ([]byte, error) {
	if len(updates) == 1 {
		if err := ValidateV2(updates[0]); err != nil {
			return nil, err
		}
		return updates[0], nil
	}
	total := 0
	sources := make([][]byte, len(updates))
	f := fromVersion2{layout: withAny}
	for i, u := range updates {
		b, _, err := f.update(u)
		if err != nil {
			return nil, err
		}
		if total += len(b); total > MaxSize {
			return nil, &lib0.Error{Field: "updates", Reason: lib0.TooLarge}
		}
		sources[i] = b
	}
	merged, err := merge(sources, withAny)
	if err != nil {
		return nil, err
	}
	return toV2(merged, withAny)
}

// DiffV2 is Diff for an update of version 2, byte for byte what Y.diffUpdateV2 of
// Yjs 13.6 returns. State vectors are the same in both versions.
func DiffV2(u, sv []byte) ([]byte, error) {
	known, err := readClocks(sv)
	if err != nil {
		return nil, err
	}
	b, err := fromV2(u)
	if err != nil {
		return nil, err
	}
	if b, err = diff(b, known, withAny); err != nil {
		return nil, err
	}
	return toV2(b, withAny)
}

// StateVectorOfV2 is StateVectorOf for an update of version 2.
func StateVectorOfV2(u []byte) ([]byte, error) {
	b, err := fromV2(u)
	if err != nil {
		return nil, err
	}
	return stateVectorOf(b, withAny)
}

// ContentsV2 is Contents for an update of version 2.
func ContentsV2(u []byte) (structs, deletes IDSet, err error) {
	b, err := fromV2(u)
	if err != nil {
		return IDSet{}, IDSet{}, err
	}
	return contentsOf(b, withAny)
}

// InspectV2 is Inspect for an update of version 2. The iterators alias a copy.
func InspectV2(u []byte) (iter.Seq[Struct], iter.Seq[DeleteRange], error) {
	b, err := fromV2(u)
	if err != nil {
		return nil, nil, err
	}
	structs, deletes := inspect(b, withAny)
	return structs, deletes, nil
}
