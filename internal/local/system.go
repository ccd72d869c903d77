package local

import (
	"context"

	"jixu/internal/journey"
)

// Deployment is env as people, and their machines, reach it.
func (e Environment) Deployment() journey.Deployment {
	h := journey.Deployment{Site: e.Site, Desk: e.Desk}
	h.System = func(ctx context.Context, org string) (journey.System, error) {
		secret, _, err := h.NewSecret(ctx, org, 1)
		return journey.System{Site: e.Site, Org: org, Secret: secret}, err
	}
	return h
}
