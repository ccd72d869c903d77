package web

import (
	"crypto/sha256"
	"encoding/hex"
	"mime"
	"net/http"
	"path"
	"strings"
	"sync"
)

// A static file is called by its content: /static/style.0123456789.css never changes and
// is kept for ever; another content has another address.

type staticFile struct {
	data    []byte
	hash    string
	address string
}

// statics are the files by name, read when the first is asked for.
var statics = sync.OnceValue(func() map[string]staticFile {
	out := map[string]staticFile{}
	listed, _ := files.ReadDir("static") // it is embedded: nothing can fail
	for _, f := range listed {
		data, _ := files.ReadFile("static/" + f.Name())
		sum := sha256.Sum256(data)
		hash, ending := hex.EncodeToString(sum[:5]), path.Ext(f.Name())
		out[f.Name()] = staticFile{data, hash, "/static/" + strings.TrimSuffix(f.Name(), ending) + "." + hash + ending}
	}
	return out
})

// staticAddress is where a page finds the static file called name.
func staticAddress(name string) string { return statics()[name].address }

// static serves what is embedded. An address of an earlier build, or without a hash,
// brings the file as it is now and is not kept: a page that was opened before a
// deployment is not left without its style.
func (x plainPages) static() error {
	asked := x.R.PathValue("file")
	f, found := statics()[asked]
	if !found {
		ending := path.Ext(asked)
		stem, _, _ := strings.Cut(strings.TrimSuffix(asked, ending), ".")
		if f, found = statics()[stem+ending]; !found {
			return x.NotFound()
		}
	}
	h := x.W.Header()
	h.Set("Vary", "Accept-Encoding")
	if x.R.URL.Path == f.address {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
		h.Set("ETag", `W/"`+f.hash+`"`) // weak: compressed or not, it is the same file
		if holds(x.R.Header.Values("If-None-Match"), f.hash) {
			x.W.WriteHeader(http.StatusNotModified)
			return nil
		}
	}
	h.Set("Content-Type", mime.TypeByExtension(path.Ext(f.address)))
	_, err := x.W.Write(f.data)
	return err
}

// holds reports whether lines of If-None-Match name hash, however weakly.
func holds(lines []string, hash string) bool {
	for tag := range strings.SplitSeq(strings.Join(lines, ","), ",") {
		if tag = strings.TrimPrefix(strings.TrimSpace(tag), "W/"); tag == `"`+hash+`"` || tag == "*" {
			return true
		}
	}
	return false
}
