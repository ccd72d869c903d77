//go:build check

// Package walk holds no code. Its test lets Chromium walk every page of both
// sites on the running stack.
package walk

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"jixu/internal/local"
	"jixu/internal/stack"
)

func TestMain(m *testing.M) { stack.Main(m) }

// Chromium opens every page of both sites, in Chinese and English, at 375 and
// 1280 px: axe finds nothing against WCAG 2.2 AA, nothing scrolls sideways,
// nothing is asked of anybody else. It lives a case without script and one with
// the keyboard alone.
func TestEveryPageInChromium(t *testing.T) {
	root, err := local.Root()
	if err != nil {
		t.Fatal(err)
	}
	s := stack.Shared(t)
	command := exec.CommandContext(t.Context(), "node", filepath.Join("tools", "pages", "walk.mjs"), "--site", s.Site, "--desk", s.Desk.Issuer)
	command.Dir = root
	command.Stdout, command.Stderr = os.Stdout, os.Stderr
	if err := command.Run(); err != nil {
		t.Errorf("walking the pages: %v", err)
	}
}
