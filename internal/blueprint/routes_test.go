package blueprint

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"jixu/internal/api"
	"jixu/internal/web"
	"jixu/internal/web/site"
)

// gatewayRoute is a route of the template.
type gatewayRoute struct {
	id, method, path string // path is "" of what nothing else takes
	target           string // the function that answers
	proof            string // "JWT …" where the gateway wants a token
}

func gatewayRoutes(t *testing.T) []gatewayRoute {
	t.Helper()
	doc := template(t, "template.yaml")
	var out []gatewayRoute
	for id, r := range ofType(doc, "AWS::ApiGatewayV2::Route") {
		key := text(at(r, "Properties", "RouteKey"))
		method, path, _ := strings.Cut(key, " ")
		if key == "$default" {
			method = "ANY"
		}
		out = append(out, gatewayRoute{
			id: id, method: method, path: path, target: function(t, doc, text(at(r, "Properties", "Target"))),
			proof: strings.TrimSpace(text(at(r, "Properties", "AuthorizationType")) + " " + text(at(r, "Properties", "AuthorizerId"))),
		})
	}
	return out
}

// function is the folder of the function that an integration calls.
func function(t *testing.T, doc *yaml.Node, target string) string {
	t.Helper()
	id := strings.TrimSuffix(strings.TrimPrefix(target, "integrations/${"), "}")
	arn := text(at(doc, "Resources", id, "Properties", "IntegrationUri"))
	f := at(doc, "Resources", strings.TrimSuffix(arn, ".Arn"), "Properties", "CodeUri")
	if f == nil {
		t.Fatalf("%s: got no function behind it", target)
	}
	return strings.Trim(strings.TrimPrefix(f.Value, "functions/"), "/")
}

// selected is the route that the gateway selects: one that takes the whole path, else the
// longest whose proxy takes the rest, else the one for everything.
func selected(routes []gatewayRoute, method, path string) gatewayRoute {
	var best gatewayRoute
	for _, r := range routes {
		prefix, greedy := strings.CutSuffix(r.path, "{proxy+}")
		switch {
		case r.method != "ANY" && r.method != method:
		case r.path == path:
			return r
		case r.path == "" && best.id == "", greedy && strings.HasPrefix(path, prefix) && len(path) > len(prefix) && len(r.path) > len(best.path):
			best = r
		}
	}
	return best
}

var placeholders = regexp.MustCompile(`\{[a-z]+\}`)

// ourRoutes lists every route of the code with the function that serves it.
func ourRoutes() map[string][][2]string {
	out := map[string][][2]string{}
	for name, list := range map[string][]site.Route{"hospital-site": web.HospitalRoutes(), "agency-site": web.AgencyRoutes()} {
		for _, d := range list {
			out[name] = append(out[name], [2]string{d.Method, strings.ReplaceAll(d.Pattern, "{$}", "")})
		}
	}
	for name, list := range map[string][]api.Route{"case-api": api.Routes(), "take-answer": api.CallbackRoutes()} {
		for _, d := range list {
			out[name] = append(out[name], [2]string{d.Method, d.Pattern})
		}
	}
	return out
}

// The lists in Go say which routes there are. The template only leads each to the function
// that has it, and nothing to a function that has nothing there.
func TestTheGatewayLeadsEveryRouteToItsFunction(t *testing.T) {
	routes := gatewayRoutes(t)
	serves := map[string]bool{}
	for name, list := range ourRoutes() {
		for _, d := range list {
			// Whatever the method, so that the function itself says which it takes.
			for _, method := range []string{d[0], "HEAD", "OPTIONS", "DELETE"} {
				r := selected(routes, method, placeholders.ReplaceAllString(d[1], "x"))
				if r.target != name || r.path == "" {
					t.Errorf("%s %s: got it led by %s to %q, want a route of the template to %s", method, d[1], r.id, r.target, name)
				}
				serves[r.id] = true
			}
		}
	}
	for _, r := range routes {
		if !serves[r.id] && r.path != "" {
			t.Errorf("%s, %s: got a way to %s that no route of ours takes, want none", r.id, r.path, r.target)
		}
		if r.path == "" && r.target != "hospital-site" {
			t.Errorf("%s: got what is unknown led to %s, want our page of hospital-site", r.id, r.target)
		}
	}
	if len(routes) > 25 {
		t.Errorf("got %d routes in the template, want 25 at most: families of paths, not paths", len(routes))
	}
}

