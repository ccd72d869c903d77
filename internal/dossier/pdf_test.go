package dossier_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"jixu/internal/dossier"
	"jixu/internal/sample"
)

// packing is pdf as a file that says it packs objects.
func packing(pdf string) string { return strings.Replace(pdf, "/Info", "/Type /XRef /Info", 1) }

// storedBlock is data in one block that deflate did not make smaller.
func storedBlock(data string) string {
	n := len(data)
	return "\x78\x01\x01" + string([]byte{byte(n), byte(n >> 8), ^byte(n), ^byte(n >> 8)}) + data + "\x00\x00\x00\x00"
}

// Objects that a reader could take from a stream lie where we see them, or the
// file is refused; whatever else a stream holds may lie behind what it likes.
func TestNoPackedObjectIsHidden(t *testing.T) {
	script := deflate("1 0 << /S /JavaScript >>")
	within := "\nendstream endobj\n10 0 obj << /Type /ObjStm /N 1 /First 4 /Filter /FlateDecode >>\nstream\n" + script + "\nendstream"
	twice := deflate(script)
	places := func(pdf string) string { // of objects, in a stream that does not say so
		return strings.Replace(pdf, "xref\n", "11 0 obj << /Size 9 /W [1 2 1] >>\nstream\n\nendstream endobj\nxref\n", 1)
	}
	for _, row := range []struct {
		name, data, want string
	}{
		{"packed twice", withStream("/Type /ObjStm /N 1 /First 4 /Filter [/FlateDecode /FlateDecode]", twice), "file.active"},
		{"packed twice, and says nothing of what it is", places(withStream("/N 1 /First 4 /Filter [/FlateDecode /FlateDecode]", twice)), "file.active"},
		{"packed twice, in a file that says nothing and an odd dictionary", places(withStream("/N 1 /First 4 ) /Filter [/FlateDecode /FlateDecode]", twice)), "file.active"},
		{"a filter by its short name", withStream("/Type /ObjStm /N 1 /First 4 /Filter /Fl", script), "file.active"},
		{"a filter elsewhere, in a list", withStream("/Type /ObjStm /N 1 /First 4 /Filter [7 0 R]", script), "file.active"},
		{"settings elsewhere, in a list", withStream("/Type /ObjStm /N 1 /First 4 /Filter /FlateDecode /DecodeParms [7 0 R]", script), "file.active"},
		{"settings of which one is elsewhere", withStream("/Type /ObjStm /N 1 /First 4 /Filter /FlateDecode /DecodeParms <</Predictor 7 0 R>>", script), "file.active"},
		{"settings by their short name", withStream("/Type /ObjStm /N 1 /First 4 /Filter /FlateDecode /DP <</Predictor 12>>", deflate("x")), "file.active"},
		{"a filter whose key is escaped", withStream("/Type /ObjStm /N 1 /First 4 /F#69lter /LZWDecode", "x"), "file.active"},
		{"two filters, of which one would do", withStream("/Type /ObjStm /N 1 /First 4 /Filter /FlateDecode /Filter /LZWDecode", "x"), "file.active"},
		{"bytes elsewhere", withStream("/Type /ObjStm /N 1 /First 4 /F (x)", ""), "file.active"},
		{"one Flate that is none", packing(withStream("/N 1 /First 4 /Filter /FlateDecode", "\x79"+script)), "file.active"},
		{"a dictionary with a false one in a remark", packing(withStream("/N 1 /First 4 /Filter /LZWDecode % 7 0 obj <<\n /Length 3", "x")), "file.active"},
		{"a dictionary with a false one in a text", packing(withStream("/N 1 /First 4 /Filter /LZWDecode /X (7 0 obj <</Length 3>>)", "x")), "file.active"},
		{"a dictionary that nobody reads alike", packing(withStream("/Length 3 } /X 1", "x")), "file.active"},
		{"a remark before the stream", packing(strings.Replace(withStream("/N 1 /First 4 /Filter /LZWDecode", "x"), ">>\nstream", ">> % >\n%\n stream", 1)), "file.active"},
		{"a stream within the packed bytes of another", withStream("/Filter /FlateDecode", storedBlock(within)), "file.active"},
		{"a stream within one that nothing announces", withStream("/X (stream\n"+storedBlock(within)+")", "x"), "file.active"},
		{"a stream whose line ends behind the packed bytes", withStream("/Filter /FlateDecode", storedBlock("10 0 obj << /Type /ObjStm /N 1 /First 4 >>\nstream")+"\n"+script), "file.active"},

		{"packed once", withStream("/Type /ObjStm /N 1 /First 4 /Filter /FlateDecode", deflate("1 0 << /A /B >>")), ""},
		{"packed once, in a list, with nothing to set", withStream("/Type /ObjStm /N 1 /First 4 /Filter [ /FlateDecode ] /DecodeParms [ null ]", deflate("1 0 << /A /B >>")), ""},
		{"packed once, and set to nothing", withStream("/Type /ObjStm /N 1 /First 4 /Filter/FlateDecode/DecodeParms<</Predictor 1/Columns 4>>", deflate("1 0 << /A /B >>")), ""},
		{"not packed at all", withStream("/Type /ObjStm /N 1 /First 4", "1 0 << /A /B >>"), ""},
		{"a list of places with a predictor", withStream("/Type /XRef /Size 9 /W [1 2 1] /Filter /FlateDecode /DecodeParms << /Columns 4 /Predictor 12 >>", deflate("x")), ""},
		{"a photograph in a file that packs", packing(withStream("/Subtype /Image /Filter /DCTDecode", "\xff\xd8\xff")), ""},
		{"a picture packed twice in a file that packs", packing(withStream("/Subtype /Image /Filter [/ASCII85Decode /FlateDecode]", "x~>")), ""},
		{"colours behind a filter in a file that does not pack", withStream("/N 3 /Filter [/ASCII85Decode /FlateDecode]", "x~>"), ""},
		{"words that end alike", packing(withStream("/Type /Metadata", "in the bloodstream\n>> of a stream\nof words")), ""},
		{"a title that never ends, before a stream", packing(strings.Replace(withStream("", "x"), "9 0 obj", "8 0 obj << /Title (a\\) >> endobj\n9 0 obj", 1)), ""},
		{"a dictionary in which a name is missing", packing(withStream("/Length 1 (x) /Filter /FlateDecode", deflate("x"))), ""},
	} {
		_, err := dossier.Inspect(strings.NewReader(row.data), int64(len(row.data)), anything)
		if got := code(err); got != row.want {
			t.Errorf("%s: got %q (%v), want %q", row.name, got, err, row.want)
		}
	}
	for folder, want := range map[string]string{"refused": "file.active", "taken": ""} {
		names, err := filepath.Glob(filepath.Join("testdata", folder, "*.pdf"))
		if err != nil || len(names) < 3 {
			t.Fatalf("got samples %v (%v), want some", names, err)
		}
		for _, name := range names {
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := dossier.Inspect(bytes.NewReader(data), int64(len(data)), anything); code(err) != want {
				t.Errorf("%s: got %v, want %q", name, err, want)
			}
		}
	}
}

// A file that is made to keep us busy is read in about the time of its bytes: at
// this size nothing else would come to an end.
func TestLookingForDictionariesComesToAnEnd(t *testing.T) {
	for name, one := range map[string]string{
		"beginnings": "obj<<", "beginnings of lists": "obj<</A[", "beginnings within texts": "obj<</A(", "dictionaries and streams": "obj<<>>stream ",
		"remarks": "%stream\n", "ends": ">>stream", "ends and line ends": ">>\nstream\n", "texts within texts": "obj<</A(obj<</A()>>)>>\n",
		"long texts": "obj<</A(" + strings.Repeat("obj<</B(", 500) + strings.Repeat(")>>", 501) + ")",
	} {
		pdf := packing(strings.Replace(string(sample.PDF(1, "t", 1, 0)), "xref\n", strings.Repeat(one, 4<<20/len(one))+">>\nstream\nxref\n", 1))
		if _, err := dossier.Inspect(strings.NewReader(pdf), int64(len(pdf)), anything); code(err) != "file.active" {
			t.Errorf("%s: got %v, want it refused", name, err)
		}
	}
}
