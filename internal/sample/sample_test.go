package sample

import (
	"bytes"
	"errors"
	"image"
	"io"
	"regexp"
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"jixu/internal/dossier"
	"jixu/internal/fault"
)

var (
	rule   = dossier.Rule{MaxBytes: 64 << 20, Types: []dossier.Type{dossier.PDF, dossier.JPEG, dossier.PNG}}
	papers = dossier.Rule{MaxBytes: 64 << 20, Types: dossier.Types}
)

func TestSamplesPassInspection(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seed := rapid.Uint64().Draw(t, "seed")
		w, h := rapid.IntRange(-1, 80).Draw(t, "w"), rapid.IntRange(0, 80).Draw(t, "h")
		pages, size := rapid.IntRange(-1, 5).Draw(t, "pages"), rapid.Int64Range(-1, 60_000).Draw(t, "size")
		title := rapid.String().Draw(t, "title")
		for want, b := range map[dossier.Type][]byte{
			dossier.PDF: PDF(seed, title, pages, size), dossier.JPEG: JPEG(seed, w, h), dossier.PNG: PNG(seed, w, h),
			dossier.DOCX: DOCX(seed, title, pages), dossier.XLSX: XLSX(seed, title, h),
		} {
			rep, err := dossier.Inspect(bytes.NewReader(b), int64(len(b)), papers)
			if err != nil || rep.Type != want {
				t.Fatalf("a %s: got %+v, %v", want, rep, err)
			}
			if want == dossier.PDF && int64(len(b)) < size {
				t.Fatalf("a PDF of %d bytes, want at least %d", len(b), size)
			}
			if want == dossier.JPEG || want == dossier.PNG {
				if _, format, err := image.Decode(bytes.NewReader(b)); err != nil || format != string(want) {
					t.Fatalf("a %s is decoded: got %s, %v", want, format, err)
				}
			}
		}
	})
}

func TestLargePDF(t *testing.T) {
	b := PDF(3, "评估资料", 6, 30<<20)
	if len(b) < 30<<20 || len(b) > 31<<20 {
		t.Errorf("at least 30 MB and little more: got %d bytes", len(b))
	}
	if _, err := dossier.Inspect(bytes.NewReader(b), int64(len(b)), rule); err != nil {
		t.Errorf("a large PDF passes: got %v", err)
	}
}

func TestSameSeedSameBytes(t *testing.T) {
	if !bytes.Equal(PDF(5, "甲", 2, 99999), PDF(5, "甲", 2, 99999)) || !bytes.Equal(JPEG(5, 30, 30), JPEG(5, 30, 30)) ||
		!bytes.Equal(PNG(5, 30, 30), PNG(5, 30, 30)) {
		t.Error("the same seed makes other bytes")
	}
	if bytes.Equal(PDF(5, "甲", 2, 99999), PDF(6, "甲", 2, 99999)) {
		t.Error("another seed makes the same bytes")
	}
}

// Every offset of the cross-reference table points at its object, and every stream is as long
// as it says: what a viewer needs to open the file without repairing it.
func TestPDFIsConsistent(t *testing.T) {
	b := PDF(1, "一致性", 3, 50_000)
	start := regexp.MustCompile(`startxref\n(\d+)\n%%EOF\n$`).FindSubmatch(b)
	if start == nil {
		t.Fatal("no startxref")
	}
	at, _ := strconv.Atoi(string(start[1]))
	rows := regexp.MustCompile(`(?m)^(\d{10}) 00000 n $`).FindAllSubmatch(b[at:], -1)
	if len(rows) != 5+3*3 {
		t.Errorf("objects: got %d, want %d", len(rows), 5+3*3)
	}
	for i, r := range rows {
		o, _ := strconv.Atoi(string(r[1]))
		if want := strconv.Itoa(i+1) + " 0 obj\n"; !bytes.HasPrefix(b[o:], []byte(want)) {
			t.Errorf("offset %d: got %q, want %q", o, b[o:o+10], want)
		}
		obj := b[o:]
		if m := regexp.MustCompile(`^\d+ 0 obj\n<<[^\x80-\xff]{0,300}?/Length (\d+) >>\nstream\n`).FindSubmatchIndex(obj); m != nil {
			n, _ := strconv.Atoi(string(obj[m[2]:m[3]]))
			if end := bytes.TrimLeft(obj[m[1]+n:m[1]+n+20], "\n"); !bytes.HasPrefix(end, []byte("endstream")) {
				t.Errorf("object %d: after its stream comes %q, want endstream", i+1, end)
			}
		}
	}
}

func TestBadFilesAreRefused(t *testing.T) {
	for _, bad := range BadFiles(1) {
		for _, r := range []dossier.Rule{rule, papers} {
			_, err := dossier.Inspect(bytes.NewReader(bad.Data), int64(len(bad.Data)), r)
			if f := fault.Of(err); f == nil || f.Code != bad.Code {
				t.Errorf("%s among %v: got %v, want %s", bad.Name, r.Types, err, bad.Code)
			}
		}
	}
}

func TestBadDocumentsAreRefused(t *testing.T) {
	for _, bad := range BadDocuments(1) {
		_, err := dossier.Inspect(bytes.NewReader(bad.Data), int64(len(bad.Data)), papers)
		if f := fault.Of(err); f == nil || f.Code != bad.Code {
			t.Errorf("%s: got %v, want %s", bad.Name, err, bad.Code)
		}
	}
}

func TestWritePDFFails(t *testing.T) {
	if err := WritePDF(io.Discard, 1, "t", 1, 1<<50); err == nil {
		t.Error("a petabyte: got no error")
	}
	r, w := io.Pipe()
	gone := errors.New("gone")
	r.CloseWithError(gone)
	if err := WritePDF(w, 1, "t", 1, 1000); !errors.Is(err, gone) {
		t.Errorf("a writer that fails: got %v, want %v", err, gone)
	}
}
