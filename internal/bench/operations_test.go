package bench

import (
	"bytes"
	"context"
	"strings"
	"testing"
)

// Each operation does what its name says; how long it takes is nobody's failure.
func TestOperationsAreMeasuredBesideOneAnother(t *testing.T) {
	defer func(n, moves, rounds, hand int) {
		operationRuns, countMoves, countRounds, handRounds = n, moves, rounds, hand
	}(operationRuns, countMoves, countRounds, handRounds)
	operationRuns, countMoves, countRounds, handRounds = 3, 20, 3, 3
	var out bytes.Buffer
	if err := operations(context.Background(), &out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"sealing one entry", "submitting 50 files", "giving an opinion", "comes too late", "1.0 ×", "20 counter moves over memory", "done by hand"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("got\n%s\nwant %q in it", out.String(), want)
		}
	}
}
