package dossier_test

import (
	"bytes"
	"compress/zlib"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"

	"jixu/internal/dossier"
	"jixu/internal/fault"
	"jixu/internal/sample"
)

var anything = dossier.Rule{MaxBytes: 64 << 20, Types: []dossier.Type{dossier.PDF, dossier.JPEG, dossier.PNG}}

func code(err error) string {
	if f := fault.Of(err); f != nil {
		return f.Code
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

func deflate(s string) string {
	var b bytes.Buffer
	z := zlib.NewWriter(&b)
	_, _ = io.WriteString(z, s)
	_ = z.Close()
	return b.String()
}

// withStream is a PDF with one more object: a dictionary and its stream.
func withStream(dict, data string) string {
	pdf := string(sample.PDF(1, "t", 1, 0))
	return strings.Replace(pdf, "xref\n", "9 0 obj\n<< "+dict+" >>\nstream\r\n"+data+"\r\nendstream\nendobj\nxref\n", 1)
}

func TestInspect(t *testing.T) {
	pdf := string(sample.PDF(1, "示例", 2, 0))
	jpg, png := string(sample.JPEG(1, 40, 30)), string(sample.PNG(1, 40, 30))
	catalog := func(s string) string { return strings.Replace(pdf, "/Type /Catalog", "/Type /Catalog "+s, 1) }
	script := "<< /S /JavaScript /JS (x) >>"
	onlyPDF := dossier.Rule{MaxBytes: 1 << 20, Types: []dossier.Type{dossier.PDF}}
	for _, row := range []struct {
		name string
		data string
		rule dossier.Rule
		want dossier.Type
		code string
	}{
		{"a PDF", pdf, anything, dossier.PDF, ""},
		{"a JPEG", jpg, anything, dossier.JPEG, ""},
		{"a PNG", png, anything, dossier.PNG, ""},
		{"nothing", "", anything, "", "file.empty"},
		{"one byte more than allowed", pdf, dossier.Rule{MaxBytes: int64(len(pdf)) - 1, Types: anything.Types}, "", "file.large"},
		{"exactly as large as allowed", pdf, dossier.Rule{MaxBytes: int64(len(pdf)), Types: anything.Types}, dossier.PDF, ""},
		{"a picture where a PDF is wanted", jpg, onlyPDF, dossier.JPEG, "file.type"},
		{"a page of HTML", "<html>", anything, "", "file.type"},
		{"a PDF that begins late", " " + pdf, anything, "", "file.type"},
		{"a PDF behind a byte-order mark", "\ufeff" + pdf, anything, "", "file.type"},
		{"a PDF that is an archive as well", pdf + "PK\x05\x06" + strings.Repeat("\x00", 18), anything, dossier.PDF, "file.type"},
		{"half a PDF", pdf[:len(pdf)/2], anything, dossier.PDF, "file.truncated"},
		{"a PDF whose end mark is far from its end", pdf + strings.Repeat(" ", 1100), anything, dossier.PDF, "file.truncated"},
		{"a PDF with a few bytes after its end", pdf + "\r\n\x00\x00", anything, dossier.PDF, ""},
		{"a JPEG without its end", jpg[:len(jpg)-2], anything, dossier.JPEG, "file.truncated"},
		{"a JPEG padded with zeros", jpg + "\x00\x00\x00", anything, dossier.JPEG, ""},
		{"a JPEG with something behind it", jpg + "<?php", anything, dossier.JPEG, "file.truncated"},
		{"a PNG without its end", png[:len(png)-12], anything, dossier.PNG, "file.truncated"},
		{"a PNG cut in its last checksum", png[:len(png)-1], anything, dossier.PNG, "file.truncated"},
		{"a PNG with something behind it", png + "x", anything, dossier.PNG, "file.truncated"},
		{"a PNG with a wrong header checksum", png[:20] + "\x01" + png[21:], anything, dossier.PNG, "file.truncated"},
		{"a PNG that begins with its end", png[:8] + png[len(png)-12:], anything, dossier.PNG, "file.truncated"},
		{"a PNG with two headers", png[:33] + png[8:], anything, dossier.PNG, "file.truncated"},
		{"a PNG that claims a chunk of 4 GB", png[:33] + "\xff\xff\xff\xffIDAT" + png[41:], anything, dossier.PNG, "file.truncated"},
		{"only the signature of a PNG", png[:8], anything, dossier.PNG, "file.truncated"},
		{"a PDF with a script", catalog("/OpenAction " + script), anything, dossier.PDF, "file.active"},
		{"a PDF with an escaped script", catalog("/OpenAction << /S /J#61vaScript >>"), anything, dossier.PDF, "file.active"},
		{"a PDF with every letter of a script escaped", catalog("/OpenAction << /S/#4a#61#76#61#53#63#72#69#70#74>>"), anything, dossier.PDF, "file.active"},
		{"a PDF with a launch action", catalog("/AA << /O << /S/Launch/F(a)>> >>"), anything, dossier.PDF, "file.active"},
		{"a PDF with an embedded file", catalog("/X << /Type /EmbeddedFile >>"), anything, dossier.PDF, "file.active"},
		{"a PDF with a list of embedded files", catalog("/Names << /EmbeddedFiles 9 0 R >>"), anything, dossier.PDF, "file.active"},
		{"a PDF with rich media", catalog("/X << /Subtype /RichMedia >>"), anything, dossier.PDF, "file.active"},
		{"a PDF with a form that sends", catalog("/X << /S /SubmitForm >>"), anything, dossier.PDF, "file.active"},
		{"a PDF that plays something", catalog("/X << /S /Rendition /JS (x) >>"), anything, dossier.PDF, "file.active"},
		{"a PDF with a model that has a script", catalog("/X << /Type /3D /OnInstantiate 9 0 R >>"), anything, dossier.PDF, "file.active"},
		{"a PDF with a pinned file", catalog("/X << /Subtype /FileAttachment >>"), anything, dossier.PDF, "file.active"},
		{"a PDF that opens a file elsewhere", catalog("/X << /S /GoToR >>"), anything, dossier.PDF, "file.active"},
		{"a PDF that opens a file within", catalog("/X << /S /GoTo#45 >>"), anything, dossier.PDF, "file.active"},
		{"a PDF with a form that is a program", catalog("/AcroForm << /XFA 9 0 R >>"), anything, dossier.PDF, "file.active"},
		{"a PDF with such a form in pieces", catalog("/AcroForm << /X#46A[(a) 9 0 R] >>"), anything, dossier.PDF, "file.active"},
		{"a PDF with a file in a specification of no name", catalog("/X << /EF << /F 9 0 R >> >>"), anything, dossier.PDF, "file.active"},
		{"a PDF with such a file behind remarks", catalog("/X << /EF%<\n %\r 12\t0\r\nR >>"), anything, dossier.PDF, "file.active"},
		{"a PDF with such a file right behind", catalog("/X << /EF<</F 9 0 R>> >>"), anything, dossier.PDF, "file.active"},
		{"a PDF with short names that mean something else", catalog("/EF 12 /XFA (x) /EF true /EF /XFA /EF <41> /XFA 12 0 /EF 1 R"), anything, dossier.PDF, ""},
		{"a packed object with a file within", withStream("/Filter /FlateDecode", deflate("<< /EF<</F 9 0 R>> >>")), anything, dossier.PDF, "file.active"},
		{"a packed object with a form that is a program", withStream("/Filter /FlateDecode", deflate("<< /XFA\n9 0 R >>")), anything, dossier.PDF, "file.active"},
		{"a packed object whose filter is named elsewhere", withStream("/Type /ObjStm /Filter 12 0 R", "78>"), anything, dossier.PDF, "file.active"},
		{"a packed object whose filter's settings are elsewhere", withStream("/DecodeParms 12 0 R /Type /ObjStm /Filter /FlateDecode", deflate("x")), anything, dossier.PDF, "file.active"},
		{"a picture behind a filter that is not undone, in a file that packs", packing(withStream("/Filter /ASCII85Decode", "x~>")), anything, dossier.PDF, ""},
		{"a filter that is not undone, in a file that does not pack", withStream("/Filter /ASCII85Decode", "x~>"), anything, dossier.PDF, ""},
		{"a predictor in a file that packs", strings.Replace(withStream("/Subtype /Image /DecodeParms << /Predictor 15 >> /Filter /FlateDecode", deflate("x")), "/Info", "/Type /XRef /Info", 1), anything, dossier.PDF, ""},
		{"an encrypted PDF", strings.Replace(pdf, "/Info", "/Encrypt 8 0 R /Info", 1), anything, dossier.PDF, "file.encrypted"},
		{"an encrypted PDF with a script is encrypted first", strings.Replace(catalog(script), "/Info", "/Encrypt 8 0 R /Info", 1), anything, dossier.PDF, "file.encrypted"},
		{"a PDF that opens at a page", catalog("/OpenAction [ 3 0 R /Fit ]"), anything, dossier.PDF, ""},
		{"a PDF with names that only begin alike", catalog("/JavaScripts 1 /Launcher 2 /Encrypted 3"), anything, dossier.PDF, ""},
		{"a PDF that mentions a script in words", catalog("/X (JavaScript)"), anything, dossier.PDF, ""},
		{"a packed object with a script", withStream("/Type /ObjStm /Filter /FlateDecode", deflate("1 0 << /S /JavaScript >>")), anything, dossier.PDF, "file.active"},
		{"a packed object that does not say what it is", withStream("/Filter /FlateDecode", deflate("1 0 << /S /J#61vaScript>>")), anything, dossier.PDF, "file.active"},
		{"a packed object whose stream is damaged behind the script", withStream("/Filter /FlateDecode", deflate("<< /S /JavaScript >> " + strings.Repeat("x", 99))[:31]), anything, dossier.PDF, "file.active"},
		{"a packed object without harm", withStream("/Type /ObjStm /Filter /FlateDecode", deflate("1 0 << /S /GoTo >>")), anything, dossier.PDF, ""},
		{"a packed object nobody can look into", withStream("/Type /ObjStm /Filter [ /ASCIIHexDecode /FlateDecode ]", "78>"), anything, dossier.PDF, "file.active"},
		{"a packed object with a short filter", withStream("/Filter /AHx /Type /ObjStm", "78>"), anything, dossier.PDF, "file.active"},
		{"a packed object with a predictor", withStream("/DecodeParms << /Predictor 12 >> /Type /ObjStm /Filter /FlateDecode", deflate("x")), anything, dossier.PDF, "file.active"},
		{"a picture with a predictor", withStream("/Subtype /Image /DecodeParms << /Predictor 15 >> /Filter /FlateDecode", deflate("x")), anything, dossier.PDF, ""},
		{"a script behind a false stream", withStream("/X (stream\n) /Type /ObjStm /Filter /FlateDecode", deflate("<< /S /JavaScript >>")), anything, dossier.PDF, "file.active"},
		{"a script in plain sight inside a stream that never ends", strings.Replace(pdf, "xref\n", "9 0 obj << >> stream\nx\n10 0 obj << /S /JavaScript >> endobj\nxref\n", 1), anything, dossier.PDF, "file.active"},
	} {
		for _, cut := range []struct {
			how string
			r   func(io.Reader) io.Reader
		}{
			{"whole", func(r io.Reader) io.Reader { return r }},
			{"byte by byte", iotest.OneByteReader},
			{"with the end beside the data", iotest.DataErrReader},
		} {
			rep, err := dossier.Inspect(cut.r(strings.NewReader(row.data)), int64(len(row.data)), row.rule)
			if got := code(err); got != row.code || rep.Type != row.want {
				t.Errorf("%s, read %s: got %q %q, want %q %q", row.name, cut.how, rep.Type, got, row.want, row.code)
			}
			if err != nil && !errors.Is(err, fault.Invalid) {
				t.Errorf("%s: got %v, want %v", row.name, err, fault.Invalid)
			}
			sum := sha256.Sum256([]byte(row.data))
			if row.code != "file.large" && (rep.SHA256 != hex.EncodeToString(sum[:]) || rep.Size != int64(len(row.data))) {
				t.Errorf("%s, read %s: size and digest are those of the whole file: got %+v", row.name, cut.how, rep)
			}
		}
	}
}

func TestInspectSizes(t *testing.T) {
	pdf := sample.PDF(1, "t", 1, 0)
	for _, row := range []struct {
		name string
		size int64
		max  int64
		code string
	}{
		{"an unannounced size", -1, 1 << 20, ""},
		{"fewer bytes than announced", int64(len(pdf)) + 1, 1 << 20, "file.truncated"},
		{"more bytes than announced", int64(len(pdf)) - 1, 1 << 20, "file.truncated"},
		{"announced too large", 1<<20 + 1, 1 << 20, "file.large"},
		{"too large without saying so", -1, 1000, "file.large"},
		{"too large and lying", 10, 1000, "file.large"},
	} {
		_, err := dossier.Inspect(bytes.NewReader(pdf), row.size, dossier.Rule{MaxBytes: row.max, Types: anything.Types})
		if got := code(err); got != row.code {
			t.Errorf("%s: got %q, want %q", row.name, got, row.code)
		}
	}
}

func TestInspectTellsTheStoresFailureFromTheFiles(t *testing.T) {
	for name, data := range map[string][]byte{"PDF": sample.PDF(1, "t", 1, 0), "JPEG": sample.JPEG(1, 90, 90), "PNG": sample.PNG(1, 90, 90)} {
		for _, n := range []int{0, 3, 8, 700, len(data) / 2, len(data) - 1} {
			broken := errors.New("connection reset")
			r := io.MultiReader(bytes.NewReader(data[:n]), iotest.ErrReader(broken))
			if _, err := dossier.Inspect(r, int64(len(data)), anything); !errors.Is(err, fault.Unavailable) || !errors.Is(err, broken) {
				t.Errorf("%s, connection lost after %d bytes: got %v, want %v", name, n, err, fault.Unavailable)
			}
		}
	}
}

// Wherever the script's name falls on a border of what is read at once, it is found.
func TestScriptAcrossEveryBorder(t *testing.T) {
	pdf := sample.PDF(1, "t", 1, 150<<10)
	at := bytes.Index(pdf, []byte("stream\n")) + 7
	at = bytes.Index(pdf[at:], []byte("/Length")) + at
	at = bytes.Index(pdf[at:], []byte("stream\n")) + at + 7
	for off := 65536 - 20; off < 65536+20; off++ {
		b := bytes.Clone(pdf)
		copy(b[off:], "/J#61vaScript ")
		if off < at {
			t.Fatal("the picture begins too late for this test")
		}
		if _, err := dossier.Inspect(bytes.NewReader(b), int64(len(b)), anything); code(err) != "file.active" {
			t.Errorf("a script at byte %d: got %v, want file.active", off, err)
		}
	}
}

func TestInspectHoldsLittleOfALargeFile(t *testing.T) {
	r, w := io.Pipe()
	go func() { w.CloseWithError(sample.WritePDF(w, 7, "大文件", 4, 40<<20)) }()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	rep, err := dossier.Inspect(r, -1, anything)
	runtime.ReadMemStats(&after)
	if err != nil || rep.Size < 40<<20 {
		t.Fatalf("a file of 40 MB: got %+v, %v", rep, err)
	}
	if got := after.TotalAlloc - before.TotalAlloc; got > 4<<20 {
		t.Errorf("all that was ever allocated: got %d bytes, want at most 4 MB", got)
	}
}

func TestBombEnds(t *testing.T) {
	defer dossier.LowerUnpackMost(4 << 20)()
	var b bytes.Buffer
	z := zlib.NewWriter(&b)
	zero := make([]byte, 1<<20)
	for range 5 {
		_, _ = z.Write(zero)
	}
	_ = z.Close()
	for dict, want := range map[string]string{"/Type /ObjStm /Filter /FlateDecode": "file.active", "/Subtype /Image /Filter /FlateDecode": ""} {
		data := withStream(dict, b.String())
		if _, err := dossier.Inspect(strings.NewReader(data), int64(len(data)), anything); code(err) != want {
			t.Errorf("more zeros than there is room for in %s: got %q, want %q", dict, code(err), want)
		}
	}
}

func manifests() *rapid.Generator[dossier.Manifest] {
	return rapid.Custom(func(t *rapid.T) dossier.Manifest {
		m := dossier.Manifest{
			Case: "c", Number: "n", Kind: "device", Submission: rapid.IntRange(1, 9).Draw(t, "no"), Pack: "p", Rules: "r", Calendar: "k",
			Form: rapid.MapOfN(rapid.String(), rapid.String(), 0, 5).Draw(t, "form"),
		}
		for i := range rapid.IntRange(0, 6).Draw(t, "files") {
			m.Files = append(
				m.Files,
				dossier.Listed{
					Item:    rapid.SampledFrom([]string{"a", "b"}).Draw(t, "item"),
					File:    fmt.Sprint("f", i),
					Key:     "k",
					Version: "v",
					SHA256:  "00",
					Size:    rapid.Int64Range(0, 1<<40).Draw(t, "size"),
					Type:    dossier.PDF,
				},
			)
		}
		return m
	})
}

func TestManifestIsReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := manifests().Draw(t, "m")
		data, digest, err := m.Canonical()
		if err != nil {
			t.Fatal(err)
		}
		back, err := dossier.ParseManifest(data, digest)
		if err != nil {
			t.Fatal(err)
		}
		slices.Reverse(m.Files)
		again, digest2, err := m.Canonical()
		if err != nil || digest2 != digest || !bytes.Equal(again, data) {
			t.Fatalf("the order of adding matters: %s, %s", data, again)
		}
		if third, _, _ := back.Canonical(); !bytes.Equal(third, data) {
			t.Fatalf("reading and writing: got %s, want %s", third, data)
		}
		i := rapid.IntRange(0, len(data)-1).Draw(t, "i")
		data[i] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
		if _, err := dossier.ParseManifest(data, digest); !errors.Is(err, fault.Invalid) {
			t.Fatalf("one bit changed: got %v, want %v", err, fault.Invalid)
		}
	})
}

