package web

import (
	"jixu/internal/fault"
	"jixu/internal/logging"
)

// logged is what the log says of this request: ids and names of ours, never its path.
func (x *exchange) logged() *logging.Request { return logging.RequestOf(x.ctx()) }

// outcome is the code of a failure, for the log.
func outcome(kind fault.Kind, f *fault.Fault) string {
	if f != nil && f.Code != "" {
		return f.Code
	}
	return string(kind)
}

// refusedFor has the log name the first problem of a page that refuses what was typed.
func (x *exchange) refusedFor(list []fault.Problem) {
	if said := x.logged(); said.Outcome == "" && len(list) > 0 {
		said.Outcome = list[0].Code
	}
}

// signedInAs has the log name who came in with this very request.
func (x *exchange) signedInAs(person, organisation string) {
	x.logged().Person, x.logged().Organisation = person, organisation
}
