package dossier_test

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math/rand/v2"
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

var papers = dossier.Rule{MaxBytes: 300 << 20, Types: dossier.Types}

// anew writes the archive again, each part as change wants it; "" leaves it out.
func anew(t testing.TB, data []byte, change func(h *zip.FileHeader, data string) (string, bool)) []byte {
	t.Helper()
	r, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, f := range r.File {
		in, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		old, err := io.ReadAll(in)
		if err != nil {
			t.Fatal(err)
		}
		h := &zip.FileHeader{Name: f.Name, Method: zip.Deflate}
		s, keep := change(h, string(old))
		if !keep {
			continue
		}
		out, err := w.CreateHeader(h)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(out, s); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func same(_ *zip.FileHeader, s string) (string, bool) { return s, true }

// within replaces text within one part of a document.
func within(t testing.TB, data []byte, name, old, new string) []byte {
	found := false
	out := anew(t, data, func(h *zip.FileHeader, s string) (string, bool) {
		if h.Name == name {
			found = strings.Contains(s, old)
			s = strings.Replace(s, old, new, 1)
		}
		return s, true
	})
	if !found {
		t.Fatalf("%s does not hold %q", name, old)
	}
	return out
}

func TestInspectDocuments(t *testing.T) {
	docx, xlsx := sample.DOCX(1, "示例", 3), sample.XLSX(1, "示例", 3)
	doc := func(old, new string) []byte { return within(t, docx, "word/document.xml", old, new) }
	rel := func(old, new string) []byte { return within(t, docx, "word/_rels/document.xml.rels", old, new) }
	kinds := func(old, new string) []byte { return within(t, docx, "[Content_Types].xml", old, new) }
	field := func(s string) []byte {
		return doc(`<w:instrText xml:space="preserve"> PAGE \* MERGEFORMAT </w:instrText>`, s)
	}
	formula := func(s string) []byte {
		return within(t, xlsx, "xl/worksheets/sheet1.xml", "<f>", "<f>"+s+"</f></c><c><f>")
	}
	patch := func(data []byte, at int, with string) []byte {
		b := bytes.Clone(data)
		copy(b[at:], with)
		return b
	}
	central := bytes.Index(docx, []byte("PK\x01\x02"))
	end := bytes.LastIndex(docx, []byte("PK\x05\x06"))
	onlyPDF := dossier.Rule{MaxBytes: 1 << 20, Types: []dossier.Type{dossier.PDF}}
	onlyXLSX := dossier.Rule{MaxBytes: 1 << 20, Types: []dossier.Type{dossier.PDF, dossier.XLSX}}
	rows := []struct {
		name string
		data []byte
		rule dossier.Rule
		want dossier.Type
		code string
	}{
		{"a document of Word", docx, papers, dossier.DOCX, ""},
		{"a workbook of Excel", xlsx, papers, dossier.XLSX, ""},
		{"a document where a PDF is wanted", docx, onlyPDF, "", "file.type"},
		{"a document where a workbook is wanted", docx, onlyXLSX, dossier.DOCX, "file.type"},
		{"parts that are not compressed", anew(t, docx, func(h *zip.FileHeader, s string) (string, bool) {
			h.Method = zip.Store
			h.CRC32, h.UncompressedSize64 = 0, 0
			return s, true
		}), papers, "", "file.package"}, // stored and sizes behind: no end to be seen
		{"parts in another order", anew(t, flipped(t, docx), same), papers, dossier.DOCX, ""},
		{"a folder in the archive", add(t, docx, "word/empty/", ""), papers, dossier.DOCX, ""},
		{"a folder that holds bytes", add(t, docx, "word/media/x", "x", "word/media/x", "word/media//"), papers, "", "file.package"},
		{
			"the strict form of the standard",
			rels(
				t,
				docx,
				"http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument",
				"http://purl.oclc.org/ooxml/officeDocument/relationships/officeDocument",
			),
			papers,
			dossier.DOCX,
			"",
		},
		{"a main part named from the root", rels(t, docx, `"word/document.xml"`, `"/word/document.xml"`), papers, dossier.DOCX, ""},
		{"a main part outside of the package", rels(t, docx, `"word/document.xml"`, `"../word/document.xml"`), papers, "", "file.type"},
		{
			"two main parts",
			rels(t, docx, "</Relationships>", `<Relationship Type="x/officeDocument" Target="a.xml"/></Relationships>`),
			papers,
			"",
			"file.type",
		},
		{"a template of Word", kinds("document.main", "template.main"), papers, "", "file.type"},
		{"an archive that does not say what its parts are", anew(t, docx, func(h *zip.FileHeader, s string) (string, bool) {
			return s, h.Name != "[Content_Types].xml"
		}), papers, "", "file.type"},
		{
			"an archive without a main part",
			anew(t, docx, func(h *zip.FileHeader, s string) (string, bool) { return s, h.Name != "_rels/.rels" }),
			papers,
			"",
			"file.type",
		},
		{
			"one kind said twice, differently",
			kinds("</Types>", `<Override PartName="/WORD/document.xml" ContentType="image/png"/></Types>`),
			papers,
			"",
			"file.type",
		},
		{"kinds in a part of another encoding", kinds(`encoding="UTF-8"`, `encoding="UTF-7"`), papers, "", "file.type"},
		{
			"kinds in capitals",
			kinds(
				"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml",
				"APPLICATION/vnd.openxmlformats-officedocument.WORDPROCESSINGML.document.main+xml",
			),
			papers,
			dossier.DOCX,
			"",
		},

		{"a mark of byte order before a part", doc("<?xml", "\ufeff<?xml"), papers, dossier.DOCX, ""},
		{"a part that is cut off", doc("</w:document>", ""), papers, dossier.DOCX, "file.package"},
		{"a part with an entity of its own", doc("示例", "&xxe;"), papers, dossier.DOCX, "file.package"},
		{"a part with a null in it", doc("示例", "a\x00b"), papers, dossier.DOCX, "file.package"},
		{"a part of text that is a picture", doc("<?xml", "\x89PNG"), papers, dossier.DOCX, "file.package"},
		{"a script in a comment", doc("<w:body>", "<w:body><!-- <w:fldSimple w:instr='DDE'/> -- -->"), papers, dossier.DOCX, ""},

		{"a link to a page", rel("https://www.gov.cn/", "http://example.org/?a=1&amp;b=2"), papers, dossier.DOCX, ""},
		{"a link to a mailbox", rel("https://www.gov.cn/", "mailto:a@example.org"), papers, dossier.DOCX, ""},
		{"a link to a script", rel("https://www.gov.cn/", "javascript:alert(1)"), papers, dossier.DOCX, "file.external"},
		{"a link spelt with references", rel("https://www.gov.cn/", "&#102;ile:///c:/x"), papers, dossier.DOCX, "file.external"},
		{"a link to a share behind slashes", rel("https://www.gov.cn/", `//server/share`), papers, dossier.DOCX, "file.external"},
		{
			"a mode in capitals",
			rel("</Rel", `<Relationship Type="a/image" Target="http://x/y" TargetMode="EXTERNAL"/></Rel`),
			papers,
			dossier.DOCX,
			"file.external",
		},
		{"an address that claims to be inside", rel("media/image1.png", "http://x/y.png"), papers, dossier.DOCX, "file.external"},
		{"a part above the package", rel("media/image1.png", "../../../y.png"), papers, dossier.DOCX, "file.external"},
		{
			"a row with quotes of the other kind",
			rel("</Rel", `<x:Relationship Type = 'http://a/attachedTemplate' TargetMode='External' Target='x'></x:Relationship></Rel`),
			papers,
			dossier.DOCX,
			"file.external",
		},
		{"a row in CDATA is text", rel("</Rel", `<![CDATA[<Relationship Type="a/control" Target="x"/>]]></Rel`), papers, dossier.DOCX, ""},
		{
			"a list of external data",
			kinds(
				"</Types>",
				`<Override PartName="/word/media/image1.png" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.connections+xml"/></Types>`,
			),
			papers,
			dossier.DOCX,
			"file.package",
		},
		{
			"a kind for parts that are not there",
			kinds("</Types>", `<Default Extension="bin" ContentType="application/vnd.ms-office.vbaProject"/></Types>`),
			papers,
			dossier.DOCX,
			"",
		},
		{
			"the gravest reason is told",
			rel(
				"</Rel",
				`<Relationship Type="a/image" Target="http://x/y" TargetMode="External"/><Relationship Type="a/vbaProject" Target="x"/><Relationship Type="a/package" Target="x"/></Rel`,
			),
			papers,
			dossier.DOCX,
			"file.macro",
		},

		{"a field in two halves", field("<w:instrText>DD</w:instrText></w:r><w:r><w:instrText>E a b</w:instrText>"), papers, dossier.DOCX, "file.external"},
		{"a field in CDATA", field("<w:instrText><![CDATA[ LINK ]]>x</w:instrText>"), papers, dossier.DOCX, "file.external"},
		{"a field in quotes", field(`<w:instrText>"INCLUDEPICTURE" "http://x"</w:instrText>`), papers, dossier.DOCX, "file.external"},
		{"a field in small letters", field("<w:instrText>\t includetext x</w:instrText>"), papers, dossier.DOCX, "file.external"},
		{
			"a field within another",
			field(
				`<w:instrText>IF 1=1 </w:instrText></w:r><w:r><w:fldChar w:fldCharType="begin"/><w:instrText>PAGE</w:instrText><w:fldChar w:fldCharType="end"/>`,
			),
			papers,
			dossier.DOCX,
			"",
		},
		{
			"a refused field within another",
			field(
				`<w:instrText>IF 1=1 </w:instrText></w:r><w:r><w:fldChar w:fldCharType="begin"/><w:instrText>DDEAUTO x</w:instrText><w:fldChar w:fldCharType="end"/>`,
			),
			papers,
			dossier.DOCX,
			"file.external",
		},
		{
			"a field whose first word another one makes",
			field(
				`<w:instrText> DD</w:instrText></w:r><w:r><w:fldChar w:fldCharType="begin"/><w:instrText>QUOTE 69</w:instrText><w:fldChar w:fldCharType="end"/>`,
			),
			papers,
			dossier.DOCX,
			"file.external",
		},
		{"a text about links", doc("示例", "LINK DDE INCLUDEPICTURE"), papers, dossier.DOCX, ""},
		{
			"more fields open than anybody nests",
			field(strings.Repeat(`<w:instrText>IF 1</w:instrText><w:instrText> </w:instrText><w:fldChar w:fldCharType="begin"/>`, 600)),
			papers,
			dossier.DOCX,
			"file.package",
		},

		{"a formula with a word between quotes", formula(`IF(A1="cmd|x","CALL(","IMAGE(")`), papers, dossier.XLSX, ""},
		{"a formula of a function that only begins alike", formula(`IMAGESOF(1)+RECALL(2)`), papers, dossier.XLSX, ""},
		{"a formula that calls", formula(`1+call ("kernel32")`), papers, dossier.XLSX, "file.external"},
		{"a formula that fetches a picture", formula(`_xlfn.IMAGE("http://x")`), papers, dossier.XLSX, "file.external"},
		{"a formula behind a sheet's name", formula(`清单!REGISTER.ID(1)`), papers, dossier.XLSX, "file.external"},
		{"a formula that speaks to another program", formula(`A1+cmd|'/c x'!A0`), papers, dossier.XLSX, "file.external"},

		{"an encrypted part", patch(docx, 6, "\x01"), papers, "", "file.encrypted"},
		{"a way of packing that nobody uses", patch(docx, 8, "\x0c"), papers, "", "file.package"},
		{"a wrong checksum", patch(docx, 14, "abcd"), papers, "", "file.package"},
		{"a damaged stream", patch(docx, 60, "\xff\xff\xff"), papers, "", "file.package"},
		{"a directory with another name", patch(docx, central+46, "x"), papers, "", "file.package"},
		{"a directory with another checksum", patch(docx, central+16, "x"), papers, "", "file.package"},
		{"a directory with a comment", patch(docx, central+32, "\x01"), papers, "", "file.package"},
		{"a directory that counts wrong", patch(docx, end+10, "\x09"), papers, "", "file.package"},
		{"a directory that begins elsewhere", patch(docx, end+16, "\x00\x00"), papers, "", "file.package"},
		{"an archive in pieces", patch(docx, end+4, "\x01"), papers, "", "file.package"},
		{"an archive with a comment", append(patch(docx, end+20, "\x01"), 'x'), papers, "", "file.package"},
		{"no more than the first header", docx[:40], papers, "", "file.truncated"},
		{"all but the last byte", docx[:len(docx)-1], papers, "", "file.truncated"},
		{"an archive of nothing", docx[end:], papers, "", "file.type"},
		{"nothing between the parts", append(bytes.Clone(docx[:central]), append(make([]byte, 9), docx[central:]...)...), papers, "", "file.package"},
		{"an archive whose sizes are wide", widened(docx), papers, dossier.DOCX, ""},
		{"an archive whose wide sizes lie", patch(widened(docx), widePlace(docx), "\x07"), papers, "", "file.package"},
	}
	for _, name := range []string{"a//b", "./a", "a/../b", "..", "a/..", `a\b`, "a:b", "/a", "a\x01b", "a\xffb", "a.", "a/b /c", "%2e%2e/a", "a%2Fb", "%41b", "a%00", strings.Repeat("a", 256), ""} {
		rows = append(rows, struct {
			name string
			data []byte
			rule dossier.Rule
			want dossier.Type
			code string
		}{fmt.Sprintf("a part called %q", name), add(t, docx, name, "x"), papers, "", "file.package"})
	}
	for _, row := range rows {
		for _, cut := range []struct {
			how string
			r   func(io.Reader) io.Reader
		}{
			{"whole", func(r io.Reader) io.Reader { return r }},
			{"byte by byte", iotest.OneByteReader},
			{"with the end beside the data", iotest.DataErrReader},
		} {
			rep, err := dossier.Inspect(cut.r(bytes.NewReader(row.data)), int64(len(row.data)), row.rule)
			if got := code(err); got != row.code || rep.Type != row.want {
				t.Errorf("%s, read %s: got %q %q, want %q %q", row.name, cut.how, rep.Type, got, row.want, row.code)
			}
			if err != nil && !errors.Is(err, fault.Invalid) {
				t.Errorf("%s: got %v, want %v", row.name, err, fault.Invalid)
			}
			sum := sha256.Sum256(row.data)
			if rep.SHA256 != hex.EncodeToString(sum[:]) || rep.Size != int64(len(row.data)) {
				t.Errorf("%s, read %s: size and digest are those of the whole file: got %+v", row.name, cut.how, rep)
			}
		}
	}
}

// rels changes the package's own relations.
func rels(t *testing.T, data []byte, old, new string) []byte {
	return within(t, data, "_rels/.rels", old, new)
}

// flipped is the archive with its parts backwards.
func flipped(t *testing.T, data []byte) []byte {
	r, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i := range r.File {
		if err := w.Copy(r.File[len(r.File)-1-i]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// add appends a part. Names that the writer would not take are put in afterwards.
func add(t *testing.T, data []byte, name, s string, swaps ...string) []byte {
	r, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, f := range r.File {
		if err := w.Copy(f); err != nil {
			t.Fatal(err)
		}
	}
	out, err := w.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(out, s); err != nil && !strings.HasSuffix(name, "/") {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	out2 := b.Bytes()
	for i := 0; i+1 < len(swaps); i += 2 {
		out2 = bytes.ReplaceAll(out2, []byte(swaps[i]), []byte(swaps[i+1]))
	}
	return out2
}

// widened gives the first entry of an archive, which says its sizes in front,
// wide ones, and the archive a wide end.
func widened(data []byte) []byte {
	le := binary.LittleEndian
	b := bytes.Clone(data)
	packed, size := le.Uint32(b[18:]), le.Uint32(b[22:])
	n := int(le.Uint16(b[26:]))
	extra := le.AppendUint16(nil, 1)
	extra = le.AppendUint16(extra, 16)
	extra = le.AppendUint64(extra, uint64(size))
	extra = le.AppendUint64(extra, uint64(packed))
	le.PutUint32(b[18:], 1<<32-1)
	le.PutUint32(b[22:], 1<<32-1)
	le.PutUint16(b[28:], uint16(len(extra)))
	b = append(bytes.Clone(b[:30+n]), append(extra, b[30+n:]...)...)
	grown := uint32(len(extra))
	central := bytes.Index(b, []byte("PK\x01\x02"))
	end := bytes.LastIndex(b, []byte("PK\x05\x06"))
	for at, first := central, true; at < end; first = false {
		next := at + 46 + int(le.Uint16(b[at+28:])) + int(le.Uint16(b[at+30:]))
		if !first {
			le.PutUint32(b[at+42:], le.Uint32(b[at+42:])+grown)
		}
		at = next
	}
	entries := uint64(le.Uint16(b[end+10:]))
	wide := append([]byte("PK\x06\x06"), le.AppendUint64(nil, 44)...)
	wide = append(wide, 45, 0, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0)
	for _, v := range []uint64{entries, entries, uint64(end - central), uint64(central)} {
		wide = le.AppendUint64(wide, v)
	}
	wide = append(wide, "PK\x06\x07\x00\x00\x00\x00"...)
	wide = le.AppendUint64(wide, uint64(end))
	wide = append(wide, 1, 0, 0, 0)
	tail := bytes.Clone(b[end:])
	le.PutUint32(tail[16:], 1<<32-1)
	return append(append(b[:end], wide...), tail...)
}

// widePlace is where the first entry's wide size stands.
func widePlace(data []byte) int {
	return 30 + int(binary.LittleEndian.Uint16(data[26:])) + 4
}

// part is one file of an archive, unpacked.
type part struct{ name, data string }

func partsOf(t testing.TB, data []byte) []part {
	t.Helper()
	r, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	var out []part
	for _, f := range r.File {
		in, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(in)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, part{f.Name, string(b)})
	}
	return out
}

// stored writes parts without compressing them, sizes in front.
func stored(t testing.TB, parts []part) []byte {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, p := range parts {
		n := uint64(len(p.data))
		out, err := w.CreateRaw(&zip.FileHeader{Name: p.name, CRC32: crc32.ChecksumIEEE([]byte(p.data)), CompressedSize64: n, UncompressedSize64: n})
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(out, p.data)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestStoredPartsAreRead(t *testing.T) {
	b := stored(t, partsOf(t, sample.DOCX(1, "t", 1)))
	if rep, err := dossier.Inspect(bytes.NewReader(b), int64(len(b)), papers); err != nil || rep.Type != dossier.DOCX {
		t.Errorf("a document that is not compressed: got %+v, %v", rep, err)
	}
}

func TestInspectTellsTheStoresFailureFromADocuments(t *testing.T) {
	for name, data := range map[string][]byte{"DOCX": sample.DOCX(1, "t", 9), "XLSX": sample.XLSX(1, "t", 9)} {
		for n := 0; n < len(data); n += 7 {
			broken := errors.New("connection reset")
			r := io.MultiReader(bytes.NewReader(data[:n]), iotest.ErrReader(broken))
			if _, err := dossier.Inspect(r, int64(len(data)), papers); !errors.Is(err, fault.Unavailable) || !errors.Is(err, broken) {
				t.Fatalf("%s, connection lost after %d bytes: got %v, want %v", name, n, err, fault.Unavailable)
			}
		}
	}
}

// large writes a document with pictures of noise, as large as it takes.
func large(w io.Writer, pictures, each int) error {
	docx := sample.DOCX(1, "大文件", 3)
	r, err := zip.NewReader(bytes.NewReader(docx), int64(len(docx)))
	if err != nil {
		return err
	}
	z := zip.NewWriter(w)
	for _, f := range r.File {
		if err := z.Copy(f); err != nil {
			return err
		}
	}
	noise := rand.NewChaCha8([32]byte{1})
	for i := range pictures {
		out, err := z.Create(fmt.Sprintf("word/media/noise%d.png", i))
		if err != nil {
			return err
		}
		if _, err := io.CopyN(out, io.MultiReader(strings.NewReader("\x89PNG"), noise), int64(each)); err != nil {
			return err
		}
	}
	return z.Close()
}

func TestInspectHoldsLittleOfALargeDocument(t *testing.T) {
	r, w := io.Pipe()
	go func() { w.CloseWithError(large(w, 5, 20<<20)) }()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	rep, err := dossier.Inspect(r, -1, papers)
	runtime.ReadMemStats(&after)
	if err != nil || rep.Size < 100<<20 || rep.Type != dossier.DOCX {
		t.Fatalf("a document of 100 MB: got %+v, %v", rep, err)
	}
	if got := after.TotalAlloc - before.TotalAlloc; got > 16<<20 {
		t.Errorf("all that was ever allocated, by its writer too: got %d bytes, want at most 16 MB", got)
	}
}

func TestDocumentBombsEnd(t *testing.T) {
	defer dossier.LowerUnpackedMost(1 << 20)()
	docx := sample.DOCX(1, "t", 1)
	for name, row := range map[string]struct {
		parts, size int
		code        string
	}{
		"parts that are too large together": {5, 300 << 10, "file.bomb"},
		"as large as may be":                {3, 300 << 10, ""},
		"too many parts":                    {5000, 1, "file.package"},
	} {
		var b bytes.Buffer
		w := zip.NewWriter(&b)
		r, err := zip.NewReader(bytes.NewReader(docx), int64(len(docx)))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range r.File {
			_ = w.Copy(f)
		}
		for i := range row.parts {
			out, _ := w.Create(fmt.Sprint("word/media/", i))
			_, _ = io.CopyN(out, rand.NewChaCha8([32]byte{1}), int64(row.size))
		}
		_ = w.Close()
		if _, err := dossier.Inspect(bytes.NewReader(b.Bytes()), int64(b.Len()), papers); code(err) != row.code {
			t.Errorf("%s: got %q, want %q", name, code(err), row.code)
		}
	}
}

// heard is what a reader of XML says, by ours and by the library's.
type heard struct{ b strings.Builder }

func (h *heard) Opens(name string)        { h.b.WriteString("<" + name) }
func (h *heard) Attribute(name, v string) { h.b.WriteString(" " + name + "=" + v) }
func (h *heard) Says(c byte)              { h.b.WriteByte(c) }
func (h *heard) Closes(name string)       { h.b.WriteString(">" + name) }

// library is what encoding/xml hears, or "" if it cannot read s to its end.
func library(s string) (string, bool) {
	var h heard
	d := xml.NewDecoder(strings.NewReader(s))
	for {
		tok, err := d.RawToken()
		if err == io.EOF {
			return h.b.String(), true
		}
		if err != nil {
			return "", false
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			h.Opens(tok.Name.Local)
			for _, a := range tok.Attr {
				h.Attribute(a.Name.Local, a.Value)
			}
		case xml.EndElement:
			h.Closes(tok.Name.Local)
		case xml.CharData:
			h.b.Write(tok)
		}
	}
}

func TestMarkupHearsWhatTheLibraryHears(t *testing.T) {
	texts := rapid.SampledFrom([]string{"", "a", " 急需 ", "&lt;&#65;&#x5e73;&amp;", "<!-- x > - -->", "<![CDATA[a]]b]] >]]]>", "<?x y?>", "]]", "a=b"})
	attrs := rapid.SampledFrom([]string{"", ` a="1"`, ` x:b = 'q"&quot;'`, " a='' \n c=\"&#9;>\""})
	var tree func(t *rapid.T, depth int) string
	tree = func(t *rapid.T, depth int) string {
		var b strings.Builder
		for range rapid.IntRange(0, 3).Draw(t, "children") {
			name := rapid.SampledFrom([]string{"a", "w:instrText", "名"}).Draw(t, "name")
			at := attrs.Draw(t, "attrs")
			switch {
			case depth == 0 || rapid.Bool().Draw(t, "alone"):
				b.WriteString("<" + name + at + "/>")
			default:
				b.WriteString("<" + name + at + ">" + texts.Draw(t, "text") + tree(t, depth-1) + "</" + name + " >")
			}
			b.WriteString(texts.Draw(t, "after"))
		}
		return b.String()
	}
	rapid.Check(t, func(t *rapid.T) {
		s := `<?xml version="1.0" encoding="UTF-8"?>` + tree(t, 3)
		var h heard
		ok := dossier.Listen(s, &h)
		want, fine := library(s)
		if !ok || !fine || h.b.String() != want {
			t.Fatalf("%s:\ngot  %v %s\nwant %v %s", s, ok, h.b.String(), fine, want)
		}
	})
}

// Whatever ours reads to its end, the library reads alike, or not at all; so
// nothing is heard by others that was not heard here.
func FuzzMarkup(f *testing.F) {
	for _, s := range []string{"<a b='c'>d</a>", "<a><![CDATA[]]]]><![CDATA[>]]></a>", "<!-- --><a/>", "<?xml version='1.0'?><a:b c:d=\"&#x41;\"/>", "<a>&lt;</a>", "</a>", "<a", "<a b>", "<a/ >", "<a><b></a></b>"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var h heard
		ok := dossier.Listen(s, &h)
		want, fine := library(s)
		if ok && fine && h.b.String() != want && !strings.Contains(s, "\r") && !unlike(s) {
			t.Errorf("%q: got %s, want %s", s, h.b.String(), want)
		}
	})
}

// unlike are names that the library reads differently and Office never writes:
// a colon at an end or twice, and what is no letter.
func unlike(s string) bool {
	return strings.Contains(s, "::") || strings.ContainsAny(s, ":") && !strings.Contains(s, "w:") || len(s) > 4096
}

func FuzzDocument(f *testing.F) {
	f.Add(sample.DOCX(1, "t", 1))
	f.Add(sample.XLSX(1, "t", 1))
	for _, bad := range sample.BadDocuments(1) {
		if bad.Code != "file.bomb" {
			f.Add(bad.Data)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		rep, err := dossier.Inspect(bytes.NewReader(b), int64(len(b)), papers)
		slow, err2 := dossier.Inspect(iotest.OneByteReader(bytes.NewReader(b)), int64(len(b)), papers)
		if code(err) != code(err2) || rep != slow {
			t.Errorf("how it is cut matters: got %+v %v and %+v %v", rep, err, slow, err2)
		}
		if err != nil || rep.Type != dossier.DOCX && rep.Type != dossier.XLSX {
			return
		}
		// What passes, the library reads as an archive of exactly these parts, whole.
		r, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			t.Fatalf("passes, and is no archive: %v", err)
		}
		for _, part := range r.File {
			in, err := part.Open()
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.Copy(io.Discard, in); err != nil {
				t.Fatalf("passes, and %q cannot be read: %v", part.Name, err)
			}
			if strings.Contains(part.Name, "..") && strings.Contains(part.Name, "/../") {
				t.Errorf("a name that climbs passes: %q", part.Name)
			}
		}
	})
}

// Checksums keep a fuzzer of whole archives from the parts: this one writes them.
func FuzzPart(f *testing.F) {
	docx := partsOf(f, sample.DOCX(1, "t", 1))
	rows := `<Relationships><Relationship Id="a" Type="x/image" Target="http://a/b" TargetMode="External"/></Relationships>`
	for _, name := range []string{"word/_rels/document.xml.rels", "_rels/.rels", "[Content_Types].xml", "word/document.xml"} {
		f.Add(name, rows)
	}
	f.Add("word/document.xml", `<a><w:instrText>DDE</w:instrText><f>cmd|x</f><fldSimple instr="LINK"/></a>`)
	f.Fuzz(func(t *testing.T, name, s string) {
		if len(s) > 1<<16 {
			return
		}
		found, parts := false, slices.Clone(docx)
		for i := range parts {
			if parts[i].name == name {
				found, parts[i].data = true, s
			}
		}
		b := stored(t, parts)
		_, err := dossier.Inspect(bytes.NewReader(b), int64(len(b)), papers)
		if err != nil && !errors.Is(err, fault.Invalid) {
			t.Errorf("got %v, want %v or nothing", err, fault.Invalid)
		}
		var rels struct {
			Relationship []struct {
				Type       string `xml:"Type,attr"`
				TargetMode string `xml:"TargetMode,attr"`
			}
		}
		if err != nil || !found || name != "word/_rels/document.xml.rels" || xml.Unmarshal([]byte(s), &rels) != nil {
			return
		}
		for _, r := range rels.Relationship {
			if strings.EqualFold(r.TargetMode, "External") && !strings.HasSuffix(strings.ToLower(r.Type), "hyperlink") {
				t.Errorf("%q passes", s)
			}
		}
	})
}

func BenchmarkInspectText(b *testing.B) {
	docx := sample.DOCX(1, "t", 100_000)
	r, err := zip.NewReader(bytes.NewReader(docx), int64(len(docx)))
	if err != nil {
		b.Fatal(err)
	}
	var all int64
	for _, f := range r.File {
		all += int64(f.UncompressedSize64)
	}
	b.SetBytes(all)
	for b.Loop() {
		if _, err := dossier.Inspect(bytes.NewReader(docx), int64(len(docx)), papers); err != nil {
			b.Fatal(err)
		}
	}
}
