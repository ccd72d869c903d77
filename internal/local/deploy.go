package local

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"

	"jixu/internal/docket"
	"jixu/internal/table"
)

// StackName is the stack's name on one machine.
const StackName = "jixu"

// deployment brings the template and the functions of this checkout to the emulator.
type deployment struct {
	root, dir  string
	built      string // folder of the built template; "": build in dir
	tools      Tools
	emulator   *Emulator
	parameters map[string]string
	out        io.Writer
}

// run builds and deploys as one would to AWS, unless what is deployed already
// was made of the same sources with the same parameters. Where parameters alone differ,
// as with another port, what was built is deployed again.
func (d deployment) run(ctx context.Context) error {
	sources, err := d.sources()
	if err != nil {
		return fmt.Errorf("reading what to deploy: %w", err)
	}
	if _, err := os.Stat(filepath.Join(d.builtIn(), "template.yaml")); err != nil {
		d.forget("built")
	}
	whole := sources + " " + d.given()
	if d.deployed(ctx) == whole {
		return nil
	}
	if err := d.reach("built", sources, func() error { return d.build(ctx) }); err != nil {
		return err
	}
	if d.deployed(ctx) != "" { // until it is whole, it is neither the one nor the other
		if err := d.note(ctx, ""); err != nil {
			return err
		}
	}
	if err := d.deploy(ctx); err != nil {
		return err
	}
	return d.note(ctx, whole)
}

// deployed is the name of the deployment's mark. It stands in the table and in no file of ours: an emulator that is
// killed forgets what was deployed to it since it last ended in order, and the mark with it.
const deployed = "DEPLOYED"

// deployed is the mark of what stands in the emulator; "": nothing does, or half of it.
func (d deployment) deployed(ctx context.Context) string {
	store, err := d.table(ctx)
	if err != nil {
		return ""
	}
	mark, err := store.Cursor(ctx, deployed)
	if err != nil {
		return ""
	}
	return mark.After
}

func (d deployment) note(ctx context.Context, digest string) error {
	store, err := d.table(ctx)
	if err != nil {
		return err
	}
	return store.PutCursor(ctx, deployed, docket.Cursor{After: digest})
}

func (d deployment) table(ctx context.Context) (*table.Store, error) {
	config := d.emulator.Config()
	outputs, err := Outputs(ctx, config)
	if err != nil {
		return nil, err
	}
	return Environment{Config: config, Outputs: outputs}.Store(), nil
}

// reach does what is not yet done for digest, and notes in a file that it is. Whatever
// ends it halfway, the next one does it anew.
func (d deployment) reach(what, digest string, do func() error) error {
	if before, err := os.ReadFile(d.stamp(what)); err == nil && string(before) == digest {
		return nil
	}
	d.forget(what)
	if err := do(); err != nil {
		return err
	}
	return os.WriteFile(d.stamp(what), []byte(digest), 0o644)
}

func (d deployment) forget(what string) { _ = os.Remove(d.stamp(what)) } // it need not be there

func (d deployment) stamp(what string) string { return filepath.Join(d.dir, what+".sha256") }

func (d deployment) build(ctx context.Context) error {
	fmt.Fprintln(d.out, "compiling the functions …")
	if err := compileAhead(ctx, d.root, d.parameters["Architecture"]); err != nil {
		return err
	}
	fmt.Fprintln(d.out, "sam build …")
	return d.sam(ctx, "build.log", []string{
		"build", "--config-file", d.config(), "--config-env", "local", "--build-dir", d.builtIn(),
		"--parameter-overrides", "Architecture=" + d.parameters["Architecture"],
	})
}

func (d deployment) deploy(ctx context.Context) error {
	fmt.Fprintln(d.out, "sam deploy …")
	args := []string{
		"deploy", "--config-file", d.config(), "--config-env", "local",
		"--template-file", filepath.Join(d.builtIn(), "template.yaml"),
		"--parameter-overrides",
	}
	for _, name := range slices.Sorted(maps.Keys(d.parameters)) {
		args = append(args, fmt.Sprintf("%s=%q", name, d.parameters[name]))
	}
	return d.sam(ctx, "deploy.log", args)
}

