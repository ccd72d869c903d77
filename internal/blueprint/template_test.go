package blueprint

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// template is template.yaml as a tree; tags such as !Ref stay on their nodes.
func template(t *testing.T, path string) *yaml.Node {
	t.Helper()
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(read(t, filepath.Join(root, path))), &doc); err != nil {
		t.Fatal(err)
	}
	return doc.Content[0]
}

// at walks down a mapping; nil if there is nothing.
func at(n *yaml.Node, keys ...string) *yaml.Node {
	for _, key := range keys {
		if n == nil || n.Kind != yaml.MappingNode {
			return nil
		}
		var next *yaml.Node
		for i := 0; i < len(n.Content); i += 2 {
			if n.Content[i].Value == key {
				next = n.Content[i+1]
			}
		}
		n = next
	}
	return n
}

// pairs lists a mapping in its order.
func pairs(n *yaml.Node) (out [][2]*yaml.Node) {
	if n == nil {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		out = append(out, [2]*yaml.Node{n.Content[i], n.Content[i+1]})
	}
	return out
}

// ofType lists the resources of a type by logical id.
func ofType(doc *yaml.Node, kind string) map[string]*yaml.Node {
	out := map[string]*yaml.Node{}
	for _, p := range pairs(at(doc, "Resources")) {
		if v := at(p[1], "Type"); v != nil && v.Value == kind {
			out[p[0].Value] = p[1]
		}
	}
	return out
}

func text(n *yaml.Node) string {
	if n == nil {
		return ""
	}
	return n.Value
}

// functionsOf maps each function's folder to its resource.
func functionsOf(doc *yaml.Node) map[string]*yaml.Node {
	out := map[string]*yaml.Node{}
	for _, f := range ofType(doc, "AWS::Serverless::Function") {
		out[strings.Trim(strings.TrimPrefix(text(at(f, "Properties", "CodeUri")), "functions/"), "/")] = f
	}
	return out
}

func TestEveryFunctionStandsInTheTemplateAndHasAFolder(t *testing.T) {
	folders, err := os.ReadDir(filepath.Join(root, "functions"))
	if err != nil {
		t.Fatal(err)
	}
	var have []string
	for _, f := range folders {
		have = append(have, f.Name())
	}
	want := slices.Sorted(maps.Keys(functionsOf(template(t, "template.yaml"))))
	if !slices.Equal(have, want) {
		t.Errorf("folders: got %v, template has %v", have, want)
	}
}

var settingName = regexp.MustCompile(`settings\.([A-Z][A-Za-z]+)\b`)

// variables maps the names of internal/settings to their variables.
func variables(t *testing.T) map[string]string {
	out := map[string]string{}
	for _, m := range regexp.MustCompile(`(?m)^\s+(\w+)\s+Name = "(JIXU_\w+)"`).FindAllStringSubmatch(read(t, filepath.Join(root, "internal/settings/settings.go")), -1) {
		out[m[1]] = m[2]
	}
	return out
}

// opened says which settings each way to open a function reads by itself.
func opened(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	wiring := read(t, filepath.Join(root, "internal/wiring/wiring.go"))
	for _, f := range regexp.MustCompile(`(?ms)^func (Open\w*)\(.*?^}`).FindAllStringSubmatch(wiring, -1) {
		out["wiring."+f[1]+"("] = f[0]
	}
	if len(out) != 2 {
		t.Fatalf("internal/wiring: got %d ways to open a function, want Open and OpenDesk", len(out))
	}
	// Each opens what the plain one does.
	out["wiring.OpenDesk("] += out["wiring.Open("]
	return out
}

func TestEachFunctionGetsExactlyTheSettingsItReads(t *testing.T) {
	known, ways := variables(t), opened(t)
	for name, f := range functionsOf(template(t, "template.yaml")) {
		var reads, gets []string
		code := read(t, filepath.Join(root, "functions", name, "main.go"))
		for way, more := range ways {
			if strings.Contains(code, way) {
				code += more
			}
		}
		for _, m := range settingName.FindAllStringSubmatch(code, -1) {
			if v, ok := known[m[1]]; ok && !slices.Contains(reads, v) {
				reads = append(reads, v)
			}
		}
		for _, p := range pairs(at(f, "Properties", "Environment", "Variables")) {
			gets = append(gets, p[0].Value)
		}
		slices.Sort(reads)
		slices.Sort(gets)
		if !slices.Equal(reads, gets) {
			t.Errorf("%s: reads %v, template gives %v", name, reads, gets)
		}
	}
}

