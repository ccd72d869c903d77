package keyring

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"jixu/internal/docket"
	"jixu/internal/fault"
)

// Sealer is one encryption key in KMS.
type Sealer struct {
	client *kms.Client
	id     string // key id or ARN
}

var _ docket.Sealer = (*Sealer)(nil)

// NewSealer returns the encryption key called id. It asks nobody.
func NewSealer(config aws.Config, id string) *Sealer {
	return &Sealer{client: kms.NewFromConfig(config), id: id}
}

// Encrypt seals plain, 1 to 4096 bytes, for about. See [docket.Sealer].
func (s *Sealer) Encrypt(ctx context.Context, plain []byte, about map[string]string) ([]byte, error) {
	if len(plain) == 0 || len(plain) > maxMessage {
		return nil, fault.New(fault.Invalid, "seal")
	}
	out, err := s.client.Encrypt(ctx, &kms.EncryptInput{KeyId: &s.id, Plaintext: plain, EncryptionContext: about})
	if err != nil {
		return nil, fault.Because(fault.Unavailable, "busy", fmt.Errorf("sealing: %w", err))
	}
	return out.CiphertextBlob, nil
}

// Decrypt opens sealed. See [docket.Sealer].
func (s *Sealer) Decrypt(ctx context.Context, sealed []byte, about map[string]string) ([]byte, error) {
	out, err := s.client.Decrypt(ctx, &kms.DecryptInput{KeyId: &s.id, CiphertextBlob: sealed, EncryptionContext: about})
	var other *types.InvalidCiphertextException
	var key *types.IncorrectKeyException
	if errors.As(err, &other) || errors.As(err, &key) {
		return nil, fault.Because(fault.Invalid, "seal", err)
	}
	if err != nil {
		return nil, fault.Because(fault.Unavailable, "busy", fmt.Errorf("opening what was sealed: %w", err))
	}
	return out.Plaintext, nil
}
