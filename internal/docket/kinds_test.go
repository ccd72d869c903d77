package docket_test

import (
	"testing"

	"jixu/internal/docket"
	"jixu/internal/world"
)

// A row that says half of something would be found out only when it happens.
func TestEveryRowOfAKindIsWhole(t *testing.T) {
	seen := map[string]bool{}
	for _, k := range docket.Kinds() {
		if seen[k.Name] || k.Name == "" {
			t.Errorf("kind %q: got two rows or no name, want one row of each", k.Name)
		}
		seen[k.Name] = true
		carried := k.StateMachine != ""
		if carried != (len(k.Carries) > 0) || carried != (k.Legs != nil) || carried != (k.Restart != nil) {
			t.Errorf("kind %s: got a machine without legs and a restart, or these without a machine", k.Name)
		}
		if carried && k.Name != lampKind {
			if _, err := world.ReadDefinition(k.StateMachine); err != nil {
				t.Errorf("kind %s: %v, want its machine defined", k.Name, err)
			}
		}
	}
}

func TestNamesAreTakenApartAsTheyArePutTogether(t *testing.T) {
	for _, row := range []struct{ name, kind, id string }{
		{"c1", docket.CaseKind, "c1"}, {"inquiry/q1", "inquiry", "q1"}, {"lamp/l1", "lamp", "l1"},
	} {
		if kind, id := docket.Parts(row.name); kind != row.kind || id != row.id || docket.NameOf(kind, id) != row.name {
			t.Errorf("%s: got %s and %s, put together %s", row.name, kind, id, docket.NameOf(kind, id))
		}
	}
}
