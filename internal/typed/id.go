package typed

import "strings"

// IsID reports whether s is what a program may call something: least to most letters,
// digits, hyphens and underscores of ASCII.
func IsID(s string, least, most int) bool {
	return len(s) >= least && len(s) <= most && strings.Trim(s, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_") == ""
}

// IsOperation reports whether s can be the id of an operation, as a form or a program
// names it: an [IsID] of 16 to 64 characters.
func IsOperation(s string) bool { return IsID(s, 16, 64) }
