package typed_test

import (
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"jixu/internal/fault"
	"jixu/internal/typed"
)

// said is what err says of a field: its name and the code, or nothing.
func said(err error) string {
	f := fault.Of(err)
	if f == nil {
		return ""
	}
	var out []string
	for _, p := range f.Problems {
		out = append(out, p.Field+" "+p.Code)
	}
	return strings.Join(out, ", ")
}

func TestWhatATextMayHold(t *testing.T) {
	for _, row := range []struct{ name, in, out, text, line string }{
		{"a sentence", "请补充。", "请补充。", "", ""},
		{"blanks around it go", " 　请补充。\n", "请补充。", "", ""},
		{"line ends of forms", "一\r\n二\r三\n四", "一\n二\n三\n四", "", "why field.control"},
		{"a tab", "一\t二", "一\t二", "", "why field.control"},
		{"line ends around one line", "\r\n一\r\n", "一", "", ""},
		{"as many characters as allowed", strings.Repeat("长", 20), strings.Repeat("长", 20), "", ""},
		{"one more", strings.Repeat("长", 21), "", "why field.long", "why field.long"},
		{"blanks around it do not count", strings.Repeat("长", 20) + strings.Repeat(" ", 20), strings.Repeat("长", 20), "", ""},
		{"fewer than allowed", "短", "", "why field.missing", "why field.missing"},
		{"nothing", "", "", "why field.missing", "why field.missing"},
		{"blanks", " 　\n ", "", "why field.missing", "why field.missing"},
		{"a NUL", "a\x00b", "", "why field.control", "why field.control"},
		{"a bell", "a\x07b", "", "why field.control", "why field.control"},
		{"a control character of the second set", "a\u0090b", "", "why field.control", "why field.control"},
		{"the end of a page", "a\fb", "", "why field.control", "why field.control"},
		{"bytes that are no text", "a\xff\xfe", "", "why field.control", "why field.control"},
		{"text that turns its direction", "套\u202egnp", "", "why field.hidden", "why field.hidden"},
		{"text that is set apart in another direction", "套\u2066gnp\u2069", "", "why field.hidden", "why field.hidden"},
		{"a mark of direction", "套\u200ea", "", "why field.hidden", "why field.hidden"},
		{"a blank without width", "补\u200b充", "", "why field.hidden", "why field.hidden"},
		{"a mark of byte order", "\ufeff补充", "", "why field.hidden", "why field.hidden"},
		{"a word joiner", "补\u2060充", "", "why field.hidden", "why field.hidden"},
		{"a soft hyphen", "occlu\u00adder", "", "why field.hidden", "why field.hidden"},
		{"tags that nobody sees", "套\U000e0041a", "", "why field.hidden", "why field.hidden"},
		{"a break of lines that is no line end", "一\u2028二", "", "why field.hidden", "why field.hidden"},
		{"a filler", "套\u3164a", "", "why field.hidden", "why field.hidden"},
		{"a joiner between Chinese characters", "补\u200d充", "", "why field.hidden", "why field.hidden"},
		{"a joiner at the end", "补充\u200d", "", "why field.hidden", "why field.hidden"},
		{"a joiner between digits", "12\u200c34", "", "why field.hidden", "why field.hidden"},
		{"a joiner behind a joiner", "👩\u200d\u200d👧", "", "why field.hidden", "why field.hidden"},
		{"a picture of a family", "👩\u200d👧 同意", "👩\u200d👧 同意", "", ""},
		{"a rare character with its variant", "葛\U000e0100城", "葛\U000e0100城", "", ""},
		{"HTML is only text", "<b>套</b>", "<b>套</b>", "", ""},
		{"a resident number", "11010519491231002X", "", "why field.identity", "why field.identity"},
		{"an old resident number", "310101650312001", "", "why field.identity", "why field.identity"},
		{"a mobile number", "138 1234 5678", "", "why field.identity", "why field.identity"},
		{"a passport", "护照E12345678", "", "why field.passport", "why field.passport"},
	} {
		for kind, read := range map[string]struct {
			do   func(string, string, int, int) (string, error)
			want string
		}{"text": {typed.Text, row.text}, "line": {typed.Line, row.line}} {
			got, err := read.do("why", row.in, 2, 20)
			if row.out != "" && utf8.RuneCountInString(row.out) < 2 {
				got, err = read.do("why", row.in, 1, 20)
			}
			if said(err) != read.want {
				t.Errorf("%s as a %s: got %q, want %q", row.name, kind, said(err), read.want)
			}
			want := row.out
			if read.want != "" {
				want = row.in // nothing typed is lost
			}
			if got != want {
				t.Errorf("%s as a %s: got %q, want %q", row.name, kind, got, want)
			}
		}
	}
}

