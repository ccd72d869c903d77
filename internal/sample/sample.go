// Package sample makes real files for demonstrations, tests and seeds: PDFs with
// scanned-looking pages of any size, pictures, and files that must be refused. The
// same seed makes the same bytes. It makes no data about people.
package sample

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"
	"math/rand/v2"
	"unicode/utf16"
)

// noise is the random source of a seed. ChaCha8 is the same in every Go version.
func noise(seed uint64) *rand.ChaCha8 {
	var key [32]byte
	for i := range 8 {
		key[i] = byte(seed >> (8 * i))
	}
	return rand.NewChaCha8(key)
}

const (
	rowBytes = 1240   // one row of a grey A4 scan at 150 dpi
	maxPages = 10_000 // more is a mistake
	maxSize  = 5_000_000_000
)

// WritePDF writes a PDF 1.4 of that many pages, at least size bytes large, which
// viewers open: on each page the title, the page's number, and a grey picture of
// seeded noise as large as it takes. Pages below 1 count as 1. It fails only when w
// does, or for sizes no dossier has. It holds one row of a picture in memory.
func WritePDF(w io.Writer, seed uint64, title string, pages int, size int64) error {
	if pages > maxPages || size > maxSize {
		return fmt.Errorf("making sample of %d pages and %d bytes: too large", pages, size)
	}
	pages = max(pages, 1)
	rows := max(16, (max(size, 0)/int64(pages)+rowBytes-1)/rowBytes)

	p := &printer{w: w}
	p.text("%%PDF-1.4\n%%\xe6\x80\xa5\xe9\n")
	p.object(1, "<< /Type /Catalog /Pages 2 0 R >>")
	kids := ""
	for i := range pages {
		kids += fmt.Sprintf("%d 0 R ", 6+3*i)
	}
	p.object(2, "<< /Type /Pages /Count %d /Kids [ %s] >>", pages, kids)
	// A font that is not embedded: every viewer with Chinese fonts stands in for it.
	p.object(3, "<< /Type /Font /Subtype /Type0 /BaseFont /STSong-Light /Encoding /UniGB-UCS2-H /DescendantFonts [ 4 0 R ] >>")
	p.object(
		4,
		"<< /Type /Font /Subtype /CIDFontType0 /BaseFont /STSong-Light /CIDSystemInfo << /Registry (Adobe) /Ordering (GB1) /Supplement 2 >> /DW 1000 /FontDescriptor << /Type /FontDescriptor /FontName /STSong-Light /Flags 6 /FontBBox [ -25 -254 1000 880 ] /ItalicAngle 0 /Ascent 880 /Descent -120 /CapHeight 880 /StemV 93 >> >>",
	)
	p.object(5, "<< /Title <feff%s> /Producer (jixu sample) >>", ucs2(title))
	src := noise(seed)
	row := make([]byte, rowBytes)
	for i := range pages {
		n := 6 + 3*i
		p.object(
			n,
			"<< /Type /Page /Parent 2 0 R /MediaBox [ 0 0 595 842 ] /Contents %d 0 R /Resources << /Font << /F1 3 0 R >> /XObject << /I1 %d 0 R >> >> >>",
			n+1,
			n+2,
		)
		page := fmt.Sprintf("q 495 0 0 640 50 60 cm /I1 Do Q\nBT /F1 16 Tf 50 770 Td <%s> Tj 0 -28 Td <%s> Tj ET\n",
			ucs2(title), ucs2(fmt.Sprintf("第 %d 页，共 %d 页（示例文件）", i+1, pages)))
		p.object(n+1, "<< /Length %d >>\nstream\n%sendstream", len(page), page)
		p.begin(n + 2)
		p.text(
			"<< /Type /XObject /Subtype /Image /Width %d /Height %d /ColorSpace /DeviceGray /BitsPerComponent 8 /Length %d >>\nstream\n",
			rowBytes,
			rows,
			rows*rowBytes,
		)
		for range rows {
			_, _ = src.Read(row) // never fails
			p.bytes(row)
		}
		p.text("\nendstream\nendobj\n")
	}
	at := p.at
	p.text("xref\n0 %d\n0000000000 65535 f \n", len(p.offsets)+1)
	for _, o := range p.offsets {
		p.text("%010d 00000 n \n", o)
	}
	p.text("trailer\n<< /Size %d /Root 1 0 R /Info 5 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(p.offsets)+1, at)
	if p.err != nil {
		return fmt.Errorf("making sample: %w", p.err)
	}
	return nil
}

// PDF returns what [WritePDF] writes. Sizes it refuses are a mistake in the
// caller, and panic.
func PDF(seed uint64, title string, pages int, size int64) []byte {
	var b bytes.Buffer
	if err := WritePDF(&b, seed, title, pages, size); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// printer writes objects in order of their numbers and remembers where.
type printer struct {
	w       io.Writer
	at      int64
	offsets []int64
	err     error
}

func (p *printer) bytes(b []byte) {
	if p.err == nil {
		_, p.err = p.w.Write(b)
		p.at += int64(len(b))
	}
}

func (p *printer) text(format string, args ...any) { p.bytes(fmt.Appendf(nil, format, args...)) }

func (p *printer) begin(n int) {
	if n != len(p.offsets)+1 {
		panic("sample: objects out of order")
	}
	p.offsets = append(p.offsets, p.at)
	p.text("%d 0 obj\n", n)
}

func (p *printer) object(n int, format string, args ...any) {
	p.begin(n)
	p.text(format, args...)
	p.text("\nendobj\n")
}

// ucs2 returns s as UTF-16 in hex.
func ucs2(s string) string {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		b = append(b, byte(u>>8), byte(u))
	}
	return hex.EncodeToString(b)
}

// picture is a scanned-looking page: lines of grey on paper, and noise.
func picture(seed uint64, w, h int) *image.RGBA {
	r := rand.New(noise(seed))
	w, h = max(w, 1), max(h, 1)
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		ink := y/9%2 == 1 && y > h/12 && y < h-h/12
		for x := range w {
			v := 236 + r.IntN(16)
			if ink && x > w/10 && x < w-w/10 && r.IntN(3) > 0 {
				v = 60 + r.IntN(60)
			}
			m.SetRGBA(x, y, color.RGBA{uint8(v), uint8(v), uint8(v - r.IntN(8)), 255})
		}
	}
	return m
}

