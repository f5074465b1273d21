//go:build js && wasm

// Command shim offers Pulumi's own ESC evaluator to JavaScript. It runs as WebAssembly in a worker thread
// (../worker.cjs) and owns no policy: every value crosses as JSON text, so that numbers keep their spelling.
package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"syscall/js"
)

// host is the worker's side. Go sets run, settle and abort on it; the worker provides call and done.
var host = js.Global().Get("host")

// running holds what ends each evaluation in flight, answers what each open callback waits for. Go on
// WebAssembly has one thread and never preempts between these lines, so neither needs a lock.
var (
	running  = map[int]context.CancelCauseFunc{}
	answers  = map[int]chan answer{}
	lastCall int
)

// An answer is what JavaScript made of one callback.
type answer struct {
	ok   bool
	text string // JSON, or the message of what was thrown
}

// A failure ends an evaluation with one of EvaluatorError's codes.
type failure struct{ code, message string }

func (f *failure) Error() string { return f.message }

func main() {
	host.Set("run", js.FuncOf(run))
	host.Set("settle", js.FuncOf(settle))
	host.Set("abort", js.FuncOf(abort))
	select {}
}

// run(id, request) starts an evaluation in its own goroutine: blocking inside a js.Func would deadlock.
func run(_ js.Value, args []js.Value) any {
	id, text := args[0].Int(), args[1].String()
	ctx, cancel := context.WithCancelCause(context.Background())
	running[id] = cancel
	go func() {
		result := evaluate(ctx, cancel, id, text)
		delete(running, id)
		cancel(nil)
		host.Call("done", id, result)
	}()
	return nil
}

// settle(call, ok, text) answers a callback. One persistent function serves all of them.
func settle(_ js.Value, args []js.Value) any {
	call := args[0].Int()
	if waiting, ok := answers[call]; ok {
		delete(answers, call)
		waiting <- answer{args[1].Bool(), args[2].String()}
	}
	return nil
}

// abort(id, reason) makes every callback of that evaluation, open or still to come, fail with the reason.
func abort(_ js.Value, args []js.Value) any {
	if cancel, ok := running[args[0].Int()]; ok {
		cancel(errors.New(args[1].String()))
	}
	return nil
}

// ask makes one callback and waits for its answer, or for the end of the evaluation.
func ask(ctx context.Context, id int, op, payload string) (string, error) {
	if ctx.Err() != nil {
		return "", context.Cause(ctx)
	}
	lastCall++
	call, waiting := lastCall, make(chan answer, 1)
	answers[call] = waiting
	host.Call("call", id, call, op, payload)
	select {
	case a := <-waiting:
		if !a.ok {
			return "", errors.New(a.text)
		}
		return a.text, nil
	case <-ctx.Done():
		delete(answers, call)
		return "", context.Cause(ctx)
	}
}

// evaluate runs one request. A panic upstream becomes a failure: its text is kept only when it comes from the
// Go runtime, which speaks of types and indices, never of values.
func evaluate(ctx context.Context, cancel context.CancelCauseFunc, id int, text string) (result map[string]any) {
	defer func() {
		if r := recover(); r != nil {
			message := fmt.Sprintf("%T", r)
			if err, ok := r.(runtime.Error); ok {
				message = err.Error()
			}
			result = failed(&failure{"ERR_ESC_PANIC", message})
		}
	}()
	e, err := newEvaluation(ctx, cancel, id, text)
	if err != nil {
		return failed(err)
	}
	result, err = e.perform()
	switch {
	case result["patches"] != nil:
		return result // what has been rotated must not be lost: what broke is among the diagnostics
	case e.broken != nil:
		return failed(e.broken)
	case err != nil:
		return failed(err)
	}
	return result
}

func failed(err error) map[string]any {
	var f *failure
	if errors.As(err, &f) {
		return map[string]any{"code": f.code, "message": f.message}
	}
	return map[string]any{"code": "ERR_ESC_INVALID", "message": err.Error()}
}
