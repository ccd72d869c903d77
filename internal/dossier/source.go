package dossier

import (
	"bufio"
	"io"
)

// source is the file as it is read: buffered, with every byte also given to see.
// It implements io.ByteReader, so that a decompressor takes not one byte more
// than it needs.
type source struct {
	tee *tee
	buf *bufio.Reader
	see func(byte) // nil: nobody looks
	bad error      // an error of the reader itself, never io.EOF
	at  int64      // bytes taken
}

func newSource(r io.Reader, most int64) *source {
	t := newTee(r, most)
	return &source{tee: t, buf: bufio.NewReaderSize(t, 64<<10)}
}

// Peek returns the next n bytes without taking them; fewer only with an error.
func (s *source) Peek(n int) ([]byte, error) {
	b, err := s.buf.Peek(n)
	s.note(err)
	return b, err
}

// ReadByte takes one byte.
func (s *source) ReadByte() (byte, error) {
	c, err := s.buf.ReadByte()
	if err != nil {
		s.note(err)
		return 0, err
	}
	s.at++
	if s.see != nil {
		s.see(c)
	}
	return c, nil
}

// Read takes bytes.
func (s *source) Read(p []byte) (int, error) {
	n, err := s.buf.Read(p)
	s.at += int64(max(n, 0))
	if s.see != nil {
		for _, c := range p[:max(n, 0)] {
			s.see(c)
		}
	}
	s.note(err)
	return n, err
}

func (s *source) note(err error) {
	if err != nil && err != io.EOF && s.bad == nil {
		s.bad = err
	}
}

// drain takes what is left and returns the reader's error, if there ever was one.
func (s *source) drain() error {
	if s.bad != nil {
		return s.bad
	}
	_, err := io.Copy(io.Discard, s.buf)
	return err
}