func TestAHiddenCharacterIsSaidWhereItStands(t *testing.T) {
	_, err := typed.Text("why", "\r\n 补\u200b充", 1, 20)
	if p := fault.Of(err).Problems[0]; !slices.Equal(p.Args, []any{4}) {
		t.Errorf("got place %v, want 4: as people count, line end and blank included", p.Args)
	}
}

func TestTheNumberOfAThingMayLookLikeAPersons(t *testing.T) {
	for _, row := range []struct {
		name, in       string
		thing, letters string
	}{
		{"a model", "H12345678", "", ""},
		{"fifteen digits", "310101650312001", "", ""},
		{"a telephone's number", "13812345678", "no field.identity", ""},
		{"a resident number", "11010519491231002X", "no field.identity", "no field.identity"},
	} {
		for takes, want := range map[typed.Kind]string{typed.OfAThing: row.thing, typed.OfALetter: row.letters} {
			var in typed.Reader
			in.Read(typed.Rule{Least: 1, Most: 40, Takes: takes}, "no", row.in)
			if got := said(in.Err()); got != want {
				t.Errorf("%s where %b is taken: got %q, want %q", row.name, takes, got, want)
			}
		}
	}
}

// Whoever meant a lot reads how to say so; with another number beside it that would
// not help.
func TestWhatCanOnlyBeAPassportIsSaidSo(t *testing.T) {
	for in, want := range map[string]string{
		"E12345678": "why field.passport", "E12345678 13812345678": "why field.identity", "批号 E12345678": "", "批号 E12345678 13812345678": "why field.identity",
	} {
		if _, err := typed.Text("why", in, 1, 40); said(err) != want {
			t.Errorf("%s: got %q, want %q", in, said(err), want)
		}
	}
}

func TestADraftIsKeptAsTyped(t *testing.T) {
	r := typed.Rule{Least: 2, Most: 5}
	for _, row := range []struct{ name, in, want string }{
		{"nothing", "", ""},
		{"half a word", " 半", ""},
		{"more than there may be, blanks counted", "半半半半  ", "f field.long"},
		{"a line end where there is one line", "一\n", "f field.control"},
		{"a character that nobody sees", "\u200b", "f field.hidden"},
		{"a mobile number in a long field", "", ""},
	} {
		got := said(fault.Fields(r.Draft("f", row.in)))
		if got != row.want {
			t.Errorf("%s: got %q, want %q", row.name, got, row.want)
		}
	}
	if got := said(fault.Fields(typed.Rule{Most: 40}.Draft("f", " 13812345678"))); got != "f field.identity" {
		t.Errorf("a number that names a person: got %q, want it refused in a draft too", got)
	}
}

func TestEverythingThatIsWrongIsSaidAtOnce(t *testing.T) {
	var in typed.Reader
	a, b, c := in.Text("a", "13812345678", 1, 20), in.Line("b", " 好 ", 1, 20), in.Line("c", "一\n二", 1, 20)
	if got := said(in.Err()); got != "a field.identity, c field.control" || a != "13812345678" || b != "好" || c != "一\n二" {
		t.Errorf("got %q with %q, %q and %q, want the two fields that are wrong, as typed", got, a, b, c)
	}
	if err := new(typed.Reader).Err(); err != nil {
		t.Errorf("a form without fields: got %v, want nothing wrong", err)
	}
}

func TestWhatAFileMayBeCalled(t *testing.T) {
	for _, row := range []struct{ name, file, want string }{
		{"a name", "申请表.pdf", ""},
		{"a name with blanks around it", " 申请表.pdf ", ""},
		{"a name with a date and a count", "申请表-20261126-1.pdf", ""},
		{"a rare character with its variant", "葛\U000e0100城.pdf", ""},
		{"a picture of a family", "👩\u200d👧.png", ""},
		{"markup is only text", "<script>.pdf", ""},
		{"three hundred characters", strings.Repeat("表", 300), ""},
		{"one character more", strings.Repeat("表", 301), "file file.name"},
		{"nothing", "", "file file.name"},
		{"blanks", " 　", "file file.name"},
		{"a line end", "申请\n表.pdf", "file field.control"},
		{"a tab", "申请\t表.pdf", "file field.control"},
		{"a NUL", "申请\x00表.pdf", "file field.control"},
		{"bytes that are no text", "\xff\xfe.pdf", "file field.control"},
		{"a blank without width", "申请\u200b表.pdf", "file file.hidden"},
		{"a byte order mark", "\ufeff申请表.pdf", "file file.hidden"},
		{"a break of lines", "申请\u2028表.pdf", "file file.hidden"},
		{"a break of paragraphs", "申请\u2029表.pdf", "file file.hidden"},
		{"text that turns direction", "申请\u202efdp.exe", "file file.hidden"},
		{"a mark of direction", "申请\u200e表.pdf", "file file.hidden"},
		{"tags", "申请\U000e0041表.pdf", "file file.hidden"},
		{"a filler", "申请\u3164表.pdf", "file file.hidden"},
		{"a joiner that joins nothing", "申请\u200d表.pdf", "file file.hidden"},
		{"a folder", "../申请表.pdf", "file file.path"},
		{"a folder of another system", `C:\申请表.pdf`, "file file.path"},
		{"a resident number", "张三11010519491231002X.pdf", "file field.identity"},
		{"a mobile number", "13812345678.pdf", "file field.identity"},
		{"a mobile number in groups", "张三 138-1234-5678.pdf", "file field.identity"},
		{"a mobile number with low lines around it", "张三_13812345678_病历.pdf", "file field.identity"},
		{"a passport", "护照E12345678.pdf", "file field.passport"},
	} {
		got, err := typed.Name("file", row.file)
		if said(err) != row.want {
			t.Errorf("%s: got %q, want %q", row.name, said(err), row.want)
		}
		if err == nil && got != strings.TrimSpace(row.file) || err != nil && got != row.file {
			t.Errorf("%s: got %q, want it without the blanks around it, and as typed if it is refused", row.name, got)
		}
	}
}

