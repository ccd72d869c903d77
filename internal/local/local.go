package local

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Seeder fills an empty house with organisations, people and cases. It is
// called after every start, so what is there already it leaves alone.
type Seeder func(ctx context.Context, env Environment) error

// Options are what `jixu local` starts with.
type Options struct {
	Ports  Ports
	People []Person
	Seed   Seeder // nil: nothing is seeded
	Out    io.Writer
}

// Environment is a running house, seen by a command that works on it.
type Environment struct {
	Root    string
	Site    string            // reach it with [Client]
	Desk    string            // URL of the sign-in and mail pages
	Config  aws.Config        // the administrator's
	Outputs map[string]string // of the template
	Out     io.Writer
}

// running is what a running house tells other commands, in .local/running.json.
type running struct {
	Stack int    // port
	Desk  string // URL
}

// Run starts the whole house, says where it is, and returns after ctx has ended
// and everything is stopped.
func Run(ctx context.Context, options Options) error {
	root, err := Root()
	if err != nil {
		return err
	}
	dir := filepath.Join(root, ".local")
	unlock, err := onlyOne(dir)
	if err != nil {
		return err
	}
	defer unlock()
	if err := os.RemoveAll(filepath.Join(dir, "running.json")); err != nil { // of one that was killed
		return err
	}
	h := &instance{root: root, dir: dir, options: options, steps: newSteps(options.Out, time.Now)}
	err = h.open(ctx)
	if err == nil {
		err = h.serve(ctx)
	}
	if ctx.Err() != nil && (err == nil || errors.Is(err, ctx.Err())) {
		fmt.Fprintln(options.Out, "\nstopping …")
		err = nil
	}
	return errors.Join(err, h.close())
}

// errRuns says that a house of this checkout has its state in use.
var errRuns = errors.New("a house runs in this checkout already")

// onlyOne refuses a second house on the same state.
func onlyOne(dir string) (unlock func(), err error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	file, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(errRuns, file.Close())
	}
	return func() { file.Close() }, nil
}

// Clean forgets everything that a house of the checkout root knew. Under a running one
// it removes nothing: its emulator would go on in what is gone.
func Clean(root string) error {
	dir := filepath.Join(root, ".local")
	unlock, err := onlyOne(dir)
	if errors.Is(err, errRuns) {
		return fmt.Errorf("%w: nothing was removed, end it with Ctrl-C first", errRuns)
	}
	if err != nil {
		return err
	}
	defer unlock()
	return os.RemoveAll(dir)
}

// instance is what Run has started.
type instance struct {
	root, dir string
	options   Options
	steps     *steps
	desk      *Desk
	emulator  *Emulator
}

func (h *instance) open(ctx context.Context) error {
	ports, err := h.options.Ports.free()
	if err != nil {
		return err
	}
	fmt.Fprintln(h.steps, "looking for the tools")
	tools, err := Prepare(ctx, h.root, h.steps)
	if err != nil {
		return err
	}
	fmt.Fprintln(h.steps, "starting the emulator")
	h.desk, err = OpenDesk(DeskOptions{
		HTTPPort: ports.Desk, SMTPPort: ports.SMTP, People: h.options.People, MailFile: filepath.Join(h.dir, "mail.jsonl"),
	})
	if err != nil {
		return err
	}
	h.emulator, err = StartEmulator(ctx, tools, h.dir, ports.Stack)
	if err != nil {
		return err
	}
	fmt.Fprintln(h.steps, "comparing what is deployed")
	d := deployment{
		root: h.root, dir: h.dir, tools: tools, emulator: h.emulator,
		parameters: Parameters(h.emulator, h.desk), out: h.steps,
	}
	return d.run(ctx)
}

func (h *instance) serve(ctx context.Context) error {
	outputs, err := Outputs(ctx, h.emulator.Config())
	if err != nil {
		return err
	}
	env := Environment{
		Root: h.root, Site: h.emulator.Site(), Desk: h.desk.Issuer,
		Config: h.emulator.Config(), Outputs: outputs, Out: h.options.Out,
	}
	h.desk.KeepClock(env)
	if err := h.desk.LetProgramsIn(env.Site); err != nil {
		return err
	}
	if h.options.Seed != nil {
		fmt.Fprintln(h.steps, "looking for the sample cases")
		if err := h.options.Seed(ctx, env); err != nil {
			return fmt.Errorf("seeding: %w", err)
		}
	}
	fmt.Fprintln(h.steps, "opening the first page")
	if err := answers(ctx, env.Site, 20*time.Second); err != nil {
		return err
	}
	if err := h.announce(); err != nil {
		return err
	}
	h.welcome()
	return stay(ctx, h.emulator.Ended())
}

