package main

import (
	"context"
	"errors"
	"strings"
	"testing"

	"jixu/internal/docket"
	"jixu/internal/policy"
	"jixu/internal/world"
)

// lists is the store of a town, of which lists can be lost and some names cannot be
// loaded, as what a later build wrote cannot.
type lists struct {
	docket.Rebuilder
	lost bool
}

func (l lists) Load(ctx context.Context, name string) (docket.Stored, error) {
	if l.lost {
		return docket.Stored{}, docket.ErrUnreadable
	}
	return l.Rebuilder.Load(ctx, name)
}

func TestARebuildSaysWhatItWroteAndWhatItLeft(t *testing.T) {
	ctx := context.Background()
	town := world.New(t, world.Options{Cast: world.Short})
	r, err := town.Desk.Create(ctx, world.Op("a-draft"), policy.Device, world.Short.Actor("lin"))
	world.Must(t, err)

	s, err := town.World.Store.Load(ctx, r.Case)
	world.Must(t, err)
	world.Must(t, town.World.Store.Stand(ctx, s, docket.Standing{Home: docket.Place{List: "nowhere", At: world.Monday}}))
	own := docket.OwnPages.Of(world.Short.Actor("lin").Org)
	rows := func() int {
		rows, _, err := town.World.Store.List(ctx, own, "", 10)
		world.Must(t, err)
		return len(rows)
	}
	if rows() != 0 {
		t.Fatal("the list was not lost")
	}

	var out strings.Builder
	if err := rebuild(ctx, town.World.Store, world.Monday, &out); err != nil || out.String() != "1 looked at\nwritten anew: 1 of 1\n" {
		t.Errorf("got %q and %v, want one case looked at and written", out.String(), err)
	}
	if rows() != 1 {
		t.Error("the case is not in its hospital's list again")
	}

	out.Reset()
	err = rebuild(ctx, lists{town.World.Store, true}, world.Monday, &out)
	if err == nil || !strings.Contains(out.String(), "left as it stands: "+r.Case) {
		t.Errorf("got %q and %v, want the case named that could not be read, and an error", out.String(), err)
	}
}

func TestARebuildOfATableInAWSAsksForRegionAndCredentials(t *testing.T) {
	for _, name := range []string{"AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"} {
		t.Setenv(name, "")
	}
	err := dispatch(context.Background(), []string{"rebuild", "-table", "cases"}, &strings.Builder{})
	if err == nil || !strings.Contains(err.Error(), "AWS_REGION") {
		t.Errorf("got %v, want what is missing", err)
	}
	if err := dispatch(context.Background(), []string{"rebuild", "cases"}, &strings.Builder{}); err == nil || errors.Is(err, context.Canceled) {
		t.Error("got nothing for a table that is named without its flag, want an error: the running house is another one")
	}
}
