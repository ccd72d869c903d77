package dossier

import (
	"bytes"
	"compress/zlib"
	"io"

	"jixu/internal/fault"
)

// refused are the names that make a PDF more than a document, or unreadable.
//
// All are long enough that they do not turn up by chance in compressed
// pictures, so every byte of the file is searched for them and nothing
// depends on how a viewer would cut it into objects. The short names /JS and /AA
// are left out for that reason; a script needs /JavaScript, /Rendition or
// /OnInstantiate as well.
var refused = map[string]string{
	"JavaScript":     "file.active",
	"Rendition":      "file.active", // plays something, and may run a script
	"OnInstantiate":  "file.active", // a script of a model in space
	"Launch":         "file.active",
	"GoToR":          "file.active", // opens a file elsewhere, a share too
	"GoToE":          "file.active", // opens a file within
	"EmbeddedFile":   "file.active",
	"EmbeddedFiles":  "file.active",
	"FileAttachment": "file.active",
	"RichMedia":      "file.active",
	"Movie":          "file.active",
	"SubmitForm":     "file.active",
	"ImportData":     "file.active",
	"Encrypt":        "file.encrypted",
}

// shortRefused are names that do turn up by chance: they count if what follows is
// what must follow them, a dictionary, a list or another object.
var shortRefused = map[string]string{
	"XFA": "file.active", // a form that is a program
	"EF":  "file.active", // a file within
}

const longestName = 32

// value follows a name and finds out what stands behind it, comments passed over.
type value struct {
	state valueState
	done  func(kind byte) // '<' a dictionary, '[' a list, 'R' another object
}

type valueState int

const (
	noValue valueState = iota
	fresh              // the name has just ended
	beforeValue
	inRemark
	lessThan // one "<"
	firstNumber
	betweenNumbers
	secondNumber
	beforeR
)

func (v *value) begin(done func(byte)) { v.state, v.done = fresh, done }

func (v *value) feed(c byte) {
	digit, space := c >= '0' && c <= '9', c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == 0
	was := v.state
	v.state = noValue
	switch was {
	case beforeValue:
		switch {
		case space:
			v.state = beforeValue
		case c == '%':
			v.state = inRemark
		case c == '<':
			v.state = lessThan
		case digit:
			v.state = firstNumber
		case c == '[':
			v.done('[')
		}
	case inRemark:
		if v.state = inRemark; c == '\n' || c == '\r' {
			v.state = beforeValue
		}
	case lessThan:
		if c == '<' {
			v.done('<')
		}
	case firstNumber:
		if digit {
			v.state = firstNumber
		} else if space {
			v.state = betweenNumbers
		}
	case betweenNumbers:
		if space {
			v.state = betweenNumbers
		} else if digit {
			v.state = secondNumber
		}
	case secondNumber:
		if digit {
			v.state = secondNumber
		} else if space {
			v.state = beforeR
		}
	case beforeR:
		if space {
			v.state = beforeR
		} else if c == 'R' {
			v.done('R')
		}
	}
}

// unpackMost bounds what the compressed streams of one file may unpack to
// together: enough for honest files, and the end of a decompression bomb. Tests
// lower it.
var unpackMost int64 = 512 << 20

// names finds PDF names in a stream of bytes, however the stream is cut, with
// #xx escapes undone.
type names struct {
	found func(string)
	in    bool
	long  bool // longer than any name we know; ignored
	name  [longestName]byte
	n     int
	esc   int  // hex digits of an escape seen so far, plus one; 0: none
	high  byte // the first of them
}

func (s *names) feed(c byte) {
	if !s.in {
		if c == '/' {
			s.begin()
		}
		return
	}
	if delimits(c) {
		if s.esc == 0 && !s.long && s.n > 0 {
			s.found(string(s.name[:s.n]))
		}
		s.in = false
		if c == '/' {
			s.begin()
		}
		return
	}
	switch {
	case s.esc == 0 && c == '#':
		s.esc = 1
		return
	case s.esc == 1:
		if h, ok := unhex(c); ok {
			s.high, s.esc = h, 2
			return
		}
		s.long = true // no such name is on our list
	case s.esc == 2:
		if h, ok := unhex(c); ok {
			c = s.high<<4 | h
		} else {
			s.long = true
		}
	}
	s.esc = 0
	if s.n == longestName {
		s.long = true
		return
	}
	s.name[s.n] = c
	s.n++
}

func (s *names) begin() { s.in, s.long, s.n, s.esc = true, false, 0, 0 }

// end says that no more bytes come.
func (s *names) end() { s.feed(' ') }

func delimits(c byte) bool {
	switch c {
	case 0, '\t', '\n', '\f', '\r', ' ', '(', ')', '<', '>', '[', ']', '{', '}', '/', '%':
		return true
	}
	return false
}

func unhex(c byte) (byte, bool) {
	switch {
	case c >= '0' && c <= '9':
		return c - '0', true
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10, true
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10, true
	}
	return 0, false
}

// follow gives c to both; the byte that ends a name may begin its value.
func follow(v *value, s *names, c byte) {
	if v.state != noValue {
		v.feed(c)
	}
	s.feed(c)
	if v.state == fresh {
		v.state = beforeValue
		v.feed(c)
	}
}

