// Package stack deploys the real template, with the real functions, to an
// emulator of its own and hands tests what they need to attack it. It is for
// tests only, and does in two seconds what sam build and sam deploy do in
// fifteen; `jixu local` uses those.
package stack

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"jixu/internal/local"
)

// longestWait is the wait that tests may shorten, as the definition states it.
const longestWait = `"TimeoutSeconds": 5184000`

// build is what a deployment uploads.
type build struct {
	template string            // URL of the template, with every local path replaced by an upload's address
	objects  map[string][]byte // by key; keys change with their content
}

// compile builds every function, and packages in extra, and returns the zips by
// the name of their folder.
func compile(ctx context.Context, root string, extra ...string) (map[string][]byte, error) {
	out, err := os.MkdirTemp("", "jixu-build-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(out)
	if err := local.CompileInto(ctx, root, out, extra...); err != nil {
		return nil, err
	}
	return zipEach(out)
}

func zipEach(dir string) (map[string][]byte, error) {
	files, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	zips := make(map[string][]byte, len(files))
	for _, file := range files {
		binary, err := os.ReadFile(filepath.Join(dir, file.Name()))
		if err != nil {
			return nil, err
		}
		if zips[file.Name()], err = zipBootstrap(binary); err != nil {
			return nil, err
		}
	}
	return zips, nil
}

// zipBootstrap packs binary as a custom runtime wants it. The same binary gives
// the same zip.
func zipBootstrap(binary []byte) ([]byte, error) {
	var packed bytes.Buffer
	w := zip.NewWriter(&packed)
	header := &zip.FileHeader{Name: "bootstrap", Method: zip.Store, Modified: time.Unix(315532800, 0)}
	header.SetMode(0o755)
	entry, err := w.CreateHeader(header)
	if err != nil {
		return nil, err
	}
	if _, err := entry.Write(binary); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return packed.Bytes(), nil
}

var (
	codeURI       = regexp.MustCompile(`(?m)^(\s+CodeUri: )functions/([a-z-]+)/?$`)
	definitionURI = regexp.MustCompile(`(?m)^(\s+DefinitionUri: )(statemachines/[a-z-]+\.asl\.json)$`)
	templateURL   = regexp.MustCompile(`(?m)^(\s+TemplateURL: )(infra/[a-z-]+\.yaml)$`)
)

// render replaces every local path of the template by the address of its
// upload, as sam package does. A wait above zero replaces that of the machines.
func render(root string, zips map[string][]byte, bucket, endpoint string, wait time.Duration) (build, error) {
	source, err := os.ReadFile(filepath.Join(root, "template.yaml"))
	if err != nil {
		return build{}, err
	}
	r := &renderer{root: root, zips: zips, bucket: bucket, endpoint: endpoint, wait: wait, objects: map[string][]byte{}}
	template := r.replace(source, codeURI, r.function)
	template = r.replace(template, definitionURI, r.stateMachine)
	template = r.replace(template, templateURL, r.nested)
	return build{template: r.url(r.put(template, ".yaml")), objects: r.objects}, r.err
}

type renderer struct {
	root, bucket, endpoint string
	zips                   map[string][]byte
	wait                   time.Duration
	objects                map[string][]byte
	err                    error // the first one
}

// replace puts what address returns for the second group of pattern behind its first.
func (r *renderer) replace(template []byte, pattern *regexp.Regexp, address func(string) (string, error)) []byte {
	return pattern.ReplaceAllFunc(template, func(line []byte) []byte {
		groups := pattern.FindSubmatch(line)
		to, err := address(string(groups[2]))
		if err != nil && r.err == nil {
			r.err = fmt.Errorf("rendering the template: %w", err)
		}
		return append(bytes.Clone(groups[1]), to...)
	})
}

func (r *renderer) function(name string) (string, error) {
	packed, ok := r.zips[name]
	if !ok {
		return "", fmt.Errorf("functions/%s was not built", name)
	}
	return "s3://" + r.bucket + "/" + r.put(packed, ".zip"), nil
}

func (r *renderer) stateMachine(path string) (string, error) {
	definition, err := os.ReadFile(filepath.Join(r.root, path))
	if err != nil {
		return "", err
	}
	if r.wait > 0 {
		shorter := `"TimeoutSeconds": ` + strconv.Itoa(int(r.wait/time.Second))
		definition = []byte(strings.ReplaceAll(string(definition), longestWait, shorter))
	}
	return "s3://" + r.bucket + "/" + r.put(definition, ".json"), nil
}

func (r *renderer) nested(path string) (string, error) {
	template, err := os.ReadFile(filepath.Join(r.root, path))
	if err != nil {
		return "", err
	}
	return r.url(r.put(template, ".yaml")), nil
}

func (r *renderer) url(key string) string { return r.endpoint + "/" + r.bucket + "/" + key }

// put remembers an object for the upload and returns its key.
func (r *renderer) put(content []byte, suffix string) string {
	sum := sha256.Sum256(content)
	key := hex.EncodeToString(sum[:16]) + suffix
	r.objects[key] = content
	return key
}
