//go:build js && wasm

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/pulumi/esc"
	"github.com/pulumi/esc/ast"
	"github.com/pulumi/esc/eval"
	"github.com/pulumi/esc/syntax"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

type request struct {
	Op          string          `json:"op"` // check, open, rotate, encrypt or decrypt
	Name        string          `json:"name"`
	YAML        string          `json:"yaml"`
	Context     json.RawMessage `json:"context"`
	ShowSecrets bool            `json:"showSecrets"`
	Paths       []string        `json:"paths"`
	Mark        string          `json:"mark"`      // {mark: value} is how a secret crosses inside plain JSON
	MaxDepth    int             `json:"maxDepth"`  // of nested collections in a definition
	MaxResult   int             `json:"maxResult"` // bytes of any text that leaves Go
}

// An evaluation is one request on its way: the loaders that upstream asks for, backed by JavaScript.
type evaluation struct {
	request
	ctx     context.Context
	cancel  context.CancelCauseFunc
	id      int
	loaded  map[string]*provider
	rotated map[string]*rotator
	broken  *failure // the first limit that was broken: it outranks diagnostics
}

func newEvaluation(ctx context.Context, cancel context.CancelCauseFunc, id int, text string) (*evaluation, error) {
	e := &evaluation{ctx: ctx, cancel: cancel, id: id, loaded: map[string]*provider{}, rotated: map[string]*rotator{}}
	return e, json.Unmarshal([]byte(text), &e.request)
}

func (e *evaluation) perform() (map[string]any, error) {
	if err := e.checkDepth(e.Name, e.YAML); err != nil {
		return nil, err
	}
	switch e.Op {
	case "encrypt":
		return e.rewritten(eval.EncryptSecrets(e.ctx, e.Name, []byte(e.YAML), cipher{e, 0}))
	case "decrypt":
		return e.rewritten(eval.DecryptSecrets(e.ctx, e.Name, []byte(e.YAML), cipher{e, 0}))
	}

	values, err := e.decode(e.Context)
	if err != nil {
		return nil, err
	}
	properties, _ := values.Value.(map[string]esc.Value)
	execution, err := esc.NewExecContext(properties)
	if err != nil {
		return nil, err
	}
	decl, diags, err := eval.LoadYAMLBytes(e.Name, []byte(e.YAML))
	if err != nil {
		return nil, err
	}
	return e.evaluated(decl, diags, execution)
}

func (e *evaluation) evaluated(decl *ast.EnvironmentDecl, diags syntax.Diagnostics, execution *esc.ExecContext) (map[string]any, error) {
	var env *esc.Environment
	var rotations eval.RotationResult
	var more syntax.Diagnostics
	reveal := true
	switch e.Op {
	case "check":
		reveal = e.ShowSecrets
		env, more = eval.CheckEnvironment(e.ctx, e.Name, decl, cipher{e, 0}, e, e, execution, reveal)
	case "open":
		env, more = eval.EvalEnvironment(e.ctx, e.Name, decl, cipher{e, 0}, e, e, execution)
	case "rotate":
		paths := make([]resource.PropertyPath, len(e.Paths))
		for i, p := range e.Paths {
			var err error
			if paths[i], err = resource.ParsePropertyPath(p); err != nil {
				return nil, fmt.Errorf("path %q: %w", p, err)
			}
		}
		env, rotations, more = eval.RotateEnvironment(e.ctx, e.Name, decl, cipher{e, 0}, e, e, execution, paths)
	default:
		return nil, fmt.Errorf("unknown operation %q", e.Op)
	}
	diags.Extend(more...)

	out := map[string]any{}
	if env != nil {
		diags.Extend(e.write(out, env, reveal)...)
	}
	diags.Extend(e.writeRotations(out, rotations)...)
	return out, e.put(out, "diagnostics", restDiagnostics(diags))
}

// rewritten is the answer of encrypt and decrypt: the new YAML, or what is wrong with the old one.
func (e *evaluation) rewritten(yaml []byte, err error) (map[string]any, error) {
	var diags syntax.Diagnostics
	switch {
	case errors.As(err, &diags):
		out := map[string]any{}
		return out, e.put(out, "diagnostics", restDiagnostics(diags))
	case err != nil:
		return nil, err
	}
	return map[string]any{"yaml": string(yaml)}, nil
}

