// Package tables prints what was measured as Markdown, and writes it between two marks of a document.
//
// What is not here: anything that measures.
package tables

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"slipway/internal/marked"
)

// Table is one subject. Every row has as many cells as Columns.
type Table struct {
	Name    string // of its marks in the document: <!-- bench: NAME --> and <!-- end -->
	Title   string
	Columns []string
	Rows    [][]string
	Notes   []string // below the table, a paragraph each
}

// Add adds a row.
func (t *Table) Add(cells ...string) { t.Rows = append(t.Rows, cells) }

// Note adds a paragraph.
func (t *Table) Note(format string, args ...any) {
	t.Notes = append(t.Notes, fmt.Sprintf(format, args...))
}

// Markdown is the table with aligned columns, and its notes.
func (t *Table) Markdown() string {
	width := make([]int, len(t.Columns))
	for _, row := range append([][]string{t.Columns}, t.Rows...) {
		for i, cell := range row {
			width[i] = max(width[i], len([]rune(cell)))
		}
	}
	var b strings.Builder
	line := func(row []string) {
		for i, cell := range row {
			fmt.Fprintf(&b, "| %-*s ", width[i], cell)
		}
		b.WriteString("|\n")
	}
	line(t.Columns)
	rule := make([]string, len(width))
	for i, w := range width {
		rule[i] = strings.Repeat("-", w)
	}
	line(rule)
	for _, row := range t.Rows {
		line(row)
	}
	for _, note := range t.Notes {
		b.WriteString("\n" + note + "\n")
	}
	return b.String()
}

// Write puts the tables between their marks in a document. A table without marks is an error.
func Write(document string, all []*Table) error {
	content, err := os.ReadFile(document)
	if err != nil {
		return err
	}
	text := string(content)
	for _, t := range all {
		if text, err = marked.Replace(text, "bench: "+t.Name, t.Markdown()); err != nil {
			return fmt.Errorf("%s: %w", document, err)
		}
	}
	return os.WriteFile(document, []byte(text), 0o644)
}

// Sample is one figure, measured several times.
type Sample []float64

// Median is the middle one.
func (s Sample) Median() float64 {
	if len(s) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(s))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}

// Spread is the median with the least and the greatest, such as "9.1 (8.7-14.0)".
func (s Sample) Spread(format string) string {
	if len(s) == 0 {
		return "-"
	}
	return fmt.Sprintf(format+" ("+format+"-"+format+")", s.Median(), slices.Min(s), slices.Max(s))
}
