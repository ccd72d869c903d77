package api_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"

	"jixu/internal/api"
	"jixu/internal/words"
)

const description = "../../docs/openapi.yaml"

// contract is docs/openapi.yaml, by which every answer in these tests is judged.
type contract struct {
	doc      map[string]any
	compiler *jsonschema.Compiler
	mux      *http.ServeMux

	mu      sync.Mutex
	schemas map[string]*jsonschema.Schema
	seen    map[string]bool // operations that answered well at least once
}

var theContract = sync.OnceValues(func() (*contract, error) {
	data, err := os.ReadFile(description)
	if err != nil {
		return nil, err
	}
	var doc map[string]any
	if err := yaml.Unmarshal(data, &doc); err != nil {
		return nil, err
	}
	// As JSON has it: numbers and names of one kind.
	text, err := json.Marshal(doc)
	if err != nil {
		return nil, err
	}
	plain, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	c := &contract{doc: plain.(map[string]any), compiler: jsonschema.NewCompiler(), mux: http.NewServeMux(), schemas: map[string]*jsonschema.Schema{}, seen: map[string]bool{}}
	c.compiler.DefaultDraft(jsonschema.Draft2020)
	c.compiler.AssertFormat()
	for _, d := range slices.Concat(api.Routes(), api.CallbackRoutes()) {
		c.mux.HandleFunc(d.Method+" "+d.Pattern, func(http.ResponseWriter, *http.Request) {})
	}
	return c, c.compiler.AddResource("openapi.json", plain)
})

// in walks down the document and follows one reference.
func (c *contract) in(path ...string) (any, string) {
	var v any = c.doc
	at := ""
	for _, name := range path {
		object, _ := v.(map[string]any)
		v = object[name]
		at += "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
		if ref, ok := v.(map[string]any)["$ref"].(string); ok {
			return c.in(strings.Split(strings.TrimPrefix(ref, "#/"), "/")...)
		}
		if v == nil {
			return nil, at
		}
	}
	return v, at
}

// fits says how v, as JSON, is not what the schema at pointer wants; "" if it fits.
func (c *contract) fits(pointer string, text []byte) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.schemas[pointer]
	if s == nil {
		var err error
		if s, err = c.compiler.Compile("openapi.json#" + pointer); err != nil {
			return err.Error()
		}
		c.schemas[pointer] = s
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return err.Error()
	}
	if err := s.Validate(v); err != nil {
		return err.Error()
	}
	return ""
}

// judge says how an answer departs from the description.
func (c *contract) judge(r *http.Request, sent []byte, a *answer) (wrong []string) {
	_, pattern := c.mux.Handler(r)
	method, path, ok := strings.Cut(pattern, " ")
	if !ok {
		return nil // no operation: 404 or 405
	}
	op, _ := c.in("paths", path, strings.ToLower(method))
	if op == nil {
		return []string{"the description has no " + pattern}
	}
	status := fmt.Sprint(a.Status)
	responses, _ := op.(map[string]any)["responses"].(map[string]any)
	if responses[status] == nil {
		status = status[:1] + "XX"
	}
	if responses[status] == nil {
		return []string{fmt.Sprintf("%s: the description knows no %d", pattern, a.Status)}
	}
	kind := a.Header.Get("Content-Type")
	response, at := c.in("paths", path, strings.ToLower(method), "responses", status)
	content, _ := response.(map[string]any)["content"].(map[string]any)
	if content[kind] == nil {
		return []string{fmt.Sprintf("%s: %d is %s, and the description knows %v", pattern, a.Status, kind, content)}
	}
	pointer := at + "/content/" + strings.ReplaceAll(kind, "/", "~1") + "/schema"
	if bad := c.fits(pointer, []byte(a.Text)); bad != "" {
		wrong = append(wrong, pattern+": "+bad)
	}
	headers, _ := response.(map[string]any)["headers"].(map[string]any)
	for name := range headers {
		if a.Header.Get(name) == "" {
			wrong = append(wrong, pattern+": no "+name)
		}
	}
	if a.Status >= 300 {
		return wrong
	}
	c.mu.Lock()
	c.seen[pattern] = true
	c.mu.Unlock()
	if method == http.MethodPost {
		_, at := c.in("paths", path, "post", "requestBody", "content", "application/json")
		if bad := c.fits(at+"/schema", sent); bad != "" {
			wrong = append(wrong, pattern+", what was sent and taken: "+bad)
		}
	}
	return wrong
}

func TestTheDescriptionHasEveryRouteAndNoOther(t *testing.T) {
	c, err := theContract()
	if err != nil {
		t.Fatal(err)
	}
	have := map[string]bool{}
	for _, d := range slices.Concat(api.Routes(), api.CallbackRoutes()) {
		have[d.Method+" "+d.Pattern] = true
		if op, _ := c.in("paths", d.Pattern, strings.ToLower(d.Method)); op == nil {
			t.Errorf("%s %s: got it in the handler, want it in %s", d.Method, d.Pattern, description)
		}
	}
	ids := map[string]string{}
	for path, item := range c.doc["paths"].(map[string]any) {
		for method, op := range item.(map[string]any) {
			if method == "parameters" {
				continue
			}
			name := strings.ToUpper(method) + " " + path
			if !have[name] {
				t.Errorf("%s: got it in %s, want a route", name, description)
			}
			id, _ := op.(map[string]any)["operationId"].(string)
			if id == "" || ids[id] != "" {
				t.Errorf("%s: got operationId %q of %s as well, want its own", name, id, ids[id])
			}
			ids[id] = name
			summary, _ := op.(map[string]any)["summary"].(string)
			if !strings.Contains(summary, " · ") {
				t.Errorf("%s: got summary %q, want it in Chinese and English", name, summary)
			}
		}
	}
}

// The version that the description claims is one that our validator knows, and
// each of its schemas compiles.
func TestEverySchemaCompiles(t *testing.T) {
	c, err := theContract()
	if err != nil {
		t.Fatal(err)
	}
	if c.doc["openapi"] != "3.1.0" {
		t.Errorf("got OpenAPI %v, want 3.1.0: its schemas are JSON Schema 2020-12", c.doc["openapi"])
	}
	schemas, _ := c.in("components", "schemas")
	for name := range schemas.(map[string]any) {
		if _, err := c.compiler.Compile("openapi.json#/components/schemas/" + name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The page for agencies' engineers shows what is really sent.
func TestThePageForEngineersShowsWhatIsSent(t *testing.T) {
	c, err := theContract()
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile("../../docs/agency-systems.md")
	if err != nil {
		t.Fatal(err)
	}
	shown := 0
	for i, block := range strings.Split(string(page), "```json\n") {
		if i == 0 {
			continue
		}
		text, _, _ := strings.Cut(block, "```")
		schema := "SystemAnswer"
		if strings.Contains(text, "specversion") {
			schema = "Event"
		}
		if bad := c.fits("/components/schemas/"+schema, []byte(text)); bad != "" {
			t.Errorf("%s: %s\n%s", schema, bad, text)
		}
		shown++
	}
	if shown != 2 {
		t.Errorf("got %d examples, want an answer and an event", shown)
	}
	for _, code := range []string{"gate.answered", "operation.other", "file.unchecked", "moved", "webhook.time", "webhook.signature", "role"} {
		if !strings.Contains(string(page), "`"+code+"`") || !words.Has("fault."+code) {
			t.Errorf("code %s: want it on the page and in the words", code)
		}
	}
}
