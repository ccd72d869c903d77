package dossier

// LowerUnpackMost sets the bound of unpacking and returns how to set it back.
func LowerUnpackMost(n int64) (restore func()) {
	was := unpackMost
	unpackMost = n
	return func() { unpackMost = was }
}

// LowerUnpackedMost sets the bound of an archive and returns how to set it back.
func LowerUnpackedMost(n int64) (restore func()) {
	was := unpackedMost
	unpackedMost = n
	return func() { unpackedMost = was }
}

// Ear is a listener of markup.
type Ear interface {
	Opens(name string)
	Attribute(name, v string)
	Says(c byte)
	Closes(name string)
}

type ear struct{ Ear }

func (e ear) opens(name string)        { e.Opens(name) }
func (e ear) attribute(name, v string) { e.Attribute(name, v) }
func (e ear) says(c byte)              { e.Says(c) }
func (e ear) closes(name string)       { e.Closes(name) }

// Listen reads s and reports whether it could be read to its end.
func Listen(s string, to Ear) bool {
	m := newMarkup(ear{to})
	_, _ = m.Write([]byte(s))
	return m.end()
}
