package gateway

import (
	"context"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
)

// event is a request as the gateway tells it; change alters it.
func event(change func(*events.APIGatewayV2HTTPRequest)) events.APIGatewayV2HTTPRequest {
	e := events.APIGatewayV2HTTPRequest{
		Version:        "2.0",
		RawPath:        "/l/abc",
		RawQueryString: "lang=en&q=%E6%80%A5",
		Headers:        map[string]string{"host": "jixu.localhost:4566", "accept-language": "zh-CN"},
	}
	e.RequestContext.DomainName = "x.execute-api.localhost"
	e.RequestContext.RequestID = "r-1"
	e.RequestContext.HTTP.Method = http.MethodGet
	e.RequestContext.HTTP.SourceIP = "192.0.2.7"
	if change != nil {
		change(&e)
	}
	return e
}

func TestRequest(t *testing.T) {
	rows := []struct {
		name   string
		change func(*events.APIGatewayV2HTTPRequest)
		got    func(*http.Request) string
		want   string
	}{
		{"the method is the event's", nil, func(r *http.Request) string { return r.Method }, "GET"},
		{"the path is the event's", nil, func(r *http.Request) string { return r.URL.Path }, "/l/abc"},
		{
			"a decoded Chinese path stays",
			func(e *events.APIGatewayV2HTTPRequest) { e.RawPath = "/hospital/急需" },
			func(r *http.Request) string { return r.URL.Path }, "/hospital/急需",
		},
		{
			"an encoded Chinese path is decoded",
			func(e *events.APIGatewayV2HTTPRequest) { e.RawPath = "/hospital/%E6%80%A5%E9%9C%80" },
			func(r *http.Request) string { return r.URL.Path }, "/hospital/急需",
		},
		{
			"behind a proxy the path is whole",
			func(e *events.APIGatewayV2HTTPRequest) {
				e.RouteKey, e.RawPath, e.PathParameters = "ANY /hospital/{proxy+}", "/hospital/cases/c-1", map[string]string{"proxy": "elsewhere"}
			},
			func(r *http.Request) string { return r.URL.Path }, "/hospital/cases/c-1",
		},
		{
			"an encoded slash parts a path, as the gateway read it",
			func(e *events.APIGatewayV2HTTPRequest) { e.RawPath = "/hospital%2Fcases%2fc-1" },
			func(r *http.Request) string { return r.URL.Path }, "/hospital/cases/c-1",
		},
		{
			"double slashes, dots and the last slash are left to the mux",
			func(e *events.APIGatewayV2HTTPRequest) { e.RawPath = "//hospital/../agency/./" },
			func(r *http.Request) string { return r.URL.Path }, "//hospital/../agency/./",
		},
		{
			"a path of ten kilobytes is whole",
			func(e *events.APIGatewayV2HTTPRequest) { e.RawPath = "/" + strings.Repeat("a", 10_000) },
			func(r *http.Request) string { return strconv.Itoa(len(r.URL.Path)) }, "10001",
		},
		{
			"a percent sign is one percent sign",
			func(e *events.APIGatewayV2HTTPRequest) { e.RawPath = "/hospital/a%252Eb" },
			func(r *http.Request) string { return r.URL.Path }, "/hospital/a%2Eb",
		},
		{
			"a path that does not unescape is taken as it stands",
			func(e *events.APIGatewayV2HTTPRequest) { e.RawPath = "/hospital/100%" },
			func(r *http.Request) string { return r.URL.Path }, "/hospital/100%",
		},
		{"the query is decoded once", nil, func(r *http.Request) string { return r.URL.Query().Get("q") }, "急"},
		{"the host is the one the client asked for", nil, func(r *http.Request) string { return r.Host }, "jixu.localhost:4566"},
		{
			"without a host header the host is the gateway's",
			func(e *events.APIGatewayV2HTTPRequest) { e.Headers = nil },
			func(r *http.Request) string { return r.Host }, "x.execute-api.localhost",
		},
		{"the address is the client's", nil, func(r *http.Request) string { return r.RemoteAddr }, "192.0.2.7:0"},
		{"the request id is in the context", nil, func(r *http.Request) string { return RequestID(r.Context()) }, "r-1"},
		{"header names do not care for case", nil, func(r *http.Request) string { return r.Header.Get("Accept-Language") }, "zh-CN"},
		{
			"cookies come from the list",
			func(e *events.APIGatewayV2HTTPRequest) { e.Cookies = []string{"a=1", "b=2"} },
			cookie("b"), "2",
		},
		{
			"cookies come from the header",
			func(e *events.APIGatewayV2HTTPRequest) { e.Headers["cookie"] = "a=1; b=3" },
			cookie("b"), "3",
		},
		{
			"a plain body is read",
			func(e *events.APIGatewayV2HTTPRequest) { e.Body = "reason=急" },
			bodyText, "reason=急",
		},
		{
			"a base64 body is read",
			func(e *events.APIGatewayV2HTTPRequest) {
				e.Body, e.IsBase64Encoded = base64.StdEncoding.EncodeToString([]byte("a=1")), true
			},
			bodyText, "a=1",
		},
		{
			"a body of 1 MB is read whole",
			func(e *events.APIGatewayV2HTTPRequest) { e.Body = strings.Repeat("x", MaxBody) },
			bodyFault, "",
		},
		{
			"a longer body is too large",
			func(e *events.APIGatewayV2HTTPRequest) { e.Body = strings.Repeat("x", MaxBody+1) },
			bodyFault, "too large",
		},
		{
			"a form is parsed",
			func(e *events.APIGatewayV2HTTPRequest) {
				e.RequestContext.HTTP.Method = http.MethodPost
				e.Headers["content-type"] = "application/x-www-form-urlencoded"
				e.Body = "choice=approve"
			},
			func(r *http.Request) string { return r.PostFormValue("choice") }, "approve",
		},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			var got string
			h := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = row.got(r) })
			if _, err := Handle(h)(context.Background(), event(row.change)); err != nil {
				t.Fatalf("handling: %v", err)
			}
			if got != row.want {
				t.Errorf("got %q, want %q", got, row.want)
			}
		})
	}
}

