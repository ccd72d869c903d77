package reuse_test

import (
	"slices"
	"testing"

	"jixu/internal/calendar"
	"jixu/internal/reuse"
)

var (
	today = calendar.Day{Year: 2026, Month: 11, Day: 20}
	then  = calendar.Day{Year: 2026, Month: 1, Day: 12}
)

// world is one cell of the whole table: every fact the matrix looks at.
type world struct {
	drug, found, used, others          bool
	own, other                         bool // an approved opinion of the same, of another hospital
	joint, met                         bool // of the opinion that would be relied on
	stopped, registered, changed, late bool
	expired                            bool
}

// each calls visit with all 2^13 worlds.
func each(visit func(world)) {
	for n := range 1 << 13 {
		bit := func(i int) bool { return n>>i&1 == 1 }
		visit(world{
			bit(0), bit(1), bit(2), bit(3), bit(4), bit(5), bit(6), bit(7), bit(8), bit(9), bit(10), bit(11), bit(12),
		})
	}
}

func (w world) propose() reuse.Proposal {
	a := reuse.Asked{
		Drug: w.drug, Hospital: "A", Found: w.found, Used: w.used, OtherPatients: w.others,
		Indication: reuse.Fingerprint("难治性心力衰竭"), Expired: w.expired, Today: today,
	}
	day := then
	if w.late {
		a.MostMonths = 10
	}
	v := reuse.Standing{}
	if w.stopped {
		v.StoppedSince = then
	}
	if w.registered {
		v.RegisteredSince = then
	}
	indication := "难治性 心力衰竭。"
	if w.changed {
		indication = "急性心肌炎"
	}
	precedent := func(id, hospital string) reuse.Precedent {
		return reuse.Precedent{
			Case: id, Hospital: hospital, Day: day, Approved: true, Joint: w.joint, Indication: reuse.Fingerprint(indication),
			Own: [3]bool{true, true, true}, Met: [3]bool{w.met, w.met, w.met},
		}
	}
	var earlier []reuse.Precedent
	if w.own {
		earlier = append(earlier, precedent("c-own", "A"))
	}
	if w.other {
		earlier = append(earlier, precedent("c-other", "B"))
	}
	return reuse.Propose(a, v, earlier)
}

// The matrix of notice 002, two (2), row by row, each for the worlds in which
// every condition of its sentence holds. A row that says nothing of a fact
// holds whatever it is.
var matrix = []struct {
	sentence  string
	holds     func(world) bool
	situation reuse.Situation
	clause    string
	how       [3]reuse.Treatment
}{
	{
		"the same hospital asks for the same drug again: the first opinion is relied on, the quantity assessed only if needed",
		func(w world) bool { return w.drug && w.own && w.found && w.met && !w.stale() },
		reuse.SameHospital, reuse.ClauseAgain,
		[3]reuse.Treatment{reuse.Rely, reuse.Rely, reuse.IfNeeded},
	},
	{
		"another hospital asks for the same drug: capability and quantity, never urgency",
		func(w world) bool { return w.drug && !w.own && w.other && w.found && w.met && !w.stale() },
		reuse.OtherHospital, reuse.ClauseAgain,
		[3]reuse.Treatment{reuse.Focus, reuse.NotAgain, reuse.Focus},
	},
	{
		"the same hospital asks for the same device after use, for other patients, on a joint opinion: relied on, the quantity only if needed",
		func(w world) bool {
			return !w.drug && w.own && w.found && w.met && w.joint && w.used && w.others && !w.stale()
		},
		reuse.SameHospital, reuse.ClauseRepeat,
		[3]reuse.Treatment{reuse.Rely, reuse.Rely, reuse.IfNeeded},
	},
	{
		"another hospital asks for the same device: capability and quantity, never urgency",
		func(w world) bool { return !w.drug && !w.own && w.other && w.found && w.met && !w.stale() },
		reuse.OtherHospital, reuse.ClauseRepeat,
		[3]reuse.Treatment{reuse.Focus, reuse.NotAgain, reuse.Focus},
	},
}

func (w world) stale() bool { return w.stopped || w.registered || w.changed || w.late || w.expired }

