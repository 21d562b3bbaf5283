package main

import (
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// A mark is a moment: on the clock, in the processor time of this process, and in the time that its
// threads have waited for a processor, which others may have had.
type mark struct {
	wall       time.Time
	cpu, delay time.Duration
}

// now takes the three within a millisecond of each other, if it can.
func now() mark {
	var m mark
	for range 20 {
		begin := time.Now()
		m.delay = delay()
		m.cpu = cpu()
		m.wall = time.Now()
		if m.wall.Sub(begin) < time.Millisecond {
			break
		}
	}
	return m
}

func cpu() time.Duration {
	var used syscall.Rusage
	must(syscall.Getrusage(syscall.RUSAGE_SELF, &used))
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

func delay() time.Duration {
	files, err := filepath.Glob("/proc/self/task/*/schedstat")
	must(err)
	sum := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if words := strings.Fields(string(text)); err == nil && len(words) == 3 {
			waited, err := strconv.Atoi(words[1])
			must(err)
			sum += waited
		}
	}
	return time.Duration(sum)
}

// sinceAlone is the time that passed where one goroutine works. On one processor that is what was
// computed; on more, others of the runtime compute beside it and only the clock tells.
func (begin mark) sinceAlone() time.Duration {
	end := now()
	if runtime.GOMAXPROCS(0) == 1 {
		return end.cpu - begin.cpu
	}
	return end.wall.Sub(begin.wall)
}

// sinceTogether is the same where n work all the time, each on a processor when it gets one.
func (begin mark) sinceTogether(n int) time.Duration {
	end := now()
	each := time.Duration(n)
	passed := end.wall.Sub(begin.wall) - (end.delay-begin.delay)/each
	return max(passed, (end.cpu-begin.cpu)/each)
}
