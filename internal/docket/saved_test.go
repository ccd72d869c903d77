package docket

import (
	"mime"
	"strings"
	"testing"

	"jixu/internal/dossier"
)

func TestADownloadIsCalledByItsNameAndWhatItIs(t *testing.T) {
	for _, row := range []struct {
		sentence string
		name     string
		is       dossier.Type
		want     string
		plain    string // for what reads ASCII only
	}{
		{"a name with the right ending keeps it", "申请表.pdf", dossier.PDF, "申请表.pdf", "signed-form.pdf"},
		{"a document called a PDF is what it is", "x.pdf", dossier.DOCX, "x.docx", "x.docx"},
		{"a macro book that is none is a book", "表.XLSM", dossier.XLSX, "表.xlsx", "signed-form.xlsx"},
		{"a photograph ends as photographs do", "IMG_1.JPEG", dossier.JPEG, "IMG_1.jpg", "IMG_1.jpg"},
		{"a name without an ending gets one", "申请表扫描件", dossier.PNG, "申请表扫描件.png", "signed-form.png"},
		{"a point within is no ending", "报告 2026.11", dossier.PDF, "报告 2026.11.pdf", "signed-form.pdf"},
		{"a program's ending starts nothing", "setup.exe", dossier.PDF, "setup.exe.pdf", "setup.exe.pdf"},
		{"an ending alone is no name", ".pdf", dossier.PDF, "signed-form.pdf", "signed-form.pdf"},
		{"points and blanks alone are none", " .. 　", dossier.PDF, "signed-form.pdf", "signed-form.pdf"},
		{"a path is a name", `..\..\申/请:表*?.pdf`, dossier.PDF, "_.._申_请_表__.pdf", "signed-form.pdf"},
		{"quotation marks end no header", `a"; filename="b.exe`, dossier.PDF, "a_; filename=_b.exe.pdf", "a_; filename=_b.exe.pdf"},
		{"line ends begin no header", "a\r\nSet-Cookie: x=1.pdf", dossier.PDF, "aSet-Cookie_ x=1.pdf", "aSet-Cookie_ x=1.pdf"},
		{"what nobody sees is gone", "申请\u202efdp.pdf", dossier.PDF, "申请fdp.pdf", "signed-form.pdf"},
		{"a per cent sign is one", "100%.pdf", dossier.PDF, "100%.pdf", "signed-form.pdf"},
		{"a long name ends between characters", strings.Repeat("表", 300), dossier.PDF, strings.Repeat("表", 66) + ".pdf", "signed-form.pdf"},
	} {
		f := File{Item: "signed-form", Name: row.name, Type: row.is}
		if got := f.SavedAs(); got != row.want {
			t.Errorf("%s: got %q, want %q", row.sentence, got, row.want)
		}
		header := f.Attachment()
		how, params, err := mime.ParseMediaType(header)
		if err != nil || how != "attachment" || params["filename"] != row.want {
			t.Errorf("%s: browsers read %q (%v), want %q", row.sentence, params["filename"], err, row.want)
		}
		if strings.ContainsFunc(header, func(r rune) bool { return r < ' ' || r > '~' }) || !strings.HasPrefix(header, `attachment; filename="`+row.plain+`";`) {
			t.Errorf("%s: got the header %q, want plain ASCII that begins with %q", row.sentence, header, row.plain)
		}
	}
}
