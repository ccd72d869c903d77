package wiring

import (
	"strings"
	"testing"

	"jixu/internal/settings"
	"jixu/internal/table"
)

// function gives the test the environment of a function.
func function(t *testing.T, more ...string) {
	t.Helper()
	for _, pair := range append([]string{
		"AWS_REGION=cn-north-1", "AWS_ACCESS_KEY_ID=id", "AWS_SECRET_ACCESS_KEY=secret", "JIXU_STAGE=development", "JIXU_TABLE=cases",
	}, more...) {
		name, value, _ := strings.Cut(pair, "=")
		t.Setenv(name, value)
	}
}

func TestADeskGoesByTheClockOfItsSettings(t *testing.T) {
	for _, row := range []struct {
		clock string
		moves bool
	}{{"table", true}, {"system", false}} {
		function(t, "JIXU_CLOCK="+row.clock)
		b, desk, err := OpenDesk()
		if err != nil {
			t.Fatal(err)
		}
		if clock, ok := desk.Clock.(table.Clock); !ok || clock.Moves != row.moves || clock.Store != b.Store || desk.Store != b.Store {
			t.Errorf("%s: got %+v, want the clock to move: %t", row.clock, desk.Clock, row.moves)
		}
	}
}

func TestWhatIsMissingIsNamedAtOnce(t *testing.T) {
	function(t, "JIXU_TABLE=", "JIXU_CLOCK=", "JIXU_BUCKET=")
	_, _, err := OpenDesk(settings.Bucket)
	for _, name := range []string{"JIXU_TABLE", "JIXU_CLOCK", "JIXU_BUCKET"} {
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("got %v, want %s named", err, name)
		}
	}
	if _, err := Open(); err == nil || strings.Contains(err.Error(), "JIXU_CLOCK") {
		t.Errorf("without a desk: got %v, want only the table named", err)
	}
}
