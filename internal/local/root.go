// Package local is what one machine needs in place of AWS and of the people's
// own services: the emulator, the deployment of the real template to it, a
// development sign-in and a mail sink. Nothing of it runs in production, and no
// function imports it.
package local

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Root returns the folder of the checkout that the working directory is in.
func Root() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("finding the checkout: %w", err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "template.yaml")); err == nil {
			return dir, nil
		}
		above := filepath.Dir(dir)
		if above == dir {
			return "", errors.New("finding the checkout: no template.yaml here or above")
		}
		dir = above
	}
}
