package gateway

import (
	"bytes"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-lambda-go/events"
)

// answer collects what a handler writes.
type answer struct {
	header http.Header
	sent   http.Header // as it was when the status was written; later changes do not count
	status int
	body   bytes.Buffer
}

var _ http.ResponseWriter = (*answer)(nil)

func newAnswer() *answer { return &answer{header: http.Header{}} }

func (a *answer) Header() http.Header { return a.header }

func (a *answer) WriteHeader(status int) {
	if a.status != 0 {
		return
	}
	a.status = status
	a.sent = a.header.Clone()
}

func (a *answer) Write(p []byte) (int, error) {
	if a.status == 0 {
		if a.header.Get("Content-Type") == "" {
			a.header.Set("Content-Type", http.DetectContentType(p))
		}
		a.WriteHeader(http.StatusOK)
	}
	return a.body.Write(p)
}

// response returns the answer in the gateway's form. HEAD gets no body, and hears how
// long it would be; of every other answer the gateway counts what it sends.
func (a *answer) response(method string) events.APIGatewayV2HTTPResponse {
	a.WriteHeader(http.StatusOK)
	a.sent.Del("Content-Length")
	if method == http.MethodHead && a.status != http.StatusNoContent && a.status != http.StatusNotModified {
		a.sent.Set("Content-Length", strconv.Itoa(a.body.Len()))
	}
	response := events.APIGatewayV2HTTPResponse{
		StatusCode: a.status,
		Headers:    make(map[string]string, len(a.sent)),
		Cookies:    a.sent.Values("Set-Cookie"),
	}
	for name, values := range a.sent {
		if name != "Set-Cookie" {
			response.Headers[name] = strings.Join(values, ", ")
		}
	}
	if method == http.MethodHead {
		return response
	}
	if isText(a.sent, a.body.Bytes()) {
		response.Body = a.body.String()
		return response
	}
	response.Body = base64.StdEncoding.EncodeToString(a.body.Bytes())
	response.IsBase64Encoded = true
	return response
}

// isText reports whether body survives being a JSON string.
func isText(header http.Header, body []byte) bool {
	return header.Get("Content-Encoding") == "" && utf8.Valid(body) && !bytes.ContainsRune(body, 0)
}
