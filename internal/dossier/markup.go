package dossier

import "bytes"

// listener hears what a part of a document says, in its order. Names come
// without their prefix: who decides by them errs on the side of seeing too much.
type listener interface {
	opens(name string)        // an element begins
	attribute(name, v string) // of the element that began last; v is cut at valueMost
	says(c byte)              // one byte of text, UTF-8
	closes(name string)
}

const (
	namePartMost = 80       // of an element or attribute; we know no longer one
	valueMost    = 16 << 10 // of an attribute
)

// markup reads XML as it passes, in constant memory, and believes nothing that it
// says of itself: it undoes character references and CDATA, and knows no other
// entity, encoding or document type than XML's own. A part that uses one, or that
// viewers could cut in different ways, is refused not for what it hides but for hiding.
type markup struct {
	to  listener
	bad bool // not to be read by everybody alike

	state   func(*markup, byte)
	buf     []byte // a name, a value, or a reference being read
	attr    string
	quote   byte
	open    []string // names of open elements, to open depths
	depth   int
	last    [3]byte // the last bytes of a comment, a CDATA section or an instruction
	ref     []byte
	inRef   bool
	closing bool
	started bool // something other than the declaration was read
}

const depthMost = 512 // Office stays far below; nothing else nests so

func newMarkup(to listener) *markup { return &markup{to: to, state: (*markup).text} }

// Write reads p.
func (m *markup) Write(p []byte) (int, error) {
	for _, c := range p {
		if m.bad {
			break
		}
		m.state(m, c)
	}
	return len(p), nil
}

// end reports whether all that was opened is closed.
func (m *markup) end() bool { return !m.bad && m.depth == 0 && len(m.ref) == 0 }

func (m *markup) text(c byte) {
	if c == '<' {
		m.buf = m.buf[:0]
		m.state = (*markup).tag
		return
	}
	m.char(c, m.to.says)
}

// char hands on a character, references undone.
func (m *markup) char(c byte, to func(byte)) {
	switch {
	case c == 0 || c < ' ' && c != '\t' && c != '\n' && c != '\r':
		m.bad = true
	case m.inRef && c == ';':
		m.inRef = false
		m.reference(string(m.ref), to)
		m.ref = m.ref[:0]
	case m.inRef:
		if m.ref = append(m.ref, c); len(m.ref) > 12 {
			m.bad = true
		}
	case c == '&':
		m.inRef = true
	default:
		to(c)
	}
}

func (m *markup) reference(name string, to func(byte)) {
	switch name {
	case "lt":
		to('<')
	case "gt":
		to('>')
	case "amp":
		to('&')
	case "quot":
		to('"')
	case "apos":
		to('\'')
	default:
		r, ok := numbered(name)
		if !ok {
			m.bad = true
			return
		}
		for _, c := range []byte(string(r)) {
			to(c)
		}
	}
}

// numbered reads "#65" and "#x41".
func numbered(s string) (rune, bool) {
	digits, ok := bytes.CutPrefix([]byte(s), []byte("#"))
	if !ok || len(digits) == 0 {
		return 0, false
	}
	base, n := 10, 0
	if digits[0] == 'x' {
		base, digits = 16, digits[1:]
	}
	for _, c := range digits {
		d, ok := unhex(c)
		if !ok || int(d) >= base {
			return 0, false
		}
		if n = n*base + int(d); n > 0x10ffff {
			return 0, false
		}
	}
	return rune(n), len(digits) > 0 && n != 0
}

// tag reads what follows "<".
func (m *markup) tag(c byte) {
	switch {
	case len(m.buf) == 0 && c == '?':
		m.state = (*markup).instruction
		m.last = [3]byte{}
	case len(m.buf) == 0 && c == '/':
		m.closing = true
		m.buf = append(m.buf, c)
	case len(m.buf) == 0 && c == '!', len(m.buf) > 0 && m.buf[0] == '!':
		m.buf = append(m.buf, c)
		switch {
		case string(m.buf) == "!--":
			m.state, m.last = (*markup).comment, [3]byte{}
		case string(m.buf) == "![CDATA[":
			m.state, m.last = (*markup).cdata, [3]byte{}
			m.buf = m.buf[:0]
		case !bytes.HasPrefix([]byte("!--"), m.buf) && !bytes.HasPrefix([]byte("![CDATA["), m.buf):
			m.bad = true // a document type, and with it entities of its own
		}
	case blank(c) || c == '>' || c == '/':
		m.named(c)
	case c == '<' || c == '&' || c == '"' || c == '\'' || c == '=' || c < ' ':
		m.bad = true
	default:
		if len(m.buf) <= namePartMost {
			m.buf = append(m.buf, c)
		}
	}
}

// local is the name in buf without its prefix.
func (m *markup) local() string {
	name := m.buf
	if i := bytes.LastIndexByte(name, ':'); i >= 0 {
		name = name[i+1:]
	}
	return string(name)
}

