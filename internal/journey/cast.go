package journey

import (
	"jixu/internal/party"
	"jixu/internal/policy"
)

// The sample organisations of one machine. Hospitals are invented; agencies bear
// their public names and telephone numbers, and no address of theirs.
var Organisations = []party.Organisation{
	{
		ID:     "hospital-1",
		Kind:   party.Hospital,
		NameZH: "上海示范第一医院",
		NameEN: "Shanghai Example Hospital No. 1",
		Phone:  "021-00000001",
		Mail:   "import@hospital-1.example",
	},
	{
		ID:     "hospital-2",
		Kind:   party.Hospital,
		NameZH: "上海示范第二医院",
		NameEN: "Shanghai Example Hospital No. 2",
		Phone:  "021-00000002",
		Mail:   "import@hospital-2.example",
	},
	{
		ID:     "hospital-3",
		Kind:   party.Hospital,
		NameZH: "上海示范儿童医院",
		NameEN: "Shanghai Example Children's Hospital",
		Phone:  "021-00000003",
		Mail:   "import@hospital-3.example",
	},
	{
		ID:     "distributor-1",
		Kind:   party.Distributor,
		NameZH: "上海示范医疗器械有限公司",
		NameEN: "Shanghai Example Devices Ltd",
		Phone:  "021-00000004",
		Mail:   "import@distributor-1.example",
	},
	{ID: "mpa", Kind: party.MunicipalMPA, NameZH: "上海市药品监督管理局", NameEN: "Shanghai Municipal MPA", Phone: "021-63269368", Mail: "registration@mpa.example"},
	{
		ID:     "health",
		Kind:   party.HealthCommission,
		NameZH: "上海市卫生健康委员会",
		NameEN: "Shanghai Health Commission",
		Phone:  "021-23117857",
		Mail:   "pharmacy@health.example",
	},
	{ID: "customs", Kind: party.Customs, NameZH: "中华人民共和国上海海关", NameEN: "Shanghai Customs", Phone: "12360", Mail: "urgent@customs.example"},
	{ID: "nmpa", Kind: party.Regulator, NameZH: "国家药品监督管理局", NameEN: "National Medical Products Administration", Phone: "12315", Mail: "urgent@nmpa.example"},
}

// Agencies says which of them has which seat.
var Agencies = party.Agencies{MunicipalMPA: "mpa", HealthCommission: "health", Customs: "customs", Regulator: "nmpa"}

