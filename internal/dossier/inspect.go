// Package dossier says what a file is, by its bytes, and freezes what a submission
// consists of. It is not a virus scanner, does not store anything and does not
// trust a file's name. It performs no I/O and reads no clock.
package dossier

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"slices"

	"jixu/internal/fault"
)

// Type is what a file is.
type Type string

const (
	PDF  Type = "pdf"
	JPEG Type = "jpeg"
	PNG  Type = "png"
	DOCX Type = "docx" // Word; no macros
	XLSX Type = "xlsx" // Excel; no macros
)

// Types lists every type there is.
var Types = []Type{PDF, JPEG, PNG, DOCX, XLSX}

// MIME returns the media type of t.
func (t Type) MIME() string {
	switch t {
	case PDF:
		return "application/pdf"
	case JPEG:
		return "image/jpeg"
	case PNG:
		return "image/png"
	case DOCX:
		return "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
	case XLSX:
		return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	}
	return "application/octet-stream"
}

var magic = []struct {
	t    Type
	head string
}{
	{PDF, "%PDF-"},
	{JPEG, "\xff\xd8\xff"},
	{PNG, "\x89PNG\r\n\x1a\n"},
}

// Sniff returns the type of a file that begins with head, of which 8 bytes are
// enough; which document an archive is, only the whole of it tells. The signature must stand at the very first byte. Some viewers look for
// "%PDF-" in the first kilobyte; a file that needs this can be a picture or an
// archive to the next reader, and such files are what this check is against.
func Sniff(head []byte) (Type, bool) {
	for _, m := range magic {
		if bytes.HasPrefix(head, []byte(m.head)) {
			return m.t, true
		}
	}
	return "", false
}

// Rule is what a file may be.
type Rule struct {
	MaxBytes int64 // the most bytes
	Types    []Type
}

// Report is what a file is. Of a refused file it holds what was found out until
// then; Size and SHA256 are those of the whole file unless it was too large.
type Report struct {
	Size   int64
	SHA256 string // hex; empty if the file was not read to its end
	Type   Type   // empty if we do not know it
}

// Inspect reads a file of size bytes once, to its end, in constant memory, and
// reports what it is. It fails with [fault.Invalid] and the first of these codes
// that holds:
//
//	file.empty      no bytes
//	file.large      more than want.MaxBytes (its argument); not read further
//	file.type       none of want.Types, whatever its name says; or a PDF that is an
//	                archive as well
//	file.old        a document of Word or Excel as it was before DOCX and XLSX
//	file.truncated  not complete or damaged: another size than announced, no end
//	                mark, PNG chunks in disorder or with a wrong checksum
//	file.encrypted  a PDF or a document that is encrypted
//	file.package    a document that is packed as none is: names that lead elsewhere,
//	                parts twice, hidden, or in no encoding that everybody reads alike
//	file.bomb       a document that unpacks to far too much
//	file.active     a PDF with script, launch actions, embedded files, forms that
//	                send, or parts nobody can look into (its argument says which)
//	file.macro      a document with macros
//	file.embedded   a document with other files, programs or controls in it
//	file.external   a document that fetches something when it is opened
//
// An error of r itself is returned as [fault.Unavailable]; the same call on a new
// reader is safe. A negative size means it was not announced.
func Inspect(r io.Reader, size int64, want Rule) (Report, error) {
	if size > want.MaxBytes {
		return Report{Size: size}, fault.New(fault.Invalid, "file.large", want.MaxBytes)
	}
	src := newSource(r, want.MaxBytes+1)
	head, err := src.Peek(8)
	if err != nil && err != io.EOF {
		return Report{}, fault.Because(fault.Unavailable, "file.read", err)
	}
	var rep Report
	var finding error
	t, known := Sniff(head)
	office := slices.Contains(want.Types, DOCX) || slices.Contains(want.Types, XLSX)
	switch {
	case office && bytes.HasPrefix(head, []byte(sigLocal)):
		t, finding = inspectOffice(src)
		if t != "" && !slices.Contains(want.Types, t) {
			finding = fault.New(fault.Invalid, "file.type")
		}
	case office && bytes.HasPrefix(head, []byte(oldOffice)):
		finding = inspectOld(src)
	case !known || !slices.Contains(want.Types, t):
		finding = fault.New(fault.Invalid, "file.type")
	case t == PDF:
		finding = inspectPDF(src)
	case t == PNG:
		finding = inspectPNG(src)
	}
	rep.Type = t
	// To the end in any case: the digest of a refused file is worth having.
	if err := src.drain(); err != nil {
		return rep, fault.Because(fault.Unavailable, "file.read", err)
	}
	rep.Size = src.tee.size
	switch {
	case rep.Size > want.MaxBytes:
		return rep, fault.New(fault.Invalid, "file.large", want.MaxBytes)
	case rep.Size == 0:
		rep.SHA256 = hex.EncodeToString(src.tee.hash.Sum(nil))
		return rep, fault.New(fault.Invalid, "file.empty")
	}
	rep.SHA256 = hex.EncodeToString(src.tee.hash.Sum(nil))
	if f := fault.Of(finding); f != nil && (f.Code == "file.type" || f.Code == "file.old") {
		return rep, finding
	}
	if t == PDF && bytes.Contains(src.tee.tail, []byte("PK\x05\x06")) {
		return rep, fault.New(fault.Invalid, "file.type") // also the end of a ZIP archive
	}
	if size >= 0 && rep.Size != size || !ends(t, src.tee.tail) {
		return rep, fault.New(fault.Invalid, "file.truncated")
	}
	return rep, finding
}

// ends reports whether a file of type t may end with tail.
func ends(t Type, tail []byte) bool {
	switch t {
	case PDF:
		// After the mark there may be a few bytes that mailers and printers add.
		return bytes.Contains(tail, []byte("%%EOF"))
	case JPEG:
		// Padding with zeros or line ends is harmless; anything else is not the picture.
		return bytes.HasSuffix(bytes.TrimRight(tail, "\x00\r\n"), []byte("\xff\xd9"))
	}
	return true // PNG, DOCX, XLSX: whoever read them saw the end
}

// tailSize is how close to the end of a PDF its end mark must be.
const tailSize = 1024

// tee counts, hashes and keeps the end of what passes through it.
type tee struct {
	r    io.Reader
	hash hash.Hash
	size int64
	tail []byte
}

func (t *tee) Read(p []byte) (int, error) {
	n, err := t.r.Read(p)
	if n < 0 || n > len(p) {
		return 0, fmt.Errorf("reading file: reader returned %d bytes of %d", n, len(p))
	}
	b := p[:n]
	t.hash.Write(b)
	t.size += int64(n)
	if n >= tailSize {
		t.tail = append(t.tail[:0], b[n-tailSize:]...)
	} else {
		if over := len(t.tail) + n - tailSize; over > 0 {
			t.tail = append(t.tail[:0], t.tail[over:]...)
		}
		t.tail = append(t.tail, b...)
	}
	return n, err
}

func newTee(r io.Reader, most int64) *tee {
	return &tee{r: io.LimitReader(r, most), hash: sha256.New()}
}