func TestParseManifestWantsTheOneSpelling(t *testing.T) {
	for _, s := range []string{"", "{}", "null", `{"case":"c","extra":1}`, "\xff"} {
		sum := sha256.Sum256([]byte(s))
		if m, err := dossier.ParseManifest([]byte(s), hex.EncodeToString(sum[:])); !errors.Is(err, fault.Invalid) {
			t.Errorf("%q is no manifest: got %+v, %v", s, m, err)
		}
	}
}

func FuzzInspect(f *testing.F) {
	f.Add(sample.PDF(1, "t", 1, 0)[:2000])
	f.Add(sample.JPEG(1, 8, 8))
	f.Add(sample.PNG(1, 8, 8))
	f.Add([]byte(withStream("/Type /ObjStm", deflate("/S /JavaScript"))))
	f.Add([]byte("%PDF-1.7\n/J#6\n/#/##/#4astream \r%%EOF"))
	f.Fuzz(func(t *testing.T, b []byte) {
		rep, err := dossier.Inspect(bytes.NewReader(b), int64(len(b)), anything)
		slow, err2 := dossier.Inspect(iotest.OneByteReader(bytes.NewReader(b)), int64(len(b)), anything)
		if code(err) != code(err2) || rep != slow {
			t.Errorf("how it is cut matters: got %+v %v and %+v %v", rep, err, slow, err2)
		}
		if err == nil && rep.Type == dossier.PDF && bytes.Contains(b, []byte("/JavaScript ")) {
			t.Error("a script passes")
		}
	})
}

