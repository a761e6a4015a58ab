package main

import (
	"github.com/weft-sync/weft/core/lib0"
	"github.com/weft-sync/weft/core/update"
	"github.com/weft-sync/weft/wasm/abi"
)

// compute runs one of the update tools on the in-buffer. They need no provider;
// pages do not use them, other hosts and the test vectors do.
func (e *engine) compute(op abi.Op, n uint32) int32 {
	e.out = e.out[:0]
	if e.dead {
		return e.fail("dead since a call panicked")
	}
	if int64(n) > int64(len(e.in)) {
		return e.fail("more bytes than inbuf was asked for")
	}
	args, err := arguments(e.in[:n])
	if err == nil {
		var result []byte
		if result, err = run(op, args); err == nil {
			e.out = append(e.out, result...)
			return int32(len(e.out))
		}
	}
	return e.fail(err.Error())
}

// run computes; the result may alias an argument.
func run(op abi.Op, args [][]byte) ([]byte, error) {
	switch {
	case op == abi.OpMerge:
		return update.Merge(args...)
	case op == abi.OpDiff && len(args) == 2:
		return update.Diff(args[0], args[1])
	case op == abi.OpStateVector && len(args) == 1:
		return update.StateVectorOf(args[0])
	case op == abi.OpValidate && len(args) == 1:
		return nil, update.Validate(args[0])
	}
	return nil, errOperation
}

type usageError string

func (e usageError) Error() string { return string(e) }

const errOperation = usageError("no such operation, or not with this number of arguments")

// arguments splits the input of compute; the arguments alias it.
func arguments(b []byte) ([][]byte, error) {
	r := lib0.NewReader(b)
	var args [][]byte
	for r.Len() > 0 && r.Err() == nil {
		args = append(args, r.Bytes("argument"))
	}
	return args, r.Err()
}
