// Package bench measures what a start and a case cost: the start of every
// function beside the same function with the SDK's default configuration, and
// submitting and answering in memory, what ring and sweep read over many cases that wait, and the bill of one whole
// application by AWS's list prices. It asserts nothing about a machine's speed, and no function imports it.
package bench

import (
	"context"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"jixu/internal/local"
)

// Options say how much is measured.
type Options struct {
	Starts     int // of each function and each variant; 0: none
	Operations bool
	Clocks     bool
	Bill       bool
	Out        io.Writer
}

// Run measures and prints. It fails when something cannot be measured, and
// never because a number is large: the numbers are for people to judge.
func Run(ctx context.Context, o Options) error {
	root, err := local.Root()
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "jixu-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if o.Starts > 0 {
		if err := starts(ctx, root, dir, o); err != nil {
			return fmt.Errorf("measuring starts: %w", err)
		}
	}
	if o.Operations {
		if err := operations(ctx, o.Out); err != nil {
			return fmt.Errorf("measuring operations: %w", err)
		}
	}
	if o.Clocks {
		if err := clocks(ctx, root, o.Out); err != nil {
			return fmt.Errorf("measuring ring and sweep: %w", err)
		}
	}
	if o.Bill {
		if err := theBill(ctx, root, dir, o.Out); err != nil {
			return fmt.Errorf("adding up the bill: %w", err)
		}
	}
	return nil
}

// grid is rows under each other: the first column to the left, the others to
// the right.
type grid [][]string

func (g *grid) row(cells ...string) { *g = append(*g, cells) }

func (g *grid) print(out io.Writer) {
	var wide []int
	for _, row := range *g {
		for i, cell := range row {
			if i == len(wide) {
				wide = append(wide, 0)
			}
			wide[i] = max(wide[i], utf8.RuneCountInString(cell))
		}
	}
	for _, row := range *g {
		for i, cell := range row {
			pad := strings.Repeat(" ", wide[i]-utf8.RuneCountInString(cell))
			if i == 0 {
				fmt.Fprint(out, "  ", cell, pad)
			} else {
				fmt.Fprint(out, "  ", pad, cell)
			}
		}
		fmt.Fprintln(out)
	}
}

func ms(d time.Duration) string { return number(float64(d)/float64(time.Millisecond), 1) }

func number(n float64, digits int) string { return strconv.FormatFloat(n, 'f', digits, 64) }