func TestEveryStatementSaysWhatItIsForAndGrantsLittle(t *testing.T) {
	for name, f := range functionsOf(template(t, "template.yaml")) {
		var statements []*yaml.Node
		if policies := at(f, "Properties", "Policies"); policies != nil {
			for _, policy := range policies.Content {
				if list := at(policy, "Statement"); list != nil {
					statements = append(statements, list.Content...)
				}
			}
		}
		if len(statements) == 0 {
			t.Errorf("%s: got no statements, want a role of its own", name)
		}
		for _, s := range statements {
			sid := text(at(s, "Sid"))
			if !regexp.MustCompile(`^[A-Z][a-z]+([A-Z][a-z]*)+$`).MatchString(sid) {
				t.Errorf("%s: got Sid %q, want words", name, sid)
			}
			for _, action := range values(at(s, "Action")) {
				if strings.Contains(action, "*") {
					t.Errorf("%s %s: got action %s, want each by name", name, sid, action)
				}
			}
			// For handing a token back there is no resource that a role could name.
			resumes := slices.Equal(values(at(s, "Action")), []string{"states:SendTaskSuccess"})
			if slices.Contains(values(at(s, "Resource")), "*") && !resumes {
				t.Errorf("%s %s: got every resource, want one", name, sid)
			}
		}
	}
}

// values lists a scalar or a sequence.
func values(n *yaml.Node) []string {
	if n == nil {
		return nil
	}
	if n.Kind == yaml.ScalarNode {
		return []string{n.Value}
	}
	var out []string
	for _, c := range n.Content {
		out = append(out, c.Value)
	}
	return out
}

// actions lists what a function may do.
func actions(f *yaml.Node) []string {
	var out []string
	for _, policy := range at(f, "Properties", "Policies").Content {
		for _, s := range at(policy, "Statement").Content {
			out = append(out, values(at(s, "Action"))...)
		}
	}
	return out
}

// Every function reads the table, which our key encrypts, and those that write
// the bucket need a data key of it. The emulator does not check this.
func TestEveryRoleMayUseTheKeysOfWhatItTouches(t *testing.T) {
	for name, f := range functionsOf(template(t, "template.yaml")) {
		may := actions(f)
		if !slices.Contains(may, "kms:Decrypt") {
			t.Errorf("%s: got no kms:Decrypt, want it: the table is encrypted with our key", name)
		}
		if slices.Contains(may, "s3:PutObject") && !slices.Contains(may, "kms:GenerateDataKey") {
			t.Errorf("%s: got s3:PutObject without kms:GenerateDataKey, want both", name)
		}
	}
}

// Each site signs uploads under its own prefix and can sign no other's.
func TestEachSiteSignsItsOwnPrefixOnly(t *testing.T) {
	all := functionsOf(template(t, "template.yaml"))
	for name, want := range map[string][]string{"hospital-site": {"dossier", "manifest"}, "agency-site": {"evidence"}, "take-answer": {"evidence"}, "case-api": {"dossier", "evidence", "manifest"}} {
		var got []string
		for _, policy := range at(all[name], "Properties", "Policies").Content {
			for _, s := range at(policy, "Statement").Content {
				if !slices.Contains(values(at(s, "Action")), "s3:PutObject") {
					continue
				}
				for _, r := range values(at(s, "Resource")) {
					got = append(got, strings.TrimSuffix(r[strings.LastIndex(strings.TrimSuffix(r, "/*"), "/")+1:], "/*"))
				}
			}
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%s writes under %v, want %v", name, got, want)
		}
	}
}

