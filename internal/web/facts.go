package web

import (
	"net/http"

	"jixu/internal/docket"
	"jixu/internal/fault"
	"jixu/internal/policy"
	"jixu/internal/typed"
	"jixu/internal/web/form"
)

// Facts is the form beside a document's files: what the document itself states.
type Facts struct {
	Post   string
	Inputs []Input
}

// facts lists what is asked beside item, with what was typed; nil if nothing is.
func facts(rd reader, v docket.View, item policy.Item, sent form.Values, wrong form.Errors, conflict bool) *Facts {
	out := &Facts{Post: rd.casePath(v.Case.ID) + "/items/" + item.ID + "/facts"}
	for _, f := range v.Pack.Form {
		if f.Item != item.ID {
			continue
		}
		value := v.Case.Form[f.ID]
		if sent.Has(f.ID) {
			value = sent.Get(f.ID)
		}
		in := inputOf(rd.lang, f, value, wrong.Of(f.ID))
		in.Beside = v.Case.Form[f.Mirrors]
		if conflict && typed.Tidy(value) != typed.Tidy(v.Case.Form[f.ID]) {
			in.Theirs, in.Changed = v.Case.Form[f.ID], true
		}
		out.Inputs = append(out.Inputs, in)
	}
	if len(out.Inputs) == 0 {
		return nil
	}
	return out
}

// saveFacts keeps what a document states as typed. What cannot be kept comes back
// with its reasons.
func (x dossierPages) saveFacts() error {
	op, v, version, err := x.edit()
	if err != nil {
		return err
	}
	item := x.R.PathValue("item")
	if _, ok := v.Pack.Item(item); !ok {
		return fault.New(fault.NotFound, "item")
	}
	values := x.Values().Only(fieldsOf(v.Pack, item)...)
	preferred := x.Preferred()
	_, err = x.desk.Save(x.Ctx(), op, v.Case.ID, version, values, x.Actor)
	if f := fault.Of(err); f != nil && len(f.Problems) > 0 {
		return x.showItem(http.StatusUnprocessableEntity, v, item, f.Problems)
	}
	if f := fault.Of(err); f != nil && f.Kind == fault.Conflict && f.Code != "case.state" {
		if v, err = x.editable(); err != nil {
			return err
		}
		return x.showItem(http.StatusConflict, v, item, []fault.Problem{{Code: "form.theirs"}})
	}
	if err != nil {
		return err
	}
	if x.Values().Ticked("done") && !preferred {
		return x.See("/hospital/cases/" + v.Case.ID + "/dossier")
	}
	return x.See("/hospital/cases/" + v.Case.ID + "/items/" + item)
}