// A family of paths belongs to one function whole: below a proxy stands no route of another.
func TestNoProxyOverlapsAnother(t *testing.T) {
	routes := gatewayRoutes(t)
	for _, a := range routes {
		prefix, greedy := strings.CutSuffix(a.path, "{proxy+}")
		for _, b := range routes {
			if greedy && a.id != b.id && strings.HasPrefix(b.path, prefix) {
				t.Errorf("%s lies within %s: got which of them is selected left to the gateway, want them apart", b.path, a.path)
			}
		}
	}
}

// Programs come in with a token, agency systems with a signature, people with a session;
// case-api is reached with a token or not at all, however an address is spelt.
func TestCaseAPIIsReachedWithATokenOnly(t *testing.T) {
	routes := gatewayRoutes(t)
	for _, r := range routes {
		want := ""
		if r.target == "case-api" {
			want = "JWT TokenOfAPerson"
		}
		if r.proof != want {
			t.Errorf("%s, %s: got authorization %q, want %q", r.id, r.path, r.proof, want)
		}
		if (r.target == "case-api") != (r.path == "/api/v1/{proxy+}") {
			t.Errorf("%s, %s: got it led to %s, want case-api behind /api/v1 alone", r.id, r.path, r.target)
		}
	}
	for _, path := range []string{
		"/api", "/api/", "/api/v1", "/api/v1/", "/api//v1/me", "/API/v1/me", "/l/../api/v1/me", "/hospital/../api/v1/me", "/callbacks/v1/../../api/v1/me",
	} {
		if r := selected(routes, "GET", path); r.target == "case-api" {
			t.Errorf("%s: got it led to case-api, want another function, which knows no such route", path)
		}
	}
}

// The issuer sends people back to addresses that the template's outputs name.
func TestTheWayBackFromTheIssuerIsARoute(t *testing.T) {
	doc, routes := template(t, "template.yaml"), gatewayRoutes(t)
	for output, name := range map[string]string{"HospitalCallback": "hospital-site", "AgencyCallback": "agency-site"} {
		var path string
		for _, part := range at(doc, "Outputs", output, "Value").Content[1].Content {
			if strings.HasPrefix(part.Value, "/") {
				path = part.Value
			}
		}
		if !slices.Contains(ourRoutes()[name], [2]string{"GET", path}) {
			t.Errorf("%s: got %q, want a route of %s", output, path, name)
		}
		if r := selected(routes, "GET", path); r.target != name {
			t.Errorf("%s: got %q led to %s, want %s", output, path, r.target, name)
		}
	}
}

// Each function may be called by the gateway and the template says so of those alone
// that a route leads to.
func TestTheGatewayMayCallWhatItLeadsTo(t *testing.T) {
	doc := template(t, "template.yaml")
	may, leads := map[string]bool{}, map[string]bool{}
	for id, p := range ofType(doc, "AWS::Lambda::Permission") {
		if text(at(p, "Properties", "Principal")) != "apigateway.amazonaws.com" {
			continue
		}
		if got := text(at(p, "Properties", "SourceArn")); !strings.HasSuffix(got, ":${Api}/*") {
			t.Errorf("%s: got any API of the account, want ours", id)
		}
		f := at(doc, "Resources", strings.TrimSuffix(text(at(p, "Properties", "FunctionName")), ".Arn"), "Properties", "CodeUri")
		may[strings.Trim(strings.TrimPrefix(text(f), "functions/"), "/")] = true
	}
	for _, r := range gatewayRoutes(t) {
		leads[r.target] = true
	}
	if !maps.Equal(may, leads) {
		t.Errorf("got the gateway let into %v, want %v", slices.Sorted(maps.Keys(may)), slices.Sorted(maps.Keys(leads)))
	}
}

// The gateway's own log says from where a request came and under which id we wrote more
// of it, and nothing that could hold a link: no path, no header, no claim.
func TestTheAccessLogHoldsNoPath(t *testing.T) {
	may := []string{
		"requestId", "identity.sourceIp", "routeKey", "status", "responseLength", "responseLatency", "integrationErrorMessage",
	}
	for id, s := range ofType(template(t, "template.yaml"), "AWS::ApiGatewayV2::Stage") {
		format := text(at(s, "Properties", "AccessLogSettings", "Format"))
		var got []string
		for _, m := range regexp.MustCompile(`\$context\.([A-Za-z.]+)`).FindAllStringSubmatch(format, -1) {
			got = append(got, m[1])
		}
		slices.Sort(got)
		slices.Sort(may)
		if !slices.Equal(got, may) {
			t.Errorf("%s: got %v written down, want %v", id, got, may)
		}
	}
}
