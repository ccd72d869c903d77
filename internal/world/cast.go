package world

import (
	"context"

	"jixu/internal/casework"
	"jixu/internal/docket"
	"jixu/internal/journey"
	"jixu/internal/party"
	"jixu/internal/policy"
	"jixu/internal/sample"
)

// Cast is who lives in a town.
type Cast struct {
	Organisations []party.Organisation
	People        []party.Person
	Agencies      party.Agencies
}

// Settle puts the cast into a directory, and the local sample of rules with it.
func (c Cast) Settle(ctx context.Context, d docket.Directory) error {
	for _, o := range c.Organisations {
		if err := d.PutOrganisation(ctx, o); err != nil {
			return err
		}
	}
	for _, p := range c.People {
		if err := d.PutPerson(ctx, p); err != nil {
			return err
		}
	}
	if err := d.PutAgencies(ctx, c.Agencies); err != nil {
		return err
	}
	return d.PutRules(ctx, policy.LocalSample())
}

// Actor is a person who acts signed in. It panics for somebody who is not of the cast.
func (c Cast) Actor(id string) party.Actor {
	for _, p := range c.People {
		for _, o := range c.Organisations {
			if p.ID == id && o.ID == p.Org {
				return party.ActorOf(p, o)
			}
		}
	}
	panic("nobody called " + id)
}

// Sample is the cast that everybody sees: people of a running Jixu, its demo and its pages.
var Sample = Cast{journey.Organisations, journey.People, journey.Agencies}

// Short is a second cast, for tests that name somebody in every line: each has a
// short name, and for each seat there is exactly who is needed. Its documents are
// those that stored ones of earlier builds were made of.
var Short = Cast{
	Organisations: []party.Organisation{
		{ID: "h1", Kind: party.Hospital, NameZH: "示例医院", NameEN: "Sample Hospital", Phone: "021-00000001", Mail: "h1@example.invalid"},
		{ID: "h2", Kind: party.Hospital, NameZH: "另一示例医院", Mail: "h2@example.invalid"},
		{ID: "mpa", Kind: party.MunicipalMPA, NameZH: "市药品监管局（示例）", NameEN: "Municipal MPA (sample)", Mail: "mpa@example.invalid"},
		{ID: "hc", Kind: party.HealthCommission, NameZH: "市卫生健康委（示例）", Mail: "hc@example.invalid"},
		{ID: "customs", Kind: party.Customs, NameZH: "海关（示例）", Mail: "customs@example.invalid"},
		{ID: "nmpa", Kind: party.Regulator, NameZH: "国家药监局（示例）", Mail: "nmpa@example.invalid"},
		{ID: "dist", Kind: party.Distributor, NameZH: "经营企业（示例）", Mail: "dist@example.invalid"},
		{ID: "audit", Kind: party.Auditor, NameZH: "审计（示例）", Mail: "audit@example.invalid"},
	},
	People: []party.Person{
		{
			ID: "lin", Org: "h1", NameZH: "林芷", NameEN: "Lin Zhi", Title: "经办人", Roles: []party.Role{party.Applicant},
			Mail: "lin@example.invalid", Subject: "s-lin",
		},
		{ID: "he", Org: "h2", NameZH: "何悦", Roles: []party.Role{party.Applicant}, Mail: "he@example.invalid", Subject: "s-he"},
		{ID: "zhou", Org: "mpa", NameZH: "周衡", Roles: []party.Role{party.Assessor, party.Administrator}, Mail: "zhou@example.invalid", Subject: "s-zhou"},
		{ID: "luo", Org: "hc", NameZH: "罗青", Roles: []party.Role{party.Assessor, party.Recorder}, Mail: "luo@example.invalid", Subject: "s-luo"},
		{ID: "tang", Org: "mpa", NameZH: "唐薇", Roles: []party.Role{party.Recorder}, Mail: "tang@example.invalid", Subject: "s-tang"},
		{ID: "shen", Org: "nmpa", NameZH: "沈安", Roles: []party.Role{party.Recorder}, Mail: "shen@example.invalid", Subject: "s-shen"},
		{ID: "wu", Org: "audit", NameZH: "吴审", Roles: []party.Role{party.Reader}, Mail: "wu@example.invalid"},
	},
	Agencies: party.Agencies{MunicipalMPA: "mpa", HealthCommission: "hc", Customs: "customs", Regulator: "nmpa"},
}

// Form is an application of kind that lacks nothing, in few words.
func Form(kind policy.Kind) map[string]string {
	if kind == policy.Drug {
		return map[string]string{
			"product-zh": "示例注射液", "product-original": "Exemplum", "dosage-form": "注射剂", "strength": "10 mg",
			"manufacturer": "Example SA", "country": "法国",
			"marketing-country": "法国", "overseas-approval": "EMA", "situation": "not-registered", "category": "rare-disease", "lead-importer": "yes",
			"indication": "罕见病", "disease": "示例病", "urgency": "无替代", "comparison": "机制不同", "quantity": "120", "unit": "支", "patients": "4",
			"units-per-patient": "30", "department": "神经内科", "contact-role": "经办人", "contact-phone": "021-00000001",
		}
	}
	return map[string]string{
		"product-zh": "封堵器", "product-original": "Occluder", "model": "BAO-12", "manufacturer": "Example GmbH", "country": "德国",
		"class": "III", "subcatalogue": "13", "overseas-approval": "CE", "indication": "房缺", "urgency": "无替代", "quantity": "10",
		"unit": "套", "patients": "8", "department": "心脏中心", "contact-role": "经办人", "contact-phone": "021-00000001", "comparison": "材料不同",
		"marketing-country": "德国", "udi-none": "未实施唯一标识", "disease": "房间隔缺损", "units-per-patient": "1",
	}
}

// Paper is a real file, as every item of a dossier may be.
var Paper = sample.PDF(1, "申请表", 1, 0)

// Opinion finds that all is met. Questions that are relied on, by their place, have no reason of their own.
func Opinion(relied ...int) casework.Opinion {
	var o casework.Opinion
	for _, q := range casework.Questions {
		o.Findings = append(o.Findings, casework.Finding{Question: q, Met: true, Reason: "符合要求"})
	}
	for _, i := range relied {
		o.Findings[i].Relied, o.Findings[i].Reason = true, ""
	}
	return o
}
