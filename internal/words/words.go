// Package words holds every sentence that the system says to people, in
// Chinese and English, under the same keys. It does not decide what is said
// where, and it holds no rule of the programme; those live in policy with
// their clauses.
package words

import (
	"embed"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Lang is a language of the pages.
type Lang string

const (
	ZH Lang = "zh"
	EN Lang = "en"
)

// Parse returns the language named s, Chinese for anything unknown.
func Parse(s string) Lang {
	if s == "en" {
		return EN
	}
	return ZH
}

// Accepted returns the language that the lines of an Accept-Language header like best,
// Chinese unless they name another of ours.
func Accepted(lines []string) Lang {
	best, lang := 0.0, ZH
	for part := range strings.SplitSeq(strings.Join(lines, ","), ",") {
		tag, params, _ := strings.Cut(strings.TrimSpace(part), ";")
		q := 1.0
		if text, ok := strings.CutPrefix(strings.TrimSpace(params), "q="); ok {
			var err error
			if q, err = strconv.ParseFloat(text, 64); err != nil || q < 0 || q > 1 {
				q = 0
			}
		}
		primary, _, _ := strings.Cut(strings.ToLower(tag), "-")
		if (primary == "zh" || primary == "en") && q > best {
			best, lang = q, Parse(primary)
		}
	}
	return lang
}

// Tag is the BCP 47 tag for the lang attribute.
func (l Lang) Tag() string {
	if l == EN {
		return "en"
	}
	return "zh-CN"
}

// Other is the language that the switch offers.
func (l Lang) Other() Lang {
	if l == EN {
		return ZH
	}
	return EN
}

//go:embed *.json
var files embed.FS

// catalogue maps a key to its Chinese and English sentence. It is read when the
// first sentence is said: most functions start without saying any.
var catalogue = sync.OnceValue(func() map[string][2]string { return must(load()) })

// load reads every file; a key that stands twice is an error.
func load() (map[string][2]string, error) {
	all := map[string][2]string{}
	entries, err := files.ReadDir(".")
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		data, err := files.ReadFile(e.Name())
		if err != nil {
			return nil, err
		}
		var part map[string][2]string
		if err := json.Unmarshal(data, &part); err != nil {
			return nil, fmt.Errorf("reading words in %s: %w", e.Name(), err)
		}
		for k, v := range part {
			if _, twice := all[k]; twice {
				return nil, fmt.Errorf("key %q stands twice", k)
			}
			all[k] = v
		}
	}
	return all, nil
}

func must(m map[string][2]string, err error) map[string][2]string {
	if err != nil {
		panic(err) // the files are embedded: the build is wrong, not the input
	}
	return m
}

// Say returns the sentence under key with {0}, {1} … replaced by args. A key
// that is missing is returned in brackets, so that a page never breaks; a test
// makes sure that none is.
func (l Lang) Say(key string, args ...any) string {
	pair, ok := catalogue()[key]
	if !ok {
		return "[" + key + "]"
	}
	s := pair[0]
	if l == EN {
		s = pair[1]
	}
	for i, a := range args {
		s = strings.ReplaceAll(s, "{"+strconv.Itoa(i)+"}", fmt.Sprint(a))
	}
	return s
}

// Has reports whether key is in the catalogue.
func Has(key string) bool { _, ok := catalogue()[key]; return ok }

// Keys lists every key, sorted.
func Keys() []string { return slices.Sorted(maps.Keys(catalogue())) }
