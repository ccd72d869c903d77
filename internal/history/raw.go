package history

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"unicode/utf8"
)

// writeRaw writes JSON text that somebody else made.
func writeRaw(b *bytes.Buffer, raw []byte, depth int) error {
	if !utf8.Valid(raw) {
		return fmt.Errorf("text is not UTF-8")
	}
	if isCanonical(raw, depth) { // as what we wrote ourselves
		b.Write(raw)
		return nil
	}
	return rewrite(b, raw, depth)
}

// rewrite reads JSON text and writes it in its one form.
func rewrite(b *bytes.Buffer, raw []byte, depth int) error {
	// The decoder would quietly turn half a surrogate pair into U+FFFD, and two
	// different texts into one; so it is looked for here.
	if loneSurrogate(raw) {
		return fmt.Errorf("half a surrogate pair")
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	if !json.Valid(raw) {
		return fmt.Errorf("not one JSON value")
	}
	return writeNext(b, dec, depth)
}

func writeNext(b *bytes.Buffer, dec *json.Decoder, depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("nested deeper than %d", maxDepth)
	}
	tok, err := dec.Token()
	if err != nil {
		return err
	}
	switch tok := tok.(type) {
	case nil:
		b.WriteString("null")
	case bool:
		b.WriteString(strconv.FormatBool(tok))
	case string:
		return writeString(b, tok)
	case json.Number:
		return writeNumber(b, tok.String())
	case json.Delim:
		if tok == '[' {
			b.WriteByte('[')
			for i := 0; dec.More(); i++ {
				if i > 0 {
					b.WriteByte(',')
				}
				if err := writeNext(b, dec, depth+1); err != nil {
					return err
				}
			}
			b.WriteByte(']')
		} else {
			var members []member
			for dec.More() {
				tok, err := dec.Token()
				if err != nil {
					return err
				}
				name, ok := tok.(string)
				if !ok {
					return fmt.Errorf("a name that is no text")
				}
				var value bytes.Buffer
				if err := writeNext(&value, dec, depth+1); err != nil {
					return err
				}
				members = append(members, member{name, value.Bytes()})
			}
			if err := writeMembers(b, members); err != nil {
				return err
			}
		}
		_, err := dec.Token() // the closing bracket
		return err
	}
	return nil
}

// loneSurrogate reports whether raw, which is valid JSON or will be refused, has
// a \u escape of half a pair.
func loneSurrogate(raw []byte) bool {
	unit := func(i int) (uint16, bool) {
		if i+6 > len(raw) || raw[i] != '\\' || raw[i+1] != 'u' {
			return 0, false
		}
		n, err := strconv.ParseUint(string(raw[i+2:i+6]), 16, 16)
		return uint16(n), err == nil
	}
	for i := 0; i < len(raw); i++ {
		if raw[i] != '\\' {
			continue
		}
		u, ok := unit(i)
		if !ok {
			i++ // some other escape; skip what it escapes
			continue
		}
		switch {
		case u >= 0xd800 && u < 0xdc00:
			if low, ok := unit(i + 6); !ok || low < 0xdc00 || low > 0xdfff {
				return true
			}
			i += 11
		case u >= 0xdc00 && u <= 0xdfff:
			return true
		default:
			i += 5
		}
	}
	return false
}
