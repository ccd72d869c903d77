package local

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/lambda"

	"jixu/internal/calendar"
)

// clockGuard guards the desk's clock: it comes when the house is deployed.
var clockGuard sync.Mutex

// KeepClock lets the desk's page move the clock of env's house.
func (d *Desk) KeepClock(env Environment) {
	clockGuard.Lock()
	defer clockGuard.Unlock()
	d.clock = func(ctx context.Context, by time.Duration) (time.Time, error) {
		now, err := MoveClock(ctx, env, by)
		if err != nil || by == 0 {
			return now, err
		}
		return now, ringNow(ctx, env)
	}
}

// ringNow lets the deadlines ring at once, as their schedule does every minute.
func ringNow(ctx context.Context, env Environment) error {
	out, err := cloudformation.NewFromConfig(env.Config).DescribeStackResource(ctx, &cloudformation.DescribeStackResourceInput{
		StackName: aws.String(StackName), LogicalResourceId: aws.String("RingDeadlines"),
	})
	if err != nil {
		return fmt.Errorf("finding the bell: %w", err)
	}
	_, err = lambda.NewFromConfig(env.Config).Invoke(ctx, &lambda.InvokeInput{
		FunctionName: out.StackResourceDetail.PhysicalResourceId, Payload: []byte("{}"),
	})
	return err
}

type clockStep struct{ By, Label string }

// clockSteps are what the page offers.
var clockSteps = []clockStep{
	{"1h0m0s", "一小时 one hour"}, {"24h0m0s", "一天 one day"}, {"72h0m0s", "三天 three days"}, {"240h0m0s", "十天 ten days"}, {"720h0m0s", "三十天 thirty days"},
}

const clockPage = `{{define "title"}}系统时间 The system's clock{{end}}{{define "body"}}
<p><strong>{{.Now}}</strong></p>
<p class="note">只能向前，不能后退：历史记录不会倒流。It only goes forward: history would not go back. 登录、验证码和签名始终使用本机时间。Sign-in, codes and signatures use the machine's time.</p>
<form method="post" action="/clock">{{range .Steps}}<button name="by" value="{{.By}}">+ {{.Label}}</button>{{end}}</form>{{end}}`

func (d *Desk) showClock(w http.ResponseWriter, r *http.Request) { d.tick(w, r, 0) }

func (d *Desk) moveClock(w http.ResponseWriter, r *http.Request) {
	by, err := time.ParseDuration(r.PostFormValue("by"))
	if err != nil || by <= 0 {
		http.Error(w, "by: a duration above nothing, as 240h", http.StatusBadRequest)
		return
	}
	d.tick(w, r, by)
}

// tick moves the clock and shows where it stands.
func (d *Desk) tick(w http.ResponseWriter, r *http.Request, by time.Duration) {
	clockGuard.Lock()
	clock := d.clock
	clockGuard.Unlock()
	if clock == nil {
		http.Error(w, "the house is not ready yet", http.StatusServiceUnavailable)
		return
	}
	now, err := clock(r.Context(), by)
	if errors.Is(err, errClock) {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	render(w, http.StatusOK, clockPage, map[string]any{"Now": now.In(calendar.Shanghai).Format("2006-01-02 15:04 Mon"), "Steps": clockSteps})
}
