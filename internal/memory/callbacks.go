package memory

import (
	"cmp"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"jixu/internal/docket"
	"jixu/internal/fault"
	"jixu/internal/gate"
)

// List lists what stands in a list. See [docket.Store].
func (s *Store) List(ctx context.Context, list, after string, limit int) ([]docket.Listed, string, error) {
	next := ""
	rows, err := call(ctx, s.world, "Store.List", func() ([]docket.Listed, error) {
		if len(after) > 0 && (len(after) < len(placeFormat) || !isPlace(after)) {
			return nil, fault.New(fault.Invalid, "cursor")
		}
		all, err := s.places(list)
		if err != nil {
			return nil, err
		}
		order := -1
		if docket.OldestFirst(list) {
			order = 1
		}
		slices.SortFunc(all, func(a, b place) int { return order * cmp.Compare(a.at, b.at) })
		all = slices.DeleteFunc(all, func(p place) bool { return after != "" && order*cmp.Compare(p.at, after) <= 0 })
		if limit > 0 && len(all) > limit {
			next = all[limit-1].at
		}
		var out []docket.Listed
		for _, p := range first(all, limit) {
			out = append(out, p.Listed)
		}
		return out, nil
	})
	return rows, next, err
}

// place is one row of a list and where it stands.
type place struct {
	docket.Listed
	at string
}

const placeFormat = "2006-01-02T15:04:05.000000000Z"

func isPlace(after string) bool {
	_, err := time.Parse(placeFormat, after[:len(placeFormat)])
	return err == nil
}

// places lists all of a list.
func (s *Store) places(list string) ([]place, error) {
	var all []place
	org, isInbox := strings.CutPrefix(list, docket.InboxPages.Of(""))
	for _, name := range sortedKeys(s.listed()) {
		a := s.listed()[name]
		if a.head == nil {
			continue // only a file or a reading of it is known
		}
		h, err := unmarshal[docket.Head](a.head)
		if err != nil {
			return nil, err
		}
		add := func(at time.Time, g *gate.Gate, behind string) {
			row := docket.Head{Kind: h.Kind, ID: h.ID, Number: h.Number, Version: h.Version, Row: h.Row}
			all = append(all, place{docket.Listed{Head: row, Gate: g, At: at}, at.UTC().Format(placeFormat) + "#" + name + behind})
		}
		if at, ok := a.lists[list]; ok {
			add(at, nil, "")
		} else if a.home.List == list {
			add(a.home.At, nil, "")
		}
		if !isInbox {
			continue
		}
		for _, id := range sortedKeys(a.gates) {
			g, err := unmarshal[gate.Gate](a.gates[id].gate)
			if err != nil {
				return nil, err
			}
			if g.Status == gate.Open && (g.Party == org || slices.Contains(g.Recorders, org)) {
				add(g.OpenedAt, &g, "#"+g.ID)
			}
		}
	}
	return all, nil
}

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

// Hooks keeps every event it was handed.
type Hooks struct {
	world *World
	sent  []docket.Hook
}

var _ docket.Hooks = (*Hooks)(nil)

// Post takes an event. See [docket.Hooks].
func (h *Hooks) Post(ctx context.Context, hook docket.Hook) error {
	return run(ctx, h.world, "Hooks.Post", func() error {
		if hook.Address == "" || hook.ID == "" || len(hook.Secrets) == 0 {
			return h.world.broke("an event without an address, an id or a secret")
		}
		if err := h.world.untold(hook.Body); err != nil {
			return err
		}
		h.sent = append(h.sent, hook)
		return nil
	})
}

// Sent returns every event so far, oldest first.
func (h *Hooks) Sent() []docket.Hook {
	h.world.mu.Lock()
	defer h.world.mu.Unlock()
	return slices.Clone(h.sent)
}
