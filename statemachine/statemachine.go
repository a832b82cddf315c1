// Package statemachine holds the workflow of Slipway, deploy.asl.json, and draws it. The definition is what template.yaml
// deploys; the graph test compares it with the states, endings and errors of the Go code.
package statemachine

import (
	"cmp"
	_ "embed"
	"encoding/json"
	"fmt"
	"sort"
	"strings"
)

// Definition is the workflow in the Amazon States Language, with a ${...Function} placeholder for each Lambda.
//
//go:embed deploy.asl.json
var Definition string

// Machine is the part of a definition that the graph needs.
type Machine struct {
	QueryLanguage  string
	StartAt        string
	TimeoutSeconds int
	States         map[string]State
}

// State is one state of a Machine.
type State struct {
	Type           string
	Comment        string
	Resource       string
	TimeoutSeconds int
	Seconds        any // a number or an expression, of a Wait
	Next           string
	Default        string
	Error          string
	Arguments      struct{ FunctionName string }
	Choices        []struct{ Comment, Condition, Next string }
	Retry          []Retrier
	Catch          []struct {
		ErrorEquals []string
		Output      any // an expression or an object of expressions
		Next        string
	}
}

// Retrier is one retry rule of a task.
type Retrier struct {
	ErrorEquals     []string
	IntervalSeconds float64
	BackoffRate     float64
	MaxAttempts     int
	MaxDelaySeconds float64
	JitterStrategy  string
}

// Parse reads a definition.
func Parse(definition string) (Machine, error) {
	var m Machine
	if err := json.Unmarshal([]byte(definition), &m); err != nil {
		return m, fmt.Errorf("state machine definition: %w", err)
	}
	return m, nil
}

// Edge leads from one state to another.
type Edge struct{ From, To, Label string }

// Edges are all transitions, sorted by the state they leave.
func (m Machine) Edges() []Edge {
	var edges []Edge
	for name, s := range m.States {
		if s.Next != "" {
			edges = append(edges, Edge{name, s.Next, ""})
		}
		for _, c := range s.Choices {
			edges = append(edges, Edge{name, c.Next, cmp.Or(c.Comment, phases(c.Condition))})
		}
		if s.Default != "" {
			edges = append(edges, Edge{name, s.Default, "otherwise"})
		}
		for _, c := range s.Catch {
			if c.Next != s.Next {
				edges = append(edges, Edge{name, c.Next, "on error"})
			}
		}
	}
	sort.SliceStable(edges, func(i, j int) bool {
		if edges[i].From != edges[j].From {
			return edges[i].From < edges[j].From
		}
		return false
	})
	return edges
}

// phases are the quoted words of a Choice condition: "Stuck, Foreign".
func phases(condition string) string {
	parts := strings.Split(condition, "'")
	var words []string
	for i := 1; i < len(parts); i += 2 {
		words = append(words, parts[i])
	}
	return strings.Join(words, ", ")
}

// Mermaid draws the machine for Markdown, in the order in which the states are reached. The way to Impossible is left out:
// every Choice has it.
func (m Machine) Mermaid() string {
	var b strings.Builder
	b.WriteString("stateDiagram-v2\n")
	order, ids := m.reached(), map[string]string{}
	for _, name := range order {
		ids[name] = strings.NewReplacer(" ", "", "?", "").Replace(name)
		if ids[name] != name {
			fmt.Fprintf(&b, "    state %q as %s\n", name, ids[name])
		}
	}
	fmt.Fprintf(&b, "    [*] --> %s\n", ids[m.StartAt])
	for _, name := range order {
		for _, e := range m.Edges() {
			if e.From != name || e.To == "Impossible" {
				continue
			}
			fmt.Fprintf(&b, "    %s --> %s", ids[e.From], ids[e.To])
			if e.Label != "" && e.Label != e.To {
				fmt.Fprintf(&b, ": %s", e.Label)
			}
			b.WriteString("\n")
		}
		if t := m.States[name].Type; t == "Succeed" || t == "Fail" {
			fmt.Fprintf(&b, "    %s --> [*]\n", ids[name])
		}
	}
	return b.String()
}

// reached lists the states breadth first from the start, without Impossible.
func (m Machine) reached() []string {
	order, seen := []string{m.StartAt}, map[string]bool{m.StartAt: true, "Impossible": true}
	for i := 0; i < len(order); i++ {
		for _, e := range m.Edges() {
			if e.From == order[i] && !seen[e.To] {
				seen[e.To] = true
				order = append(order, e.To)
			}
		}
	}
	return order
}
