package api

import (
	"time"

	"jixu/internal/fault"
	"jixu/internal/policy"
	"jixu/internal/typed"
	"jixu/internal/variety"
)

// varietyOut is one entry of the register.
type varietyOut struct {
	ID              string       `json:"id"`
	Kind            string       `json:"kind"`
	Version         int          `json:"version"`
	Data            variety.Data `json:"data"`
	RegisteredSince string       `json:"registeredSince,omitempty"`
	RegisteredNote  string       `json:"registeredNote,omitempty"`
	StoppedSince    string       `json:"stoppedSince,omitempty"`
	At              time.Time    `json:"at"`
}

func varietyOf(v variety.Variety) varietyOut {
	kind := string(policy.Device)
	if v.Drug {
		kind = string(policy.Drug)
	}
	return varietyOut{
		ID: v.ID, Kind: kind, Version: v.Version, Data: v.Data, RegisteredSince: v.RegisteredSince.String(), RegisteredNote: v.RegisteredNote,
		StoppedSince: v.StoppedSince.String(), At: v.At.UTC(),
	}
}

func (x *call) varieties() (any, error) {
	kind := policy.Kind(x.r.URL.Query().Get("kind"))
	if kind != policy.Device && kind != policy.Drug {
		return nil, fault.Fields([]fault.Problem{{Field: "kind", Code: "field.choice"}})
	}
	after, limit, err := x.page()
	if err != nil {
		return nil, err
	}
	all, err := x.house.Desk.Varieties(x.r.Context(), kind == policy.Drug, after, limit, x.actor)
	if err != nil {
		return nil, err
	}
	var out []varietyOut
	for _, v := range all.Rows {
		out = append(out, varietyOf(v))
	}
	return listOf(out, all.Next).without(x.unread(all.Unreadable)), nil
}

func (x *call) variety() (any, error) {
	v, err := x.house.Desk.Variety(x.r.Context(), x.r.PathValue("variety"), x.actor)
	if err != nil {
		return nil, err
	}
	x.w.Header().Set("ETag", etag(v.Version))
	return varietyOf(v), nil
}

func (x *call) correctVariety(in dataIn) (any, error) {
	return x.done(x.house.Desk.CorrectVariety(x.r.Context(), x.op, x.r.PathValue("variety"), x.version, in.Data, typed.Tidy(in.Reason), x.actor))
}

type markIn struct {
	Since string `json:"since" api:"required"` // "" takes the mark away
	Note  string `json:"note"`
}

func (x *call) markVariety(in markIn) (any, error) {
	day, ok := readDay(in.Since)
	if !ok {
		return nil, fault.Fields([]fault.Problem{{Field: "since", Code: "field.day"}})
	}
	return x.done(x.house.Desk.MarkVariety(x.r.Context(), x.op, x.r.PathValue("variety"), x.version, day, typed.Tidy(in.Note), x.actor))
}
