package memory

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"jixu/internal/docket"
	"jixu/internal/fault"
)

// Access keeps sessions, links, codes and sign-ins.
type Access struct {
	world    *World
	sessions map[string]docket.Session
	links    map[string]docket.Link
	codes    map[string]docket.Code
	pending  map[string]docket.Pending
	counted  map[string]int // requests for codes, by gate, person and hour

	autosaves map[autosaveKey]docket.Autosave
}

type autosaveKey struct{ of, gate, person, choice string }

var (
	_ docket.Access    = (*Access)(nil)
	_ docket.Autosaves = (*Access)(nil)
)

// PutAutosave keeps what a person typed. See [docket.Autosaves].
func (d *Access) PutAutosave(ctx context.Context, a docket.Autosave) error {
	return run(ctx, d.world, "Access.PutAutosave", func() error {
		if err := a.Fits(); err != nil {
			return err
		}
		b, err := marshal(a)
		if err != nil {
			return err
		}
		k := autosaveKey{a.Of, a.Gate, a.Person, a.Choice}
		if slices.Contains([]string{k.of, k.gate, k.person, k.choice}, "") {
			return fault.New(fault.Invalid, "key")
		}
		d.autosaves[k], err = unmarshal[docket.Autosave](b)
		return err
	})
}

// Autosave returns what a person typed. See [docket.Autosaves].
func (d *Access) Autosave(ctx context.Context, of, gate, person, choice string, now time.Time) (docket.Autosave, error) {
	return call(ctx, d.world, "Access.Autosave", func() (docket.Autosave, error) {
		a, ok := d.autosaves[autosaveKey{of, gate, person, choice}]
		if !ok || !now.Before(a.Expires) {
			return docket.Autosave{}, fault.New(fault.NotFound, "record")
		}
		b, err := marshal(a)
		if err != nil {
			return docket.Autosave{}, err
		}
		return unmarshal[docket.Autosave](b)
	})
}

// DropAutosaves forgets what a person typed at a gate. See [docket.Autosaves].
func (d *Access) DropAutosaves(ctx context.Context, of, gate, person string) error {
	return run(ctx, d.world, "Access.DropAutosaves", func() error {
		maps.DeleteFunc(d.autosaves, func(k autosaveKey, _ docket.Autosave) bool {
			return k.of == of && k.gate == gate && k.person == person
		})
		return nil
	})
}

func lasts(s docket.Session, now time.Time) bool { return now.Before(s.Idle) && now.Before(s.Expires) }

// lets reports whether p's session holds.
func (d *Access) lets(p docket.Pass) bool {
	s, ok := d.sessions[p.Hash]
	return ok && s.Of == p.Of && s.Gate == p.Gate && lasts(s, p.Now)
}

// PutSession opens a session. See [docket.Access].
func (d *Access) PutSession(ctx context.Context, s docket.Session) error {
	return run(ctx, d.world, "Access.PutSession", func() error {
		if s.Hash == "" {
			return fault.New(fault.Invalid, "key")
		}
		d.sessions[s.Hash] = s
		return nil
	})
}

// Session finds a session that lasts. See [docket.Access].
func (d *Access) Session(ctx context.Context, hash string, now time.Time) (docket.Session, error) {
	return call(ctx, d.world, "Access.Session", func() (docket.Session, error) {
		s, ok := d.sessions[hash]
		if !ok || !lasts(s, now) {
			return docket.Session{}, fault.New(fault.NotFound, "session")
		}
		return s, nil
	})
}

// Touch moves a session's idle end. It fails with fault.NotFound if the
// session has ended. See [docket.Access].
func (d *Access) Touch(ctx context.Context, hash string, idle, now time.Time) error {
	return run(ctx, d.world, "Access.Touch", func() error {
		s, ok := d.sessions[hash]
		if !ok || !lasts(s, now) {
			return fault.New(fault.NotFound, "session")
		}
		s.Idle = idle
		d.sessions[hash] = s
		return nil
	})
}

// EndSession ends a session. See [docket.Access].
func (d *Access) EndSession(ctx context.Context, hash string) error {
	return run(ctx, d.world, "Access.EndSession", func() error {
		delete(d.sessions, hash)
		return nil
	})
}

