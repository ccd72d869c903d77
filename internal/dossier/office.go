package dossier

import (
	"bytes"
	"io"
	"path"
	"slices"
	"strings"

	"jixu/internal/fault"
)

// Content types of the main part, in lower case, and what a document is by it.
var mainParts = map[string]Type{
	"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml": DOCX,
	"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml":       XLSX,
	"application/vnd.ms-word.document.macroenabled.main+xml":                           DOCX, // and refused for it
	"application/vnd.ms-excel.sheet.macroenabled.main+xml":                             XLSX,
	"application/vnd.ms-excel.sheet.binary.macroenabled.main":                          XLSX,
}

// rank orders what a document may be refused for; the gravest is told.
var rank = []string{"file.macro", "file.embedded", "file.external"}

// kindsRefused are words in a part's content type that make it more than a
// document. The types are compared in lower case.
var kindsRefused = []struct{ word, code string }{
	{"macroenabled", "file.macro"},
	{"vbaproject", "file.macro"},
	{"vbadata", "file.macro"},
	{"macrosheet", "file.macro"},
	{"dialogsheet", "file.macro"}, // forms of the same age
	{"activex", "file.embedded"},
	{"oleobject", "file.embedded"},
	{"webextension", "file.embedded"},
	{"application/vnd.openxmlformats-officedocument.package", "file.embedded"},
	{"externallink", "file.external"},
	{"connections", "file.external"},
	{"querytable", "file.external"},
	{"spreadsheetml.volatiledependencies", "file.external"}, // live data of another program
}

// relationsRefused are the last words of a relationship's type.
var relationsRefused = map[string]string{
	"vbaproject": "file.macro", "wordvbadata": "file.macro", "xlmacrosheet": "file.macro", "xlintlmacrosheet": "file.macro",
	"extensibility": "file.macro", "customui": "file.macro", // buttons that call macros
	"oleobject": "file.embedded", "package": "file.embedded", "control": "file.embedded", "activexcontrolbinary": "file.embedded",
	"afchunk": "file.embedded", "webextension": "file.embedded", "webextensiontaskpanes": "file.embedded", "taskpanes": "file.embedded",
	"externallink": "file.external", "externallinkpath": "file.external", "xlexternallinkpath": "file.external",
	"xlpathmissing": "file.external", "xlstartup": "file.external", "connections": "file.external", "querytable": "file.external",
}

// fieldsRefused are the fields of a text that fetch something when it is opened.
var fieldsRefused = map[string]bool{
	"DDE": true, "DDEAUTO": true, "INCLUDE": true, "INCLUDETEXT": true, "INCLUDEPICTURE": true, "IMPORT": true, "LINK": true, "DATABASE": true,
}

// functionsRefused are the functions of a formula that call or fetch something.
var functionsRefused = map[string]bool{
	"WEBSERVICE": true, "IMAGE": true, "RTD": true, "DDE": true, "CALL": true, "REGISTER": true, "REGISTER.ID": true, "EXEC": true,
	"SQL.REQUEST": true, "STOCKHISTORY": true,
}

// foreign are beginnings of a part that is a file of its own: an archive, a
// program, an older document, another format that can carry anything.
var foreign = []string{
	"PK\x03\x04", "PK\x05\x06", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "Rar!", "7z\xbc\xaf\x27\x1c", "\x1f\x8b", "BZh", "\xfd7zXZ", "MSCF",
	"MZ", "\x7fELF", "\xfe\xed\xfa", "\xcf\xfa\xed\xfe", "\xca\xfe\xba\xbe", "#!", "%PDF-", "{\\rtf", "ITSF",
}

// office is the judgement of one document of Word or Excel.
type office struct {
	found     string            // the gravest code so far
	kinds     map[string]string // content type by part, all in lower case
	fallbacks map[string]string // content type by extension
	main      []string          // targets of the package's main document
	opaque    bool              // a part nobody can look into
}

// refuse keeps the gravest finding.
func (o *office) refuse(code string) {
	if o.found == "" || slices.Index(rank, code) < slices.Index(rank, o.found) {
		o.found = code
	}
}

// inspectOffice walks an archive and says which document it is. What a part is
// called does not matter, only what the package says of it and what its bytes
// are. It fails with file.type for an archive that is no such document.
func inspectOffice(src *source) (Type, error) {
	a := &archive{src: src}
	o := &office{kinds: map[string]string{}, fallbacks: map[string]string{}}
	if err := a.walk(o.part); err != nil {
		if err == error(errPackage) && !a.seen["[content_types].xml"] && !a.seen["_rels/.rels"] {
			return "", fault.New(fault.Invalid, "file.type") // nothing says that it wanted to be a document
		}
		return "", err
	}
	return o.judge(a.entries)
}

// oldOffice begins every document of Word and Excel before 2007, and an encrypted
// one of any age.
const oldOffice = "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

