package dossier

import (
	"bytes"
	"slices"
)

// thing is one value of a PDF as it stands in a dictionary, as far as it matters
// here.
type thing struct {
	kind  thingKind
	name  string  // of a name, escapes undone; of any other word itself
	items []thing // of a list; of a dictionary its names and values in turn
}

type thingKind byte

const (
	aWord thingKind = iota // a number, true, null …
	aName
	aText
	aList
	aDictionary
	aReference // stands elsewhere in the file
)

// deepest is how many lists and dictionaries may stand in one another.
const deepest = 32

// reader reads values one after another.
type reader struct {
	b     []byte
	at    int
	deep  int
	inTxt bool // it came to the end within a text
}

// blank passes over white space and remarks, and reports whether more follows.
func (r *reader) blank() bool {
	for r.at < len(r.b) {
		switch c := r.b[r.at]; {
		case c == '%':
			for r.at < len(r.b) && r.b[r.at] != '\n' && r.b[r.at] != '\r' {
				r.at++
			}
		case isBlank(c):
			r.at++
		default:
			return true
		}
	}
	return false
}

func isBlank(c byte) bool {
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == 0
}

func (r *reader) starts(with string) bool { return bytes.HasPrefix(r.b[r.at:], []byte(with)) }

// thing reads the next value. ok is false where there is none, or no end of it.
func (r *reader) thing() (t thing, ok bool) {
	if !r.blank() || r.deep > deepest {
		return thing{}, false
	}
	r.deep++
	defer func() { r.deep-- }()
	switch c := r.b[r.at]; {
	case c == '/':
		r.at++
		return thing{kind: aName, name: unescaped(r.word())}, true
	case r.starts("<<"):
		r.at += 2
		return r.until(">>", aDictionary)
	case c == '[':
		r.at++
		return r.until("]", aList)
	case c == '(':
		return thing{kind: aText}, r.text()
	case c == '<':
		end := bytes.IndexByte(r.b[r.at:], '>')
		r.at += max(end, 0) + 1
		return thing{kind: aText}, end >= 0
	case delimits(c):
		return thing{}, false
	}
	word := r.word()
	if isNumber(word) && r.reference() {
		return thing{kind: aReference}, true
	}
	return thing{kind: aWord, name: string(word)}, true
}

func (r *reader) until(end string, kind thingKind) (thing, bool) {
	t := thing{kind: kind}
	for r.blank() {
		if r.starts(end) {
			r.at += len(end)
			return t, true
		}
		item, ok := r.thing()
		if !ok {
			return thing{}, false
		}
		if kind == aDictionary && len(t.items)%2 == 0 && item.kind != aName {
			continue // as readers do: what is no name names nothing
		}
		t.items = append(t.items, item)
	}
	return thing{}, false
}

func (r *reader) word() []byte {
	from := r.at
	for r.at < len(r.b) && !delimits(r.b[r.at]) {
		r.at++
	}
	return r.b[from:r.at]
}

// text passes over a text in parentheses.
func (r *reader) text() bool {
	for open := 0; r.at < len(r.b); r.at++ {
		switch r.b[r.at] {
		case '\\':
			r.at++
		case '(':
			open++
		case ')':
			if open--; open == 0 {
				r.at++
				return true
			}
		}
	}
	r.inTxt = true
	return false
}

// reference takes the rest of a reference whose first number was just read.
func (r *reader) reference() bool {
	from := r.at
	if r.blank() && isNumber(r.word()) && r.blank() && string(r.word()) == "R" {
		return true
	}
	r.at = from
	return false
}

func isNumber(word []byte) bool {
	return len(word) > 0 && bytes.IndexFunc(word, func(c rune) bool { return c < '0' || c > '9' }) < 0
}

// unescaped is a name with its escapes undone.
func unescaped(b []byte) string {
	if bytes.IndexByte(b, '#') < 0 {
		return string(b)
	}
	var out []byte
	for i := 0; i < len(b); i++ {
		if b[i] == '#' && i+2 < len(b) {
			high, ok := unhex(b[i+1])
			low, also := unhex(b[i+2])
			if ok && also {
				out = append(out, high<<4|low)
				i += 2
				continue
			}
		}
		out = append(out, b[i])
	}
	return string(out)
}