// PutLink makes a link known. See [docket.Access].
func (d *Access) PutLink(ctx context.Context, l docket.Link) error {
	return run(ctx, d.world, "Access.PutLink", func() error {
		if was, ok := d.links[l.Hash]; ok {
			same := l
			same.At, same.Expires = was.At, was.Expires
			if same != was {
				return d.world.broke("one secret opens two gates: %s and %s", was.Gate, l.Gate)
			}
		}
		d.links[l.Hash] = l
		return nil
	})
}

// Link finds a link. See [docket.Access].
func (d *Access) Link(ctx context.Context, hash string) (docket.Link, error) {
	return call(ctx, d.world, "Access.Link", func() (docket.Link, error) {
		l, ok := d.links[hash]
		if !ok {
			return docket.Link{}, fault.New(fault.NotFound, "link")
		}
		return l, nil
	})
}

// CountCode counts a request for a code. See [docket.Access].
func (d *Access) CountCode(ctx context.Context, c docket.Code, most int) error {
	return run(ctx, d.world, "Access.CountCode", func() error {
		hour := c.Of + "/" + c.Gate + "/" + c.Person + "/" + c.At.UTC().Format("2006010215")
		if d.counted[hour] >= most {
			return fault.New(fault.Conflict, "moved")
		}
		if d.counted == nil {
			d.counted = map[string]int{}
		}
		d.counted[hour]++
		return nil
	})
}

// CountAtGate counts what happens at a gate within a day. See [docket.Access].
func (d *Access) CountAtGate(ctx context.Context, l docket.Link, what string, at time.Time, most int) error {
	return run(ctx, d.world, "Access.CountAtGate", func() error {
		day := fmt.Sprint(l.Of, "/", l.Gate, "/", l.Issue, "/", what, "/", at.UTC().Format("20060102"))
		if d.counted[day] >= most {
			return fault.New(fault.Conflict, "moved")
		}
		if d.counted == nil {
			d.counted = map[string]int{}
		}
		d.counted[day]++
		return nil
	})
}

// PutCode keeps a request for a code, if its id is new. See [docket.Access].
func (d *Access) PutCode(ctx context.Context, c docket.Code) error {
	return run(ctx, d.world, "Access.PutCode", func() error {
		if _, ok := d.codes[c.ID]; !ok {
			d.codes[c.ID] = c
		}
		return nil
	})
}

// Code finds a request for a code. See [docket.Access].
func (d *Access) Code(ctx context.Context, id string) (docket.Code, error) {
	return call(ctx, d.world, "Access.Code", func() (docket.Code, error) {
		c, ok := d.codes[id]
		if !ok {
			return docket.Code{}, fault.New(fault.NotFound, "code")
		}
		return c, nil
	})
}

// TryCode counts a try. See [docket.Access].
func (d *Access) TryCode(ctx context.Context, id string, now time.Time) (docket.Code, error) {
	return call(ctx, d.world, "Access.TryCode", func() (docket.Code, error) {
		c, ok := d.codes[id]
		if !ok || c.Used || c.Tries >= 5 || !now.Before(c.Expires) {
			return docket.Code{}, fault.New(fault.NotFound, "code")
		}
		c.Tries++
		d.codes[id] = c
		return c, nil
	})
}

// UseCode spends a code and opens its session. See [docket.Access].
func (d *Access) UseCode(ctx context.Context, id string, s docket.Session, now time.Time) error {
	return run(ctx, d.world, "Access.UseCode", func() error {
		c, ok := d.codes[id]
		_, taken := d.sessions[s.Hash]
		if !ok || c.Used || !now.Before(c.Expires) || taken || s.Hash == "" {
			return moved("the code cannot be spent")
		}
		c.Used = true
		d.codes[id] = c
		d.sessions[s.Hash] = s
		return nil
	})
}

// PutPending keeps a sign-in. See [docket.Access].
func (d *Access) PutPending(ctx context.Context, p docket.Pending) error {
	return run(ctx, d.world, "Access.PutPending", func() error {
		d.pending[p.State] = p
		return nil
	})
}

// TakePending returns and forgets a sign-in. See [docket.Access].
func (d *Access) TakePending(ctx context.Context, state string, now time.Time) (docket.Pending, error) {
	return call(ctx, d.world, "Access.TakePending", func() (docket.Pending, error) {
		p, ok := d.pending[state]
		if !ok || !now.Before(p.Expires) {
			return docket.Pending{}, fault.New(fault.NotFound, "sign-in")
		}
		delete(d.pending, state)
		return p, nil
	})
}
