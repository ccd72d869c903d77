package docket

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"jixu/internal/dossier"
	"jixu/internal/typed"
)

// endings are the ends of names by which people's machines know what a file is,
// by what its bytes are; the first is ours.
var endings = map[dossier.Type][]string{
	dossier.PDF: {".pdf"}, dossier.JPEG: {".jpg", ".jpeg", ".jpe", ".jfif"}, dossier.PNG: {".png"},
	dossier.DOCX: {".docx", ".doc", ".docm"}, dossier.XLSX: {".xlsx", ".xls", ".xlsm"},
}

// maxStem is how long a name is before its ending, in bytes: file systems take
// 255, and browsers put a number behind a name that is there already.
const maxStem = 200

// SavedAs is what a download of f is called: as its uploader called it, or as
// its item where that leaves nothing, with the ending of what its bytes are. It
// holds no sign that a file system takes for its own.
func (f File) SavedAs() string {
	stem := strings.Map(func(r rune) rune {
		switch {
		case strings.ContainsRune(`\/:*?"<>|`, r):
			return '_'
		case unicode.IsControl(r), typed.Invisible(r), r == utf8.RuneError:
			return -1
		}
		return r
	}, f.Name)
	if end := path.Ext(stem); known(end) {
		stem = strings.TrimSuffix(stem, end)
	}
	if stem = strings.Trim(cut(stem, maxStem), ". 　"); stem == "" {
		stem = f.Item
	}
	return stem + f.ending()
}

func known(end string) bool {
	for _, of := range endings {
		if slices.Contains(of, strings.ToLower(end)) {
			return true
		}
	}
	return false
}

// cut returns s without what is behind its first most bytes, and no half character.
func cut(s string, most int) string {
	if len(s) <= most {
		return s
	}
	for most > 0 && !utf8.RuneStart(s[most]) {
		most--
	}
	return s[:most]
}

func (f File) ending() string {
	if e := endings[f.Type]; len(e) > 0 {
		return e[0]
	}
	return ""
}

// Attachment is the header that has a browser save f under its name and never
// show it (RFC 6266, 8187). What reads no other character than ASCII's saves it
// by its item. It is written for one download and never logged.
func (f File) Attachment() string {
	name := f.SavedAs()
	plain := name
	if strings.ContainsFunc(name, func(r rune) bool { return r >= utf8.RuneSelf || r == '%' }) {
		plain = f.Item + f.ending()
	}
	var long strings.Builder
	for _, b := range []byte(name) {
		if b >= '0' && b <= '9' || b >= 'A' && b <= 'Z' || b >= 'a' && b <= 'z' || strings.IndexByte("!#$&+-.^_`|~", b) >= 0 {
			long.WriteByte(b)
		} else {
			fmt.Fprintf(&long, "%%%02X", b)
		}
	}
	return `attachment; filename="` + plain + `"; filename*=UTF-8''` + long.String()
}
