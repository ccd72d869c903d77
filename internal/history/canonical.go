package history

import (
	"bytes"
	"cmp"
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf16"
	"unicode/utf8"
)

const (
	maxSafe  = 1<<53 - 1 // the largest integer every JSON reader keeps exactly (RFC 7493)
	maxDepth = 64
)

// instantFormat is how an instant is written: UTC, milliseconds, always three digits.
const instantFormat = "2006-01-02T15:04:05.000Z"

// Canonical returns v as the one JSON text there is for it: RFC 8785 for values
// without fractions. Members are sorted by UTF-16 code units, nothing is escaped
// that need not be, text is not normalised, a [time.Time] is cut to milliseconds and
// written in UTC. Structs follow their json tags (names, omitempty, omitzero, "-"); the
// members of a struct that one embeds stand among its own.
//
// It fails for floating-point numbers, for integers beyond ±(2^53-1), for names
// given twice, for text that is not UTF-8, for embedded pointers, for nesting
// deeper than 64, and for what JSON cannot say.
func Canonical(v any) ([]byte, error) {
	var b bytes.Buffer
	if err := write(&b, reflect.ValueOf(v), 0); err != nil {
		return nil, fmt.Errorf("writing canonical form: %w", err)
	}
	return b.Bytes(), nil
}

type member struct {
	name  string
	value []byte
}

func writeMembers(b *bytes.Buffer, members []member) error {
	slices.SortFunc(members, func(x, y member) int { return order(x.name, y.name) })
	b.WriteByte('{')
	for i, m := range members {
		if i > 0 {
			if m.name == members[i-1].name {
				return errTwice
			}
			b.WriteByte(',')
		}
		if err := writeString(b, m.name); err != nil {
			return err
		}
		b.WriteByte(':')
		b.Write(m.value)
	}
	b.WriteByte('}')
	return nil
}

var errTwice = errors.New("name given twice")

// order compares names by their UTF-16 code units: a character beyond U+FFFF comes
// before those from U+E000 on.
func order(x, y string) int {
	for x != "" && y != "" {
		r, n := utf8.DecodeRuneInString(x)
		q, m := utf8.DecodeRuneInString(y)
		if r != q {
			if (r > 0xffff) != (q > 0xffff) {
				return cmp.Compare(first(r), first(q))
			}
			return cmp.Compare(r, q)
		}
		x, y = x[n:], y[m:]
	}
	return cmp.Compare(len(x), len(y))
}

// first is the first code unit of r.
func first(r rune) rune {
	if high, _ := utf16.EncodeRune(r); high != utf8.RuneError {
		return high
	}
	return r
}

func writeString(b *bytes.Buffer, s string) error {
	if !utf8.ValidString(s) {
		return fmt.Errorf("text is not UTF-8")
	}
	const hex = "0123456789abcdef"
	b.WriteByte('"')
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c >= 0x20:
			b.WriteByte(c)
		case c == '\b':
			b.WriteString(`\b`)
		case c == '\t':
			b.WriteString(`\t`)
		case c == '\n':
			b.WriteString(`\n`)
		case c == '\f':
			b.WriteString(`\f`)
		case c == '\r':
			b.WriteString(`\r`)
		default:
			b.WriteString(`\u00`)
			b.WriteByte(hex[c>>4])
			b.WriteByte(hex[c&15])
		}
	}
	b.WriteByte('"')
	return nil
}

func writeInt(b *bytes.Buffer, n int64) error {
	if n > maxSafe || n < -maxSafe {
		return fmt.Errorf("integer beyond 2^53")
	}
	b.WriteString(strconv.FormatInt(n, 10))
	return nil
}

var (
	instantType = reflect.TypeFor[time.Time]()
	numberType  = reflect.TypeFor[json.Number]()
	jsonType    = reflect.TypeFor[json.Marshaler]()
	textType    = reflect.TypeFor[encoding.TextMarshaler]()
)

func write(b *bytes.Buffer, v reflect.Value, depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("nested deeper than %d", maxDepth)
	}
	if !v.IsValid() {
		b.WriteString("null")
		return nil
	}
	k := v.Kind()
	if (k == reflect.Pointer || k == reflect.Interface || k == reflect.Map || k == reflect.Slice) && v.IsNil() {
		b.WriteString("null")
		return nil
	}
	switch t := v.Type(); {
	case t == instantType:
		at := v.Interface().(time.Time).UTC()
		if y := at.Year(); y < 0 || y > 9999 {
			return fmt.Errorf("instant in year %d", y)
		}
		return writeString(b, at.Format(instantFormat))
	case t == numberType:
		return writeNumber(b, v.String())
	case t.Implements(jsonType):
		raw, err := v.Interface().(json.Marshaler).MarshalJSON()
		if err != nil {
			return err
		}
		return writeRaw(b, raw, depth)
	case t.Implements(textType):
		text, err := v.Interface().(encoding.TextMarshaler).MarshalText()
		if err != nil {
			return err
		}
		return writeString(b, string(text))
	}
	switch k {
	case reflect.Pointer, reflect.Interface:
		return write(b, v.Elem(), depth+1)
	case reflect.Bool:
		b.WriteString(strconv.FormatBool(v.Bool()))
		return nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return writeInt(b, v.Int())
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		if v.Uint() > maxSafe {
			return fmt.Errorf("integer beyond 2^53")
		}
		return writeInt(b, int64(v.Uint()))
	case reflect.String:
		return writeString(b, v.String())
	case reflect.Slice, reflect.Array:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return fmt.Errorf("bytes have no one spelling; give text")
		}
		b.WriteByte('[')
		for i := range v.Len() {
			if i > 0 {
				b.WriteByte(',')
			}
			if err := write(b, v.Index(i), depth+1); err != nil {
				return err
			}
		}
		b.WriteByte(']')
		return nil
	case reflect.Map:
		return writeMap(b, v, depth)
	case reflect.Struct:
		return writeStruct(b, v, depth)
	}
	return fmt.Errorf("a %s cannot be written", v.Type())
}