// pdf is the search of one file.
type pdf struct {
	src  *source
	bad  *fault.Fault
	left int64 // how much may still be unpacked

	packs  bool // the file says that it packs objects into streams, or where they are
	widths bool // or it could: it has what a list of places needs, and fonts have as well
	heavy  bool // more to unpack than there was room for
	veiled bool // a stream of objects could be read otherwise than it was read here
	murky  bool // what a stream is, could be seen otherwise

	next value // what follows the last name, where that matters

	// Of the raw bytes: the last ones, the last eight of them, what stands before the
	// last word stream, and within how many more bytes its line must end (0: there is none).
	window    []byte
	last      uint64
	before    header
	line      int
	starts    byte // the line end that was just taken behind it, or 0
	unpacking bool

	z   io.ReadCloser // reused
	buf [32 << 10]byte
}

// windowMost is how far back the dictionary of a stream is looked for, in bytes.
const windowMost = 256 << 10

// inspectPDF searches the whole file for refused names, in plain sight and in
// whatever its streams unpack to: since PDF 1.5 objects may be packed into
// streams, and which streams those are is exactly what a hostile file would
// lie about. Other filters and predictors are not undone here, so a stream that a
// reader could take objects from must be plain or packed by one Flate, and say so
// where it stands; so must be clear what each stream is, and none may begin within
// what another one packs. Pictures have what filters they like. The virus scanner
// is the second look.
func inspectPDF(src *source) error {
	p := &pdf{src: src, left: unpackMost}
	raw := &names{found: p.name}
	src.see = func(c byte) {
		follow(&p.next, raw, c)
		p.see(c)
	}
	defer func() { src.see = nil }()
	for {
		if _, err := src.ReadByte(); err != nil {
			break
		}
		if p.starts == '\r' {
			if next, err := src.Peek(1); err == nil && next[0] == '\n' {
				continue
			}
		}
		if p.starts != 0 {
			p.stream()
		}
	}
	raw.end()
	if p.packs && (p.heavy || p.veiled || p.murky) || p.widths && p.murky {
		p.refuse("file.active", "ObjStm")
	}
	if p.bad == nil {
		return nil
	}
	return p.bad
}

// see takes one raw byte and looks for the word stream and the end of its line,
// behind which viewers read on. Where that happens among bytes that are being
// unpacked, another stream begins inside what looked like one.
func (p *pdf) see(c byte) {
	const word = 's'<<40 | 't'<<32 | 'r'<<24 | 'e'<<16 | 'a'<<8 | 'm'
	if len(p.window) == windowMost {
		p.window = append(p.window[:0], p.window[windowMost/2:]...)
	}
	p.window = append(p.window, c)
	p.last = p.last<<8 | uint64(c)
	p.starts = 0
	switch {
	case c == 'm' && p.last&0xffffffffffff == word && byte(p.last>>48) != 'd': // not endstream
		p.before = headerIn(p.window[:max(0, len(p.window)-len("stream"))])
		if p.line = 32; p.before.there { // viewers skip what stands behind it
			p.window = p.window[:0]
		}
	case p.line == 0:
	case c == '\n', c == '\r':
		if p.starts = c; c == '\n' {
			p.line = 0
		}
		p.veiled = p.veiled || p.unpacking && p.before.there
	default:
		p.line--
	}
}

func (p *pdf) refuse(code, what string) {
	if p.bad == nil || p.bad.Code == "file.active" && code == "file.encrypted" {
		p.bad = fault.New(fault.Invalid, code, what)
	}
}

// name looks at a name in plain sight.
func (p *pdf) name(n string) {
	if code, ok := refused[n]; ok {
		p.refuse(code, n)
	}
	if code, ok := shortRefused[n]; ok {
		p.next.begin(func(byte) { p.refuse(code, n) })
	}
	switch n {
	case "ObjStm", "XRef":
		p.packs = true
	case "W":
		p.next.begin(func(kind byte) { p.widths = p.widths || kind != '<' })
	}
}

// stream looks at the stream that begins at the next byte.
func (p *pdf) stream() {
	p.line = 0
	h := p.before
	head, err := p.src.Peek(2)
	packed := err == nil && head[0]&0x0f == 8 && (int(head[0])<<8|int(head[1]))%31 == 0
	p.packs, p.murky = p.packs || h.places, p.murky || h.murky
	if h.objects && (!h.plain || h.flate && !packed) {
		p.veiled = true
		if h.typed {
			p.refuse("file.active", "ObjStm")
		}
	}
	if !packed {
		return // it is searched as it stands
	}
	p.unpacking = true
	defer func() { p.unpacking = false }()
	if p.z == nil {
		p.z, err = zlib.NewReader(p.src)
	} else {
		err = p.z.(zlib.Resetter).Reset(p.src, nil)
	}
	if err != nil {
		return
	}
	var next value
	inner := &names{found: func(n string) {
		if code, ok := refused[n]; ok {
			p.refuse(code, n)
		}
		if code, ok := shortRefused[n]; ok {
			next.begin(func(byte) { p.refuse(code, n) })
		}
	}}
	for {
		if p.left <= 0 {
			p.heavy = true
			return
		}
		k, err := p.z.Read(p.buf[:])
		p.left -= int64(k)
		for b := p.buf[:k]; len(b) > 0; b = b[1:] {
			if !inner.in && next.state == noValue {
				i := bytes.IndexByte(b, '/')
				if i < 0 {
					break
				}
				b = b[i:]
			}
			follow(&next, inner, b[0])
		}
		if err != nil { // the end, or damage: what came before it was searched
			inner.end()
			return
		}
	}
}