func cookie(name string) func(*http.Request) string {
	return func(r *http.Request) string {
		c, err := r.Cookie(name)
		if err != nil {
			return err.Error()
		}
		return c.Value
	}
}

func bodyText(r *http.Request) string {
	body, _ := io.ReadAll(r.Body)
	return string(body)
}

func bodyFault(r *http.Request) string {
	_, err := io.ReadAll(r.Body)
	var tooLarge *http.MaxBytesError
	switch {
	case err == nil:
		return ""
	case errors.As(err, &tooLarge):
		return "too large"
	default:
		return err.Error()
	}
}

func TestClaimsAreTheAuthorizers(t *testing.T) {
	var got map[string]string
	h := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = Claims(r.Context()) })
	e := event(func(e *events.APIGatewayV2HTTPRequest) {
		e.RequestContext.Authorizer = &events.APIGatewayV2HTTPRequestContextAuthorizerDescription{
			JWT: &events.APIGatewayV2HTTPRequestContextAuthorizerJWTDescription{Claims: map[string]string{"sub": "s-1"}},
		}
	})
	if _, err := Handle(h)(context.Background(), e); err != nil || got["sub"] != "s-1" {
		t.Errorf("got %v and %v, want the subject", got, err)
	}
	e = event(func(e *events.APIGatewayV2HTTPRequest) { e.Headers["claims"] = `{"sub":"s-1"}` })
	if _, err := Handle(h)(context.Background(), e); err != nil || got != nil {
		t.Errorf("without an authorizer: got %v and %v, want none", got, err)
	}
}

