package site

import (
	"jixu/internal/fault"
	"jixu/internal/logging"
	"jixu/internal/web/form"
)

// logged is what the log says of this request: ids and names of ours, never its path.
func (x *Request) logged() *logging.Request { return logging.RequestOf(x.Ctx()) }

// outcome is the code of a failure, for the log.
func outcome(kind fault.Kind, f *fault.Fault) string {
	if f != nil && f.Code != "" {
		return f.Code
	}
	return string(kind)
}

// refusedFor has the log name the first thing that a page says is wrong.
func (x *Request) refusedFor(errs form.Errors) {
	if said := x.logged(); said.Outcome == "" && len(errs) > 0 {
		said.Outcome = errs[0].Code
	}
}

// SignedInAs has the log name who came in with this very request.
func (x *Request) SignedInAs(person, organisation string) {
	x.logged().Person, x.logged().Organisation = person, organisation
}