func TestEveryCellOfTheMatrixIsTheNoticesOrAFirstTime(t *testing.T) {
	hit := make([]int, len(matrix))
	each(func(w world) {
		got := w.propose()
		want := struct {
			clause string
			how    [3]reuse.Treatment
		}{reuse.ClauseDevice, [3]reuse.Treatment{reuse.Assess, reuse.Assess, reuse.Assess}}
		if w.drug {
			want.clause = reuse.ClauseDrug
		}
		situation := reuse.First
		switch {
		case w.own:
			situation = reuse.SameHospital
		case w.other:
			situation = reuse.OtherHospital
		}
		rows := 0
		for i, row := range matrix {
			if row.holds(w) {
				rows++
				hit[i]++
				want.clause, want.how = row.clause, row.how
				if row.situation != situation {
					t.Fatalf("%+v: the row %q is about another situation than %s", w, row.sentence, situation)
				}
			}
		}
		if rows > 1 {
			t.Fatalf("%+v: %d rows of the matrix hold", w, rows)
		}
		if got.Situation != situation || got.Clause != want.clause || got.How != want.how {
			t.Fatalf("%+v: got %s by %s, %v; want %s by %s, %v", w, got.Situation, got.Clause, got.How, situation, want.clause, want.how)
		}
		explained := len(got.Lacking)+len(got.Stale) > 0
		if first := rows == 0; explained != (first && (w.own || w.other)) {
			t.Fatalf("%+v: rows %d, but the reasons given are %v and %v", w, rows, got.Lacking, got.Stale)
		}
		if (got.RelyOn != nil) != (w.own || w.other) {
			t.Fatalf("%+v: the opinion named is %v", w, got.RelyOn)
		}
	})
	for i, n := range hit {
		if n == 0 {
			t.Errorf("no world reaches the row %q", matrix[i].sentence)
		}
	}
}

func TestEachReasonIsNamed(t *testing.T) {
	good := world{found: true, used: true, others: true, own: true, joint: true, met: true}
	rows := []struct {
		sentence string
		break_   func(*world)
		lack     reuse.Lack
		stale    reuse.Stale
	}{
		{"nobody found that it is the same variety", func(w *world) { w.found = false }, reuse.NotFound, ""},
		{"the opinion was not a joint one", func(w *world) { w.joint = false }, reuse.NotJoint, ""},
		{"no unit was used yet", func(w *world) { w.used = false }, reuse.NotUsed, ""},
		{"it is for the same patients", func(w *world) { w.others = false }, reuse.SamePatient, ""},
		{"one of the three was not met then", func(w *world) { w.met = false }, reuse.Unmet, ""},
		{"a stop order stands", func(w *world) { w.stopped = true }, "", reuse.Stopped},
		{"an equivalent was registered", func(w *world) { w.registered = true }, "", reuse.Registered},
		{"the indication changed", func(w *world) { w.changed = true }, "", reuse.Indication},
		{"a licence is out of date", func(w *world) { w.expired = true }, "", reuse.Expired},
		{"the opinion is older than local policy allows", func(w *world) { w.late = true }, "", reuse.Aged},
	}
	for _, row := range rows {
		t.Run(row.sentence, func(t *testing.T) {
			w := good
			row.break_(&w)
			p := w.propose()
			if row.lack != "" && !slices.Equal(p.Lacking, []reuse.Lack{row.lack}) || row.lack == "" && len(p.Lacking) > 0 {
				t.Errorf("lacking %v, want %q", p.Lacking, row.lack)
			}
			if row.stale != "" && !slices.Equal(p.Stale, []reuse.Stale{row.stale}) || row.stale == "" && len(p.Stale) > 0 {
				t.Errorf("stale %v, want %q", p.Stale, row.stale)
			}
		})
	}
}

func TestTheOpinionReliedOnIsTheFirstThatAssessedItself(t *testing.T) {
	all, none := [3]bool{true, true, true}, [3]bool{}
	at := func(id, hospital string, month int, approved bool, own [3]bool) reuse.Precedent {
		return reuse.Precedent{
			Case: id, Hospital: hospital, Day: calendar.Day{Year: 2026, Month: 0, Day: 5}.AddDays(30 * month),
			Approved: approved, Joint: true, Own: own, Met: all,
		}
	}
	rows := []struct {
		sentence string
		earlier  []reuse.Precedent
		want     string
	}{
		{"its own hospital's comes before another's earlier one", []reuse.Precedent{at("b", "B", 1, true, all), at("a", "A", 3, true, all)}, "a"},
		{"the first of several, in whatever order they are listed", []reuse.Precedent{at("a2", "A", 5, true, all), at("a1", "A", 3, true, all)}, "a1"},
		{"not one that relied on another itself", []reuse.Precedent{at("a1", "A", 3, true, none), at("a2", "A", 5, true, all)}, "a2"},
		{"not one of a refused application", []reuse.Precedent{at("a1", "A", 3, false, all), at("b", "B", 5, true, all)}, "b"},
		{"another hospital's that assessed urgency", []reuse.Precedent{at("b", "B", 1, true, [3]bool{true, false, true}), at("c", "C", 3, true, all)}, "c"},
		{"none, if none was approved", []reuse.Precedent{at("b", "B", 1, false, all)}, ""},
	}
	for _, row := range rows {
		t.Run(row.sentence, func(t *testing.T) {
			p := reuse.Propose(reuse.Asked{Drug: true, Hospital: "A", Found: true, Today: today}, reuse.Standing{}, row.earlier)
			got := ""
			if p.RelyOn != nil {
				got = p.RelyOn.Case
			}
			if got != row.want {
				t.Errorf("relies on %q, want %q", got, row.want)
			}
		})
	}
}
