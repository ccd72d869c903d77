package dossier

import (
	"compress/flate"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"jixu/internal/fault"
)

// Bounds of one archive: far above what Word and Excel write, far below what
// fills a machine. Tests lower unpackedMost.
const (
	entriesMost = 4096
	nameMost    = 255      // bytes
	ratioFrom   = 16 << 20 // an entry is asked for its ratio from here on
	ratioMost   = 200      // bytes unpacked from one
)

var unpackedMost int64 = 256 << 20 // bytes of all entries together

// Why an archive is not read further. All but the last are the file's own fault.
var (
	errCut     = fault.New(fault.Invalid, "file.truncated")
	errPackage = fault.New(fault.Invalid, "file.package")
	errBomb    = fault.New(fault.Invalid, "file.bomb")
	errLocked  = fault.New(fault.Invalid, "file.encrypted")
)

// entry is one file of an archive, as its local header says and its bytes confirm.
type entry struct {
	name         string
	method       uint16
	flags        uint16
	crc          uint32
	packed, size int64
	at           int64 // of the local header
	markup       bool  // it was read as XML
	broken       bool  // … and could not be, to its end
}

func (e entry) folder() bool { return strings.HasSuffix(e.name, "/") }

// Bits of an entry's flags.
const (
	flagLocked     = 1<<0 | 1<<6 | 1<<13
	flagDescriptor = 1 << 3 // sizes stand behind the data
)

const (
	sigLocal      = "PK\x03\x04"
	sigDescriptor = "PK\x07\x08"
	sigCentral    = "PK\x01\x02"
	sigEnd        = "PK\x05\x06"
	sigEnd64      = "PK\x06\x06"
	sigLocator64  = "PK\x06\x07"
)

// archive walks a ZIP archive once, from its first byte to its last, entry
// behind entry, and believes no header: sizes and checksums are counted, and
// the directory at the end must say exactly what was seen. So nothing overlaps,
// nothing hides between or behind, and nobody can read another archive out of
// the same bytes.
type archive struct {
	src     *source
	entries []entry
	seen    map[string]bool // names, in lower case
	total   int64           // bytes unpacked
	z       io.ReadCloser   // reused
}

// walk gives part every entry with its unpacked bytes. What part leaves unread
// is read for it. An error of part ends the walk.
func (a *archive) walk(part func(e *entry, r io.Reader) error) error {
	a.seen = map[string]bool{}
	for {
		sig, err := a.src.Peek(4)
		if err != nil {
			return errCut
		}
		switch string(sig) {
		case sigLocal:
			if err := a.entry(part); err != nil {
				return err
			}
		case sigCentral:
			return a.directory()
		default:
			return errPackage // also an archive of nothing
		}
	}
}

func (a *archive) take(n int) ([]byte, error) {
	b := make([]byte, n)
	if _, err := io.ReadFull(a.src, b); err != nil {
		return nil, errCut
	}
	return b, nil
}

var u16, u32, u64 = binary.LittleEndian.Uint16, binary.LittleEndian.Uint32, binary.LittleEndian.Uint64

func (a *archive) entry(part func(e *entry, r io.Reader) error) error {
	e := entry{at: a.src.at}
	head, err := a.take(30)
	if err != nil {
		return err
	}
	e.flags, e.method, e.crc = u16(head[6:]), u16(head[8:]), u32(head[14:])
	packed, size := u32(head[18:]), u32(head[22:])
	name, err := a.take(int(u16(head[26:])))
	if err != nil {
		return err
	}
	extra, err := a.take(int(u16(head[28:])))
	if err != nil {
		return err
	}
	e.name = string(name)
	switch {
	case e.flags&flagLocked != 0:
		return errLocked
	case !plainName(e.name) || a.seen[strings.ToLower(e.name)] || len(a.entries) == entriesMost:
		return errPackage
	}
	a.seen[strings.ToLower(e.name)] = true
	if e.method != 0 && e.method != 8 || e.method == 0 && e.flags&flagDescriptor != 0 {
		return errPackage // the latter has no end that can be seen
	}
	if e.size, e.packed, _, err = wideSizes(extra, size, packed, 0); err != nil {
		return err
	}
	said := e

	r := &unpacking{archive: a, from: a.src.at}
	in := &bounded{src: a.src, left: e.packed}
	if e.flags&flagDescriptor != 0 {
		in.left = -1
	}
	r.r = in
	if e.method == 8 {
		if a.z == nil {
			a.z = flate.NewReader(in)
		} else if err := a.z.(flate.Resetter).Reset(in, nil); err != nil {
			return err
		}
		r.r = a.z
	}
	if err := part(&e, r); err != nil {
		return a.why(r, err)
	}
	if _, err := io.Copy(io.Discard, r); err != nil {
		return a.why(r, err)
	}
	if e.flags&flagDescriptor != 0 {
		e.crc, e.size, e.packed = r.crc, r.size, a.src.at-r.from
		if err := a.descriptor(e); err != nil {
			return err
		}
		// What the header said all the same must be true; zero and "see elsewhere" say nothing.
		if said.crc != 0 && said.crc != e.crc || !agrees(said.size, e.size) || !agrees(said.packed, e.packed) {
			return errPackage
		}
	} else if in.left != 0 || r.size != e.size || r.crc != e.crc {
		return errPackage
	}
	if e.folder() && e.size != 0 {
		return errPackage
	}
	a.entries = append(a.entries, e)
	return nil
}

