// Package party says who takes part: organisations, the people who act for
// them, and the roles those people hold. It does not say what a role may do to
// a case; that is the law of the thing acted on. It performs no I/O and reads no
// clock.
package party

import "slices"

// Kind is what an organisation is in the programme (notice 002, part two).
type Kind string

const (
	Hospital         Kind = "hospital"          // 医疗机构: the applicant, always
	Distributor      Kind = "distributor"       // 经营企业: buys and declares for the hospital
	MunicipalMPA     Kind = "municipal-mpa"     // 市药品监管局: leads the opinion on devices
	HealthCommission Kind = "health-commission" // 市卫生健康委: leads the opinion on drugs
	Customs          Kind = "customs"           // 上海海关
	Regulator        Kind = "regulator"         // 国家药监局: the decider, always
	Auditor          Kind = "auditor"           // reads everything, moves nothing
)

// Lead is the kind of agency that leads the opinion and keeps the register of varieties:
// the municipal MPA for devices, the Health Commission for drugs (notice 002, two (1) 3
// and 4).
func Lead(drug bool) Kind {
	if drug {
		return HealthCommission
	}
	return MunicipalMPA
}

// Role is what a person does for the organisation.
type Role string

const (
	Applicant     Role = "applicant"     // 申报经办人: prepares, submits, supplements, withdraws
	Assessor      Role = "assessor"      // 评估人: asks for supplements, gives the opinion
	Recorder      Role = "recorder"      // 批复登记人: enters the national reply
	Reader        Role = "reader"        // 查阅人: sees what the organisation may see
	Administrator Role = "administrator" // 管理员: keeps people and settings
)

// Organisation is one party. ID is stable and carries no meaning.
type Organisation struct {
	ID     string `json:"ID"`
	Kind   Kind   `json:"Kind"`
	NameZH string `json:"NameZH"`
	NameEN string `json:"NameEN"`
	Phone  string `json:"Phone"` // shown to people who need help; public
	Mail   string `json:"Mail"`  // the registered mailbox; links go here, never to one person's
}

// Name returns the organisation's name in the given language, "en" or else Chinese.
func (o Organisation) Name(lang string) string {
	if lang == "en" && o.NameEN != "" {
		return o.NameEN
	}
	return o.NameZH
}

// Person acts for exactly one organisation.
type Person struct {
	ID      string `json:"ID"`
	Org     string `json:"Org"`
	NameZH  string `json:"NameZH"`
	NameEN  string `json:"NameEN"`
	Title   string `json:"Title"` // 职务
	Roles   []Role `json:"Roles"`
	Mail    string `json:"Mail"`    // the person's own registered channel; one-time codes go here and nowhere else
	Subject string `json:"Subject"` // the subject that the sign-in issuer gives for this person
}

// Name returns the person's name in the given language, "en" or else Chinese.
func (p Person) Name(lang string) string {
	if lang == "en" && p.NameEN != "" {
		return p.NameEN
	}
	return p.NameZH
}

// Via says how an actor proved who they are.
type Via string

const (
	BySession      Via = "session" // signed in through the issuer
	ByLink         Via = "link"    // a one-time code to the person's own channel, for one gate only
	ByAgencySystem Via = "machine" // their organisation's machine signed for it and named them; gates only
	BySystem       Via = "system"  // the clock or a sweep; nobody's decision
)

// Actor is a person, in one role-holding organisation, at the moment of acting.
type Actor struct {
	Person string
	Org    string
	Kind   Kind
	Roles  []Role
	Via    Via
	Of     string // for ByLink: the only case it may touch
	Gate   string // for ByLink: the only gate it may answer
	Issue  int    // for ByLink: of the link it came by
}

// System is the actor of what happens by itself.
var System = Actor{Person: "system", Org: "system", Via: BySystem}

// ActorOf returns p acting for o after signing in.
func ActorOf(p Person, o Organisation) Actor {
	return Actor{Person: p.ID, Org: o.ID, Kind: o.Kind, Roles: p.Roles, Via: BySession}
}

// Confined reports whether the actor is there to answer gates and for nothing
// else: let in by a link's code, or named by a machine.
func (a Actor) Confined() bool { return a.Via == ByLink || a.Via == ByAgencySystem }

// Holds reports whether the actor has role r.
func (a Actor) Holds(r Role) bool { return slices.Contains(a.Roles, r) }

// Agencies names the organisations that have one seat each in the programme.
type Agencies struct {
	MunicipalMPA     string `json:"MunicipalMPA"`
	HealthCommission string `json:"HealthCommission"`
	Customs          string `json:"Customs"`
	Regulator        string `json:"Regulator"`
}

// Of returns the agency of kind k, or "".
func (a Agencies) Of(k Kind) string {
	switch k {
	case MunicipalMPA:
		return a.MunicipalMPA
	case HealthCommission:
		return a.HealthCommission
	case Customs:
		return a.Customs
	case Regulator:
		return a.Regulator
	}
	return ""
}

// Coordinator is who hears of what an organisation let pass: the municipal MPA,
// which coordinates the programme with the Health Commission (notice 002, three
// (1)), and of its own the Health Commission. It is "" where neither has a seat.
func (a Agencies) Coordinator(late string) string {
	for _, org := range []string{a.MunicipalMPA, a.HealthCommission} {
		if org != "" && org != late {
			return org
		}
	}
	return ""
}
