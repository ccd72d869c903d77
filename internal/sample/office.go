package sample

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"encoding/binary"
	"encoding/xml"
	"fmt"
	"hash/crc32"
	"io"
	"strings"
	"unicode/utf16"
)

// part is one file of a document of Word or Excel.
type part struct{ name, data string }

const (
	xmlHead  = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n"
	relTypes = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
	wordMain = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
	cellMain = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
)

// text escapes s for XML.
func text(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a Builder never fails
	return b.String()
}

// relation is one row of a .rels part.
func relation(id, typ, target, mode string) string {
	if !strings.Contains(typ, "/") {
		typ = relTypes + typ
	}
	if mode != "" {
		mode = fmt.Sprintf(" TargetMode=%q", mode)
	}
	return fmt.Sprintf(`<Relationship Id=%q Type=%q Target="%s"%s/>`, id, typ, text(target), mode)
}

func relations(rows ...string) string {
	return xmlHead + `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">` + strings.Join(rows, "") + `</Relationships>`
}

func contentTypes(rows ...string) string {
	return xmlHead + `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">` +
		`<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>` +
		`<Default Extension="xml" ContentType="application/xml"/><Default Extension="png" ContentType="image/png"/>` +
		strings.Join(rows, "") + `</Types>`
}

func override(name, kind string) string {
	return fmt.Sprintf(`<Override PartName=%q ContentType=%q/>`, name, kind)
}

// word is a document of a title, paragraphs, a link, a page number and a picture.
func word(seed uint64, title string, paragraphs int) []part {
	var b strings.Builder
	b.WriteString(
		xmlHead + `<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><w:body>`,
	)
	fmt.Fprintf(&b, `<w:p><w:r><w:rPr><w:b/><w:sz w:val="32"/></w:rPr><w:t>%s</w:t></w:r></w:p>`, text(title))
	for i := range max(paragraphs, 1) {
		fmt.Fprintf(&b, `<w:p><w:r><w:t xml:space="preserve">第 %d 段（示例文件）。 </w:t></w:r></w:p>`, i+1)
	}
	b.WriteString(`<w:p><w:hyperlink r:id="rId2"><w:r><w:t>说明</w:t></w:r></w:hyperlink></w:p>` +
		`<w:p><w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText xml:space="preserve"> PAGE \* MERGEFORMAT </w:instrText></w:r>` +
		`<w:r><w:fldChar w:fldCharType="separate"/></w:r><w:r><w:t>1</w:t></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r></w:p>` +
		`<w:p><w:r><w:drawing><wp:inline xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing">` +
		`<wp:extent cx="914400" cy="914400"/><wp:docPr id="1" name="图 1"/>` +
		`<a:graphic xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"><a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/picture">` +
		`<pic:pic xmlns:pic="http://schemas.openxmlformats.org/drawingml/2006/picture"><pic:nvPicPr><pic:cNvPr id="0" name="图 1"/><pic:cNvPicPr/></pic:nvPicPr>` +
		`<pic:blipFill><a:blip r:embed="rId3"/><a:stretch><a:fillRect/></a:stretch></pic:blipFill>` +
		`<pic:spPr><a:xfrm><a:off x="0" y="0"/><a:ext cx="914400" cy="914400"/></a:xfrm><a:prstGeom prst="rect"><a:avLst/></a:prstGeom></pic:spPr>` +
		`</pic:pic></a:graphicData></a:graphic></wp:inline></w:drawing></w:r></w:p>` +
		`<w:sectPr><w:pgSz w:w="11906" w:h="16838"/></w:sectPr></w:body></w:document>`)
	return []part{
		{"[Content_Types].xml", contentTypes(override("/word/document.xml", wordMain))},
		{"_rels/.rels", relations(relation("rId1", "officeDocument", "word/document.xml", ""))},
		{"word/document.xml", b.String()},
		{"word/_rels/document.xml.rels", relations(
			relation("rId2", "hyperlink", "https://www.gov.cn/", "External"),
			relation("rId3", "image", "media/image1.png", ""),
		)},
		{"word/media/image1.png", string(PNG(seed, 48, 48))},
	}
}

