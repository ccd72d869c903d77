package dossier

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"jixu/internal/fault"
	"jixu/internal/history"
)

// Manifest is what a submission consists of, frozen: the form as typed, and every
// file by key, version and digest. Its digest stands in the history entry.
type Manifest struct {
	Case       string            `json:"case"`
	Number     string            `json:"number"` // for people
	Kind       string            `json:"kind"`
	Submission int               `json:"submission"` // from 1
	Pack       string            `json:"pack"`       // id and version of the requirement pack
	Rules      string            `json:"rules"`      // version of the rules
	Calendar   string            `json:"calendar"`   // version of the calendar
	Form       map[string]string `json:"form"`
	Files      []Listed          `json:"files"` // by item, then id
}

// Listed is one file of a manifest.
type Listed struct {
	Item    string `json:"item"` // of the pack
	File    string `json:"file"` // id
	Key     string `json:"key"`
	Version string `json:"version"` // of the object under Key
	SHA256  string `json:"sha256"`
	Size    int64  `json:"size"`
	Type    Type   `json:"type"`
}

// Canonical returns m as canonical JSON, and the SHA-256 of that in hex. The order in
// which files were added does not matter.
func (m Manifest) Canonical() (data []byte, digest string, err error) {
	m.Files = slices.Clone(m.Files)
	slices.SortFunc(m.Files, func(a, b Listed) int {
		return strings.Compare(a.Item+"\x00"+a.File+"\x00"+a.Version, b.Item+"\x00"+b.File+"\x00"+b.Version)
	})
	if m.Files == nil {
		m.Files = []Listed{}
	}
	if m.Form = maps.Clone(m.Form); m.Form == nil {
		m.Form = map[string]string{}
	}
	data, err = history.Canonical(m)
	if err != nil {
		return nil, "", fmt.Errorf("writing manifest: %w", err)
	}
	return data, digestOf(data), nil
}

func digestOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// ParseManifest reads what [Manifest.Canonical] wrote. It fails with [fault.Invalid]
// if data is not what digest was made of, or is no manifest in canonical form.
func ParseManifest(data []byte, digest string) (Manifest, error) {
	if digestOf(data) != digest {
		return Manifest{}, fault.New(fault.Invalid, "manifest.digest")
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	var m Manifest
	if err := dec.Decode(&m); err != nil {
		return Manifest{}, fault.Because(fault.Invalid, "manifest.form", err)
	}
	if back, _, err := m.Canonical(); err != nil || !bytes.Equal(back, data) {
		return Manifest{}, fault.Because(fault.Invalid, "manifest.form", err)
	}
	return m, nil
}
