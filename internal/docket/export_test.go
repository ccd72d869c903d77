package docket

// Register adds a kind of aggregate that only tests have.
func Register(k Kind) { kinds = append(kinds, k) }
