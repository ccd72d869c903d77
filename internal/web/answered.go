package web

import (
	"strings"

	"jixu/internal/policy"
	"jixu/internal/web/form"
)

// Answered is one field of a form as it was filled in.
type Answered struct {
	ID    string
	Label string
	Value string
	Error string
	Href  string // to change it
	Left  bool   // required, and not given yet
	New   bool   // it differs from the submission before
}

// answers lists the form with values, in the order of the page.
func answers(rd reader, pack policy.Pack, values map[string]string, problems form.Errors, change string) []Answered {
	var out []Answered
	for _, f := range pack.Form {
		if f.Item != "" && strings.TrimSpace(values[f.ID]) == "" {
			continue // a document's fact that nobody typed is nobody's gap
		}
		a := Answered{
			ID: f.ID, Label: rd.text(f.Label), Value: values[f.ID], Href: change + "#" + f.ID,
			Left: f.Required && strings.TrimSpace(values[f.ID]) == "", Error: problems.Of(f.ID),
		}
		if f.Item != "" {
			a.Href = strings.TrimSuffix(change, "form") + "items/" + f.Item + "#" + f.ID
		}
		for _, choice := range f.Choices {
			if choice.Value == values[f.ID] {
				a.Value = rd.text(choice.Label)
			}
		}
		out = append(out, a)
	}
	return out
}
