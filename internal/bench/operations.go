package bench

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"time"

	"jixu/internal/casework"
	"jixu/internal/docket"
	"jixu/internal/fault"
	"jixu/internal/history"
	"jixu/internal/journey"
	"jixu/internal/party"
	"jixu/internal/policy"
	"jixu/internal/world"
)

// operationRuns is how often each operation is measured; the median counts.
// Tests lower it.
var operationRuns = 60

// measure is what one operation took.
type measure struct {
	took   time.Duration
	allocs float64
	bytes  float64
}

// operation is one thing to measure: ready makes what it needs in an empty house,
// out of the measured time, and returns what is measured.
type operation struct {
	name  string
	ready func(*desktop) (func() error, error)
}

// operations measures what a change costs without any service: the law, the
// canonical form, the hashes and the store's contract in memory. Sealing one
// entry of the same run is the unit, so that the numbers of two machines can be
// compared, and two of one machine on different days.
func operations(ctx context.Context, out io.Writer) error {
	list := []operation{
		{"sealing one entry", (*desktop).seal},
		{"saving the form of a draft", (*desktop).save},
		{"announcing a file", (*desktop).announce},
		{"submitting one file for each paper", submitting(1)},
		{"submitting 50 files", submitting(50)},
		{"asking for a supplement", (*desktop).ask},
		{"giving an opinion", (*desktop).opine},
		{"the same opinion once more", (*desktop).again},
		{"an opinion that comes too late", (*desktop).late},
	}
	g := grid{{"operation, in memory", "time", "of a seal", "allocations", "of a seal", "KB"}}
	var unit measure
	for i, op := range list {
		m, err := measured(ctx, op)
		if err != nil {
			return fmt.Errorf("%s: %w", op.name, err)
		}
		if i == 0 {
			unit = m
		}
		g.row(op.name, number(float64(m.took)/float64(time.Microsecond), 0)+" µs", number(float64(m.took)/float64(unit.took), 1)+" ×",
			number(m.allocs, 0), number(m.allocs/unit.allocs, 1)+" ×", number(m.bytes/1024, 1))
	}
	fmt.Fprintf(out, "\nWhat a change costs before any service is asked: the median of %d, beside sealing one entry in the same run.\n\n", operationRuns)
	g.print(out)
	if err := byHand(ctx, "memory", nil, out); err != nil {
		return err
	}
	return counters(ctx, "memory", nil, out)
}