// builtIn is the folder of the built template. Its paths are relative: it is
// used where it was built.
func (d deployment) builtIn() string {
	if d.built != "" {
		return d.built
	}
	return filepath.Join(d.dir, "build")
}

// config is named because sam looks beside the built template otherwise.
func (d deployment) config() string { return filepath.Join(d.root, "samconfig.toml") }

// sam runs one sam command; what it says goes to log, and into the error.
func (d deployment) sam(ctx context.Context, log string, args []string) error {
	command := exec.CommandContext(ctx, d.tools.SAM(), args...)
	command.Dir = d.root
	command.Env = d.samEnv()
	endInOrder(command)
	said, err := command.CombinedOutput()
	if kept := os.WriteFile(filepath.Join(d.dir, log), said, 0o644); kept != nil {
		return kept
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return fmt.Errorf("sam %s: %w\n%s", args[0], err, said)
	}
	return nil
}

// samEnv is our environment without anything that could lead to the real AWS.
func (d deployment) samEnv() []string {
	var env []string
	for _, variable := range os.Environ() {
		if !strings.HasPrefix(variable, "AWS_") && !strings.HasPrefix(variable, "SAM_") {
			env = append(env, variable)
		}
	}
	return append(BuildEnv(env),
		"AWS_ENDPOINT_URL="+d.emulator.Endpoint(), "AWS_ACCESS_KEY_ID="+keyID, "AWS_SECRET_ACCESS_KEY="+secret,
		"AWS_REGION="+Region, "AWS_DEFAULT_REGION="+Region,
		"AWS_CONFIG_FILE="+os.DevNull, "AWS_SHARED_CREDENTIALS_FILE="+os.DevNull,
		"NO_PROXY=127.0.0.1,localhost", "no_proxy=127.0.0.1,localhost",
		"SAM_CLI_TELEMETRY=0",
	)
}

// given changes with every parameter.
func (d deployment) given() string {
	sum := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(d.parameters)) {
		fmt.Fprintf(sum, "%s=%s\n", name, d.parameters[name])
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// sources changes with every file that is built, and with what it is built by and for.
func (d deployment) sources() (string, error) {
	sum := sha256.New()
	fmt.Fprintln(sum, runtime.Version(), d.parameters["Architecture"])
	for _, part := range []string{"go.mod", "go.sum", "samconfig.toml", "template.yaml", "infra", "statemachines", "functions", "internal"} {
		err := filepath.WalkDir(filepath.Join(d.root, part), func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || strings.HasSuffix(path, "_test.go") {
				return err
			}
			return hashFile(sum, path)
		})
		if err != nil {
			return "", err
		}
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

func hashFile(sum io.Writer, path string) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	fmt.Fprintf(sum, "%s %d\n", path, len(content))
	_, err = sum.Write(content)
	return err
}

// Outputs returns the outputs of the deployed stack by their names, and fails
// if there is no stack or it is not complete.
func Outputs(ctx context.Context, config aws.Config) (map[string]string, error) {
	out, err := cloudformation.NewFromConfig(config).DescribeStacks(ctx, &cloudformation.DescribeStacksInput{
		StackName: aws.String(StackName),
	})
	if err != nil {
		return nil, fmt.Errorf("reading the stack's outputs: %w", err)
	}
	if status := string(out.Stacks[0].StackStatus); status != "CREATE_COMPLETE" && status != "UPDATE_COMPLETE" {
		return nil, errors.New("reading the stack's outputs: the stack is " + status)
	}
	outputs := map[string]string{}
	for _, output := range out.Stacks[0].Outputs {
		outputs[aws.ToString(output.OutputKey)] = aws.ToString(output.OutputValue)
	}
	return outputs, nil
}