// workbook is one of one table: a title and rows of numbers with their sum.
func workbook(seed uint64, title string, rows int) []part {
	var b strings.Builder
	b.WriteString(xmlHead + `<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>`)
	fmt.Fprintf(&b, `<row r="1"><c r="A1" t="inlineStr"><is><t>%s</t></is></c></row>`, text(title))
	n := noise(seed)
	rows = max(rows, 1)
	for i := range rows {
		fmt.Fprintf(&b, `<row r="%d"><c r="A%d" t="inlineStr"><is><t>第 %d 项</t></is></c><c r="B%d"><v>%d</v></c></row>`, i+2, i+2, i+1, i+2, n.Uint64()%1000)
	}
	fmt.Fprintf(
		&b,
		`<row r="%d"><c r="B%d"><f>IF(SUM(B2:B%d)&gt;0,SUM(B2:B%d),"a|b")</f><v>0</v></c></row></sheetData></worksheet>`,
		rows+2,
		rows+2,
		rows+1,
		rows+1,
	)
	return []part{
		{
			"[Content_Types].xml",
			contentTypes(
				override("/xl/workbook.xml", cellMain),
				override("/xl/worksheets/sheet1.xml", "application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"),
			),
		},
		{"_rels/.rels", relations(relation("rId1", "officeDocument", "xl/workbook.xml", ""))},
		{
			"xl/workbook.xml",
			xmlHead + `<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="清单" sheetId="1" r:id="rId1"/></sheets></workbook>`,
		},
		{"xl/_rels/workbook.xml.rels", relations(relation("rId1", "worksheet", "worksheets/sheet1.xml", ""))},
		{"xl/worksheets/sheet1.xml", b.String()},
	}
}

// pack writes parts as Word and Excel do: deflated, sizes in every header.
func pack(parts []part) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, p := range parts {
		packed := deflated(p.data)
		w, err := z.CreateRaw(&zip.FileHeader{
			Name: p.name, Method: zip.Deflate, CRC32: crc32.ChecksumIEEE([]byte(p.data)),
			CompressedSize64: uint64(len(packed)), UncompressedSize64: uint64(len(p.data)),
		})
		if err != nil {
			panic(err) // a Buffer never fails
		}
		_, _ = w.Write(packed)
	}
	_ = z.Close()
	return b.Bytes()
}

// flow writes parts as programs do that cannot go back: sizes behind the data.
func flow(parts []part) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, p := range parts {
		w, err := z.Create(p.name)
		if err != nil {
			panic(err)
		}
		_, _ = io.WriteString(w, p.data)
	}
	_ = z.Close()
	return b.Bytes()
}

func deflated(s string) []byte {
	var b bytes.Buffer
	w, _ := flate.NewWriter(&b, flate.DefaultCompression) // the level exists
	_, _ = io.WriteString(w, s)
	_ = w.Close()
	return b.Bytes()
}

// DOCX returns a document of Word that viewers open, of that many paragraphs.
func DOCX(seed uint64, title string, paragraphs int) []byte {
	return pack(word(seed, title, paragraphs))
}

// XLSX returns a workbook that viewers open, of that many rows. Its archive is
// written as by a program that streams.
func XLSX(seed uint64, title string, rows int) []byte { return flow(workbook(seed, title, rows)) }

// replace returns parts with one of them changed, or added.
func replace(parts []part, name string, with func(string) string) []part {
	out := append([]part(nil), parts...)
	for i := range out {
		if out[i].name == name {
			out[i].data = with(out[i].data)
			return out
		}
	}
	return append(out, part{name, with("")})
}