// measured runs op several times and takes the medians. One run before is not
// counted: what is read once is read then.
func measured(ctx context.Context, op operation) (measure, error) {
	var took []time.Duration
	var allocs, bytes []float64
	for i := range operationRuns + 1 {
		d, err := newDesktop(ctx)
		if err != nil {
			return measure{}, err
		}
		do, err := op.ready(d)
		if err != nil {
			return measure{}, err
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		began := time.Now()
		err = do()
		spent := time.Since(began)
		runtime.ReadMemStats(&after)
		if err != nil {
			return measure{}, err
		}
		if i > 0 {
			took = append(took, spent)
			allocs = append(allocs, float64(after.Mallocs-before.Mallocs))
			bytes = append(bytes, float64(after.TotalAlloc-before.TotalAlloc))
		}
	}
	slices.Sort(took)
	slices.Sort(allocs)
	slices.Sort(bytes)
	mid := operationRuns / 2
	return measure{took[mid], allocs[mid], bytes[mid]}, nil
}

// desktop is a town of which only the desk is used.
type desktop struct {
	*world.Town
	ctx context.Context
	ops int
	tag string // in the ids of its operations, where many work on one table
}

func newDesktop(ctx context.Context) (d *desktop, err error) {
	defer caught(&err)
	d = &desktop{world.New(ends{}, world.Options{Packs: policy.Carried}), ctx, 0, ""}
	d.Desk.Random = rand.Reader
	return d, nil
}

func (d *desktop) op() docket.Op {
	d.ops++
	return docket.Op{ID: fmt.Sprintf("bench-operation-%s%08d", d.tag, d.ops)}
}

// seal is the unit: one entry of ordinary size.
func (d *desktop) seal() (func() error, error) {
	body, err := json.Marshal(journey.DeviceForm())
	return func() error {
		_, err := history.Seal(history.Entry{}, history.Entry{Aggregate: "case/bench", Verb: "bench", At: time.Unix(0, 0), Body: body})
		return err
	}, err
}

// draft makes a filled draft with one file for every paper, and more of them up
// to files, all checked.
func (d *desktop) draft(files int) (string, error) {
	lin := world.Sample.Actor("lin-zhi")
	r, err := d.Desk.Create(d.ctx, d.op(), policy.Device, lin)
	if err != nil {
		return "", err
	}
	form := journey.DeviceForm()
	for k, v := range journey.DeviceFacts() {
		form[k] = v
	}
	version, err := d.version(r.Case)
	if err != nil {
		return "", err
	}
	if _, err := d.Desk.Save(d.ctx, d.op(), r.Case, version, form, lin); err != nil {
		return "", err
	}
	left := files
	for round := 0; left > 0; round++ {
		before := left
		for _, item := range journey.Papers(policy.DevicePack()) {
			if round >= item.MaxFiles || round > 0 && left == 0 {
				continue
			}
			if err := d.attach(r.Case, item.ID, lin); err != nil {
				return "", err
			}
			left = max(left-1, 0)
		}
		if left == before {
			return "", fmt.Errorf("the pack has no room for %d files", files)
		}
	}
	return r.Case, nil
}

// attach announces a file and settles it, without the bytes: these are measured elsewhere.
func (d *desktop) attach(id, item string, by party.Actor) error {
	version, err := d.version(id)
	if err != nil {
		return err
	}
	r, _, err := d.Desk.Attach(d.ctx, d.op(), id, version, docket.Upload{Item: item, Name: "a.pdf"}, "", by)
	if err != nil {
		return err
	}
	record, err := docket.LoadCase(d.ctx, d.Ports.Keep, id)
	if err != nil {
		return err
	}
	f, _ := record.File(r.File)
	f.ScanAt = time.Time{}
	f.State, f.Version, f.Scan, f.Type, f.Size, f.SHA256 = docket.Checked, "v1", docket.Scanned, "pdf", 1<<20, fmt.Sprintf("%064d", d.ops)
	_, err = d.Ports.Keep.SettleFile(d.ctx, f)
	return err
}

func (d *desktop) version(id string) (int, error) {
	r, err := docket.LoadCase(d.ctx, d.Ports.Keep, id)
	return r.Case.Dossier, err
}

func (d *desktop) save() (func() error, error) {
	id, err := d.draft(1)
	if err != nil {
		return nil, err
	}
	version, err := d.version(id)
	form, op := journey.DeviceForm(), d.op()
	form["quantity"] = "11"
	return func() error {
		_, err := d.Desk.Save(d.ctx, op, id, version, form, world.Sample.Actor("lin-zhi"))
		return err
	}, err
}

func (d *desktop) announce() (func() error, error) {
	id, err := d.draft(1)
	if err != nil {
		return nil, err
	}
	version, err := d.version(id)
	op := d.op()
	return func() error {
		_, _, err := d.Desk.Attach(d.ctx, op, id, version, docket.Upload{Item: "instructions", Name: "a.pdf"}, "", world.Sample.Actor("lin-zhi"))
		return err
	}, err
}

func submitting(files int) func(*desktop) (func() error, error) {
	return func(d *desktop) (func() error, error) {
		id, err := d.draft(files)
		if err != nil {
			return nil, err
		}
		version, err := d.version(id)
		op := d.op()
		return func() error {
			_, err := d.Desk.Submit(d.ctx, op, id, version, true, world.Sample.Actor("lin-zhi"))
			return err
		}, err
	}
}

// submitted makes a case under assessment and returns its opinion's gate.
func (d *desktop) submitted() (docket.GateRef, error) {
	id, err := d.draft(1)
	if err != nil {
		return docket.GateRef{}, err
	}
	version, err := d.version(id)
	if err != nil {
		return docket.GateRef{}, err
	}
	if _, err := d.Desk.Submit(d.ctx, d.op(), id, version, true, world.Sample.Actor("lin-zhi")); err != nil {
		return docket.GateRef{}, err
	}
	r, err := docket.LoadCase(d.ctx, d.Ports.Keep, id)
	return docket.GateRef{Of: id, Gate: r.Case.Opinion.Gate, Submission: len(r.Case.Submissions)}, err
}

func (d *desktop) ask() (func() error, error) {
	ref, err := d.submitted()
	op := d.op()
	return func() error {
		_, err := d.Desk.Ask(d.ctx, op, ref, []casework.Defect{{Item: "signed-form", What: "请加盖公章"}}, world.Sample.Actor("zhou-heng"), nil)
		return err
	}, err
}

func (d *desktop) opine() (func() error, error) {
	ref, err := d.submitted()
	op := d.op()
	return func() error {
		_, err := d.Desk.Opine(d.ctx, op, ref, world.Opinion(), world.Sample.Actor("zhou-heng"), nil)
		return err
	}, err
}

// again sends the operation that was answered already: its receipt comes back.
func (d *desktop) again() (func() error, error) {
	do, err := d.opine()
	if err != nil {
		return nil, err
	}
	return do, do()
}

// late is another answer to a gate that is answered: a conflict, and nothing is written.
func (d *desktop) late() (func() error, error) {
	ref, err := d.submitted()
	if err != nil {
		return nil, err
	}
	if _, err := d.Desk.Opine(d.ctx, d.op(), ref, world.Opinion(), world.Sample.Actor("zhou-heng"), nil); err != nil {
		return nil, err
	}
	op, other := d.op(), world.Opinion()
	other.Findings[0].Met = false
	return func() error {
		_, err := d.Desk.Opine(d.ctx, op, ref, other, world.Sample.Actor("zhou-heng"), nil)
		if !errors.Is(err, fault.Conflict) {
			return fmt.Errorf("a second answer: got %v, want a conflict", err)
		}
		return nil
	}, nil
}
