package api

import (
	"slices"
	"strconv"

	"jixu/internal/calendar"
	"jixu/internal/casework"
	"jixu/internal/docket"
	"jixu/internal/fault"
	"jixu/internal/gate"
	"jixu/internal/typed"
)

// opinionIn is an opinion as it is sent: one finding for each question.
type opinionIn struct {
	Findings []findingIn `json:"findings"`
	Advice   string      `json:"advice"`
	Override string      `json:"override"`
}

type findingIn struct {
	Question string `json:"question"`
	Met      *bool  `json:"met"`
	Relied   bool   `json:"relied"`
	Reason   string `json:"reason"`
}

// noticeIn is a supplement notice as it is sent: every defect at once.
type noticeIn struct {
	Defects []defectIn `json:"defects"`
}

type defectIn struct {
	Item string `json:"item"` // of the pack; "" for the form or the whole
	What string `json:"what"`
}

// replyIn is the national reply as it is sent.
type replyIn struct {
	Outcome    string   `json:"outcome"`
	Number     string   `json:"number"`
	Date       string   `json:"date"`
	Reason     string   `json:"reason"`
	Quantity   *int     `json:"quantity"` // left out: what was asked for
	ValidUntil string   `json:"validUntil"`
	Conditions []string `json:"conditions"`
	Evidence   string   `json:"evidence"` // id of a checked file, sent for this gate
}

// answerIn is one answer about a submission: exactly one of the three.
type answerIn struct {
	seenIn
	Opinion *opinionIn `json:"opinion"`
	Notice  *noticeIn  `json:"notice"`
	Reply   *replyIn   `json:"reply"`
}

// answer reads in as an answer to g of c. What cannot be read is a problem; what
// may not be is the law's to say.
func (in answerIn) answer(c casework.Case, g gate.Gate) (casework.Verb, docket.Answer, error) {
	var verb casework.Verb
	var out docket.Answer
	var problems []fault.Problem
	given := 0
	if in.Opinion != nil {
		given++
		verb = casework.Opine
		out.Opinion, problems = in.Opinion.opinion()
	}
	if in.Notice != nil {
		given++
		verb = casework.AskOpinion
		if g.Leg == gate.Reply {
			verb = casework.AskReply
		}
		for _, d := range in.Notice.Defects {
			out.Defects = append(out.Defects, casework.Defect{Item: d.Item, What: typed.Tidy(d.What)})
		}
	}
	if in.Reply != nil {
		given++
		verb = casework.Record
		out.Decision, problems = in.Reply.decision(c)
	}
	if given != 1 {
		problems = []fault.Problem{{Code: "answer.one"}}
	}
	return verb, out, fault.Fields(problems)
}

func (in opinionIn) opinion() (casework.Opinion, []fault.Problem) {
	o := casework.Opinion{Advice: typed.Tidy(in.Advice), Override: typed.Tidy(in.Override)}
	var problems []fault.Problem
	for i, f := range in.Findings {
		at := "findings[" + strconv.Itoa(i) + "]"
		q := casework.Question(f.Question)
		if !slices.Contains(casework.Questions, q) {
			problems = append(problems, fault.Problem{Field: at + ".question", Code: "field.choice"})
		}
		if f.Met == nil {
			problems = append(problems, fault.Problem{Field: at + ".met", Code: "field.missing"})
			continue
		}
		o.Findings = append(o.Findings, casework.Finding{Question: q, Met: *f.Met, Relied: f.Relied, Reason: typed.Tidy(f.Reason)})
	}
	// In any order they say the same, and the same answer is to have the same digest.
	slices.SortStableFunc(o.Findings, func(a, b casework.Finding) int {
		return slices.Index(casework.Questions, a.Question) - slices.Index(casework.Questions, b.Question)
	})
	return o, problems
}

func (in replyIn) decision(c casework.Case) (casework.Decision, []fault.Problem) {
	var problems []fault.Problem
	day := func(field, text string) calendar.Day {
		d, ok := readDay(text)
		if !ok {
			problems = append(problems, fault.Problem{Field: field, Code: "field.day"})
		}
		return d
	}
	d := casework.Decision{
		Outcome: casework.Outcome(in.Outcome), Number: typed.Tidy(in.Number), Reason: typed.Tidy(in.Reason), Evidence: in.Evidence,
		Date: day("date", in.Date),
	}
	var conditions []string
	for _, condition := range in.Conditions {
		conditions = append(conditions, typed.Tidy(condition))
	}
	d.Terms = c.Granted(d.Outcome, in.Quantity, day("validUntil", in.ValidUntil), conditions)
	return d, problems
}

// readDay reads a day as [typed.DayText] does; nothing is the zero day.
func readDay(text string) (calendar.Day, bool) {
	if text == "" {
		return calendar.Day{}, true
	}
	d, err := calendar.ParseDay(typed.DayText(text))
	return d, err == nil
}
