package stack_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"jixu/internal/docket"
	"jixu/internal/gate"
	"jixu/internal/local"
	"jixu/internal/stack"
	"jixu/internal/statemachine"
)

func TestTheSiteIsAlive(t *testing.T) {
	s := stack.Shared(t)
	answer, err := s.HTTP().Get(s.Site + "/alive")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if body, _ := io.ReadAll(answer.Body); answer.StatusCode != http.StatusOK {
		t.Fatalf("got %s: %s, want 200", answer.Status, body)
	}
}

func TestAFunctionIsDeniedWhatItsRoleDoesNotName(t *testing.T) {
	s := stack.Shared(t)
	item := map[string]any{"pk": map[string]string{"S": "PROBE#x"}, "sk": map[string]string{"S": "HEAD"}}
	read := stack.JSON("dynamodb", "DynamoDB_20120810.GetItem", map[string]any{"TableName": s.Outputs["TableName"], "Key": item})
	write := stack.JSON("dynamodb", "DynamoDB_20120810.PutItem", map[string]any{"TableName": s.Outputs["TableName"], "Item": item})
	mac := stack.JSON("kms", "TrentService.GenerateMac", map[string]any{
		"KeyId": s.Outputs["LinkKeyArn"], "MacAlgorithm": "HMAC_SHA_256", "Message": "eA==",
	})
	seal := stack.JSON("kms", "TrentService.Encrypt", map[string]any{"KeyId": s.Outputs["SealKeyArn"], "Plaintext": "eA=="})
	unseal := stack.JSON("kms", "TrentService.Decrypt", map[string]any{"KeyId": s.Outputs["SealKeyArn"], "CiphertextBlob": "eA=="})
	upload := func(prefix string) stack.Call {
		return stack.Call{Service: "s3", Method: "PUT", Path: "/" + s.Outputs["BucketName"] + "/" + prefix + "/x", Body: "x"}
	}
	rows := []struct {
		name     string
		function string
		call     stack.Call
		denied   bool
	}{
		{"apply-outcome reads the table", "apply-outcome", read, false},
		{"apply-outcome does not write the table", "apply-outcome", write, true},
		{"hospital-site writes the table", "hospital-site", write, false},
		{"hospital-site uploads dossiers", "hospital-site", upload("dossier"), false},
		{"hospital-site does not upload evidence", "hospital-site", upload("evidence"), true},
		{"agency-site uploads evidence", "agency-site", upload("evidence"), false},
		{"agency-site does not upload dossiers", "agency-site", upload("dossier"), true},
		{"agency-site makes links", "agency-site", mac, false},
		{"hospital-site does not make links", "hospital-site", mac, true},
		{"take-answer writes the table", "take-answer", write, false},
		{"take-answer uploads evidence", "take-answer", upload("evidence"), false},
		{"take-answer does not upload dossiers", "take-answer", upload("dossier"), true},
		{"take-answer opens secrets", "take-answer", unseal, false},
		{"take-answer makes no secrets", "take-answer", seal, true},
		{"take-answer makes no links", "take-answer", mac, true},
		{"case-api writes the table", "case-api", write, false},
		{"case-api uploads dossiers", "case-api", upload("dossier"), false},
		{"case-api seals secrets", "case-api", seal, false},
		{"case-api opens no secrets", "case-api", unseal, true},
		{"case-api makes no links", "case-api", mac, true},
		{"send-webhook opens secrets", "send-webhook", unseal, false},
		{"send-webhook makes no secrets", "send-webhook", seal, true},
		{"send-webhook uploads nothing", "send-webhook", upload("evidence"), true},
		{"revive-runs writes the table", "revive-runs", write, false},
		{"revive-runs makes no links", "revive-runs", mac, true},
		{"revive-runs opens no secrets", "revive-runs", unseal, true},
		{"revive-runs uploads nothing", "revive-runs", upload("dossier"), true},
		{"relay-entries opens no secrets", "relay-entries", unseal, true},
		{"agency-site opens no secrets", "agency-site", unseal, true},
		{"hospital-site opens no secrets", "hospital-site", unseal, true},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			answer, err := s.Probe(context.Background(), row.function, row.call)
			if err != nil {
				t.Fatal(err)
			}
			if answer.Denied() != row.denied {
				t.Errorf("got %d %s, want denied %v", answer.Status, answer.Body, row.denied)
			}
		})
	}
}

