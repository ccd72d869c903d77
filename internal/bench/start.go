package bench

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"jixu/internal/local"
	"jixu/internal/settings"
)

// withDefaults replaces internal/settings/aws.go in the variant that is compared with ours.
//
//go:embed overlay/aws.go.txt
var withDefaults []byte

// Aims of a start: the sites parse and execute their pages' templates first.
const (
	aimWithoutPages = 5 * time.Millisecond
	aimWithPages    = 15 * time.Millisecond
)

// variant is one build of all functions.
type variant struct {
	name string
	dir  string // one bootstrap for each function, named after its folder
}

// started is one start: exec to the first request for work.
type started struct {
	took time.Duration
	work time.Duration // of the processor; other work on the machine changes it less than took
	peak int           // KB of memory at that moment at most, by VmHWM
	rss  int           // KB, by rusage: never less than what the bench itself held when it forked
}

// starts builds both variants, starts every function of each in turn and
// prints what it took. The turns alternate, so that a noisy moment of the
// machine meets both.
func starts(ctx context.Context, root, dir string, o Options) error {
	fmt.Fprintf(o.Out, "building every function twice: as in production, and with LoadDefaultConfig …\n")
	variants := []variant{{"ours", filepath.Join(dir, "ours")}, {"default", filepath.Join(dir, "default")}}
	overlay, err := writeOverlay(root, dir)
	if err != nil {
		return err
	}
	for i, v := range variants {
		var extra []string
		if i > 0 {
			extra = []string{"-overlay", overlay}
		}
		if err := local.CompileInto(ctx, root, v.dir, extra...); err != nil {
			return err
		}
	}
	functions, err := os.ReadDir(variants[0].dir)
	if err != nil {
		return err
	}
	stub, err := newStub()
	if err != nil {
		return err
	}
	defer stub.close()
	results := map[string][2][]started{}
	for _, f := range functions {
		var both [2][]started
		for range o.Starts {
			for i, v := range variants {
				s, err := start(ctx, stub, filepath.Join(v.dir, f.Name()))
				if err != nil {
					return fmt.Errorf("%s, %s: %w", f.Name(), v.name, err)
				}
				both[i] = append(both[i], s)
			}
		}
		results[f.Name()] = both
	}
	printStarts(o.Out, o.Starts, functions, results)
	return nil
}

func writeOverlay(root, dir string) (string, error) {
	source := filepath.Join(dir, "aws.go")
	if err := os.WriteFile(source, withDefaults, 0o644); err != nil {
		return "", err
	}
	replace, err := json.Marshal(map[string]map[string]string{
		"Replace": {filepath.Join(root, "internal", "settings", "aws.go"): source},
	})
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "overlay.json")
	return path, os.WriteFile(path, replace, 0o644)
}

// environment is what Lambda and the template put around a function. Nothing
// in it leads anywhere: a start asks nobody but the stub.
func environment(stub *stub) []string {
	env := []string{
		"AWS_LAMBDA_RUNTIME_API=" + stub.address, "AWS_REGION=us-east-1", "AWS_DEFAULT_REGION=us-east-1",
		"AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test", "AWS_SESSION_TOKEN=test",
		"AWS_LAMBDA_FUNCTION_NAME=bench", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE=256", "_HANDLER=bootstrap",
		"LAMBDA_TASK_ROOT=/var/task", "PATH=/usr/local/bin:/usr/bin:/bin", "TZ=:UTC", "LANG=en_US.UTF-8", "JIXU_STAGE=production",
	}
	for name, value := range map[settings.Name]string{
		settings.Table: "jixu", settings.Bucket: "jixu-files", settings.Notices: "https://sqs.invalid/jixu",
		settings.StateMachines: "arn:x:states:us-east-1:123456789012:stateMachine:jixu-", settings.LinkKey: "jixu-links",
		settings.Site: "https://jixu.invalid", settings.Issuer: "https://issuer.invalid", settings.Client: "jixu",
		settings.SMTP: "smtp.invalid:25", settings.MailFrom: "jixu@jixu.invalid", settings.Clock: "system", settings.Scanner: settings.NoScanner, settings.SealKey: "jixu-seals",
		settings.Loopback: "refused", settings.Events: "https://sqs.invalid/jixu-events", settings.Ends: "https://sqs.invalid/jixu-ends",
	} {
		env = append(env, string(name)+"="+value)
	}
	return env
}

// patience is how long a function may take to ask for work before it counts as broken.
const patience = 20 * time.Second

