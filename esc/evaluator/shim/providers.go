//go:build js && wasm

package main

import (
	"context"
	"encoding/json"

	"github.com/pulumi/esc"
	"github.com/pulumi/esc/schema"
)

// schemas are what JavaScript declares about a provider or rotator. Each evaluation gets its own: upstream
// compiles them in place.
type schemas struct {
	Inputs  *schema.Schema `json:"inputs"`
	State   *schema.Schema `json:"state"`
	Outputs *schema.Schema `json:"outputs"`
}

type provider struct {
	schemas
	e    *evaluation
	name string
}

// A rotator is a provider with state.
type rotator struct{ provider }

// LoadProvider implements eval.ProviderLoader.
func (e *evaluation) LoadProvider(ctx context.Context, name string) (esc.Provider, error) {
	if p, ok := e.loaded[name]; ok {
		return p, nil
	}
	p, err := e.load(ctx, "provider", name)
	if err != nil {
		return nil, err
	}
	e.loaded[name] = p
	return p, nil
}

// LoadRotator implements eval.ProviderLoader.
func (e *evaluation) LoadRotator(ctx context.Context, name string) (esc.Rotator, error) {
	if r, ok := e.rotated[name]; ok {
		return r, nil
	}
	p, err := e.load(ctx, "rotator", name)
	if err != nil {
		return nil, err
	}
	r := &rotator{*p}
	e.rotated[name] = r
	return r, nil
}

func (e *evaluation) load(ctx context.Context, op, name string) (*provider, error) {
	text, err := e.ask(ctx, op, map[string]any{"name": name})
	if err != nil {
		return nil, err
	}
	var s schemas
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		return nil, err
	}
	for _, s := range []**schema.Schema{&s.Inputs, &s.State, &s.Outputs} {
		if *s == nil {
			*s = schema.Always()
		}
	}
	return &provider{s, e, name}, nil
}

func (p *provider) Schema() (*schema.Schema, *schema.Schema) { return p.Inputs, p.Outputs }

func (p *provider) Open(ctx context.Context, inputs map[string]esc.Value, x esc.EnvExecContext) (esc.Value, error) {
	return p.invoke(ctx, "open", inputs, nil, x)
}

func (r *rotator) Schema() (*schema.Schema, *schema.Schema, *schema.Schema) {
	return r.Inputs, r.State, r.Outputs
}

func (r *rotator) Open(ctx context.Context, inputs, state map[string]esc.Value, x esc.EnvExecContext) (esc.Value, error) {
	return r.invoke(ctx, "openRotated", inputs, state, x)
}

func (r *rotator) Rotate(ctx context.Context, inputs, state map[string]esc.Value, x esc.EnvExecContext) (esc.Value, error) {
	return r.invoke(ctx, "rotate", inputs, state, x)
}

func (p *provider) invoke(ctx context.Context, op string, inputs, state map[string]esc.Value, x esc.EnvExecContext) (esc.Value, error) {
	payload := map[string]any{
		"name":               p.name,
		"inputs":             p.e.unmark(esc.NewValue(inputs)),
		"state":              nil,
		"currentEnvironment": x.GetCurrentEnvironmentName(),
		"rootEnvironment":    x.GetRootEnvironmentName(),
	}
	if state != nil {
		payload["state"] = p.e.unmark(esc.NewValue(state))
	}
	text, err := p.e.ask(ctx, op, payload)
	if err != nil {
		return esc.Value{}, err
	}
	return p.e.decode([]byte(text))
}