func TestSpellings(t *testing.T) {
	for _, row := range []struct{ name, in, narrow, fold string }{
		{"wide letters and digits", "Ａ１（ｂ）", "A1(b)", "a1b"},
		{"a wide blank", "甲　乙", "甲 乙", "甲乙"},
		{"Chinese signs stay", "甲、乙。", "甲、乙。", "甲乙"},
		{"case and hyphens", "Example-GmbH 2", "Example-GmbH 2", "examplegmbh2"},
		{"signs that are no punctuation", "5+", "5+", "5+"},
		{"nothing", "", "", ""},
	} {
		if got := typed.Narrow(row.in); got != row.narrow {
			t.Errorf("%s, narrow: got %q, want %q", row.name, got, row.narrow)
		}
		if got := typed.Fold(row.in); got != row.fold {
			t.Errorf("%s, folded: got %q, want %q", row.name, got, row.fold)
		}
	}
	if got := typed.LineEnds("a\r\nb\rc\n"); got != "a\nb\nc\n" {
		t.Errorf("line ends: got %q", got)
	}
}

func TestWhatAnOperationMayBeCalled(t *testing.T) {
	for _, row := range []struct {
		name, id string
		want     bool
	}{
		{"sixteen characters", "0123456789abcdef", true},
		{"sixty-four characters", strings.Repeat("aZ0-", 15) + "____", true},
		{"fifteen", "0123456789abcde", false},
		{"sixty-five", strings.Repeat("x", 65), false},
		{"another sign", "0123456789abcdef#", false},
		{"a blank", "0123456789abcdef ", false},
		{"a full-width digit", "0123456789abcde１", false},
		{"nothing", "", false},
	} {
		if got := typed.IsOperation(row.id); got != row.want {
			t.Errorf("%s: got %v, want %v", row.name, got, row.want)
		}
	}
}

func FuzzText(f *testing.F) {
	for _, s := range []string{"11010519491231002X", "+86 138-1234-5678", "１２　", "\xff\r\n", "E12345678", "👩\u200d👧", "\u2028a\x85", "批号E12345678"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for kind, read := range map[string]func(string, string, int, int) (string, error){"text": typed.Text, "line": typed.Line} {
			out, err := read("f", s, 0, 100)
			if err != nil {
				if out != s || len(fault.Of(err).Problems) != 1 {
					t.Errorf("refused as a %s: got %q with %v, want it as typed and one problem", kind, out, err)
				}
				continue
			}
			if again, err := read("f", out, 0, 100); again != out || err != nil {
				t.Errorf("%q read again as a %s: got %q %v, want the same", out, kind, again, err)
			}
			if strings.ContainsFunc(out, func(r rune) bool {
				return unicode.IsControl(r) && (kind == "line" || r != '\n' && r != '\t') || typed.Invisible(r) || unicode.Is(unicode.Bidi_Control, r)
			}) || !utf8.ValidString(out) || typed.Numbers(out) != 0 {
				t.Errorf("%q as a %s: got something in it that is no text", out, kind)
			}
			if typed.Fold(typed.Fold(out)) != typed.Fold(out) || typed.Narrow(typed.Narrow(out)) != typed.Narrow(out) {
				t.Errorf("%q: got another fold of its fold", out)
			}
		}
		if name, err := typed.Name("f", s); err == nil && strings.ContainsAny(name, "/\\\n\r\x00") {
			t.Errorf("a name: got %q", name)
		}
	})
}