// inspectOld says which of the two src is: only the encrypted one has a stream of
// this name.
func inspectOld(src *source) error {
	name := []byte("E\x00n\x00c\x00r\x00y\x00p\x00t\x00e\x00d\x00P\x00a\x00c\x00k\x00a\x00g\x00e\x00")
	for at := 0; at < len(name); {
		c, err := src.ReadByte()
		if err != nil {
			return fault.New(fault.Invalid, "file.old")
		}
		if c != name[at] {
			at = 0
		}
		if c == name[at] {
			at++
		}
	}
	return errLocked
}

// part reads one part as it is unpacked.
func (o *office) part(e *entry, r io.Reader) error {
	var head [8]byte
	n, err := io.ReadFull(r, head[:])
	if err == io.EOF {
		return nil // an empty part, or a folder
	}
	if err != nil && err != io.ErrUnexpectedEOF {
		return err
	}
	for _, f := range foreign {
		if bytes.HasPrefix(head[:n], []byte(f)) {
			o.refuse("file.embedded")
		}
	}
	whole := io.MultiReader(bytes.NewReader(head[:n]), r)
	begin := bytes.TrimLeft(bytes.TrimPrefix(head[:n], []byte("\ufeff")), " \t\r\n")
	if !bytes.HasPrefix(begin, []byte("<")) {
		return nil // a picture or a font; if it should be a text, judge will see
	}
	e.markup = true
	var to listener
	switch name := strings.ToLower(e.name); {
	case name == "[content_types].xml":
		to = &contentTypes{office: o}
	case strings.HasSuffix(name, ".rels"):
		to = &relations{office: o, of: name}
	default:
		to = &body{office: o}
	}
	m := newMarkup(to)
	if bytes.HasPrefix(head[:n], []byte("\ufeff")) {
		if _, err := io.CopyN(io.Discard, whole, 3); err != nil {
			return err
		}
	}
	if _, err := io.Copy(m, whole); err != nil {
		return err
	}
	e.broken = !m.end()
	return nil
}

// kind is the content type of the part called name.
func (o *office) kind(name string) string {
	name = strings.ToLower(name)
	if k, ok := o.kinds[name]; ok {
		return k
	}
	return o.fallbacks[strings.TrimPrefix(path.Ext(name), ".")]
}

// judge says what the whole is.
func (o *office) judge(entries []entry) (Type, error) {
	var t Type
	if len(o.main) == 1 {
		t = mainParts[o.kind(o.main[0])]
	}
	if t == "" {
		return "", fault.New(fault.Invalid, "file.type")
	}
	for _, e := range entries {
		name := strings.ToLower(e.name)
		if e.folder() {
			continue
		}
		kind := o.kind(name)
		for _, bad := range kindsRefused {
			if strings.Contains(kind, bad.word) {
				o.refuse(bad.code)
			}
		}
		text := strings.HasSuffix(kind, "xml") || strings.HasSuffix(name, ".rels") || name == "[content_types].xml" || strings.HasSuffix(kind, ".vmldrawing")
		if text && e.size > 0 && (!e.markup || e.broken) {
			o.opaque = true
		}
	}
	switch {
	case o.opaque:
		return t, errPackage
	case o.found != "":
		return t, fault.New(fault.Invalid, o.found)
	}
	return t, nil
}

// contentTypes hears the list of what each part is.
type contentTypes struct {
	office               *office
	element              string
	part, extension, typ string
}

func (c *contentTypes) opens(name string) { c.element, c.part, c.extension, c.typ = name, "", "", "" }
func (c *contentTypes) says(byte)         {}

func (c *contentTypes) attribute(name, v string) {
	v = strings.ToLower(v)
	switch name {
	case "PartName":
		c.part = strings.TrimPrefix(v, "/")
	case "Extension":
		c.extension = v
	case "ContentType":
		c.typ = strings.TrimSpace(v)
	}
}

func (c *contentTypes) closes(name string) {
	switch c.element {
	case "Override":
		c.put(c.office.kinds, c.part)
	case "Default":
		c.put(c.office.fallbacks, c.extension)
	}
	c.element = ""
}

// put keeps one row; the same row twice with another type is a trick.
func (c *contentTypes) put(rows map[string]string, key string) {
	if was, twice := rows[key]; twice && was != c.typ || len(rows) > entriesMost {
		c.office.opaque = true
	}
	rows[key] = c.typ
}

// relations hears what a part is tied to.
type relations struct {
	office *office
	of     string // the .rels part, in lower case
	typ    string
	target string
	mode   string
	in     bool
}

func (l *relations) says(byte) {}

func (l *relations) opens(name string) {
	l.in, l.typ, l.target, l.mode = name == "Relationship", "", "", ""
}

func (l *relations) attribute(name, v string) {
	switch name {
	case "Type":
		l.typ = strings.ToLower(v)
	case "Target":
		l.target = v
	case "TargetMode":
		l.mode = v
	}
}

func (l *relations) closes(string) {
	if !l.in {
		return
	}
	l.in = false
	last := l.typ[strings.LastIndexByte(l.typ, '/')+1:]
	if code, bad := relationsRefused[last]; bad {
		l.office.refuse(code)
	}
	if strings.EqualFold(l.mode, "External") {
		if last != "hyperlink" || !plainLink(l.target) {
			l.office.refuse("file.external")
		}
		return
	}
	target, inside := resolve(l.of, l.target)
	if !inside {
		l.office.refuse("file.external")
	}
	if l.of == "_rels/.rels" && last == "officedocument" {
		l.office.main = append(l.office.main, target)
	}
}

