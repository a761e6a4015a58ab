package abi

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"maps"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/weft-sync/weft/core/codec"
	"github.com/weft-sync/weft/core/provider"
)

// goConstants returns the exported numeric constants of this package.
func goConstants(t *testing.T) map[string]int64 {
	t.Helper()
	fset := token.NewFileSet()
	var files []*ast.File
	for _, name := range []string{"abi.go", "exports.go"} {
		f, err := parser.ParseFile(fset, name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	pkg, err := (&types.Config{Importer: importer.Default()}).Check("abi", fset, files, nil)
	if err != nil {
		t.Fatal(err)
	}
	constants := map[string]int64{}
	for _, name := range pkg.Scope().Names() {
		c, ok := pkg.Scope().Lookup(name).(*types.Const)
		if !ok || !c.Exported() {
			continue
		}
		if v, exact := constant.Int64Val(constant.ToInt(c.Val())); exact && c.Val().Kind() == constant.Int {
			constants[name] = v
		}
	}
	return constants
}

var (
	tsEnum   = regexp.MustCompile(`(?s)export const enum (\w+) \{\n(.*?)\n\}`)
	tsMember = regexp.MustCompile(`(?m)^  (\w+) = ([\d_]+),?(?: // .*)?$`)
)

// prefixes are what a TypeScript enum's members are called in Go.
var prefixes = map[string]string{
	"Protocol": "", "Event": "Event", "OutputKind": "Output", "Status": "Status", "Op": "Op", "Flag": "Flag",
	"Permission": "Permission", "Reason": "Reason", "Denial": "Denial",
}

// tsConstants returns the members of the enums in the twin, under their Go names.
func tsConstants(t *testing.T, source string) map[string]int64 {
	t.Helper()
	constants := map[string]int64{}
	for _, enum := range tsEnum.FindAllStringSubmatch(source, -1) {
		prefix, ok := prefixes[enum[1]]
		if !ok {
			t.Errorf("enum %s is not known here", enum[1])
		}
		members := tsMember.FindAllStringSubmatch(enum[2], -1)
		if lines := strings.Count(enum[2], "\n") + 1; len(members) != lines {
			t.Errorf("enum %s: %d of %d lines understood", enum[1], len(members), lines)
		}
		for _, m := range members {
			var v int64
			if _, err := fmt.Sscan(strings.ReplaceAll(m[2], "_", ""), &v); err != nil {
				t.Fatal(err)
			}
			constants[prefix+m[1]] = v
		}
	}
	return constants
}

// TestTwins compares abi.go with jsbridge/src/abi.ts: the same names and numbers,
// and the same drawing of the layout.
func TestTwins(t *testing.T) {
	b, err := os.ReadFile("../../jsbridge/src/abi.ts")
	if err != nil {
		t.Fatal(err)
	}
	ours, theirs := goConstants(t), tsConstants(t, string(b))
	if len(ours) < 40 {
		t.Fatalf("only %d constants found: %v", len(ours), ours)
	}
	if diff := cmp.Diff(ours, theirs); diff != "" {
		t.Errorf("abi.go (-) and abi.ts (+) differ:\n%s", diff)
	}
	ourDrawing, theirDrawing := drawing(t, "abi.go"), drawing(t, "../../jsbridge/src/abi.ts")
	if ourDrawing != theirDrawing {
		t.Errorf("the layout is drawn differently:\n%s\n%s", ourDrawing, theirDrawing)
	}
}

// drawing returns the lines of a file's box, without what comments put before them.
func drawing(t *testing.T, file string) string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var box []string
	for line := range strings.Lines(string(b)) {
		line = strings.TrimSpace(strings.TrimLeft(line, "/* \t"))
		if strings.HasPrefix(line, "+--") || strings.HasPrefix(line, "| ") {
			box = append(box, line)
		}
	}
	if len(box) != 4 {
		t.Fatalf("%s: %d lines of a box", file, len(box))
	}
	return strings.Join(box, "\n")
}

// The outputs are numbered as the provider numbers them.
func TestOutputsAreTheProviders(t *testing.T) {
	pairs := map[OutputKind]provider.OutputKind{
		OutputDial: provider.Dial, OutputClose: provider.Close, OutputSend: provider.Send,
		OutputBroadcast: provider.Broadcast, OutputAskStateVector: provider.AskStateVector,
		OutputAskDiff: provider.AskDiff, OutputAskAwareness: provider.AskAwareness,
		OutputAskAllAwareness: provider.AskAllAwareness, OutputApply: provider.Apply,
		OutputApplyAwareness: provider.ApplyAwareness, OutputClearAwareness: provider.ClearAwareness,
		OutputStatus: provider.StatusChanged, OutputSynced: provider.SyncedChanged, OutputRefused: provider.Refused,
		OutputAskToken: provider.AskToken, OutputPermission: provider.PermissionChanged, OutputCounts: provider.CountsChanged,
		OutputRejected: provider.Rejected, OutputAuthFailed: provider.AuthFailed, OutputDiverged: provider.Diverged,
		OutputEpoch: provider.EpochChanged, OutputProgress: provider.Progressed,
	}
	for ours, theirs := range pairs {
		if int(ours) != int(theirs) {
			t.Errorf("%v is %d here", theirs, ours)
		}
	}
	// Denied is told as a problem; nothing may come after it that is not here.
	for k := range provider.OutputKind(OutputProblem) {
		if k.String() != "invalid" && k != provider.Denied && !holds(pairs, k) {
			t.Errorf("%v is not in the protocol", k)
		}
	}
	statuses := map[int]provider.Status{
		StatusDisconnected: provider.Disconnected, StatusConnecting: provider.Connecting, StatusConnected: provider.Connected,
	}
	for ours, theirs := range map[int]int{
		PermissionRead: int(provider.MayRead), PermissionWrite: int(provider.MayWrite),
	} {
		if ours != theirs {
			t.Errorf("permission %d is %d here", theirs, ours)
		}
	}
	for ours, theirs := range map[int]codec.Reason{
		ReasonReadOnly: codec.ReadOnly, ReasonTooLarge: codec.Oversized, ReasonRateLimited: codec.RateLimited,
		ReasonInvalid: codec.Invalid, ReasonQuota: codec.Quota,
	} {
		if ours != int(theirs) {
			t.Errorf("%v is %d here", theirs, ours)
		}
	}
	for ours, theirs := range map[int]codec.Denial{
		DenialMissing: codec.Missing, DenialInvalid: codec.Bad, DenialExpired: codec.Expired, DenialRevoked: codec.Revoked,
		DenialForbidden: codec.NoAccess,
	} {
		if ours != int(theirs) {
			t.Errorf("%v is %d here", theirs, ours)
		}
	}
	for ours, theirs := range statuses {
		if ours != int(theirs) {
			t.Errorf("%v is %d here", theirs, ours)
		}
	}
}

func holds(pairs map[OutputKind]provider.OutputKind, k provider.OutputKind) bool {
	for v := range maps.Values(pairs) {
		if v == k {
			return true
		}
	}
	return false
}
