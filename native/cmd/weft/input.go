package main

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"

	"github.com/weft-sync/weft/core/update"
)

// input is where updates come from: files with raw bytes, or lines of base64.
type input struct {
	Files []string `arg:"" optional:"" name:"file" type:"existingfile" help:"Files of raw bytes, one update each. Without any: lines of base64 on standard input."`
}

// source is one update and where it came from.
type source struct {
	bytes []byte
	where string // "notes.bin" or "line 7"
}

func badInput(err error) error { return &exitError{exitBadInput, err} }

var errNoInput = badInput(errors.New("no update on standard input"))

// check says where a malformed update is.
func (s source) check(err error) error {
	if err == nil {
		return nil
	}
	return badInput(fmt.Errorf("%s: %w", s.where, err))
}

// updates yields the updates in their order, and ends after the first error.
func (in input) updates(t *terminal) iter.Seq2[source, error] {
	if len(in.Files) > 0 {
		return in.files
	}
	return func(yield func(source, error) bool) { lines(t.in, yield) }
}

func (in input) files(yield func(source, error) bool) {
	for _, name := range in.Files {
		s := source{where: name}
		info, err := os.Stat(name)
		if err == nil && info.Size() > update.MaxSize {
			err = badInput(fmt.Errorf("%s: %d bytes are more than an update may have", name, info.Size()))
		}
		if err == nil {
			s.bytes, err = os.ReadFile(name)
		}
		if !yield(s, err) || err != nil {
			return
		}
	}
}

// maxLine is the largest update in base64, and its line end.
const maxLine = update.MaxSize/3*4 + 8

func lines(r io.Reader, yield func(source, error) bool) {
	reader := bufio.NewReaderSize(r, 64<<10)
	for n := 1; ; n++ {
		s := source{where: fmt.Sprint("line ", n)}
		line, err := readLine(reader)
		if err != nil && err != io.EOF {
			yield(s, s.check(err))
			return
		}
		end := err == io.EOF
		if line = bytes.TrimSpace(line); len(line) > 0 {
			s.bytes = make([]byte, base64.StdEncoding.DecodedLen(len(line)))
			k, err := base64.StdEncoding.Decode(s.bytes, line)
			s.bytes = s.bytes[:k]
			if err = s.check(err); !yield(s, err) || err != nil {
				return
			}
		}
		if end {
			return
		}
	}
}

func readLine(r *bufio.Reader) ([]byte, error) {
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		line = append(line, part...)
		if err != bufio.ErrBufferFull {
			return line, err
		}
		if len(line) > maxLine {
			return nil, errors.New("the line is longer than any update")
		}
	}
}