// The sample people. Every name is invented.
var People = []party.Person{
	{
		ID:      "lin-zhi",
		Org:     "hospital-1",
		NameZH:  "林芷",
		NameEN:  "Lin Zhi",
		Title:   "设备科申报经办人",
		Roles:   []party.Role{party.Applicant},
		Mail:    "lin.zhi@hospital-1.example",
		Subject: "lin-zhi",
	},
	{
		ID:      "gu-ming",
		Org:     "hospital-1",
		NameZH:  "顾明",
		NameEN:  "Gu Ming",
		Title:   "设备科科长",
		Roles:   []party.Role{party.Applicant, party.Reader, party.Administrator},
		Mail:    "gu.ming@hospital-1.example",
		Subject: "gu-ming",
	},
	{
		ID:      "he-yue",
		Org:     "hospital-2",
		NameZH:  "何悦",
		NameEN:  "He Yue",
		Title:   "设备科申报经办人",
		Roles:   []party.Role{party.Applicant},
		Mail:    "he.yue@hospital-2.example",
		Subject: "he-yue",
	},
	{
		ID:      "wu-lan",
		Org:     "hospital-3",
		NameZH:  "吴岚",
		NameEN:  "Wu Lan",
		Title:   "药学部申报经办人",
		Roles:   []party.Role{party.Applicant},
		Mail:    "wu.lan@hospital-3.example",
		Subject: "wu-lan",
	},
	{
		ID:      "meng-fei",
		Org:     "distributor-1",
		NameZH:  "孟飞",
		NameEN:  "Meng Fei",
		Title:   "进口业务部",
		Roles:   []party.Role{party.Reader},
		Mail:    "meng.fei@distributor-1.example",
		Subject: "meng-fei",
	},
	{
		ID:      "zhou-heng",
		Org:     "mpa",
		NameZH:  "周衡",
		NameEN:  "Zhou Heng",
		Title:   "医疗器械注册管理处评估人",
		Roles:   []party.Role{party.Assessor},
		Mail:    "zhou.heng@mpa.example",
		Subject: "zhou-heng",
	},
	{
		ID:      "tang-wei",
		Org:     "mpa",
		NameZH:  "唐薇",
		NameEN:  "Tang Wei",
		Title:   "医疗器械注册管理处登记人",
		Roles:   []party.Role{party.Recorder, party.Administrator},
		Mail:    "tang.wei@mpa.example",
		Subject: "tang-wei",
	},
	{
		ID:      "qian-rong",
		Org:     "health",
		NameZH:  "钱蓉",
		NameEN:  "Qian Rong",
		Title:   "药政管理处",
		Roles:   []party.Role{party.Assessor, party.Reader, party.Administrator},
		Mail:    "qian.rong@health.example",
		Subject: "qian-rong",
	},
	{
		ID:      "xu-tao",
		Org:     "customs",
		NameZH:  "徐涛",
		NameEN:  "Xu Tao",
		Title:   "监管处",
		Roles:   []party.Role{party.Reader},
		Mail:    "xu.tao@customs.example",
		Subject: "xu-tao",
	},
	{
		ID:      "shen-an",
		Org:     "nmpa",
		NameZH:  "沈安",
		NameEN:  "Shen An",
		Title:   "医疗器械注册司登记人",
		Roles:   []party.Role{party.Recorder, party.Administrator},
		Mail:    "shen.an@nmpa.example",
		Subject: "shen-an",
	},
}

// Tries says what a person at this machine may try as whom.
var Tries = map[string]string{
	"lin-zhi":   "完成草稿并提交；答复第三个案件的补正通知 finish the draft and submit; answer the third case's notice",
	"gu-ming":   "接着同事的草稿办理 go on with a colleague's draft",
	"he-yue":    "看不到第一医院的案件 find that the first hospital's cases are not there",
	"wu-lan":    "提出咨询；以已登记品种再次申请 ask a question; apply for a variety of the register",
	"meng-fei":  "进口报关环节开放后使用 waits for customs declarations",
	"zhou-heng": "打开待办：出具评估意见，或发出补正通知 open the inbox: give the opinion, or ask for a supplement",
	"tang-wei":  "依据批复文件登记批复 transcribe the national reply",
	"qian-rong": "评估药品；确认抄报；参加联合评估；答复咨询 assess drugs, confirm copies, join opinions, answer questions",
	"xu-tao":    "批准后可见 sees a case once it is approved",
	"shen-an":   "从邮件中的链接和验证码登记批复 record the reply by link and code, from the mail page",
}

// Organisation returns the sample organisation with id.
func Organisation(id string) party.Organisation {
	for _, o := range Organisations {
		if o.ID == id {
			return o
		}
	}
	return party.Organisation{}
}

// Person returns the sample person with id.
func Person(id string) party.Person {
	for _, p := range People {
		if p.ID == id {
			return p
		}
	}
	return party.Person{}
}

