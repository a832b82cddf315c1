package states

import (
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
)

// maxInline is how many iterations of an inline Map run at once, whatever its MaxConcurrency.
const maxInline = 40

// mapState runs an inline Map. Tolerated failures are evaluated, but only a distributed Map tolerates any.
func (v *visit) mapState() (any, string, *failure) {
	e := v.evaluator(nil)
	items, f := v.itemsOf(e)
	if f != nil {
		return nil, "", f
	}
	workers := int64(maxInline)
	if v.state.maxConcurrency != nil {
		n, f := e.whole(v.state.maxConcurrency, 0, maxSeconds)
		if f != nil {
			return nil, "", f
		}
		if n > 0 {
			workers = min(n, maxInline)
		}
	}
	if f := v.tolerances(e); f != nil {
		return nil, "", f
	}
	v.prev = v.run.add(v.prev, types.HistoryEventTypeMapStateStarted, func(e *types.HistoryEvent) {
		e.MapStateStartedEventDetails = &types.MapStateStartedEventDetails{Length: int32(len(items))} // #nosec G115: bounded by maxData
	})
	b := v.newBranches(len(items))
	b.next = func(t *thread, i int) (any, *failure) { return v.iteration(b, t, i, items[i]) }
	return v.joined(b, min(int(workers), len(items)), types.HistoryEventTypeMapStateSucceeded)
}

func (v *visit) itemsOf(e evaluator) ([]any, *failure) {
	if v.state.items != nil {
		list, f := e.typed(v.state.items, "array")
		if f != nil {
			return nil, f
		}
		return list.([]any), nil
	}
	items, ok := v.input.([]any)
	if !ok {
		text, _ := encode(v.input)
		return nil, queryError("", "Map state input must be an array but was: %s", text)
	}
	return items, nil
}

func (v *visit) tolerances(e evaluator) *failure {
	if t := v.state.toleratedCount; t != nil {
		if _, f := e.whole(t, 0, maxSeconds); f != nil {
			return f
		}
	}
	if t := v.state.toleratedShare; t != nil {
		share, f := e.typed(t, "number")
		if f != nil {
			return f
		}
		if x, _ := number(share); x < 0 || x > 100 {
			return queryError(t.location, "%s must return a number from 0 to 100, but was: %v", t.said(), x)
		}
	}
	return nil
}

// iteration runs one item. The next iteration of the same worker follows its last state, not its end: AWS's histories do so.
func (v *visit) iteration(b *branches, t *thread, i int, item any) (any, *failure) {
	t.item = map[string]any{"Item": map[string]any{"Index": i, "Value": item}}
	t.prev = v.run.add(t.prev, types.HistoryEventTypeMapIterationStarted, v.iterationEvent(i))
	output, f := v.selected(t, item)
	if f == nil {
		output, f = t.walk(v.state.processor, v.state.processor.startAt, output)
	}
	switch {
	case f == stopped:
	case f != nil:
		b.last = v.run.add(t.prev, types.HistoryEventTypeMapIterationFailed, v.iterationEvent(i))
		v.abortOthers(b, i)
	default:
		b.last = v.run.add(t.prev, types.HistoryEventTypeMapIterationSucceeded, v.iterationEvent(i))
	}
	return output, f
}

// selected is the input of an iteration: the item, or what ItemSelector makes of it.
func (v *visit) selected(t *thread, item any) (any, *failure) {
	if v.state.itemSelector == nil {
		return item, nil
	}
	inside := *v
	inside.thread = t
	input, f := inside.evaluator(nil).evaluate(v.state.itemSelector)
	if f != nil {
		f.cause, f.query = v.said(f.cause), false
		t.prev = v.run.add(t.prev, types.HistoryEventTypeEvaluationFailed, evaluationFailed(v.state.name, f))
	}
	return input, f
}

func (v *visit) iterationEvent(i int) func(*types.HistoryEvent) {
	return func(e *types.HistoryEvent) {
		d := &types.MapIterationEventDetails{Index: int32(i), Name: &v.state.name} // #nosec G115: bounded by maxData
		switch e.Type {
		case types.HistoryEventTypeMapIterationStarted:
			e.MapIterationStartedEventDetails = d
		case types.HistoryEventTypeMapIterationSucceeded:
			e.MapIterationSucceededEventDetails = d
		case types.HistoryEventTypeMapIterationFailed:
			e.MapIterationFailedEventDetails = d
		case types.HistoryEventTypeMapIterationAborted:
			e.MapIterationAbortedEventDetails = d
		}
	}
}

// abortOthers records the iterations that a failed one takes with it.
func (v *visit) abortOthers(b *branches, failed int) {
	for i, running := range b.running {
		if running && i != failed {
			b.last = v.run.add(b.last, types.HistoryEventTypeMapIterationAborted, v.iterationEvent(i))
		}
	}
}

// parallel runs every branch on the same input; the result is the list of their outputs.
func (v *visit) parallel() (any, string, *failure) {
	input, f := v.input, (*failure)(nil)
	if v.state.arguments != nil {
		if input, f = v.evaluator(nil).evaluate(v.state.arguments); f != nil {
			return nil, "", f
		}
	}
	v.prev = v.run.add(v.prev, types.HistoryEventTypeParallelStateStarted, nil)
	b := v.newBranches(len(v.state.branches))
	b.next = func(t *thread, i int) (any, *failure) {
		flow := v.state.branches[i]
		output, f := t.walk(flow, flow.startAt, input)
		if f != stopped {
			b.last = t.prev
		}
		return output, f
	}
	return v.joined(b, len(v.state.branches), types.HistoryEventTypeParallelStateSucceeded)
}

// branches are the threads inside a Map or Parallel state.
type branches struct {
	group   *group
	next    func(t *thread, i int) (any, *failure) // runs branch i
	results []any
	running []bool
	taken   int
	failed  *failure
	last    int64 // the latest event of any of them
}

func (v *visit) newBranches(n int) *branches {
	return &branches{group: v.group.child(), results: make([]any, n), running: make([]bool, n), last: v.prev}
}

// joined runs the branches on workers coroutines and leaves the state with the list of their outputs, or fails with the
// first failure, which ends the others.
func (v *visit) joined(b *branches, workers int, succeeded types.HistoryEventType) (any, string, *failure) {
	defer v.group.release(b.group)
	done, left := v.clock().NewSignal(), workers
	if workers == 0 {
		done.Fire()
	}
	for range workers {
		t := &thread{run: v.run, group: b.group, prev: v.prev, item: v.item}
		v.clock().Go("states branch "+v.state.name, func() {
			b.work(t, v.vars)
			if left--; left == 0 || b.failed != nil {
				done.Fire()
			}
		})
	}
	if !v.group.wait(done) {
		return nil, "", stopped
	}
	v.prev = b.last
	if b.failed != nil {
		return nil, "", b.failed
	}
	v.run.add(v.prev, succeeded, nil)
	result := b.results
	return v.leave(v.state.assign, v.state.output, result, map[string]any{"result": result}, v.state.next)
}

// work takes branches until none is left or one has failed.
func (b *branches) work(t *thread, outer *scope) {
	for b.taken < len(b.results) && !b.group.over {
		i := b.taken
		b.taken++
		b.running[i] = true
		t.vars = &scope{outer: outer, named: map[string]any{}}
		output, f := b.next(t, i)
		b.running[i] = false
		if f == stopped {
			return
		}
		if f != nil {
			b.failed = f
			b.group.kill()
			return
		}
		b.results[i] = output
	}
}
