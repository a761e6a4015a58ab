// Command program does what depends on the runtime's tables and prints what
// came of it. The test runs it before and after shrinking: every line must be
// the same.
package main

import (
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"
)

type node struct {
	left, right *node
	label       string
}

func tree(depth int) *node {
	if depth == 0 {
		return nil
	}
	return &node{tree(depth - 1), tree(depth - 1), strings.Repeat("x", depth)}
}

func (n *node) size() int {
	if n == nil {
		return 0
	}
	return len(n.label) + n.left.size() + n.right.size()
}

// collect makes garbage while pointers live on deep stacks only, so that the
// collector needs the stack maps of every frame.
func collect(depth int) int {
	if depth == 0 {
		for range 20 {
			tree(10)
		}
		runtime.GC()
		return 0
	}
	held := tree(3)
	n := collect(depth - 1)
	return n + held.size()
}

// deep outgrows its stack, with pointers into it.
func deep(n int, up *[64]int) int {
	var frame [64]int
	frame[n%64] = up[(n+1)%64] + 1
	if n == 0 {
		return frame[0]
	}
	return deep(n-1, &frame) + frame[n%64]
}

//go:noinline
func tryRecover() any { return recover() }

// callsHelper is small enough to be inlined into the wrapper that `defer` of
// it makes, and then only the inline tree tells that it stood between the
// panic and the function that calls recover.
func callsHelper(out *any) { *out = tryRecover() }

func recovers(name string, f func()) {
	defer func() { fmt.Println("recover", name, recover()) }()
	f()
}

type iface interface{ method(*any) }
type value struct{ pad [3]int }

func (v value) method(out *any) { *out = recover() }

func panics() {
	recovers("index", func() { var s []int; _ = s[len(s)+3] })
	recovers("nil", func() { var n *node; _ = n.label })
	recovers("divide", func() { zero := len(strings.Repeat("x", 0)); fmt.Println(1 / zero) })
	recovers("type", func() { var v any = 1; _ = v.(string) })
	recovers("custom", func() { panic(errors.New("boom")) })
	recovers("again", func() {
		defer func() { panic(fmt.Sprint("second after ", recover())) }()
		panic("first")
	})
	recovers("helper must not", func() {
		var got any
		defer func() { fmt.Println("helper got", got) }()
		defer callsHelper(&got)
		panic("not for the helper")
	})
	recovers("method through wrapper", func() {
		var got any
		defer func() { fmt.Println("method got", got) }()
		var i iface = &value{}
		defer i.method(&got)
		panic("for the method")
	})
	recovers("nested must not", func() {
		defer func() { func() { fmt.Println("nested got", recover()) }() }()
		panic("too deep")
	})
}

func concurrency() {
	var wg sync.WaitGroup
	results := make(chan int)
	for i := range 50 {
		wg.Go(func() { results <- deep(200+i, &[64]int{}) })
	}
	go func() { wg.Wait(); close(results) }()
	var all []int
	for r := range results {
		all = append(all, r)
	}
	slices.Sort(all)
	fmt.Println("goroutines", len(all), all[0], all[len(all)-1])
	select {
	case <-time.After(time.Millisecond):
		fmt.Println("timer fired")
	case <-make(chan int):
	}
}

// reflection needs the names of two stubs while the collector looks at their
// frames.
func reflection() {
	swap := reflect.MakeFunc(reflect.TypeFor[func(*node, string) (string, *node)](), func(in []reflect.Value) []reflect.Value {
		runtime.GC()
		collect(5)
		return []reflect.Value{in[1], in[0]}
	})
	s, n := swap.Interface().(func(*node, string) (string, *node))(tree(4), "swapped")
	fmt.Println("makefunc", s, n.size())
	method := reflect.ValueOf(tree(4)).MethodByName("Size").Interface().(func(func()) int)
	fmt.Println("methodvalue", method(func() { collect(5) }))
}

// Size is found by reflection.
func (n *node) Size(during func()) int { during(); return n.size() }

func main() {
	fmt.Println("collect", collect(100))
	fmt.Println("deep", deep(20_000, &[64]int{}))
	panics()
	concurrency()
	reflection()
	m := map[string]*node{}
	for i := range 10_000 {
		m[fmt.Sprint(i)] = tree(2)
	}
	runtime.GC()
	total := 0
	for _, n := range m {
		total += n.size()
	}
	fmt.Println("map", len(m), total)
	pcs := make([]uintptr, 16)
	fmt.Println("callers", runtime.Callers(0, pcs) > 1, "goroutines", runtime.NumGoroutine())
}