func writeMap(b *bytes.Buffer, v reflect.Value, depth int) error {
	type entry struct {
		name  string
		value reflect.Value
	}
	entries := make([]entry, 0, v.Len())
	for it := v.MapRange(); it.Next(); {
		name := ""
		if k := it.Key(); k.Type().Implements(textType) {
			text, err := k.Interface().(encoding.TextMarshaler).MarshalText()
			if err != nil {
				return err
			}
			name = string(text)
		} else if k.Kind() == reflect.String {
			name = k.String()
		} else {
			return fmt.Errorf("a %s cannot be a name", k.Type())
		}
		entries = append(entries, entry{name, it.Value()})
	}
	slices.SortFunc(entries, func(x, y entry) int { return order(x.name, y.name) })
	b.WriteByte('{')
	for i, e := range entries {
		if i > 0 {
			if e.name == entries[i-1].name {
				return errTwice
			}
			b.WriteByte(',')
		}
		if err := writeString(b, e.name); err != nil {
			return err
		}
		b.WriteByte(':')
		if err := write(b, e.value, depth+1); err != nil {
			return err
		}
	}
	b.WriteByte('}')
	return nil
}

// field is one member of a struct's text.
type field struct {
	index     []int // the way to it, through what is embedded
	name      string
	omitEmpty bool
	omitZero  bool
}

// plan is how the values of one struct type are written: its members in their order.
type plan struct {
	fields []field
	err    error
}

// plans has the plan of every struct type that was written, by its type.
var plans sync.Map

func planOf(t reflect.Type) plan {
	if p, ok := plans.Load(t); ok {
		return p.(plan)
	}
	var p plan
	p.fields, p.err = fieldsOf(t, nil)
	slices.SortStableFunc(p.fields, func(x, y field) int { return order(x.name, y.name) })
	plans.Store(t, p)
	return p
}

// fieldsOf lists the members of a struct type. Those of a struct that it embeds stand
// among its own.
func fieldsOf(t reflect.Type, way []int) ([]field, error) {
	var fields []field
	for i := range t.NumField() {
		f := t.Field(i)
		name, opts, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Tag.Get("json") == "-" || !f.IsExported() && !f.Anonymous {
			continue
		}
		index := append(slices.Clone(way), i)
		if f.Anonymous && name == "" {
			if f.Type.Kind() != reflect.Struct || !f.IsExported() {
				return nil, fmt.Errorf("%s embeds %s", t, f.Type)
			}
			inner, err := fieldsOf(f.Type, index)
			if err != nil {
				return nil, err
			}
			fields = append(fields, inner...)
			continue
		}
		if name == "" {
			name = f.Name
		}
		out := field{index: index, name: name}
		for opt := range strings.SplitSeq(opts, ",") {
			switch opt {
			case "":
			case "omitempty":
				out.omitEmpty = true
			case "omitzero":
				out.omitZero = true
			default:
				return nil, fmt.Errorf("%s.%s has the tag %q", t, f.Name, opt)
			}
		}
		fields = append(fields, out)
	}
	return fields, nil
}

func writeStruct(b *bytes.Buffer, v reflect.Value, depth int) error {
	p := planOf(v.Type())
	if p.err != nil {
		return p.err
	}
	b.WriteByte('{')
	last, any := "", false
	for _, f := range p.fields {
		value := v.FieldByIndex(f.index)
		if f.omitEmpty && isEmpty(value) || f.omitZero && isZero(value) {
			continue
		}
		if any {
			if f.name == last {
				return errTwice
			}
			b.WriteByte(',')
		}
		last, any = f.name, true
		if err := writeString(b, f.name); err != nil {
			return err
		}
		b.WriteByte(':')
		if err := write(b, value, depth+1); err != nil {
			return err
		}
	}
	b.WriteByte('}')
	return nil
}

func isEmpty(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Array, reflect.Map, reflect.Slice, reflect.String:
		return v.Len() == 0
	case reflect.Struct:
		return false
	}
	return v.IsZero()
}

func isZero(v reflect.Value) bool {
	if z, ok := v.Interface().(interface{ IsZero() bool }); ok && (v.Kind() != reflect.Pointer || !v.IsNil()) {
		return z.IsZero()
	}
	return v.IsZero()
}

func writeNumber(b *bytes.Buffer, s string) error {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || strconv.FormatInt(n, 10) != s {
		return fmt.Errorf("a number that is no plain integer")
	}
	return writeInt(b, n)
}
