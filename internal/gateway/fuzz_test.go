package gateway

import (
	"encoding/json"
	"io"
	"net/http"
	"testing"

	"github.com/aws/aws-lambda-go/events"
)

// Whatever the gateway may say, a handler sees a request it can serve, reads no
// more than a body may have, and what it writes is JSON again.
func FuzzEvent(f *testing.F) {
	for _, e := range []events.APIGatewayV2HTTPRequest{
		event(nil),
		event(func(e *events.APIGatewayV2HTTPRequest) {
			e.RequestContext.HTTP.Method, e.Body, e.IsBase64Encoded = http.MethodPost, "bmFtZT3mgKU=", true
			e.Headers["content-type"], e.Cookies = "application/x-www-form-urlencoded", []string{"a=b", "c=d"}
		}),
		event(func(e *events.APIGatewayV2HTTPRequest) { e.RawPath, e.RawQueryString = "/%zz//../\x00", "a=%&;" }),
		event(func(e *events.APIGatewayV2HTTPRequest) {
			e.RouteKey, e.RawPath = "ANY /l/{proxy+}", "//l/%2e%2e/../a%252Fb/"
		}),
	} {
		b, err := json.Marshal(e)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add([]byte(`{"headers":{"Host":"","host":"x","":"\n"},"body":"%%%","isBase64Encoded":true}`))
	handler := http.NewServeMux()
	handler.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if len(body) > MaxBody {
			panic("a body is larger than it may be")
		}
		_ = r.FormValue("name")
		_, _ = r.Cookie("a")
		http.SetCookie(w, &http.Cookie{Name: "a", Value: r.URL.Path})
		w.Header().Set("X-Host", r.Host)
		_, _ = w.Write(body)
	})
	f.Fuzz(func(t *testing.T, b []byte) {
		var e events.APIGatewayV2HTTPRequest
		if json.Unmarshal(b, &e) != nil {
			return
		}
		answer, err := Handle(handler)(t.Context(), e)
		if err != nil {
			return // an event that is no request; the gateway answers by itself
		}
		if answer.StatusCode < 200 || answer.StatusCode > 599 || answer.StatusCode == http.StatusInternalServerError {
			t.Errorf("%s: got status %d", b, answer.StatusCode)
		}
		if _, err := json.Marshal(answer); err != nil {
			t.Errorf("%s: the answer is no JSON: %v", b, err)
		}
	})
}
