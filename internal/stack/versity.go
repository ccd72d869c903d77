package stack

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"jixu/internal/local"
)

// VersityGW starts another reading of S3 over an empty folder, one that verifies
// signatures, upload policies and checksums, on a free port; it stops when the
// test ends. It returns how its administrator reaches it. `make check` builds it;
// without it the test fails.
func VersityGW(t testing.TB) aws.Config {
	t.Helper()
	root, err := local.Root()
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(root, ".local", "bin", "versitygw")
	if _, err := os.Stat(program); err != nil {
		t.Fatal("versitygw is not here: run make check, which builds it")
	}
	port, err := local.FreePort(0)
	if err != nil {
		t.Fatal(err)
	}
	config := local.Config(port)
	keys, err := config.Credentials.Retrieve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, name := range []string{"objects", "versions", "facts"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	// Facts stand beside the objects: not every file system has room for them within.
	p := background(t, dir, program, "--port", fmt.Sprintf("127.0.0.1:%d", port), "--access", keys.AccessKeyID, "--secret", keys.SecretAccessKey,
		"--region", config.Region, "--quiet", "posix", "--versioning-dir", filepath.Join(dir, "versions"), "--sidecar", filepath.Join(dir, "facts"), filepath.Join(dir, "objects"))
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	err = local.Until(ctx, 50*time.Millisecond, func() (bool, error) {
		select {
		case <-p.ended:
			return false, fmt.Errorf("it ended by itself: %s", p.said)
		default:
		}
		answer, err := http.Get(aws.ToString(config.BaseEndpoint))
		if err != nil {
			return false, nil // not listening yet
		}
		return true, answer.Body.Close()
	})
	if err != nil {
		t.Fatalf("starting versitygw: %v", err)
	}
	return config
}