// named has read the name of a tag, and c behind it.
func (m *markup) named(c byte) {
	m.started = true
	if m.closing {
		if len(m.buf) < 2 || c == '/' {
			m.bad = true
			return
		}
		m.buf = m.buf[1:]
		m.attr = m.local()
		if c == '>' {
			m.closed()
		} else {
			m.state = (*markup).closeTag
		}
		return
	}
	if len(m.buf) == 0 {
		m.bad = true
		return
	}
	name := m.local()
	if m.depth == depthMost {
		m.bad = true
		return
	}
	m.open = append(m.open[:m.depth], name)
	m.depth++
	m.to.opens(name)
	m.buf = m.buf[:0]
	m.state = (*markup).inside
	m.inside(c)
}

// closeTag waits for the ">" of an end tag.
func (m *markup) closeTag(c byte) {
	switch {
	case c == '>':
		m.closed()
	case !blank(c):
		m.bad = true
	}
}

// closed has read an end tag.
func (m *markup) closed() {
	m.closing = false
	if m.depth == 0 || m.open[m.depth-1] != m.attr {
		m.bad = true
		return
	}
	m.depth--
	m.to.closes(m.attr)
	m.state = (*markup).text
}

// inside is between the attributes of a tag.
func (m *markup) inside(c byte) {
	switch {
	case len(m.buf) == 1 && m.buf[0] == '/':
		if c != '>' {
			m.bad = true
			return
		}
		m.depth--
		m.to.closes(m.open[m.depth])
		m.state = (*markup).text
	case blank(c):
	case c == '>':
		m.state = (*markup).text
	case c == '/':
		m.buf = append(m.buf[:0], c)
	case c == '<' || c == '=' || c == '"' || c == '\'' || c == '&' || c < ' ':
		m.bad = true
	default:
		m.buf = append(m.buf[:0], c)
		m.state = (*markup).attrName
	}
}

func (m *markup) attrName(c byte) {
	switch {
	case c == '=':
		m.attr = m.local()
		m.state = (*markup).attrQuote
	case blank(c):
		m.attr = m.local()
		m.state = (*markup).attrEquals
	case c == '<' || c == '>' || c == '/' || c == '"' || c == '\'' || c == '&' || c < ' ':
		m.bad = true
	default:
		if len(m.buf) <= namePartMost {
			m.buf = append(m.buf, c)
		}
	}
}

func (m *markup) attrEquals(c byte) {
	switch {
	case blank(c):
	case c == '=':
		m.state = (*markup).attrQuote
	default:
		m.bad = true
	}
}

func (m *markup) attrQuote(c byte) {
	switch {
	case blank(c):
	case c == '"' || c == '\'':
		m.quote = c
		m.buf = m.buf[:0]
		m.state = (*markup).attrValue
	default:
		m.bad = true
	}
}

func (m *markup) attrValue(c byte) {
	switch {
	case c == m.quote && !m.inRef:
		m.to.attribute(m.attr, string(m.buf))
		m.buf = m.buf[:0]
		m.state = (*markup).inside
	case c == '<':
		m.bad = true
	default:
		m.char(c, func(c byte) {
			if len(m.buf) < valueMost {
				m.buf = append(m.buf, c)
			}
		})
	}
}

// instruction reads up to "?>". The declaration may name UTF-8 or nothing.
func (m *markup) instruction(c byte) {
	if len(m.buf) < 256 {
		m.buf = append(m.buf, c)
	}
	m.last = [3]byte{m.last[1], m.last[2], c}
	if m.last[1] != '?' || c != '>' {
		return
	}
	if bytes.HasPrefix(m.buf, []byte("xml")) && len(m.buf) > 3 && blank(m.buf[3]) {
		said := bytes.ToLower(m.buf)
		if i := bytes.Index(said, []byte("encoding")); m.started || i >= 0 && !bytes.HasPrefix(bytes.TrimLeft(said[i+8:], " \t\r\n=\"'"), []byte("utf-8")) {
			m.bad = true
		}
	}
	m.started = true
	m.state = (*markup).text
}

func (m *markup) comment(c byte) {
	m.last = [3]byte{m.last[1], m.last[2], c}
	if m.last == [3]byte{'-', '-', '>'} {
		m.state = (*markup).text
	}
}

func (m *markup) cdata(c byte) {
	if c == 0 {
		m.bad = true
		return
	}
	if m.last[1] == ']' && m.last[2] == ']' && c == '>' {
		m.last = [3]byte{}
		m.state = (*markup).text
		return
	}
	// Two bytes are held back, for they may belong to the end.
	if m.last[1] != 0 {
		m.to.says(m.last[1])
	}
	m.last = [3]byte{0, m.last[2], c}
}

func blank(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }
