package dossier

import (
	"encoding/binary"
	"hash/crc32"
	"io"

	"jixu/internal/fault"
)

// inspectPNG walks the chunks: IHDR first, IDAT somewhere, IEND last with nothing
// behind it, every checksum right.
func inspectPNG(src *source) error {
	damaged := fault.New(fault.Invalid, "file.truncated")
	var head [8]byte
	if _, err := io.ReadFull(src, head[:]); err != nil {
		return damaged
	}
	data := false
	for i := 0; ; i++ {
		if _, err := io.ReadFull(src, head[:]); err != nil {
			return damaged
		}
		size, kind := binary.BigEndian.Uint32(head[:4]), string(head[4:])
		if (i == 0) != (kind == "IHDR") || kind == "IHDR" && size != 13 || kind == "IEND" && size != 0 {
			return damaged
		}
		sum := crc32.NewIEEE()
		sum.Write(head[4:])
		if n, err := io.CopyN(sum, src, int64(size)); err != nil || n != int64(size) {
			return damaged
		}
		var crc [4]byte
		if _, err := io.ReadFull(src, crc[:]); err != nil || binary.BigEndian.Uint32(crc[:]) != sum.Sum32() {
			return damaged
		}
		data = data || kind == "IDAT"
		if kind == "IEND" {
			if _, err := src.ReadByte(); err != io.EOF || !data {
				return damaged
			}
			return nil
		}
	}
}
