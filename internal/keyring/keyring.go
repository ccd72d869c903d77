// Package keyring makes keyed digests, and seals secrets, with keys that never
// leave KMS. It checks no digest: who has one to check makes it again and compares.
package keyring

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"jixu/internal/docket"
	"jixu/internal/fault"
)

// Key is one HMAC key in KMS.
type Key struct {
	client *kms.Client
	id     string // key id or ARN
}

var _ docket.Mac = (*Key)(nil)

// New returns the key called id. It asks nobody.
func New(config aws.Config, id string) *Key { return &Key{client: kms.NewFromConfig(config), id: id} }

const maxMessage = 4096 // bytes; KMS takes no more

// Mac returns the HMAC-SHA-256 of message, which must have 1 to 4096 bytes.
// The key must never be replaced: links that were sent are derived from it.
func (k *Key) Mac(ctx context.Context, message []byte) ([]byte, error) {
	if len(message) == 0 || len(message) > maxMessage {
		return nil, fault.New(fault.Invalid, "mac")
	}
	out, err := k.client.GenerateMac(ctx, &kms.GenerateMacInput{
		KeyId: &k.id, MacAlgorithm: types.MacAlgorithmSpecHmacSha256, Message: message,
	})
	if err != nil {
		return nil, fault.Because(fault.Unavailable, "busy", fmt.Errorf("making a digest: %w", err))
	}
	return out.Mac, nil
}
