package local

import (
	"net/http"
	"net/http/httputil"
	"net/url"
	"sync/atomic"
)

// passage leads programs to the site. Browsers know by themselves where *.localhost is;
// most languages do not, and the emulator tells the site by that name alone. So programs
// have an address here that every one of them can reach.
type passage struct {
	site atomic.Pointer[url.URL] // nil until the house is there
}

// LetProgramsIn passes what programs ask the desk on to site.
func (d *Desk) LetProgramsIn(site string) error {
	to, err := url.Parse(site)
	if err == nil {
		d.programs.site.Store(to)
	}
	return err
}

func (p *passage) register(mux *http.ServeMux) {
	through := &httputil.ReverseProxy{
		Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(p.site.Load()) },
		Transport: Client().Transport,
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) {
			http.Error(w, "the house does not answer", http.StatusBadGateway)
		},
	}
	for _, routes := range []string{"/api/v1/", "/callbacks/v1/"} {
		mux.HandleFunc(routes, func(w http.ResponseWriter, r *http.Request) {
			if p.site.Load() == nil {
				http.Error(w, "the house is not ready yet", http.StatusServiceUnavailable)
				return
			}
			through.ServeHTTP(w, r)
		})
	}
}