// start runs one bootstrap until it asks for work, looks at its memory and ends it.
func start(ctx context.Context, stub *stub, path string) (started, error) {
	var said bytes.Buffer
	command := exec.CommandContext(ctx, path)
	command.Env = environment(stub)
	command.Stdout, command.Stderr = &said, &said
	began := time.Now()
	if err := command.Start(); err != nil {
		return started{}, err
	}
	ended := make(chan struct{})
	go func() {
		_ = command.Wait() // it is killed: how it ended says nothing
		close(ended)
	}()
	var s started
	var failed error
	select {
	case at := <-stub.asked:
		s.took = at.Sub(began)
		s.peak, failed = highWater(command.Process.Pid)
	case <-ended:
		failed = fmt.Errorf("it ended by itself: %s", said.String())
	case <-time.After(patience):
		failed = errors.New("it never asked for work")
	}
	_ = command.Process.Kill() // an error means that it has ended
	<-ended
	s.work = command.ProcessState.UserTime() + command.ProcessState.SystemTime()
	if use, ok := command.ProcessState.SysUsage().(*syscall.Rusage); ok {
		s.rss = int(use.Maxrss)
	}
	return s, failed
}

// highWater reads the most memory that a running process ever held, in KB.
func highWater(pid int) (int, error) {
	status, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			return strconv.Atoi(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")))
		}
	}
	return 0, errors.New("/proc says nothing of VmHWM")
}

// percentile is the smallest value that at least p of all reach or stay below.
func percentile[T int | time.Duration](all []T, p float64) T {
	sorted := slices.Sorted(slices.Values(all))
	return sorted[max(0, int(math.Ceil(p*float64(len(sorted))))-1)]
}

func each[T int | time.Duration](all []started, of func(started) T) []T {
	out := make([]T, len(all))
	for i, s := range all {
		out[i] = of(s)
	}
	return out
}

func printStarts(out io.Writer, runs int, functions []os.DirEntry, results map[string][2][]started) {
	fmt.Fprintf(out, "\nStart: exec to the first request for work, %d starts of each, in turns; ms and MB\n", runs)
	var g grid
	g.row("function", "best", "p50", "p99", "aim", "cpu", "peak", "default best", "p50", "p99", "cpu", "peak", "ratio best", "p50", "cpu")
	missed, rss := 0, 0
	for _, f := range functions {
		ours, base := summed(results[f.Name()][0]), summed(results[f.Name()][1])
		aim := aimWithoutPages
		if strings.HasSuffix(f.Name(), "-site") {
			aim = aimWithPages
		}
		if ours.p50 > aim {
			missed++
		}
		rss = max(rss, ours.rss)
		g.row(f.Name(), ms(ours.best), ms(ours.p50), ms(ours.p99), "≤ "+number(float64(aim.Milliseconds()), 0), ms(ours.work), mb(ours.peak),
			ms(base.best), ms(base.p50), ms(base.p99), ms(base.work), mb(base.peak),
			ratio(base.best, ours.best), ratio(base.p50, ours.p50), ratio(base.work, ours.work))
	}
	g.print(out)
	fmt.Fprintf(out, "The aim of p50 is missed by %d of %d, on whole cores of this machine; Lambda gives 256 MB a seventh of one,\n", missed, len(functions))
	fmt.Fprintln(out, "and stretches cpu, the median of processor time.")
	fmt.Fprintf(out, "Peak is VmHWM at the first request; rusage says up to %s MB, but counts what the bench held when it forked.\n", mb(rss))
	if load, err := os.ReadFile("/proc/loadavg"); err == nil {
		fmt.Fprintf(
			out,
			"Load of this machine afterwards: %s, on %d cores; above that, trust only the best and the ratios.\n",
			strings.Fields(string(load))[0],
			runtime.NumCPU(),
		)
	}
}

func ratio(a, b time.Duration) string { return number(float64(a)/float64(b), 2) }

func mb(kb int) string { return number(float64(kb)/1024, 1) }

// summary is what many starts of one binary come to.
type summary struct {
	best, p50, p99 time.Duration
	work           time.Duration // the median
	peak, rss      int           // the largest, and the median
}

func summed(all []started) summary {
	took := each(all, func(s started) time.Duration { return s.took })
	return summary{
		best: percentile(took, 0), p50: percentile(took, 0.5), p99: percentile(took, 0.99),
		work: percentile(each(all, func(s started) time.Duration { return s.work }), 0.5),
		peak: percentile(each(all, func(s started) int { return s.peak }), 1),
		rss:  percentile(each(all, func(s started) int { return s.rss }), 0.5),
	}
}
