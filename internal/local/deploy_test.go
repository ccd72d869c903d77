package local

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestWhatWasBuiltIsDeployedAgainForAnotherPort(t *testing.T) {
	root := t.TempDir()
	for _, part := range []string{
		"go.mod", "go.sum", "samconfig.toml", "template.yaml", "infra/a.yaml", "statemachines/a.json", "functions/a/main.go", "internal/a/a.go",
	} {
		write(t, filepath.Join(root, part), part)
	}
	digests := func(port string) (sources, given string) {
		t.Helper()
		d := deployment{root: root, parameters: map[string]string{"Architecture": "arm64", "SiteUrl": "http://jixu.localhost:" + port}}
		sources, err := d.sources()
		if err != nil {
			t.Fatal(err)
		}
		return sources, d.given()
	}
	sources, given := digests("4566")
	if s, g := digests("4567"); s != sources || g == given {
		t.Errorf("another port: got other sources %v, other parameters %v, want only the latter", s != sources, g != given)
	}
	write(t, filepath.Join(root, "internal/a/a_test.go"), "a test")
	if s, _ := digests("4566"); s != sources {
		t.Error("a test was added: got it built again, want it left")
	}
	write(t, filepath.Join(root, "internal/a/a.go"), "another")
	if s, g := digests("4566"); s == sources || g != given {
		t.Errorf("another source: got other sources %v, other parameters %v, want only the former", s != sources, g != given)
	}
}

func TestAStepOfTheDeploymentIsTakenOnceAndAgainIfItFailed(t *testing.T) {
	d := deployment{dir: t.TempDir()}
	did := 0
	do := func() error { did++; return nil }
	for _, row := range []struct {
		name, digest string
		do           func() error
		fails        bool
		want         int
	}{
		{"the first time", "a", do, false, 1},
		{"nothing has changed", "a", do, false, 1},
		{"something has, and it fails", "b", func() error { did++; return errors.New("no") }, true, 2},
		{"it is as before, which was half replaced", "a", do, false, 3},
	} {
		if err := d.reach("built", row.digest, row.do); (err != nil) != row.fails || did != row.want {
			t.Errorf("%s: got %v after %d times, want %d", row.name, err, did, row.want)
		}
	}
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}