func TestABodyThatIsNotBase64IsRefused(t *testing.T) {
	e := event(func(e *events.APIGatewayV2HTTPRequest) { e.Body, e.IsBase64Encoded = "%", true })
	if _, err := Handle(http.NotFoundHandler())(context.Background(), e); err == nil {
		t.Error("got no error, want one")
	}
}

func TestPathsOfRoutesAreMatched(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /l/{link}", func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, r.PathValue("link")) })
	e := event(func(e *events.APIGatewayV2HTTPRequest) { e.RawPath = "/l/急 需" })
	got, err := Handle(mux)(context.Background(), e)
	if err != nil || got.Body != "急 需" {
		t.Errorf("got %q and %v, want the link", got.Body, err)
	}
}

func TestResponse(t *testing.T) {
	rows := []struct {
		name  string
		write http.HandlerFunc
		check func(events.APIGatewayV2HTTPResponse) bool
	}{
		{
			"nothing written is an empty 200",
			func(http.ResponseWriter, *http.Request) {},
			func(r events.APIGatewayV2HTTPResponse) bool { return r.StatusCode == 200 && r.Body == "" },
		},
		{
			"a page is text",
			func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "<!doctype html><p>急") },
			func(r events.APIGatewayV2HTTPResponse) bool {
				return !r.IsBase64Encoded && r.Headers["Content-Type"] == "text/html; charset=utf-8" && r.Body == "<!doctype html><p>急"
			},
		},
		{
			"bytes are base64",
			func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte{0xff, 0}) },
			func(r events.APIGatewayV2HTTPResponse) bool { return r.IsBase64Encoded && r.Body == "/wA=" },
		},
		{
			"each cookie has its own line",
			func(w http.ResponseWriter, _ *http.Request) {
				http.SetCookie(w, &http.Cookie{Name: "a", Value: "1"})
				http.SetCookie(w, &http.Cookie{Name: "b", Value: "2"})
			},
			func(r events.APIGatewayV2HTTPResponse) bool {
				_, twice := r.Headers["Set-Cookie"]
				return slices.Equal(r.Cookies, []string{"a=1", "b=2"}) && !twice
			},
		},
		{
			"values of one header are joined",
			func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Add("Vary", "Cookie")
				w.Header().Add("Vary", "Accept-Language")
			},
			func(r events.APIGatewayV2HTTPResponse) bool { return r.Headers["Vary"] == "Cookie, Accept-Language" },
		},
		{
			"a redirect keeps status and place",
			func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/hospital", http.StatusSeeOther) },
			func(r events.APIGatewayV2HTTPResponse) bool {
				return r.StatusCode == 303 && r.Headers["Location"] == "/hospital"
			},
		},
		{
			"headers set after the status do not count",
			func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(404); w.Header().Set("X-Late", "1") },
			func(r events.APIGatewayV2HTTPResponse) bool {
				_, late := r.Headers["X-Late"]
				return r.StatusCode == 404 && !late
			},
		},
		{
			"the first status counts",
			func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(409); w.WriteHeader(200) },
			func(r events.APIGatewayV2HTTPResponse) bool { return r.StatusCode == 409 },
		},
		{
			"a panic is a 500 without its words",
			func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "half"); panic("secret") },
			func(r events.APIGatewayV2HTTPResponse) bool {
				return r.StatusCode == 500 && r.Body == "internal error\n"
			},
		},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			got, err := Handle(row.write)(context.Background(), event(nil))
			if err != nil {
				t.Fatalf("handling: %v", err)
			}
			if !row.check(got) {
				t.Errorf("got %+v", got)
			}
		})
	}
}

func TestHeadHasHeadersAndNoBody(t *testing.T) {
	e := event(func(e *events.APIGatewayV2HTTPRequest) { e.RequestContext.HTTP.Method = http.MethodHead })
	h := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "page") })
	got, err := Handle(h)(context.Background(), e)
	if err != nil || got.Body != "" || got.Headers["Content-Type"] == "" {
		t.Errorf("got %+v and %v, want headers only", got, err)
	}
}
