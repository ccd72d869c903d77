package blueprint

import (
	"path/filepath"
	"regexp"
	"strconv"
	"testing"

	"jixu/internal/policy"
)

// A production stage has a virus scanner, or its operator has said that it has none.
func TestAProductionStageCannotForgetTheScanner(t *testing.T) {
	doc := template(t, "template.yaml")
	rule := at(doc, "Rules", "ProductionSaysThatItHasNoScanner")
	if rule == nil || len(at(rule, "Assertions").Content) == 0 {
		t.Error("template.yaml: got no rule about the scanner, want production to name one or say that there is none")
	}
	for name, want := range map[string]string{"ScannerAddress": "", "WithoutScanner": "no"} {
		if p := at(doc, "Parameters", name); p == nil || text(at(p, "Default")) != want {
			t.Errorf("parameter %s: got default %q, want %q", name, text(at(p, "Default")), want)
		}
	}
}

// The scanner's own limits leave no file of a pack unscanned, and what is beyond
// them is told.
func TestTheScannersSettingsFitThePacks(t *testing.T) {
	conf := read(t, filepath.Join(root, "infra/clamd.conf"))
	megabytes := func(name string) int64 {
		m := regexp.MustCompile(`(?m)^` + name + ` (\d+)M$`).FindStringSubmatch(conf)
		if m == nil {
			t.Fatalf("infra/clamd.conf: got no %s in megabytes", name)
		}
		n, _ := strconv.ParseInt(m[1], 10, 64)
		return n << 20
	}
	most := int64(200 << 20)
	for _, pack := range []policy.Pack{policy.DevicePack(), policy.DrugPack()} {
		for _, part := range pack.Parts {
			for _, item := range part.Items {
				most = max(most, item.MaxBytes)
			}
		}
	}
	for _, name := range []string{"StreamMaxLength", "MaxFileSize", "MaxScanSize"} {
		if got := megabytes(name); got < most {
			t.Errorf("%s: got %d bytes, want at least the %d of the largest file", name, got, most)
		}
	}
	if !regexp.MustCompile(`(?m)^AlertExceedsMax yes$`).MatchString(conf) {
		t.Error("infra/clamd.conf: got no AlertExceedsMax, want what was not looked at to be told")
	}
}