// LoadEnvironment implements eval.EnvironmentLoader.
func (e *evaluation) LoadEnvironment(ctx context.Context, name string) ([]byte, eval.Decrypter, error) {
	text, err := e.ask(ctx, "environment", map[string]any{"name": name})
	if err != nil {
		return nil, nil, err
	}
	var answer struct {
		YAML      string `json:"yaml"`
		Decrypter int    `json:"decrypter"`
	}
	if err := json.Unmarshal([]byte(text), &answer); err != nil {
		return nil, nil, err
	}
	if err := e.checkDepth(name, answer.YAML); err != nil {
		return nil, nil, err
	}
	return []byte(answer.YAML), cipher{e, answer.Decrypter}, nil
}

// cipher encrypts and decrypts with the key that JavaScript knows by this number. It is never nil: upstream
// dereferences a decrypter without looking.
type cipher struct {
	e   *evaluation
	key int
}

func (c cipher) Encrypt(ctx context.Context, plain []byte) ([]byte, error) {
	return c.apply(ctx, "encrypt", plain)
}

func (c cipher) Decrypt(ctx context.Context, secret []byte) ([]byte, error) {
	return c.apply(ctx, "decrypt", secret)
}

func (c cipher) apply(ctx context.Context, op string, data []byte) (result []byte, err error) {
	text, err := c.e.ask(ctx, op, map[string]any{"key": c.key, "data": data})
	if err == nil {
		err = json.Unmarshal([]byte(text), &result)
	}
	return result, err
}

// ask makes one callback with a JSON payload, within the limit on what leaves Go.
func (e *evaluation) ask(ctx context.Context, op string, payload any) (string, error) {
	text, err := json.Marshal(payload)
	if err != nil {
		return "", err
	}
	if len(text) > e.MaxResult {
		return "", e.fail("ERR_ESC_RESULT_TOO_LARGE", "the inputs of a call are larger than %d bytes", e.MaxResult)
	}
	return ask(ctx, e.id, op, string(text))
}

// fail ends the evaluation with a code: upstream makes a diagnostic of the error and goes on, but calls no more.
func (e *evaluation) fail(code, format string, args ...any) error {
	f := &failure{code, fmt.Sprintf(format, args...)}
	if e.broken == nil {
		e.broken = f
		e.cancel(f)
	}
	return f
}

// decode reads plain JSON in which {mark: value} is a secret.
func (e *evaluation) decode(text []byte) (esc.Value, error) {
	if len(text) == 0 {
		return esc.Value{}, nil
	}
	decoder := json.NewDecoder(strings.NewReader(string(text)))
	decoder.UseNumber()
	var plain any
	if err := decoder.Decode(&plain); err != nil {
		return esc.Value{}, err
	}
	return e.mark(plain), nil
}

func (e *evaluation) mark(plain any) esc.Value {
	switch plain := plain.(type) {
	case []any:
		items := make([]esc.Value, len(plain))
		for i, item := range plain {
			items[i] = e.mark(item)
		}
		return esc.NewValue(items)
	case map[string]any:
		if inner, ok := plain[e.Mark]; ok {
			return e.mark(inner).MakeSecret()
		}
		properties := make(map[string]esc.Value, len(plain))
		for key, item := range plain {
			properties[key] = e.mark(item)
		}
		return esc.NewValue(properties)
	default:
		return esc.Value{Value: plain}
	}
}

// unmark is the way back. What is unknown, as rotate-only inputs are outside a rotation, is left out.
func (e *evaluation) unmark(value esc.Value) any {
	if value.Secret {
		value.Secret = false
		return map[string]any{e.Mark: e.unmark(value)}
	}
	switch v := value.Value.(type) {
	case []esc.Value:
		items := make([]any, len(v))
		for i, item := range v {
			items[i] = e.unmark(item)
		}
		return items
	case map[string]esc.Value:
		properties := make(map[string]any, len(v))
		for key, item := range v {
			if !item.Unknown {
				properties[key] = e.unmark(item)
			}
		}
		return properties
	default:
		return v
	}
}