// BadDocuments returns documents of Word and Excel that must be refused where
// either is welcome, at least one of each kind.
func BadDocuments(seed uint64) []Bad {
	w, s := word(seed, "示例", 2), workbook(seed, "示例", 3)
	put := func(parts []part, name, data string) []part {
		return replace(parts, name, func(string) string { return data })
	}
	add := func(parts []part, name, before, more string) []part {
		return replace(parts, name, func(old string) string { return strings.Replace(old, before, more+before, 1) })
	}
	related := func(typ, target, mode string) []part {
		return add(w, "word/_rels/document.xml.rels", "</Rel", relation("rId9", typ, target, mode))
	}
	kind := func(parts []part, old, new string) []part {
		return replace(parts, "[Content_Types].xml", func(s string) string { return strings.Replace(s, old, new, 1) })
	}
	field := func(instruction string) []part {
		return add(
			w,
			"word/document.xml",
			"<w:sectPr>",
			`<w:p><w:r><w:fldChar w:fldCharType="begin"/></w:r>`+instruction+`<w:r><w:fldChar w:fldCharType="end"/></w:r></w:p>`,
		)
	}
	cell := func(formula string) []part {
		return add(s, "xl/worksheets/sheet1.xml", "</sheetData>", `<row r="99"><c r="A99"><f>`+formula+`</f></c></row>`)
	}
	older := oldOffice + strings.Repeat("\x00", 504)
	good := pack(w)
	twice := pack(append(append([]part(nil), w...), w[2]))
	return []Bad{
		{"plain-archive.docx", "file.type", pack([]part{{"a.txt", "a"}})},
		{"presentation.docx", "file.type", pack(kind(w, "wordprocessingml.document", "presentationml.presentation"))},
		{"old.docx", "file.old", []byte(older)},
		{"locked.docx", "file.encrypted", []byte(older + wide("EncryptedPackage") + older)},
		{"half.docx", "file.truncated", good[:len(good)/2]},
		{"no-directory.docx", "file.truncated", good[:bytes.Index(good, []byte("PK\x01\x02"))]},
		{"late.docx", "file.type", append([]byte("MZ"), good...)},
		{"more.docx", "file.package", append(bytes.Clone(good), "more"...)},
		{"climbs.docx", "file.package", pack(put(w, "../../etc/cron.d/x", "x"))},
		{"absolute.docx", "file.package", pack(put(w, "/etc/passwd", "x"))},
		{"drive.docx", "file.package", pack(put(w, `C:\x`, "x"))},
		{"twice.docx", "file.package", twice},
		{"other-case.docx", "file.package", pack(put(w, "WORD/document.xml", "x"))},
		{"lies.docx", "file.package", lying(good)},
		{"overlaps.docx", "file.package", overlapping(good)},
		{"type-declared.docx", "file.package", pack(replace(w, "word/document.xml", func(s string) string {
			return strings.Replace(s, "<w:document", `<!DOCTYPE x [<!ENTITY a "aa">]><w:document`, 1)
		}))},
		{"wide-letters.docx", "file.package", pack(replace(w, "word/document.xml", func(s string) string { return "\xff\xfe" + wide(s) }))},
		{"bomb.xlsx", "file.bomb", pack(put(s, "xl/worksheets/sheet2.xml", strings.Repeat(" ", 24<<20)))},
		{"macro.docx", "file.macro", pack(kind(put(w, "word/vbaProject.bin", older), wordMain, "application/vnd.ms-word.document.macroEnabled.main+xml"))},
		{
			"hidden-macro.docx",
			"file.macro",
			pack(
				add(
					put(w, "word/media/image2.png", older),
					"word/_rels/document.xml.rels",
					"</Rel",
					relation("rId9", "http://schemas.microsoft.com/office/2006/relationships/vbaProject", "media/image2.png", ""),
				),
			),
		},
		{"macro.xlsx", "file.macro", pack(kind(s, cellMain, "application/vnd.ms-excel.sheet.macroEnabled.main+xml"))},
		{
			"auto-open.xlsx",
			"file.macro",
			pack(add(s, "xl/workbook.xml", "</workbook>", `<definedNames><definedName name="_xlnm.Auto_Open">清单!$A$1</definedName></definedNames>`)),
		},
		{"object.docx", "file.embedded", pack(put(w, "word/embeddings/oleObject1.bin", older))},
		{"archive-inside.docx", "file.embedded", pack(put(w, "word/media/image2.png", string(good)))},
		{"program.docx", "file.embedded", pack(put(w, "word/media/image2.png", "MZ\x90\x00"+strings.Repeat("\x00", 99)))},
		{"control.docx", "file.embedded", pack(related("control", "activeX/activeX1.xml", ""))},
		{"page-inside.docx", "file.embedded", pack(related("aFChunk", "page.html", ""))},
		{
			"template.docx",
			"file.external",
			pack(put(w, "word/_rels/settings.xml.rels", relations(relation("rId1", "attachedTemplate", "https://example.org/t.dotm", "External")))),
		},
		{"picture-elsewhere.docx", "file.external", pack(related("image", "https://example.org/p.png", "External"))},
		{"link-to-share.docx", "file.external", pack(related("hyperlink", `\\server\share\x`, "External"))},
		{"link-to-program.docx", "file.external", pack(related("hyperlink", "file:///C:/x.exe", "External"))},
		{"dde.docx", "file.external", pack(field(`<w:r><w:instrText>DDEA</w:instrText></w:r><w:r><w:instrText>UTO c:\\x.exe "/k"</w:instrText></w:r>`))},
		{"spelt-dde.docx", "file.external", pack(field(`<w:r><w:instrText>&#68;&#x44;E x</w:instrText></w:r>`))},
		{
			"made-up-field.docx",
			"file.external",
			pack(
				field(
					`<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>QUOTE 68 68 69 </w:instrText></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r>`,
				),
			),
		},
		{"simple-dde.docx", "file.external", pack(add(w, "word/document.xml", "<w:sectPr>", `<w:p><w:fldSimple w:instr=" DDE x y"/></w:p>`))},
		{
			"workbook-elsewhere.xlsx",
			"file.external",
			pack(add(s, "xl/_rels/workbook.xml.rels", "</Rel", relation("rId9", "externalLink", "externalLinks/externalLink1.xml", ""))),
		},
		{"other-program.xlsx", "file.external", pack(cell("cmd|'/c calc'!A1"))},
		{"from-the-net.xlsx", "file.external", pack(cell(`A1 _xlfn.WEBSERVICE("http://example.org")`))},
	}
}

