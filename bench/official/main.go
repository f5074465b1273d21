// Command official times Pulumi's own ESC evaluator as a native binary: what ../evaluator.ts compares ours with.
//
//	official <folder of cases> <rounds>
//
// It prints, for each case, the best nanoseconds of a check and of an open, each with its result written as
// the JSON texts that our evaluator gives, and the redacted text itself, so that both can be seen to agree.
package main

import (
	"context"
	"encoding/json"
	"log"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/pulumi/esc"
	"github.com/pulumi/esc/eval"
	"github.com/pulumi/esc/schema"
)

type measured struct {
	CheckNs  int64           `json:"checkNs"`
	OpenNs   int64           `json:"openNs"`
	Redacted json.RawMessage `json:"redacted"`
}

func main() {
	folder := os.Args[1]
	rounds, err := strconv.Atoi(os.Args[2])
	exitOn(err)
	entries, err := os.ReadDir(folder)
	exitOn(err)
	result := map[string]measured{}
	for _, entry := range entries {
		c := readCase(filepath.Join(folder, entry.Name()), entry.Name())
		result[c.name] = measured{
			CheckNs:  best(rounds, func() { c.evaluate(true) }),
			OpenNs:   best(rounds, func() { c.evaluate(false) }),
			Redacted: c.evaluate(false),
		}
	}
	exitOn(json.NewEncoder(os.Stdout).Encode(result))
}

type testCase struct {
	name        string
	definition  []byte
	definitions map[string][]byte
}

func readCase(folder, name string) testCase {
	files, err := filepath.Glob(filepath.Join(folder, "*.yaml"))
	exitOn(err)
	c := testCase{name: name, definitions: map[string][]byte{}}
	for _, file := range files {
		content, err := os.ReadFile(file)
		exitOn(err)
		base := filepath.Base(file)
		c.definitions[base[:len(base)-len(".yaml")]] = content
	}
	c.definition = c.definitions["env"]
	return c
}

func (c testCase) evaluate(check bool) json.RawMessage {
	ctx := context.Background()
	execution, err := esc.NewExecContext(map[string]esc.Value{})
	exitOn(err)
	declaration, _, err := eval.LoadYAMLBytes(c.name, c.definition)
	exitOn(err)
	var environment *esc.Environment
	if check {
		environment, _ = eval.CheckEnvironment(ctx, c.name, declaration, rot128{}, echoes{}, c, execution, false)
	} else {
		environment, _ = eval.EvalEnvironment(ctx, c.name, declaration, rot128{}, echoes{}, c, execution)
	}
	if environment == nil {
		return json.RawMessage("null")
	}
	environment.Exprs, environment.Schema = nil, nil
	write(environment)
	properties := esc.NewValue(environment.Properties)
	if !check {
		write(properties.ToJSON(false))
	}
	return write(properties.ToJSON(true))
}

func (c testCase) LoadEnvironment(_ context.Context, name string) ([]byte, eval.Decrypter, error) {
	if definition, ok := c.definitions[name]; ok {
		return definition, rot128{}, nil
	}
	return nil, nil, os.ErrNotExist
}

// rot128 is the cipher of the official cases.
type rot128 struct{}

func (rot128) Decrypt(_ context.Context, ciphertext []byte) ([]byte, error) {
	for i, b := range ciphertext {
		ciphertext[i] = b + 128
	}
	return ciphertext, nil
}

// echoes are every provider and rotator there could be.
type echoes struct{}

func (echoes) LoadProvider(context.Context, string) (esc.Provider, error) { return provider{}, nil }
func (echoes) LoadRotator(context.Context, string) (esc.Rotator, error)   { return rotator{}, nil }

type provider struct{}

func (provider) Schema() (*schema.Schema, *schema.Schema) { return schema.Always(), schema.Always() }

func (provider) Open(_ context.Context, inputs map[string]esc.Value, _ esc.EnvExecContext) (esc.Value, error) {
	return esc.NewValue(inputs), nil
}

type rotator struct{}

func (rotator) Schema() (*schema.Schema, *schema.Schema, *schema.Schema) {
	return schema.Always(), schema.Always(), schema.Always()
}

func (rotator) Open(_ context.Context, _, state map[string]esc.Value, _ esc.EnvExecContext) (esc.Value, error) {
	return esc.NewValue(state), nil
}

func (rotator) Rotate(_ context.Context, _, state map[string]esc.Value, _ esc.EnvExecContext) (esc.Value, error) {
	return esc.NewValue(state), nil
}

func write(value any) json.RawMessage {
	text, err := json.Marshal(value)
	exitOn(err)
	return text
}

func best(rounds int, work func()) int64 {
	shortest := time.Duration(math.MaxInt64)
	for range rounds {
		start := time.Now()
		work()
		shortest = min(shortest, time.Since(start))
	}
	return shortest.Nanoseconds()
}

func exitOn(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
