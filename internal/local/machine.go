package local

import (
	"context"
	"fmt"
	"time"

	"jixu/internal/docket"
	"jixu/internal/journey"
	"jixu/internal/keyring"
	"jixu/internal/party"
	"jixu/internal/table"
)

// SystemOf makes a secret for an organisation's own system, as its
// administrator would, and returns that system. Secrets made before are revoked:
// two at most are live.
func SystemOf(ctx context.Context, env Environment, org string) (journey.System, error) {
	store := env.Store()
	desk := docket.New(store, table.Clock{Store: store, Moves: true}, quiet{})
	systems := &docket.AgencySystems{Desk: desk, Sealer: keyring.NewSealer(env.Config, env.Outputs["SealKeyArn"]), Wall: time.Now}
	admin := party.Actor{Person: "administrator", Org: org, Kind: journey.Organisation(org).Kind, Roles: []party.Role{party.Administrator}, Via: party.BySession}
	agreed, err := systems.Trust(ctx, admin)
	if err != nil {
		return journey.System{}, fmt.Errorf("reading what is agreed with %s: %w", org, err)
	}
	for _, s := range agreed.Live(time.Now()) {
		if _, err := systems.RevokeSecret(ctx, fresh(), s.ID, admin); err != nil {
			return journey.System{}, fmt.Errorf("revoking a secret of %s: %w", org, err)
		}
	}
	s, err := systems.MakeSecret(ctx, fresh(), 1, admin)
	if err != nil {
		return journey.System{}, fmt.Errorf("making a secret for %s: %w", org, err)
	}
	return journey.System{Site: env.Site, Org: org, Secret: s.Text}, nil
}

// House is env as people, and their machines, reach it.
func (e Environment) House() journey.House {
	return journey.House{Site: e.Site, Desk: e.Desk, System: func(ctx context.Context, org string) (journey.System, error) {
		return SystemOf(ctx, e, org)
	}}
}