func TestDataIsKeptAndLogsEnd(t *testing.T) {
	doc := template(t, "template.yaml")
	for _, kind := range []string{"AWS::DynamoDB::Table", "AWS::S3::Bucket", "AWS::KMS::Key"} {
		all := ofType(doc, kind)
		if len(all) == 0 {
			t.Errorf("%s: got none, want at least one", kind)
		}
		for id, r := range all {
			if text(at(r, "DeletionPolicy")) != "Retain" || text(at(r, "UpdateReplacePolicy")) != "Retain" {
				t.Errorf("%s: got no Retain, want it on delete and replace", id)
			}
		}
	}
	for id, r := range ofType(doc, "AWS::DynamoDB::Table") {
		for _, path := range [][]string{{"DeletionProtectionEnabled"}, {"PointInTimeRecoverySpecification", "PointInTimeRecoveryEnabled"}, {"SSESpecification", "SSEEnabled"}} {
			if text(at(r, append([]string{"Properties"}, path...)...)) != "true" {
				t.Errorf("%s: got no %s, want it", id, path[0])
			}
		}
	}
	for id, r := range ofType(doc, "AWS::Logs::LogGroup") {
		if at(r, "Properties", "RetentionInDays") == nil {
			t.Errorf("%s: got logs for ever, want a retention", id)
		}
	}
	for name, f := range functionsOf(doc) {
		if at(f, "Properties", "LoggingConfig", "LogGroup") == nil {
			t.Errorf("%s: got no log group of its own, want one with a retention", name)
		}
	}
}

func TestEveryAlarmHasAHeadingInTheRunbook(t *testing.T) {
	runbook := read(t, filepath.Join(root, "docs/runbook.md"))
	alarms := ofType(template(t, "infra/alarms.yaml"), "AWS::CloudWatch::Alarm")
	if len(alarms) == 0 {
		t.Fatal("alarms: got none, want one for each way to fail")
	}
	for id, a := range alarms {
		name := strings.TrimPrefix(text(at(a, "Properties", "AlarmName")), "${Main} ")
		if !strings.Contains(runbook, "\n### "+name+"\n") {
			t.Errorf("alarm %s: got no heading %q in docs/runbook.md, want what to look at and do", id, "### "+name)
		}
	}
}

// state is what the tests look at in a machine.
type state struct {
	Type           string
	Comment        string
	Resource       string
	TimeoutSeconds int
	Catch          []struct{ ErrorEquals []string }
	Assign         any
	Heartbeat      any `json:"HeartbeatSeconds"`
	Parameters     map[string]any
}

func TestStateMachinesArePlainAndEveryWaitEnds(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(root, "statemachines/*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("machines: %v, %d found", err, len(files))
	}
	for _, path := range files {
		if !strings.HasSuffix(path, ".asl.json") {
			t.Errorf("%s: got another ending, want .asl.json", path)
		}
		var m struct {
			QueryLanguage string
			Comment       string
			States        map[string]state
		}
		if err := json.Unmarshal([]byte(read(t, path)), &m); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		if m.QueryLanguage == "JSONata" || m.Comment == "" {
			t.Errorf("%s: want JSONPath and a comment", path)
		}
		for name, s := range m.States {
			if s.Comment == "" {
				t.Errorf("%s, %q: got no comment, want why it is there", path, name)
			}
			if s.Type == "Parallel" || s.Assign != nil || s.Heartbeat != nil {
				t.Errorf("%s, %q: got Parallel, Assign or a heartbeat, want the plain language", path, name)
			}
			if !strings.HasSuffix(s.Resource, ".waitForTaskToken") {
				continue
			}
			if s.TimeoutSeconds < 1 || s.TimeoutSeconds > 60*24*60*60 {
				t.Errorf("%s, %q: got a wait of %d s, want at most 60 days", path, name, s.TimeoutSeconds)
			}
			if !slices.ContainsFunc(s.Catch, func(c struct{ ErrorEquals []string }) bool { return slices.Contains(c.ErrorEquals, "States.Timeout") }) {
				t.Errorf("%s, %q: got a wait that catches no time-out, want it caught", path, name)
			}
			if !slices.ContainsFunc(s.Catch, func(c struct{ ErrorEquals []string }) bool { return slices.Contains(c.ErrorEquals, "States.ALL") }) {
				t.Errorf("%s, %q: got a wait that does not catch everything, want it caught", path, name)
			}
			payload, _ := s.Parameters["Payload"].(map[string]any)
			for key := range payload {
				if !slices.Contains([]string{"of.$", "leg.$", "run.$", "gate.$", "taskToken.$", "entered.$", "retry.$"}, key) {
					t.Errorf("%s, %q: got %s in the payload, want ids only", path, name, key)
				}
			}
		}
	}
}

