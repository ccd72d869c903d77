//go:build check

package attack

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"jixu/internal/local"
)

// Chromium opens every page of both sites on the running stack, in Chinese and
// English, at 375 and 1280 px: axe finds nothing against WCAG 2.2 AA, nothing
// scrolls sideways, nothing is asked of anybody else. It lives a case without
// script and one with the keyboard alone.
func TestEveryPageInChromium(t *testing.T) {
	h := open(t)
	root, err := local.Root()
	if err != nil {
		t.Fatal(err)
	}
	walk := exec.CommandContext(t.Context(), "node", filepath.Join("tools", "pages", "walk.mjs"), "--site", h.Site, "--desk", h.Desk)
	walk.Dir = root
	walk.Stdout, walk.Stderr = os.Stdout, os.Stderr
	if err := walk.Run(); err != nil {
		t.Errorf("walking the pages: %v", err)
	}
}
