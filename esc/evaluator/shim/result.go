//go:build js && wasm

package main

import (
	"encoding/json"

	"github.com/hashicorp/hcl/v2"
	"github.com/pulumi/esc"
	"github.com/pulumi/esc/eval"
	"github.com/pulumi/esc/syntax"
)

// A diagnostic has the shape of Pulumi's REST API, with the document's path added.
type diagnostic struct {
	Severity string     `json:"severity"`
	Summary  string     `json:"summary"`
	Detail   string     `json:"detail,omitempty"`
	Path     string     `json:"path,omitempty"`
	Range    *esc.Range `json:"range,omitempty"`
}

func restDiagnostics(diags syntax.Diagnostics) []diagnostic {
	out := make([]diagnostic, len(diags))
	for i, d := range diags {
		out[i] = diagnostic{Severity: "error", Summary: d.Summary, Detail: d.Detail, Path: d.Path}
		if d.Severity == hcl.DiagWarning {
			out[i].Severity = "warning"
		}
		if s := d.Subject; s != nil {
			out[i].Range = &esc.Range{
				Environment: s.Filename,
				Begin:       esc.Pos{Line: s.Start.Line, Column: s.Start.Column, Byte: s.Start.Byte},
				End:         esc.Pos{Line: s.End.Line, Column: s.End.Column, Byte: s.End.Byte},
			}
		}
	}
	return out
}

// put writes one part of the result as JSON text, within the limit.
func (e *evaluation) put(out map[string]any, key string, value any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	if len(text) > e.MaxResult {
		return e.fail("ERR_ESC_RESULT_TOO_LARGE", "the result is larger than %d bytes", e.MaxResult)
	}
	out[key] = string(text)
	return nil
}

// write puts the environment three times: as REST has it, plain and redacted, plain and revealed. Exprs and
// Schema stay here: both carry plain secrets, and marshalling them is cubic in the depth of the definition.
func (e *evaluation) write(out map[string]any, env *esc.Environment, reveal bool) syntax.Diagnostics {
	properties := esc.NewValue(env.Properties)
	shown := properties
	if !reveal {
		shown = redacted(properties)
	}
	rest := esc.Environment{ExecutionContext: env.ExecutionContext}
	rest.Properties, _ = shown.Value.(map[string]esc.Value)

	err := e.put(out, "environment", rest)
	if err == nil {
		err = e.put(out, "redacted", properties.ToJSON(true))
	}
	if err == nil && reveal {
		err = e.put(out, "revealed", properties.ToJSON(false))
	}
	if err != nil {
		clear(out) // JSON has no infinity and no NaN, YAML has both
		return syntax.Diagnostics{syntax.Error(nil, "the environment cannot be written: "+err.Error(), "")}
	}
	return nil
}

// redacted takes the values out of secrets, bases included, and leaves what a service shows that keeps them
// encrypted: a value that is secret and unknown.
func redacted(v esc.Value) esc.Value {
	if v.Trace.Base != nil {
		base := redacted(*v.Trace.Base)
		v.Trace.Base = &base
	}
	if v.Secret {
		v.Value, v.Unknown = nil, true
		return v
	}
	switch pv := v.Value.(type) {
	case []esc.Value:
		items := make([]esc.Value, len(pv))
		for i, item := range pv {
			items[i] = redacted(item)
		}
		v.Value = items
	case map[string]esc.Value:
		properties := make(map[string]esc.Value, len(pv))
		for key, item := range pv {
			properties[key] = redacted(item)
		}
		v.Value = properties
	}
	return v
}

type rotation struct {
	Path        string       `json:"path"`
	Status      string       `json:"status"`
	Diagnostics []diagnostic `json:"diagnostics"`
}

type patch struct {
	Path        string    `json:"path"`
	Replacement esc.Value `json:"replacement"`
}

// writeRotations puts what was rotated and, when anything was, the patches and the definition with them applied.
func (e *evaluation) writeRotations(out map[string]any, result eval.RotationResult) (diags syntax.Diagnostics) {
	rotations, patches := []rotation{}, []patch{}
	for _, r := range result {
		rotations = append(rotations, rotation{r.Path, string(r.Status), restDiagnostics(r.Diags)})
		if r.Patch != nil {
			patches = append(patches, patch{r.Patch.DocPath, r.Patch.Replacement})
		}
	}
	err := e.put(out, "rotations", rotations)
	if err == nil && len(patches) > 0 {
		var yaml []byte
		if err = e.put(out, "patches", patches); err == nil {
			yaml, err = eval.ApplyValuePatches([]byte(e.YAML), result.Patches())
			out["yaml"] = string(yaml)
		}
	}
	if err != nil {
		diags.Extend(syntax.Error(nil, "the new state cannot be written: "+err.Error(), ""))
	}
	return diags
}
