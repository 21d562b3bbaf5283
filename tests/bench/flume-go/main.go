// Command flume-go does the work of beside_go.c with the original in Go, so that both are measured
// in one run. It answers the same requests on stdin, one line each; beside_go.c lists them. One
// more is its own: "procs N" sets GOMAXPROCS.
package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/zoobzio/flume"
	"gopkg.in/yaml.v3"
)

var background = context.Background()

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "flume-go:", err)
		os.Exit(1)
	}
}

func number(word string) int {
	n, err := strconv.Atoi(word)
	must(err)
	return n
}

func read(file string) []byte {
	text, err := os.ReadFile(file)
	must(err)
	return text
}

func parse(text []byte) flume.Schema {
	var schema flume.Schema
	must(yaml.Unmarshal(text, &schema))
	return schema
}

// prepare binds the schema of a text, under one name, in a factory of its own.
func prepare(text []byte) (*flume.Factory[Item], *flume.Binding[Item]) {
	f := newFactory(text)
	must(f.SetSchema("it", parse(text)))
	return f, bind(f, "it")
}

// ---- measuring ----

// measure gives ns and allocations of one turn, over about `ms` milliseconds.
func measure(run func(n int), ms int) []any {
	budget := time.Duration(ms) * time.Millisecond
	took, n := time.Duration(0), 1
	for ; ; n *= 2 {
		begin := cpu()
		run(n)
		if took = cpu() - begin; took > budget/8 {
			break
		}
	}
	n = max(1, int(float64(n)*float64(budget)/float64(took)))
	empty()
	runtime.GC()
	begin := now()
	run(n)
	took = begin.sinceAlone()
	return []any{float64(took) / float64(n), allocations(run, min(n, 64))}
}

func allocations(run func(n int), n int) float64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	run(n)
	runtime.ReadMemStats(&after)
	return float64(after.Mallocs-before.Mallocs) / float64(n)
}

func empty() {
	for len(sent) > 0 {
		<-sent
	}
}

func call(binding *flume.Binding[Item]) func(n int) {
	return func(n int) {
		var item Item
		for left := n; left > 0; left -= cap(sent) {
			some := min(left, cap(sent))
			if some > cap(sent)-len(sent) {
				empty()
			}
			for range some {
				if _, err := binding.Process(background, item); err != nil {
					must(err)
				}
			}
		}
	}
}

// threads gives ns a call, of all threads together.
func threads(binding *flume.Binding[Item], ms, n int) float64 {
	var over atomic.Bool
	var wait sync.WaitGroup
	var calls atomic.Int64
	runtime.GC()
	begin := now()
	for range n {
		wait.Add(1)
		go func() {
			defer wait.Done()
			var item Item
			own := int64(0)
			for ; !over.Load(); own += 64 {
				for range 64 {
					if _, err := binding.Process(background, item); err != nil {
						must(err)
					}
				}
			}
			calls.Add(own)
		}()
	}
	time.Sleep(time.Duration(ms) * time.Millisecond)
	over.Store(true)
	wait.Wait()
	return float64(begin.sinceTogether(n)) / float64(calls.Load())
}

// set swaps between two versions.
func set(f *flume.Factory[Item], versions [2]flume.Schema) func(n int) {
	turn := 0
	return func(n int) {
		for range n {
			turn++
			must(f.SetSchema("it", versions[turn%2]))
		}
	}
}

func setText(f *flume.Factory[Item], versions [2][]byte) func(n int) {
	turn := 0
	return func(n int) {
		for range n {
			turn++
			must(f.SetSchema("it", parse(versions[turn%2])))
		}
	}
}

func check(f *flume.Factory[Item], schema flume.Schema) func(n int) {
	return func(n int) {
		for range n {
			must(f.ValidateSchema(schema))
		}
	}
}

func heap() uint64 {
	var now runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&now)
	return now.HeapAlloc
}

// memory gives the bytes that a bound schema holds.
func memory(text []byte, count int) float64 {
	f := newFactory(text)
	before := heap()
	for i := range count {
		name := fmt.Sprintf("schema-%d", i)
		must(f.SetSchema(name, parse(text)))
		bind(f, name)
	}
	after := heap()
	runtime.KeepAlive(f)
	return float64(after-before) / float64(count)
}

// ---- requests ----

func answer(words []string) []any {
	if words[0] == "procs" {
		runtime.GOMAXPROCS(number(words[1]))
		return nil
	}
	text := read(words[1])
	f, binding := prepare(text)
	switch ms := number(words[len(words)-1]); words[0] {
	case "call":
		return measure(call(binding), ms)
	case "threads":
		return []any{threads(binding, number(words[2]), number(words[3]))}
	case "set":
		return measure(set(f, [2]flume.Schema{parse(text), parse(read(words[2]))}), ms)
	case "text":
		return measure(setText(f, [2][]byte{text, read(words[2])}), ms)
	case "check":
		return measure(check(f, parse(text)), ms)
	case "memory":
		return []any{memory(text, number(words[2]))}
	}
	must(fmt.Errorf("no such request: %s", words[0]))
	return nil
}

func main() {
	requests := bufio.NewScanner(os.Stdin)
	for requests.Scan() {
		numbers := answer(strings.Fields(requests.Text()))
		fmt.Println(append([]any{"ok"}, numbers...)...)
	}
	must(requests.Err())
}