// plainLink reports whether a link leads to a page, a mailbox or within the document,
// and not to a file, a share or a program.
func plainLink(target string) bool {
	t := strings.ToLower(strings.TrimSpace(target))
	for _, begin := range []string{"http://", "https://", "mailto:", "tel:", "#"} {
		if strings.HasPrefix(t, begin) {
			return !strings.Contains(t, `\`)
		}
	}
	return false
}

// resolve finds the part that target means in the relations called of, and
// whether it lies within the package.
func resolve(of, target string) (string, bool) {
	if i := strings.IndexByte(target, '#'); i >= 0 {
		target = target[:i]
	}
	if strings.ContainsAny(target, `\:`) || strings.HasPrefix(target, "//") {
		return "", false
	}
	if whole, ok := strings.CutPrefix(target, "/"); ok {
		target = whole
	} else {
		target = path.Join(path.Dir(path.Dir(of)), target)
	}
	target = path.Clean(strings.ToLower(target))
	return target, target != ".." && !strings.HasPrefix(target, "../")
}

// body hears any other part: the fields of a text and the formulas of a sheet.
type body struct {
	office  *office
	fields  []field // open ones, the innermost last
	text    []byte
	listen  int // inside an element whose text counts
	element string
}

// field is one field of a text: its instruction, up to its result.
type field struct {
	instruction []byte
	result      bool // the instruction is over
}

const instructionMost = 16 << 10

// opens and closes know only the few elements that matter.
func (b *body) opens(name string) {
	b.element = name
	switch name {
	case "instrText", "delInstrText", "f", "definedName":
		b.listen++
		b.text = b.text[:0]
	}
}

func (b *body) says(c byte) {
	if b.listen > 0 && len(b.text) < instructionMost {
		b.text = append(b.text, c)
	}
}

func (b *body) attribute(name, v string) {
	switch {
	case b.element == "fldSimple" && name == "instr":
		b.instruction([]byte(v))
	case b.element == "fldChar" && name == "fldCharType":
		b.mark(v)
	case b.element == "definedName" && name == "name":
		if strings.HasPrefix(strings.ToLower(strings.TrimPrefix(strings.ToLower(v), "_xlnm.")), "auto_") {
			b.office.refuse("file.macro")
		}
	}
}

func (b *body) closes(name string) {
	switch name {
	case "instrText", "delInstrText":
		b.listen--
		if n := len(b.fields); n > 0 && !b.fields[n-1].result && len(b.fields[n-1].instruction) < instructionMost {
			b.fields[n-1].instruction = append(b.fields[n-1].instruction, b.text...)
			b.instruction(b.fields[n-1].instruction)
		} else {
			b.instruction(b.text) // outside of any field; some viewers look at it all the same
		}
	case "f", "definedName":
		b.listen--
		b.formula(string(b.text))
	}
}

// mark is a border of a field.
func (b *body) mark(kind string) {
	n := len(b.fields)
	switch kind {
	case "begin":
		// A field whose own first word is still to come could be made of the result of
		// the one that begins here: nobody can say what it does.
		if n > 0 && !b.fields[n-1].result && !begun(b.fields[n-1].instruction) {
			b.office.refuse("file.external")
		}
		if n == depthMost {
			b.office.opaque = true
			return
		}
		b.fields = append(b.fields, field{})
	case "separate":
		if n > 0 {
			b.fields[n-1].result = true
		}
	case "end":
		if n > 0 {
			b.fields = b.fields[:n-1]
		}
	}
}

// begun reports whether the first word of an instruction is complete.
func begun(instruction []byte) bool {
	s := bytes.TrimLeft(instruction, " \t\r\n")
	return bytes.HasPrefix(s, []byte("=")) || bytes.ContainsAny(s, " \t\r\n")
}

func (b *body) instruction(s []byte) {
	for word := range strings.FieldsSeq(string(s)) {
		if fieldsRefused[strings.ToUpper(strings.Trim(word, `"\`))] {
			b.office.refuse("file.external")
		}
		return // only the first says what the field does
	}
}

// formula looks for calls that leave the document, outside of quoted text. A bar
// is how a formula speaks to another program.
func (b *body) formula(s string) {
	var quote byte
	word := 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case quote != 0:
			if c == quote {
				quote = 0
			}
			word = i + 1
		case c == '"' || c == '\'':
			quote = c
			word = i + 1
		case c == '|':
			b.office.refuse("file.external")
		case c == '(':
			name := strings.ToUpper(strings.TrimRight(s[word:i], " "))
			name = name[strings.LastIndexAny(name, " !")+1:]
			if functionsRefused[strings.TrimPrefix(name, "_XLFN.")] {
				b.office.refuse("file.external")
			}
			word = i + 1
		case !(c == '.' || c == '_' || c == ' ' || c == '!' || c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'):
			word = i + 1
		}
	}
}
