package history

import (
	"strings"
)

// isCanonical reports whether raw, which is UTF-8, is the canonical text of a value at
// depth: then it need not be read and written again. It may say no of a text that is
// one (of names with escapes in them); what it says yes to is one.
func isCanonical(raw []byte, depth int) bool {
	s := scan{raw: string(raw)}
	return s.value(depth) && s.at == len(raw)
}

// scan walks over a text once.
type scan struct {
	raw string
	at  int
}

// take steps over want, if it is next.
func (s *scan) take(want string) bool {
	if !strings.HasPrefix(s.raw[s.at:], want) {
		return false
	}
	s.at += len(want)
	return true
}

func (s *scan) value(depth int) bool {
	if depth > maxDepth || s.at >= len(s.raw) {
		return false
	}
	switch c := s.raw[s.at]; {
	case c == '{':
		return s.object(depth)
	case c == '[':
		return s.list(depth)
	case c == '"':
		_, ok := s.text()
		return ok
	case c == '-' || c >= '0' && c <= '9':
		return s.integer()
	}
	return s.take("null") || s.take("true") || s.take("false")
}

func (s *scan) list(depth int) bool {
	if s.take("[]") {
		return true
	}
	for s.at++; ; s.at++ {
		if !s.value(depth+1) || s.at >= len(s.raw) {
			return false
		}
		switch s.raw[s.at] {
		case ',':
		case ']':
			s.at++
			return true
		default:
			return false
		}
	}
}

func (s *scan) object(depth int) bool {
	if s.take("{}") {
		return true
	}
	last, any := "", false
	for s.at++; ; s.at++ {
		if s.at >= len(s.raw) || s.raw[s.at] != '"' {
			return false
		}
		name, ok := s.text()
		if !ok || strings.Contains(name, `\`) || any && order(last, name) >= 0 || !s.take(":") || !s.value(depth+1) || s.at >= len(s.raw) {
			return false
		}
		last, any = name, true
		switch s.raw[s.at] {
		case ',':
		case '}':
			s.at++
			return true
		default:
			return false
		}
	}
}

// text steps over a string and returns what stands between its quotes.
func (s *scan) text() (string, bool) {
	from := s.at + 1
	for i := from; i < len(s.raw); i++ {
		switch c := s.raw[i]; {
		case c == '"':
			s.at = i + 1
			return s.raw[from:i], true
		case c < 0x20:
			return "", false
		case c == '\\':
			n := escape(s.raw[i:])
			if n == 0 {
				return "", false
			}
			i += n - 1
		}
	}
	return "", false
}

// escape is how long the escape is that s begins with, 0 if it is not one that canonical
// text has.
func escape(s string) int {
	if len(s) >= 2 && strings.IndexByte(`"\btnfr`, s[1]) >= 0 {
		return 2
	}
	if len(s) < 6 || s[:4] != `\u00` {
		return 0
	}
	c := strings.IndexByte("01", s[4])<<4 | strings.IndexByte("0123456789abcdef", s[5])
	if c < 0 || strings.IndexByte("\b\t\n\f\r", byte(c)) >= 0 { // these have names of their own
		return 0
	}
	return 6
}

func (s *scan) integer() bool {
	from := s.at
	s.take("-")
	digits, n := s.at, int64(0)
	for s.at < len(s.raw) && s.raw[s.at] >= '0' && s.raw[s.at] <= '9' {
		n = n*10 + int64(s.raw[s.at]-'0')
		if s.at++; n > maxSafe {
			return false
		}
	}
	switch {
	case s.at == digits, s.raw[digits] == '0' && s.at-digits > 1, n == 0 && digits > from: // none, 01, -0
		return false
	}
	return true
}