// However a run of whatever machine ends, the one who revives it hears of that, and
// asks and starts no machine itself.
func TestTheEndOfEveryRunIsHeard(t *testing.T) {
	doc := template(t, "template.yaml")
	rule := at(doc, "Resources", "RunsThatEnd", "Properties")
	detail := at(rule, "EventPattern", "detail")
	if got, want := values(at(detail, "status")), []string{"FAILED", "TIMED_OUT", "ABORTED", "SUCCEEDED"}; !slices.Equal(got, want) {
		t.Errorf("the rule: got status %v, want %v", got, want)
	}
	for id, m := range ofType(doc, "AWS::Serverless::StateMachine") {
		arn := "arn:${AWS::Partition}:states:${AWS::Region}:${AWS::AccountId}:stateMachine:" + text(at(m, "Properties", "Name"))
		if !slices.Contains(values(at(detail, "stateMachineArn")), arn) {
			t.Errorf("%s: got its ends heard by nobody, want %s in the rule", id, arn)
		}
	}
	var path []string
	for _, target := range at(rule, "Targets").Content {
		path = append(path, text(at(target, "Arn")))
	}
	mapping := at(doc, "Resources", "EndsToHear", "Properties")
	path = append(path, text(at(mapping, "EventSourceArn")), text(at(mapping, "FunctionName")))
	if want := []string{"EndedRuns.Arn", "EndedRuns.Arn", "ReviveRuns.Arn"}; !slices.Equal(path, want) {
		t.Errorf("the way of an end: got %v, want %v", path, want)
	}
	for _, action := range actions(functionsOf(doc)["revive-runs"]) {
		if strings.HasPrefix(action, "states:") {
			t.Errorf("revive-runs: got %s, want it to leave machines to who tells", action)
		}
	}
}

// Every queue that a function reads gives up into another, which has an alarm, and hides
// a message for six times as long as its function may take, as Lambda asks.
func TestEveryQueueGivesUpWhereSomebodyHearsOfIt(t *testing.T) {
	doc := template(t, "template.yaml")
	watched := map[string]bool{}
	for _, a := range ofType(template(t, "infra/alarms.yaml"), "AWS::CloudWatch::Alarm") {
		for _, d := range at(a, "Properties", "Dimensions").Content {
			if text(at(d, "Name")) == "QueueName" {
				watched[text(at(d, "Value"))] = true
			}
		}
	}
	queues, found := ofType(doc, "AWS::SQS::Queue"), 0
	for id, m := range ofType(doc, "AWS::Lambda::EventSourceMapping") {
		queue, ours := queues[strings.TrimSuffix(text(at(m, "Properties", "EventSourceArn")), ".Arn")]
		if !ours {
			continue // a stream
		}
		found++
		rests := strings.TrimSuffix(text(at(queue, "Properties", "RedrivePolicy", "deadLetterTargetArn")), ".Arn")
		if queues[rests] == nil || !watched[rests] {
			t.Errorf("%s: got what fails put into %q, want a queue with an alarm", id, rests)
		}
		function := at(doc, "Resources", strings.TrimSuffix(text(at(m, "Properties", "FunctionName")), ".Arn"), "Properties")
		takes, err := strconv.Atoi(text(at(function, "Timeout")))
		hides, also := strconv.Atoi(text(at(queue, "Properties", "VisibilityTimeout")))
		if err != nil || also != nil || hides < 6*takes {
			t.Errorf("%s: got a message hidden for %d s from a function that may take %d s, want six times as long", id, hides, takes)
		}
	}
	if found != 3 {
		t.Errorf("got %d queues that functions read, want those of notices, events and ends", found)
	}
}

func TestEveryFunctionHasARealisticEvent(t *testing.T) {
	for name := range functionsOf(template(t, "template.yaml")) {
		events, err := filepath.Glob(filepath.Join(root, "events", name, "*.json"))
		if err != nil || len(events) == 0 {
			t.Errorf("events/%s: got none (%v), want one for each branch", name, err)
		}
		for _, path := range events {
			if !json.Valid([]byte(read(t, path))) {
				t.Errorf("%s: got no JSON", path)
			}
		}
	}
}

func TestTheDesignNamesEveryRoom(t *testing.T) {
	design := read(t, filepath.Join(root, "docs/design.md"))
	for room := range rooms {
		if !strings.Contains(design, filepath.Base(room)) {
			t.Errorf("docs/design.md: got no word of %s, want every room in the picture", room)
		}
	}
	for name := range functionsOf(template(t, "template.yaml")) {
		if !strings.Contains(design, name) {
			t.Errorf("docs/design.md: got no word of %s, want every function in the picture", name)
		}
	}
}
