package memory

import (
	"bytes"
	"context"
	"io"

	"jixu/internal/docket"
	"jixu/internal/fault"
)

// Scanner finds one mark in what it is given.
type Scanner struct {
	world *World

	// Away says that nobody answers. Set it while nothing runs.
	Away bool
	// Most is how many bytes it looks at; 0: as many as come.
	Most int64
}

var _ docket.Scanner = (*Scanner)(nil)

// Harmful is what the scanner finds.
const Harmful = "JIXU-HARMFUL-SAMPLE"

// Scan reads all of r. See [docket.Scanner].
func (s *Scanner) Scan(ctx context.Context, r io.Reader, size int64) (docket.Verdict, error) {
	data, failed := io.ReadAll(r)
	return call(ctx, s.world, "Scanner.Scan", func() (docket.Verdict, error) {
		switch {
		case failed != nil:
			return "", fault.Because(fault.Unavailable, "file.read", failed)
		case int64(len(data)) != size:
			return "", s.world.broke("a scan of %d bytes is given %d", size, len(data))
		case s.Away:
			return "", fault.New(fault.Unavailable, "busy")
		case s.Most > 0 && size > s.Most:
			return docket.TooLarge, nil
		case bytes.Contains(data, []byte(Harmful)):
			return docket.Infected, nil
		}
		return docket.Clean, nil
	})
}
