//go:build check

package clamd

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"jixu/internal/docket"
	"jixu/internal/sample"
	"jixu/internal/stack"
)

func scan(t *testing.T, address string, data []byte) docket.Verdict {
	t.Helper()
	got, err := New(address).Scan(t.Context(), bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestARealDaemonSaysWhatWeUnderstand(t *testing.T) {
	address, _ := stack.Clamd(t, "")
	docx := sample.DOCX(1, "t", 3)
	hidden := sample.WithPart(docx, "word/media/image9.png", stack.Harmful)
	for _, row := range []struct {
		name string
		data []byte
		want docket.Verdict
	}{
		{"a PDF", sample.PDF(1, "t", 1, 0), docket.Clean},
		{"a document", docx, docket.Clean},
		{"a workbook", sample.XLSX(1, "t", 3), docket.Clean},
		{"what it knows", stack.Harmful, docket.Infected},
		{"what it knows, packed in a document", hidden, docket.Infected},
		{"one byte", []byte("x"), docket.Clean},
		{"nothing", nil, docket.Clean},
	} {
		if got := scan(t, address, row.data); got != row.want {
			t.Errorf("%s: got %q, want %q", row.name, got, row.want)
		}
	}
}

// As large as a dossier's file may be, in little memory here.
func TestARealDaemonScansTheLargestFile(t *testing.T) {
	address, _ := stack.Clamd(t, "")
	const size = 200 << 20
	r, w := io.Pipe()
	defer r.Close()
	go func() { w.CloseWithError(sample.WritePDF(w, 1, "t", 8, size)) }()
	got, err := New(address).Scan(t.Context(), r, size)
	if err != nil || got != docket.Clean {
		t.Errorf("200 MB: got %q, %v, want it scanned", got, err)
	}
}

func TestWhatARealDaemonDoesNotLookAtIsNotClean(t *testing.T) {
	docx := sample.DOCX(1, "t", 30_000)
	for _, row := range []struct {
		name    string
		setting string
		data    []byte
	}{
		{"more than it takes from a connection", "StreamMaxLength 1M", sample.PDF(1, "t", 1, 30<<20)},
		{"a little more than it takes", "StreamMaxLength 1M", sample.PDF(1, "t", 1, 1<<20)},
		{"a file larger than it scans", "MaxFileSize 1M", sample.PDF(1, "t", 1, 2<<20)},
		{"a document that unpacks to more than it scans", "MaxScanSize 1M", docx},
	} {
		address, stop := stack.Clamd(t, "", row.setting)
		if got := scan(t, address, row.data); got != docket.TooLarge {
			t.Errorf("%s: got %q, want %q", row.name, got, docket.TooLarge)
		}
		stop()
	}
}

func TestADaemonThatIsStoppedIsAwayUntilItIsBack(t *testing.T) {
	address, stop := stack.Clamd(t, "")
	stop()
	if _, err := New(address).Scan(t.Context(), strings.NewReader("x"), 1); err == nil {
		t.Error("a stopped daemon: got an answer")
	}
	stack.Clamd(t, address)
	if got := scan(t, address, stack.Harmful); got != docket.Infected {
		t.Errorf("after it came back: got %q, want %q", got, docket.Infected)
	}
}