// header is what stands before a stream.
type header struct {
	there   bool // a dictionary ends right before the word stream
	murky   bool // but what it is, readers could see differently
	objects bool // a reader could take objects from the stream
	places  bool // a reader could take from it where objects are
	typed   bool // it says that it holds some
	plain   bool // nothing lies between its bytes and who reads them but one Flate at most
	flate   bool
}

// headerIn reads the dictionary that ends at the end of b. Nobody says where it
// begins, and what looks like a beginning may stand in a text or a remark of
// another one, so every beginning is tried and the worst of them counts.
func headerIn(b []byte) header {
	h := header{there: endsDictionary(b), plain: true}
	if !h.there {
		return h
	}
	h.murky = true
	clear, work := false, 0
	for at := 0; work <= mostWork*len(b); {
		i := bytes.Index(b[at:], []byte("obj"))
		if i < 0 {
			break
		}
		at += i + len("obj")
		r := &reader{b: b, at: at}
		if !r.blank() || !r.starts("<<") {
			continue
		}
		t, ok := r.thing()
		work += r.at - at
		switch {
		case r.inTxt: // seen from this beginning, the word stream is part of a text
		case !ok:
			return h // it reaches the stream, or nobody knows how far it reaches
		case !r.blank():
			h.add(t)
			clear = true
		}
	}
	h.murky = !clear || work > mostWork*len(b)
	return h
}

// mostWork is how often what stands before a stream is read again from another
// beginning; only a file that wants to keep us busy needs more.
const mostWork = 8

// mostRemarks is how much may stand between a dictionary and its stream, in bytes.
const mostRemarks = 1024

// endsDictionary reports whether b ends with the end of a dictionary, white space
// and remarks passed over, or with so many of them that it might.
func endsDictionary(b []byte) bool {
	for all := len(b); ; {
		if all-len(b) > mostRemarks {
			return true
		}
		b = bytes.TrimRight(b, " \t\n\r\f\x00")
		if bytes.HasSuffix(b, []byte(">>")) {
			return true
		}
		line := b[bytes.LastIndexAny(b, "\r\n")+1:]
		remark := bytes.IndexByte(line, '%')
		if remark < 0 {
			return false
		}
		b = b[:len(b)-len(line)+remark]
	}
}

// add takes one dictionary that may be the stream's. Every reader of packed
// objects takes how many there are from N and where they begin from First, so a
// stream with neither holds none, whatever its filter.
func (h *header) add(d thing) {
	for i := 0; i+1 < len(d.items); i += 2 {
		v := d.items[i+1]
		switch d.items[i].name {
		case "N", "First":
			h.objects = true
		case "W":
			h.places = true
		case "Type":
			h.typed = h.typed || v.kind == aName && v.name == "ObjStm"
		case "Filter":
			h.flate = h.flate || v.name == "FlateDecode" || slices.ContainsFunc(v.items, func(f thing) bool { return f.name == "FlateDecode" })
			h.plain = h.plain && oneFlate(v)
		case "DecodeParms":
			h.plain = h.plain && noParameters(v)
		case "F", "DP", "FFilter", "FDecodeParms": // data elsewhere, or what pictures within a page call filters
			h.plain = false
		}
	}
	h.objects = h.objects || h.typed
}

// oneFlate reports whether v, a filter, is Flate once or nothing, said right here.
func oneFlate(v thing) bool {
	switch v.kind {
	case aName:
		return v.name == "FlateDecode"
	case aWord:
		return v.name == "null"
	case aList:
		return len(v.items) == 0 || len(v.items) == 1 && v.items[0].kind == aName && v.items[0].name == "FlateDecode"
	}
	return false
}

// noParameters reports whether v, the parameters of a filter, says right here
// that there is no predictor.
func noParameters(v thing) bool {
	switch v.kind {
	case aWord:
		return v.name == "null"
	case aList:
		return len(v.items) == 0 || len(v.items) == 1 && v.items[0].kind != aList && noParameters(v.items[0])
	case aDictionary:
		for i := 0; i+1 < len(v.items); i += 2 {
			if key, is := v.items[i].name, v.items[i+1]; is.kind != aWord || key == "Predictor" && is.name != "1" {
				return false
			}
		}
		return true
	}
	return false
}
