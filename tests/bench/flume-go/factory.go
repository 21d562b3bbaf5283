package main

import (
	"bytes"
	"context"
	"fmt"

	"github.com/zoobzio/flume"
	"github.com/zoobzio/pipz"
)

// Item is as large as the one in bench.h.
type Item struct {
	Value int64
	Text  [24]byte
}

// Clone is what the parallel connectors ask for.
func (i Item) Clone() Item { return i }

// sent is where stream nodes send to, with room for all that one measurement sends.
var sent = make(chan Item, 1<<15)

func step(_ context.Context, item Item) (Item, error) { return item, nil }

// newFactory has the processors that a schema names: a heap that holds more slows the collector.
func newFactory(text []byte) *flume.Factory[Item] {
	f := flume.New[Item]()
	id := func(name string) pipz.Identity { return f.Identity(name, "for measuring") }
	for i := range min(bytes.Count(text, []byte("ref: ")), 1000) {
		f.Add(pipz.Apply(id(fmt.Sprintf("p%d", i)), step))
	}
	f.AddPredicate(
		flume.Predicate[Item]{
			Identity:  id("yes"),
			Predicate: func(context.Context, Item) bool { return true },
		},
		flume.Predicate[Item]{
			Identity:  id("no"),
			Predicate: func(context.Context, Item) bool { return false },
		},
	)
	f.AddCondition(flume.Condition[Item]{
		Identity:  id("word"),
		Condition: func(context.Context, Item) string { return "c" },
	})
	f.AddReducer(flume.Reducer[Item]{
		Identity: id("merge"),
		Reducer: func(original Item, _ map[pipz.Identity]Item, _ map[pipz.Identity]error) Item {
			return original
		},
	})
	f.AddErrorHandler(flume.ErrorHandler[Item]{
		Identity: id("handler"),
		Handler: pipz.Apply(id("handler"),
			func(_ context.Context, e *pipz.Error[Item]) (*pipz.Error[Item], error) {
				return e, nil
			}),
	})
	f.AddChannel("buffer", sent)
	return f
}

// bind gives a binding that follows the schema of the same name.
func bind(f *flume.Factory[Item], name string) *flume.Binding[Item] {
	binding, err := f.Bind(f.Identity(name, "for measuring"), name, flume.WithAutoSync[Item]())
	must(err)
	return binding
}