func TestARunIsStartedOnceAndDescribed(t *testing.T) {
	s := stack.Shared(t)
	ctx := context.Background()
	runs := executions(s)
	id := fmt.Sprintf("c%d", time.Now().UnixNano()) // names stay taken
	name, input := id+"-none-1", `{"of":"`+id+`","leg":"none","run":1,"asked":0}`
	if already, err := runs.Start(ctx, review(name), []byte(input)); err != nil || already {
		t.Fatalf("starting: got %v, %v", already, err)
	}
	var status string
	err := stack.Eventually(ctx, 10*time.Second, func() (done bool, err error) {
		status, err = runs.Describe(ctx, review(name))
		return status != "RUNNING", err
	})
	if err != nil || status != "FAILED" {
		t.Fatalf("a run of no leg: got %s, %v, want FAILED", status, err)
	}
	if already, err := runs.Start(ctx, review(name), []byte(input)); err != nil || !already {
		t.Errorf("starting again: got %v, %v, want already", already, err)
	}
	if status, err := runs.Describe(ctx, review(id+"-none-2")); status != "" || err != nil {
		t.Errorf("describing an unknown run: got %q, %v", status, err)
	}
	if accepted, err := runs.Resume(ctx, "no-such-token"); accepted || err != nil {
		t.Errorf("resuming nobody: got %v, %v", accepted, err)
	}
	if err := runs.Stop(ctx, review(id+"-none-2")); err != nil {
		t.Errorf("stopping an unknown run: %v", err)
	}
}

// Nobody answers: the machine asks again four times, its run ends, the sweep
// starts the next one, and the answer that comes at last finishes the leg.
func TestAWaitThatNobodyAnswersAsksAgainAndTheSweepStartsTheNextRun(t *testing.T) {
	h := open(t)
	s, ctx, env := h.stack, h.ctx, h.stack.Environment()
	s.Change(t, stack.Options{Wait: 2 * time.Second})
	id := h.plant(local.Submitted)
	runs := executions(s)
	await := func(what string, holds func() (bool, error)) {
		t.Helper()
		if err := stack.Eventually(ctx, 90*time.Second, holds); err != nil {
			t.Fatalf("waiting for %s: %v\n%s", what, err, s.EmulatorLog())
		}
	}
	retries := map[time.Time]bool{}
	await("the first run to end", func() (bool, error) {
		token, ok, err := env.Store().Token(ctx, docket.GateRef{Of: id, Gate: "opinion-1"})
		if ok && token.Run == 1 {
			retries[token.Entered] = true
		}
		if err != nil {
			return false, err
		}
		status, err := runs.Describe(ctx, review(id+"-opinion-1"))
		return status == "SUCCEEDED", err
	})
	if len(retries) < 3 {
		t.Errorf("waits of one run: got %d different tokens, want it to ask again", len(retries))
	}
	await("the next run", func() (bool, error) {
		err := s.Invoke(ctx, "sweep-stuck", []byte("{}"))
		r, loadErr := docket.LoadCase(ctx, env.Store(), id)
		if loadErr != nil || r.Case.Leg(gate.Opinion).Run < 2 {
			return false, loadErr
		}
		return err == nil, err
	})
}

func TestTheNextBuildIsDeployedAndTheNextDayFindsIt(t *testing.T) {
	s := stack.Shared(t)
	ctx := context.Background()
	changes := []struct {
		name string
		make func(context.Context) error
	}{{"redeploy", s.Redeploy}, {"restart", s.Restart}}
	for _, change := range changes {
		began := time.Now()
		if err := change.make(ctx); err != nil {
			t.Fatalf("%s: %v", change.name, err)
		}
		t.Logf("%s took %v", change.name, time.Since(began))
		answer, err := s.HTTP().Get(s.Site + "/alive")
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != http.StatusOK {
			t.Errorf("after %s: got %s, want 200", change.name, answer.Status)
		}
	}
}

// executions are those of all state machines of a stack.
func executions(s *stack.Stack) *statemachine.Executions {
	return statemachine.New(s.Config, strings.TrimSuffix(s.Outputs["MachineArn"], reviewStateMachine))
}

const reviewStateMachine = "review-application"

func review(name string) docket.Execution {
	return docket.Execution{StateMachine: reviewStateMachine, Name: name}
}
