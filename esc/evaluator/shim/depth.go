//go:build js && wasm

package main

import "gopkg.in/yaml.v3"

// checkDepth refuses a definition that nests collections too deeply, before upstream sees it: beyond some
// hundred levels evaluation takes seconds. It costs one more parse, a tenth of an evaluation.
func (e *evaluation) checkDepth(name, source string) error {
	var document yaml.Node
	if yaml.Unmarshal([]byte(source), &document) != nil || depth(&document) <= e.MaxDepth+1 {
		return nil // a syntax error is the loader's to report
	}
	return e.fail("ERR_ESC_TOO_DEEP", "the definition of %q nests more than %d levels deep", name, e.MaxDepth)
}

// depth counts the document itself. The parser stops at 10,000 levels, which the thread's stack holds.
func depth(n *yaml.Node) int {
	if n.Kind == yaml.ScalarNode || n.Kind == yaml.AliasNode {
		return 0
	}
	deepest := 0
	for _, child := range n.Content {
		deepest = max(deepest, depth(child))
	}
	return deepest + 1
}
