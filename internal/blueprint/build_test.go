package blueprint

import (
	"path/filepath"
	"strings"
	"testing"

	"jixu/internal/local"
)

// Two builds with other flags share nothing of the build cache.
func TestTheCommandLineIsBuiltAsTheFunctionsAre(t *testing.T) {
	makefile := read(t, filepath.Join(root, "Makefile"))
	for _, variable := range local.BuildEnv(nil) {
		name, value, _ := strings.Cut(variable, "=")
		if !strings.Contains(makefile, variable+" ") && !strings.Contains(makefile, name+`="`+value+`"`) {
			t.Errorf("Makefile: got another %s for bin/jixu, want %s", name, value)
		}
	}
}

func TestMakeBuildBuildsForTheTemplatesArchitecture(t *testing.T) {
	if got := text(at(template(t, "template.yaml"), "Parameters", "Architecture", "Default")); got != local.ArchitectureInAWS {
		t.Errorf("template.yaml: got %s by default, and make build builds for %s", got, local.ArchitectureInAWS)
	}
}

// The flags stand in one place of the code, and in the Makefile for bin/jixu.
func TestNobodyElseKnowsTheFlagsOfABuild(t *testing.T) {
	for _, s := range sources(t) {
		if s.path != "internal/local/compile.go" && strings.Contains(read(t, filepath.Join(root, s.path)), "lambda.norpc") {
			t.Errorf("%s: got flags of its own, want local.BuildEnv", s.path)
		}
	}
}
