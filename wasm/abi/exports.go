package abi

// Exports names the module's functions. Lengths and pointers are in bytes.
//
//	abi() u32                                       Version
//	inbuf(n u32) ptr                                where the next call's n bytes go; 0: too many
//	outbuf() ptr                                    where the last call's result lies
//	open(seed, maxBackoff, timeout, resync f64, flags, n u32) i32
//	                                                a new provider; its handle, or the negative length of an error text
//	step(doc, event, arg u32, now f64, n u32) i32   length of the outputs, or the negative length of an error text
//	deadline(doc u32) f64                           when to step with EventTime, in now's clock; +Inf: never
//	close(doc u32)                                  forget the provider, without a word to anyone (EventDestroy has one)
//	idle()                                          collect garbage: for moments in which nobody waits
//	compute(op, n u32) i32                          length of the result, or the negative length of an error text
//
// Times are in milliseconds; now comes from a clock that never goes back. seed
// is any number that differs between processes. A maxBackoff, timeout or resync
// of 0 stands for the provider's default.
//
// An error text of compute speaks of the input. Every other error text means
// that the instance is no longer to be trusted, as does a trap: the host
// replaces it and connects its documents again.
var Exports = []string{"abi", "inbuf", "outbuf", "open", "step", "deadline", "close", "idle", "compute"}

// In open's flags.
const (
	FlagBroadcast = 1 // there is a channel to other tabs
	FlagWeft      = 2 // offer weft.v1. The n bytes: length of the document's name u8, the name, the epoch or none
	FlagToken     = 4 // the host has tokens, and is asked for them
)
