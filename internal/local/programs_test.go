package local

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// A program is reached under a number, and the site knows itself by its name.
func TestProgramsReachTheSiteUnderAnAddressThatEveryLanguageKnows(t *testing.T) {
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("ETag", `"7"`)
		w.WriteHeader(http.StatusConflict)
		said := []string{r.Host, r.Method, r.URL.RequestURI(), r.Header.Get("Authorization"), r.Header.Get("webhook-id"), string(body)}
		_, _ = io.WriteString(w, strings.Join(said, " "))
	}))
	defer site.Close()
	_, port, _ := strings.Cut(strings.TrimPrefix(site.URL, "http://"), ":")
	desk := openDesk(t)
	ask := func(path string) (*http.Response, string) {
		t.Helper()
		r, err := http.NewRequest(http.MethodPost, desk.Issuer+path, strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer x")
		r.Header.Set("webhook-id", "msg_1")
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		said, _ := io.ReadAll(answer.Body)
		return answer, string(said)
	}
	if answer, _ := ask("/api/v1/cases"); answer.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("before the house is there: got %s, want 503", answer.Status)
	}
	if err := desk.LetProgramsIn("http://" + Host + ":" + port); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/api/v1/cases?a=%2F1", "/callbacks/v1/answers"} {
		answer, said := ask(path)
		want := Host + ":" + port + " POST " + path + " Bearer x msg_1 {}"
		if said != want || answer.StatusCode != http.StatusConflict || answer.Header.Get("ETag") != `"7"` {
			t.Errorf("%s: got %s %q, want %q with the site's own status and headers", path, answer.Status, said, want)
		}
	}
	if answer, said := ask("/hospital/cases"); answer.StatusCode != http.StatusNotFound {
		t.Errorf("a page: got %s %q, want 404: people go to the site itself", answer.Status, said)
	}
}