// DeviceForm is a filled-in application for a device. Product, maker and
// identifier are invented.
func DeviceForm() map[string]string {
	return map[string]string{
		"product-zh":            "可吸收心房间隔缺损封堵器",
		"product-original":      "Bioresorbable Atrial Septal Occluder",
		"model":                 "BAO-12、BAO-14、BAO-16",
		"manufacturer":          "Example Cardio Devices GmbH",
		"manufacturer-zh":       "示例心脏器械公司",
		"country":               "德国",
		"marketing-country":     "德国",
		"overseas-approval":     "2024年3月取得欧盟 CE 证书，已在德国、法国上市。",
		"overseas-approval-day": "2024-03-15",
		"certificate-expires":   "2029-03-14",
		"class":                 "III",
		"subcatalogue":          "13",
		"udi-di":                "04912345678904",
		"indication":            "继发孔型房间隔缺损，解剖条件不适合使用金属封堵器的儿童患者。",
		"disease":               "继发孔型房间隔缺损（Q21.1，国家临床版2.0）",
		"urgency":               "患儿体重低、缺损边缘短，金属封堵器磨蚀风险高，国内尚无同品种获准上市；不及时封堵将发生不可逆肺动脉高压。",
		"comparison":            "国内已上市产品均为镍钛合金骨架，本产品为可吸收骨架，结构组成与主要原材料不同。",
		"patients":              "8",
		"units-per-patient":     "1",
		"quantity":              "10",
		"unit":                  "套",
		"units-used":            "first",
		"department":            "心脏中心",
		"contact-role":          "设备科申报经办人",
		"contact-phone":         "021-00000001",
		"distributor":           "上海示范医疗器械有限公司",
	}
}

// DeviceFacts are what the documents of that application say of themselves.
func DeviceFacts() map[string]string {
	return map[string]string{
		"form-product":                "可吸收心房间隔缺损封堵器",
		"form-quantity":               "10",
		"label-product":               "Bioresorbable Atrial Septal Occluder",
		"label-udi":                   "(01)04912345678904(17)291231(10)B2607",
		"basis-quantity":              "10",
		"hospital-uscc":               "91350100M000100Y43",
		"licence-number":              "M000100Y435010017A1001",
		"licence-expires":             "2030-12-31",
		"approval-manufacturer":       "EXAMPLE CARDIO DEVICES GMBH",
		"approval-expires":            "2029-03-14",
		"agreement-distributor":       "上海示范医疗器械有限公司",
		"distributor-licence-expires": "2027-01-15",
	}
}

// DrugForm is a filled-in application for a drug. Drug, holder and disease are invented.
func DrugForm() map[string]string {
	return map[string]string{
		"product-zh":            "示例替尼胶囊",
		"product-original":      "Examplinib Capsules (Examplar)",
		"dosage-form":           "胶囊剂",
		"strength":              "50 mg",
		"pack-size":             "30粒/瓶",
		"manufacturer":          "Example Rare Therapeutics Ltd",
		"country":               "爱尔兰",
		"marketing-country":     "美国",
		"overseas-approval":     "2023年8月经美国食品药品监督管理局批准上市，NDA 000000。",
		"overseas-approval-day": "2023-08-21",
		"controlled":            "no",
		"situation":             "not-registered",
		"category":              "rare-disease",
		"lead-importer":         "yes",
		"indication":            "经基因检测确诊的示例酶缺乏症，对症治疗无效的患者。",
		"disease":               "示例酶缺乏症（E88.8，国家临床版2.0）",
		"urgency":               "病情持续进展，国内无同类药品；不及时用药将造成不可逆损害。",
		"comparison":            "境内仅有对症治疗，不能阻止病情进展。",
		"patients":              "6",
		"units-per-patient":     "12",
		"quantity":              "80",
		"unit":                  "瓶",
		"units-used":            "first",
		"department":            "血液科",
		"contact-role":          "药学部副主任",
		"contact-phone":         "021-00000001",
		"distributor":           "上海示范医药有限公司",
		"port":                  "上海",
	}
}

// DrugFacts are what the documents of that application say of themselves.
func DrugFacts() map[string]string {
	return map[string]string{
		"list-product":    "示例替尼胶囊",
		"list-strength":   "50mg",
		"list-quantity":   "80",
		"licence-expires": "2030-12-31",
	}
}

// Papers lists the items that a first application brings: all but what is said of
// an earlier one.
func Papers(pack policy.Pack) []policy.Item {
	var out []policy.Item
	for _, part := range pack.Parts {
		for _, item := range part.Items {
			if item.ID != policy.ItemEarlierUse {
				out = append(out, item)
			}
		}
	}
	return out
}