func BenchmarkInspectPDF(b *testing.B) {
	pdf := sample.PDF(1, "t", 4, 32<<20)
	b.SetBytes(int64(len(pdf)))
	for b.Loop() {
		if _, err := dossier.Inspect(bytes.NewReader(pdf), int64(len(pdf)), anything); err != nil {
			b.Fatal(err)
		}
	}
}

func FuzzManifest(f *testing.F) {
	m := dossier.Manifest{
		Case:   "c",
		Number: "n",
		Form:   map[string]string{"unit": "套"},
		Files:  []dossier.Listed{{Item: "a", File: "f", Size: 1 << 40, Type: dossier.XLSX}},
	}
	for _, m := range []dossier.Manifest{{}, m} {
		b, _, err := m.Canonical()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add([]byte(`{"case":"\ud800"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		sum := sha256.Sum256(b)
		m, err := dossier.ParseManifest(b, hex.EncodeToString(sum[:]))
		if err != nil {
			if !errors.Is(err, fault.Invalid) {
				t.Errorf("got %v, want %v", err, fault.Invalid)
			}
			return
		}
		if back, _, err := m.Canonical(); err != nil || !bytes.Equal(back, b) {
			t.Errorf("a manifest that was read is written as it was: got %s, want %s, %v", back, b, err)
		}
	})
}

// A PNG of chunks with right checksums, which a fuzzer of bytes does not find.
func FuzzPNG(f *testing.F) {
	f.Add("IHDR", []byte("\x00\x00\x00\x01\x00\x00\x00\x01\x08\x00\x00\x00\x00"), "IDAT", []byte("x"), "IEND")
	f.Add("IDAT", []byte("x"), "IHDR", []byte("0123456789abc"), "IEND")
	f.Add("IHDR", []byte("0123456789abc"), "tEXt", []byte("<script>"), "iend")
	f.Fuzz(func(t *testing.T, first string, a []byte, second string, b []byte, last string) {
		file := []byte("\x89PNG\r\n\x1a\n")
		chunk := func(kind string, data []byte) {
			kind = (kind + "    ")[:4]
			file = binary.BigEndian.AppendUint32(file, uint32(len(data)))
			file = append(append(file, kind...), data...)
			file = binary.BigEndian.AppendUint32(file, crc32.ChecksumIEEE(file[len(file)-len(data)-4:]))
		}
		chunk(first, a)
		chunk(second, b)
		chunk(last, nil)
		_, err := dossier.Inspect(bytes.NewReader(file), int64(len(file)), anything)
		if right := strings.HasPrefix(first, "IHDR") && len(a) == 13 && strings.HasPrefix(second, "IDAT") &&
			strings.HasPrefix(last, "IEND"); right != (err == nil) {
			t.Errorf("%q %q %q: got %v", first, second, last, err)
		}
	})
}

// A PDF of one object and one stream: whatever stands around it, a script that is
// plainly there is found.
func FuzzPDF(f *testing.F) {
	f.Add("/Type /Catalog", "q 1 0 0 1 0 0 cm Q", false)
	f.Add("/X (stream\n)", "/S /JavaScript", true)
	f.Add("%\n/#4aS", "<< /EF << >> >>", true)
	f.Fuzz(func(t *testing.T, dict, data string, packed bool) {
		plain := data
		if packed {
			dict, data = dict+"/Filter /FlateDecode", deflate(data)
		}
		file := []byte("%PDF-1.7\n1 0 obj\n<< " + dict + " >>\nstream\n" + data + "\nendstream\nendobj\ntrailer\n<< >>\n%%EOF\n")
		_, err := dossier.Inspect(bytes.NewReader(file), int64(len(file)), anything)
		if err != nil && !errors.Is(err, fault.Invalid) {
			t.Errorf("got %v, want %v or nothing", err, fault.Invalid)
		}
		if err == nil && (strings.Contains(dict, "/JavaScript ") || strings.Contains(plain, "/JavaScript ") && !strings.Contains(dict, "stream")) {
			t.Errorf("a script passes in %q %q", dict, plain)
		}
	})
}
