package memory

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/json"

	"jixu/internal/docket"
	"jixu/internal/fault"
)

// Sealer encrypts with a key that everybody knows.
type Sealer struct{ world *World }

var _ docket.Sealer = (*Sealer)(nil)

func aead() cipher.AEAD {
	key := sha256.Sum256([]byte("memory"))
	block, err := aes.NewCipher(key[:])
	if err != nil {
		panic(err) // the key has its length
	}
	gcm, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic(err) // so has the block
	}
	return gcm
}

// Encrypt seals plain. See [docket.Sealer].
func (s *Sealer) Encrypt(ctx context.Context, plain []byte, about map[string]string) ([]byte, error) {
	return call(ctx, s.world, "Sealer.Encrypt", func() ([]byte, error) {
		if len(plain) == 0 || len(plain) > 4096 {
			return nil, fault.New(fault.Invalid, "seal")
		}
		bound, err := json.Marshal(about) // its keys are sorted
		if err != nil {
			return nil, err
		}
		return aead().Seal(nil, nil, plain, bound), nil
	})
}

// Decrypt opens sealed. See [docket.Sealer].
func (s *Sealer) Decrypt(ctx context.Context, sealed []byte, about map[string]string) ([]byte, error) {
	return call(ctx, s.world, "Sealer.Decrypt", func() ([]byte, error) {
		bound, err := json.Marshal(about)
		if err != nil {
			return nil, err
		}
		plain, err := aead().Open(nil, nil, sealed, bound)
		if err != nil {
			return nil, fault.Because(fault.Invalid, "seal", err)
		}
		return plain, nil
	})
}
