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

// opaque are filters behind which names could hide in an object stream.
var opaque = map[string]bool{
	"ASCIIHexDecode": true, "AHx": true, "ASCII85Decode": true, "A85": true, "LZWDecode": true, "LZW": true,
	"RunLengthDecode": true, "RL": true, "Crypt": true,
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
	at   int64 // bytes taken
	bad  *fault.Fault
	left int64 // how much may still be unpacked

	packs  bool // the file says that it packs objects into streams
	heavy  bool // more to unpack than there was room for
	veiled bool // a stream lies behind a filter that is not undone here

	next value // what follows the last name, where that matters

	// Of the dictionary before the next stream: where an object stream was named,
	// where a short opaque filter was, and whether a long one was.
	objectsAt, shortAt int64
	hidden, coded      bool // the latter: by a filter and not by a predictor

	z   io.ReadCloser // reused
	buf [32 << 10]byte
}

// inspectPDF searches the whole file for refused names, in plain sight and in
// whatever its streams unpack to: since PDF 1.5 objects may be packed into
// streams, and which streams those are is exactly what a hostile file would
// lie about. It does not undo other filters or predictors; an object stream that
// says it uses them is refused, and so is every file that packs objects and has a
// stream behind another filter. What it does not find is a packed stream that
// hides both its type and its objects, these behind a predictor: that pictures
// use predictors is too common to refuse. The virus scanner is the second look.
func inspectPDF(src *source) error {
	p := &pdf{src: src, left: unpackMost}
	raw := &names{found: p.name}
	var last uint64 // the last eight bytes
	src.see = func(c byte) {
		follow(&p.next, raw, c)
		last = last<<8 | uint64(c)
		p.at++
	}
	defer func() { src.see = nil }()

	const word = 's'<<40 | 't'<<32 | 'r'<<24 | 'e'<<16 | 'a'<<8 | 'm'
	lineEnd := 0 // bytes within which the line of a keyword stream must end; 0: there is none
	for {
		c, err := src.ReadByte()
		if err != nil {
			break
		}
		switch {
		case c == 'm' && last&0xffffffffffff == word && byte(last>>48) != 'd': // not endstream
			lineEnd = 32 // viewers skip what stands behind it
		case lineEnd == 0:
		case c == '\n':
			lineEnd = 0
			p.stream()
		case c == '\r':
			if next, err := src.Peek(1); err != nil || next[0] != '\n' {
				lineEnd = 0
				p.stream()
			}
		default:
			lineEnd--
		}
	}
	raw.end()
	if p.packs && (p.heavy || p.veiled) {
		p.refuse("file.active", "ObjStm")
	}
	if p.bad == nil {
		return nil
	}
	return p.bad
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
	switch {
	case n == "Filter" || n == "DecodeParms":
		p.next.begin(func(kind byte) { p.hidden = p.hidden || kind == 'R' })
	case n == "ObjStm":
		p.packs, p.objectsAt = true, p.at
	case n == "XRef":
		p.packs = true
	case opaque[n] && len(n) < 5:
		p.shortAt = p.at
	case n == "Predictor":
		p.hidden = true
	case opaque[n]:
		p.hidden, p.coded = true, true
	}
}

// stream looks at the stream that begins at the next byte. The two or three
// characters of a short filter do turn up by chance in pictures, so they count only
// close before the name of the object stream, or behind it.
func (p *pdf) stream() {
	if p.objectsAt > 0 && (p.hidden || p.shortAt > 0 && p.shortAt > p.objectsAt-4096) {
		p.refuse("file.active", "ObjStm")
	}
	p.veiled = p.veiled || p.coded
	p.objectsAt, p.shortAt, p.hidden, p.coded = 0, 0, false, false
	head, err := p.src.Peek(2)
	if err != nil || head[0]&0x0f != 8 || (int(head[0])<<8|int(head[1]))%31 != 0 {
		return // not compressed; it is searched as it stands
	}
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