// answers asks the site as a browser would, before anybody is told that it is there.
func answers(ctx context.Context, site string, patience time.Duration) error {
	waiting, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	last := errors.New("no answer")
	err := Until(waiting, 200*time.Millisecond, func() (bool, error) {
		r, err := http.NewRequestWithContext(waiting, http.MethodGet, site+"/alive", http.NoBody)
		if err != nil {
			return false, err
		}
		answer, err := Client().Do(r)
		if err != nil {
			last = err
			return false, nil
		}
		answer.Body.Close()
		last = errors.New(answer.Status)
		return answer.StatusCode == http.StatusOK, nil
	})
	if err == nil || ctx.Err() != nil {
		return err
	}
	return fmt.Errorf("everything has started, but %s/alive does not answer (%w): see .local/emulator.log", site, last)
}

// stay returns when the house is to be stopped, or when what it stands on has fallen.
func stay(ctx context.Context, fallen <-chan struct{}) error {
	select {
	case <-ctx.Done():
		return nil
	case <-fallen:
		return errors.New("the emulator ended by itself (see .local/emulator.log): what was done since this start is lost, " +
			"the next one goes on from where the last Ctrl-C left it")
	}
}

// announce lets other commands find this house.
func (h *instance) announce() error {
	content, err := json.Marshal(running{Stack: h.emulator.Port, Desk: h.desk.Issuer})
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(h.dir, "running.json"), content, 0o644)
}

func (h *instance) welcome() {
	fmt.Fprintf(h.options.Out, `
急需 Jixu is ready after %[1]s
  医疗机构 hospital   %[2]s/hospital
  管理部门 agencies   %[2]s/agency
  邮件     mail       %[3]s/mail
  时间     clock      %[3]s/clock
  程序     programs   %[3]s/api/v1
`, h.steps.sum(), h.emulator.Site(), h.desk.Issuer)
	for _, p := range h.options.People {
		fmt.Fprintf(h.options.Out, "  %s %s — %s: %s\n", p.NameZH, p.NameEN, p.OrgZH, p.Try)
	}
	fmt.Fprintln(h.options.Out, "bin/jixu clock +10d lets ten days pass, and so does the clock page; make demo lives whole cases over HTTP")
	fmt.Fprintln(h.options.Out, "Ctrl-C stops it; what it knows is there again at the next start")
}

// close stops what is open. State is written as the emulator ends.
func (h *instance) close() error {
	var failed []error
	if err := os.Remove(filepath.Join(h.dir, "running.json")); err != nil && !errors.Is(err, os.ErrNotExist) {
		failed = append(failed, err)
	}
	if h.emulator != nil {
		failed = append(failed, h.emulator.Stop())
	}
	if h.desk != nil {
		failed = append(failed, h.desk.Close())
	}
	return errors.Join(failed...)
}

// Attach returns the house that `jixu local` runs in this checkout.
func Attach(ctx context.Context, out io.Writer) (Environment, error) {
	root, err := Root()
	if err != nil {
		return Environment{}, err
	}
	found, err := announced(filepath.Join(root, ".local"))
	if err != nil {
		return Environment{}, err
	}
	e := Emulator{Port: found.Stack}
	outputs, err := Outputs(ctx, e.Config())
	if err != nil {
		return Environment{}, err
	}
	return Environment{Root: root, Site: e.Site(), Desk: found.Desk, Config: e.Config(), Outputs: outputs, Out: out}, nil
}

var (
	errNoHouse  = errors.New("nothing runs in this checkout: start it with make run")
	errStarting = errors.New("the house of this checkout is still starting")
)

// announced reads what the house that has its state in dir says of itself. What one
// left behind that was killed says nothing.
func announced(dir string) (found running, err error) {
	if unlock, err := onlyOne(dir); err == nil {
		unlock()
		return running{}, errNoHouse
	}
	content, err := os.ReadFile(filepath.Join(dir, "running.json"))
	if errors.Is(err, os.ErrNotExist) {
		return running{}, errStarting
	}
	if err != nil {
		return running{}, err
	}
	if err := json.Unmarshal(content, &found); err != nil {
		return running{}, fmt.Errorf("reading .local/running.json: %w", err)
	}
	return found, nil
}
