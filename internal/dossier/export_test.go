package dossier

// LowerUnpackMost sets the bound of unpacking and returns how to set it back.
func LowerUnpackMost(n int64) (restore func()) {
	was := unpackMost
	unpackMost = n
	return func() { unpackMost = was }
}