const oldOffice = "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

// wide returns s as UTF-16, low byte first.
func wide(s string) string {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return string(b)
}

// lying returns an archive whose first header claims one byte less than there is.
func lying(good []byte) []byte {
	b := bytes.Clone(good)
	binary.LittleEndian.PutUint32(b[22:], binary.LittleEndian.Uint32(b[22:])-1)
	return b
}

// overlapping returns an archive whose directory names its first entry twice.
func overlapping(good []byte) []byte {
	b := bytes.Clone(good)
	first := bytes.Index(b, []byte("PK\x01\x02"))
	second := first + 4 + bytes.Index(b[first+4:], []byte("PK\x01\x02"))
	binary.LittleEndian.PutUint32(b[second+42:], binary.LittleEndian.Uint32(b[first+42:]))
	return b
}

// WithPart returns a document with one more part.
func WithPart(document []byte, name string, data []byte) []byte {
	r, err := zip.NewReader(bytes.NewReader(document), int64(len(document)))
	if err != nil {
		panic(err) // a mistake in the caller
	}
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, f := range r.File {
		if err := z.Copy(f); err != nil {
			panic(err)
		}
	}
	w, err := z.Create(name)
	if err != nil {
		panic(err)
	}
	_, _ = w.Write(data)
	_ = z.Close()
	return b.Bytes()
}