// agrees reports whether a size that need not be said is not said wrongly.
func agrees(said, size int64) bool { return said == size || said == 0 || said == narrowMost }

// narrowMost in a narrow field means that the wide one tells.
const narrowMost = 1<<32 - 1

// why says what became of the bytes below an entry: the file ended, is broken,
// or unpacks to too much; err is what its reader said.
func (a *archive) why(r *unpacking, err error) error {
	switch {
	case r.bomb:
		return errBomb
	case errors.Is(err, io.ErrUnexpectedEOF):
		return errCut
	case fault.Of(err) != nil:
		return err
	}
	return errPackage // the decompressor cannot make sense of it
}

// descriptor takes the sizes that stand behind the data of e. There are four
// spellings; the right one agrees with what was counted and is followed by a
// signature.
func (a *archive) descriptor(e entry) error {
	b, _ := a.src.Peek(28)
	for _, head := range []string{sigDescriptor, ""} {
		for _, width := range []int{4, 8} {
			n := len(head) + 4 + 2*width
			if len(b) < n+4 || string(b[:len(head)]) != head || u32(b[len(head):]) != e.crc {
				continue
			}
			packed, size := b[len(head)+4:], b[len(head)+4+width:]
			fits := width == 8 && u64(packed) == uint64(e.packed) && u64(size) == uint64(e.size) ||
				width == 4 && u32(packed) == uint32(e.packed) && u32(size) == uint32(e.size)
			if next := string(b[n : n+4]); fits && (next == sigLocal || next == sigCentral) {
				_, err := a.take(n)
				return err
			}
		}
	}
	if len(b) < 28 {
		return errCut
	}
	return errPackage
}

// wideSizes returns the sizes and the offset of a header: its own, or those of
// its ZIP64 extra field where they did not fit.
func wideSizes(extra []byte, size, packed, at uint32) (s, p, o int64, err error) {
	s, p, o = int64(size), int64(packed), int64(at)
	wide := false
	for len(extra) >= 4 {
		id, n := u16(extra), int(u16(extra[2:]))
		if len(extra) < 4+n {
			return 0, 0, 0, errPackage
		}
		if id == 1 {
			if wide {
				return 0, 0, 0, errPackage
			}
			wide = true
			field := extra[4 : 4+n]
			for _, v := range []struct {
				narrow uint32
				to     *int64
			}{{size, &s}, {packed, &p}, {at, &o}} {
				if v.narrow != narrowMost {
					continue
				}
				if len(field) < 8 || u64(field) > 1<<62 {
					return 0, 0, 0, errPackage
				}
				*v.to = int64(u64(field))
				field = field[8:]
			}
		}
		extra = extra[4+n:]
	}
	return s, p, o, nil // what is left over is padding: some writers align so
}

// directory reads the list at the end and compares it with what was walked.
func (a *archive) directory() error {
	began := a.src.at
	at := map[int64]entry{}
	for _, e := range a.entries {
		at[e.at] = e
	}
	for {
		sig, err := a.src.Peek(4)
		if err != nil {
			return errCut
		}
		if string(sig) != sigCentral {
			break
		}
		head, err := a.take(46)
		if err != nil {
			return err
		}
		name, err := a.take(int(u16(head[28:])))
		if err != nil {
			return err
		}
		extra, err := a.take(int(u16(head[30:])))
		if err != nil {
			return err
		}
		comment, disk := u16(head[32:]), u16(head[34:])
		size, packed, offset, err := wideSizes(extra, u32(head[24:]), u32(head[20:]), u32(head[42:]))
		if err != nil {
			return err
		}
		e, ok := at[offset]
		if !ok || comment != 0 || disk != 0 || e.name != string(name) || (e.flags^u16(head[8:]))&flagLocked != 0 || e.method != u16(head[10:]) ||
			e.crc != u32(head[16:]) || e.packed != packed || e.size != size {
			return errPackage
		}
		delete(at, offset)
	}
	if len(at) != 0 {
		return errPackage
	}
	return a.end(int64(len(a.entries)), began, a.src.at-began)
}

