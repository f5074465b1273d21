//go:build js && wasm

package main

import "gopkg.in/yaml.v3"

// checkDepth refuses a definition that nests collections too deeply, before upstream sees it: beyond some
// hundred levels evaluation takes seconds, beyond some thousand it overflows the stack.
func (e *evaluation) checkDepth(name string, source []byte) error {
	if depthBound(source) <= e.MaxDepth {
		return nil
	}
	var document yaml.Node
	if yaml.Unmarshal(source, &document) != nil || depth(&document)-1 <= e.MaxDepth {
		return nil // a syntax error is the loader's to report
	}
	return e.fail("ERR_ESC_TOO_DEEP", "the definition of %q nests more than %d levels deep", name, e.MaxDepth)
}

func depth(n *yaml.Node) int {
	deepest := 0
	for _, child := range n.Content {
		deepest = max(deepest, depth(child))
	}
	if n.Kind == yaml.ScalarNode || n.Kind == yaml.AliasNode {
		return 0
	}
	return deepest + 1
}

// depthBound is an upper bound of the depth in one pass, so that nearly every definition is parsed once only.
// Block collections that are open at the same time begin at different columns, two at most on each: so many
// as there are different indents, and so many again as one line has compact indicators ("- - a"). Each flow
// collection has its bracket; the one in "${" never begins a collection.
func depthBound(source []byte) int {
	flow, compact, indents := 0, 0, map[int]bool{}
	for i := 0; i < len(source); {
		start := i
		for i < len(source) && source[i] == ' ' {
			i++
		}
		indents[i-start] = true
		indicators := 0
		for i+1 < len(source) && (source[i] == '-' || source[i] == '?' || source[i] == ':') &&
			(source[i+1] == ' ' || source[i+1] == '\t') {
			indicators++
			for i++; i < len(source) && (source[i] == ' ' || source[i] == '\t'); i++ {
			}
		}
		compact = max(compact, indicators)
		for ; i < len(source) && source[i] != '\n'; i++ {
			if (source[i] == '[' || source[i] == '{') && (i == 0 || source[i-1] != '$') {
				flow++
			}
		}
		i++
	}
	return flow + 2*(len(indents)+compact)
}
