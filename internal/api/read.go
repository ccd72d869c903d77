package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"jixu/internal/fault"
)

// bodyLimit is what a request may weigh; files go straight to the bucket.
const bodyLimit = 1 << 20

// readBody reads a body, at most bodyLimit, of JSON by its own word.
func readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	kind, params, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	charset := strings.ToLower(strings.TrimSpace(params))
	if !strings.EqualFold(strings.TrimSpace(kind), "application/json") || charset != "" && charset != "charset=utf-8" || r.Header.Get("Content-Encoding") != "" {
		return nil, fault.New(fault.Invalid, "body.type")
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, bodyLimit))
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return nil, fault.New(fault.Invalid, "body.large")
	}
	if err != nil {
		return nil, fault.Because(fault.Invalid, "json", err)
	}
	return body, nil
}

// maxDepth is how deep a body may nest; ours nest four levels.
const maxDepth = 16

// readJSON reads one object into into, a pointer to a struct. It is stricter
// than encoding/json, so that everybody who reads the same bytes reads the same:
// names are exact and stand once, nothing is null, nothing follows. It fails with
// fault.Invalid, and names every field that is not as it should be.
func readJSON(body []byte, into any) error {
	if !utf8.Valid(body) {
		return fault.New(fault.Invalid, "json")
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	v, err := value(d, 0)
	if err != nil {
		return fault.Because(fault.Invalid, "json", err)
	}
	if _, err := d.Token(); err != io.EOF {
		return fault.New(fault.Invalid, "json")
	}
	var m misfits
	m.look("", v, reflect.TypeOf(into).Elem())
	if err := fault.Fields(m); err != nil {
		return err
	}
	if err := json.Unmarshal(body, into); err != nil {
		return fault.Because(fault.Invalid, "json", err)
	}
	return nil
}

var errJSON = errors.New("not plain JSON")

// value reads the next value of d: objects as maps whose names stand once.
func value(d *json.Decoder, depth int) (any, error) {
	if depth > maxDepth {
		return nil, errJSON
	}
	token, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch token {
	case json.Delim('{'):
		object := map[string]any{}
		for d.More() {
			name, err := d.Token()
			if err != nil {
				return nil, err
			}
			key, _ := name.(string)
			if _, twice := object[key]; twice {
				return nil, errJSON
			}
			if object[key], err = value(d, depth+1); err != nil {
				return nil, err
			}
		}
		_, err := d.Token()
		return object, err
	case json.Delim('['):
		list := []any{}
		for d.More() {
			v, err := value(d, depth+1)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		_, err := d.Token()
		return list, err
	}
	return token, nil
}

// misfits lists where a value is not of its type: names that the type has not,
// values of another kind, and those left out whose field says `api:"required"`:
// where nothing means something, it must be said. It stops looking when the list
// is full, or a megabyte of wrong elements would be answered with fifty.
type misfits []fault.Problem

func (m *misfits) full() bool { return len(*m) >= fault.MaxProblems }

func (m *misfits) add(p fault.Problem) {
	if !m.full() {
		*m = append(*m, p)
	}
}

func (m *misfits) look(at string, v any, t reflect.Type) {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	fits := false
	switch t.Kind() {
	case reflect.Struct:
		var object map[string]any
		if object, fits = v.(map[string]any); fits {
			m.lookInto(at, object, t)
		}
	case reflect.Map:
		var object map[string]any
		if object, fits = v.(map[string]any); fits {
			for _, name := range sorted(object) {
				if m.full() {
					return
				}
				m.look(join(at, name), object[name], t.Elem())
			}
		}
	case reflect.Slice:
		var list []any
		if list, fits = v.([]any); fits {
			for i, e := range list {
				if m.full() {
					return
				}
				m.look(fmt.Sprintf("%s[%d]", at, i), e, t.Elem())
			}
		}
	case reflect.String:
		_, fits = v.(string)
	case reflect.Bool:
		_, fits = v.(bool)
	case reflect.Int:
		if n, ok := v.(json.Number); ok {
			_, err := strconv.Atoi(n.String())
			fits = err == nil
		}
	}
	if !fits {
		m.add(fault.Problem{Field: at, Code: "json.type", Args: []any{kindName(t)}})
	}
}

func (m *misfits) lookInto(at string, object map[string]any, t reflect.Type) {
	fields := map[string]reflect.Type{}
	for _, f := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" {
			continue
		}
		fields[name] = f.Type
		if _, there := object[name]; !there && f.Tag.Get("api") == "required" {
			m.add(fault.Problem{Field: join(at, name), Code: "field.missing"})
		}
	}
	for _, name := range sorted(object) {
		if m.full() {
			return
		}
		if field, ok := fields[name]; ok {
			m.look(join(at, name), object[name], field)
		} else {
			m.add(fault.Problem{Field: join(at, name), Code: "json.unknown"})
		}
	}
}

func kindName(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Struct, reflect.Map:
		return "object"
	case reflect.Slice:
		return "array"
	case reflect.Bool:
		return "boolean"
	case reflect.Int:
		return "integer"
	}
	return "string"
}

func sorted(object map[string]any) []string {
	names := make([]string, 0, len(object))
	for name := range object {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// maxName is how much of a name that we do not know is said back.
const maxName = 60

func join(at, name string) string {
	if r := []rune(name); len(r) > maxName {
		name = string(r[:maxName]) + "…"
	}
	if at == "" {
		return name
	}
	return at + "." + name
}