// end reads what closes the archive; nothing may stand behind it.
func (a *archive) end(entries, began, length int64) error {
	closed := a.src.at
	sig, err := a.src.Peek(4)
	if err != nil {
		return errCut
	}
	if string(sig) == sigEnd64 {
		b, err := a.take(56 + 20)
		if err != nil {
			return err
		}
		if u64(b[4:]) != 44 || u32(b[16:]) != 0 || u32(b[20:]) != 0 || u64(b[24:]) != uint64(entries) || u64(b[32:]) != uint64(entries) ||
			u64(b[40:]) != uint64(length) || u64(b[48:]) != uint64(began) ||
			string(b[56:60]) != sigLocator64 || u32(b[60:]) != 0 || u64(b[64:]) != uint64(closed) || u32(b[72:]) != 1 {
			return errPackage
		}
	}
	b, err := a.take(22)
	if err != nil {
		return err
	}
	narrow16 := func(v uint16, want int64) bool { return int64(v) == want || v == 1<<16-1 }
	narrow32 := func(v uint32, want int64) bool { return int64(v) == want || v == narrowMost }
	if string(b[:4]) != sigEnd || u16(b[4:]) != 0 || u16(b[6:]) != 0 || !narrow16(u16(b[8:]), entries) || !narrow16(u16(b[10:]), entries) ||
		!narrow32(u32(b[12:]), length) || !narrow32(u32(b[16:]), began) || u16(b[20:]) != 0 {
		return errPackage
	}
	if _, err := a.src.ReadByte(); err != io.EOF {
		return errPackage
	}
	return nil
}

// bounded reads the packed bytes of one entry and none behind them. With left
// below zero, where they end is for the decompressor to find.
type bounded struct {
	src  *source
	left int64
}

func (b *bounded) ReadByte() (byte, error) {
	if b.left == 0 {
		return 0, io.EOF
	}
	c, err := b.src.ReadByte()
	if err == nil && b.left > 0 {
		b.left--
	}
	return c, cut(err)
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left == 0 {
		return 0, io.EOF
	}
	if b.left > 0 && int64(len(p)) > b.left {
		p = p[:b.left]
	}
	n, err := b.src.Read(p)
	if b.left > 0 {
		b.left -= int64(n)
	}
	return n, cut(err)
}

// cut makes the end of the file within an entry what it is.
func cut(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// unpacking counts and checks what an entry unpacks to, as it is read.
type unpacking struct {
	archive *archive
	r       io.Reader
	from    int64 // where the packed bytes begin
	size    int64
	crc     uint32
	bomb    bool
}

func (u *unpacking) Read(p []byte) (int, error) {
	if u.bomb {
		return 0, errBomb
	}
	n, err := u.r.Read(p)
	u.crc = crc32.Update(u.crc, crc32.IEEETable, p[:n])
	u.size += int64(n)
	u.archive.total += int64(n)
	if u.archive.total > unpackedMost || u.size > ratioFrom && u.size/ratioMost > u.archive.src.at-u.from {
		u.bomb = true
		return n, errBomb
	}
	return n, err
}

// plainName reports whether name is a path that stays where it is unpacked and
// means the same to everybody.
func plainName(name string) bool {
	if len(name) > nameMost || !utf8.ValidString(name) || strings.ContainsAny(name, `\:`) || strings.ContainsFunc(name, unicode.IsControl) {
		return false
	}
	for _, step := range strings.Split(strings.TrimSuffix(name, "/"), "/") {
		if step == "" || step == "." || step == ".." || step != strings.TrimRight(step, ". ") {
			return false
		}
	}
	// An escaped letter, point or slash is a second spelling of the same name.
	for i := 0; i+2 < len(name); i++ {
		if name[i] != '%' {
			continue
		}
		hi, ok := unhex(name[i+1])
		lo, ok2 := unhex(name[i+2])
		if c := hi<<4 | lo; ok && ok2 && (c < 0x80 && (unicode.IsLetter(rune(c)) || unicode.IsDigit(rune(c))) || strings.IndexByte("-._~/\\\x00", c) >= 0) {
			return false
		}
	}
	return true
}
