package keyring

import (
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"jixu/internal/fault"
)

func TestMacRefusesWhatKMSWould(t *testing.T) {
	k := New(aws.Config{Region: "us-east-1"}, "key")
	for _, n := range []int{0, maxMessage + 1} {
		if _, err := k.Mac(t.Context(), make([]byte, n)); !errors.Is(err, fault.Invalid) {
			t.Errorf("%d bytes: got %v, want Invalid", n, err)
		}
	}
}