// JPEG returns a picture of w by h pixels.
func JPEG(seed uint64, w, h int) []byte {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, picture(seed, w, h), &jpeg.Options{Quality: 85}); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// PNG returns a picture of w by h pixels.
func PNG(seed uint64, w, h int) []byte {
	var b bytes.Buffer
	if err := png.Encode(&b, picture(seed, w, h)); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// Bad is a file that must be refused.
type Bad struct {
	Name string // what it is called, for an upload
	Code string // why it is refused
	Data []byte
}

// BadFiles returns one file of each kind that must be refused.
func BadFiles(seed uint64) []Bad {
	pdf := PDF(seed, "示例", 1, 0)
	with := func(old, new string) []byte { return bytes.Replace(pdf, []byte(old), []byte(new), 1) }
	pic := PNG(seed, 64, 64)
	hurt := bytes.Clone(pic)
	hurt[len(hurt)/2] ^= 1
	zip := append([]byte("PK\x03\x04\x14"), make([]byte, 64)...)
	return []Bad{
		{"empty.pdf", "file.empty", nil},
		{"archive.pdf", "file.type", zip},
		{"page.pdf", "file.type", []byte("<!doctype html><script>alert(1)</script>")},
		{"late.pdf", "file.type", append([]byte("\n"), pdf...)},
		{"half.pdf", "file.truncated", pdf[:len(pdf)/2]},
		{"half.jpg", "file.truncated", JPEG(seed, 64, 64)[:600]},
		{"half.png", "file.truncated", pic[:len(pic)/2]},
		{"hurt.png", "file.truncated", hurt},
		{"script.pdf", "file.active", with("/Type /Catalog", "/Type /Catalog /OpenAction << /S /JavaScript /JS (app.alert\\(1\\)) >>")},
		{"escaped-script.pdf", "file.active", with("/Type /Catalog", "/Type /Catalog /OpenAction << /S /J#61vaScr#69pt /JS (app.alert\\(1\\)) >>")},
		{"launch.pdf", "file.active", with("/Type /Catalog", "/Type /Catalog /OpenAction << /S /Launch /F (cmd.exe) >>")},
		{"attachment.pdf", "file.active", with("/Type /Catalog", "/Type /Catalog /Names << /EmbeddedFiles << /Names [ ] >> >>")},
		{"locked.pdf", "file.encrypted", with("/Info 5 0 R", "/Info 5 0 R /Encrypt << /Filter /Standard /V 1 /R 2 /P -4 >>")},
	}
}
