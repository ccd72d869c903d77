// Package gateway turns what wakes a function into plain calls: an http.Handler
// answers the events of an API Gateway HTTP API, payload version 2.0, and objects
// and messages come one by one. It knows no route, no page and no person.
package gateway

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"runtime/debug"
	"strings"

	"github.com/aws/aws-lambda-go/events"
)

// MaxBody is how much of a body a handler may read, in bytes. Reading on fails
// with *http.MaxBytesError, which a handler answers with 413. Files never pass
// here: browsers send them to the bucket.
const MaxBody = 1 << 20

// Function answers one event; it is what a Lambda function starts with.
type Function func(context.Context, events.APIGatewayV2HTTPRequest) (events.APIGatewayV2HTTPResponse, error)

// Handle returns a function that lets h answer. It fails only when the event
// itself cannot be read as a request; a handler that panics is logged without
// its words and answered with 500.
func Handle(h http.Handler) Function {
	return func(ctx context.Context, event events.APIGatewayV2HTTPRequest) (events.APIGatewayV2HTTPResponse, error) {
		answer := newAnswer()
		request, err := requestOf(ctx, event, answer)
		if err != nil {
			return events.APIGatewayV2HTTPResponse{}, fmt.Errorf("reading event %s: %w", event.RequestContext.RequestID, err)
		}
		served := serve(h, answer, request)
		served.compress(request.Header)
		return served.response(request.Method), nil
	}
}

// serve lets h write into answer and returns it, or a plain 500 if h panics:
// what was half written then is not sent.
func serve(h http.Handler, answer *answer, request *http.Request) (served *answer) {
	defer func() {
		if cause := recover(); cause != nil {
			// The type only: the value may hold what a person wrote.
			slog.ErrorContext(request.Context(), "handler panicked", "type", fmt.Sprintf("%T", cause), "stack", string(debug.Stack()))
			served = newAnswer()
			http.Error(served, "internal error", http.StatusInternalServerError)
		}
	}()
	h.ServeHTTP(answer, request)
	return answer
}

type requestIDKey struct{}

// RequestID returns the gateway's id of the request that ctx belongs to, or "".
func RequestID(ctx context.Context) string {
	id, _ := ctx.Value(requestIDKey{}).(string)
	return id
}

type claimsKey struct{}

// Claims returns the claims of the token that the gateway's authorizer let in,
// or nil where no authorizer stands. They are as good as the gateway's word:
// nobody else can call the function.
func Claims(ctx context.Context) map[string]string {
	claims, _ := ctx.Value(claimsKey{}).(map[string]string)
	return claims
}

func requestOf(ctx context.Context, event events.APIGatewayV2HTTPRequest, w http.ResponseWriter) (*http.Request, error) {
	body, err := bodyOf(event)
	if err != nil {
		return nil, err
	}
	target := targetOf(event)
	header := headerOf(event)
	request := &http.Request{
		Method:        event.RequestContext.HTTP.Method,
		URL:           target,
		RequestURI:    target.RequestURI(),
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        header,
		Host:          hostOf(event),
		RemoteAddr:    net.JoinHostPort(event.RequestContext.HTTP.SourceIP, "0"),
		ContentLength: int64(len(body)),
		Body:          http.MaxBytesReader(w, io.NopCloser(bytes.NewReader(body)), MaxBody),
	}
	header.Del("Host")
	ctx = context.WithValue(ctx, requestIDKey{}, event.RequestContext.RequestID)
	if a := event.RequestContext.Authorizer; a != nil && a.JWT != nil {
		ctx = context.WithValue(ctx, claimsKey{}, a.JWT.Claims)
	}
	return request.WithContext(ctx), nil
}

func bodyOf(event events.APIGatewayV2HTTPRequest) ([]byte, error) {
	if !event.IsBase64Encoded {
		return []byte(event.Body), nil
	}
	body, err := base64.StdEncoding.DecodeString(event.Body)
	if err != nil {
		return nil, fmt.Errorf("decoding its body: %w", err)
	}
	return body, nil
}

// targetOf returns path and query. The gateway has decoded every escape of the
// path but %25, so unescaping once more gives what the client meant; a path
// that does not unescape is taken as it stands.
func targetOf(event events.APIGatewayV2HTTPRequest) *url.URL {
	path, err := url.PathUnescape(event.RawPath)
	if err != nil {
		path = event.RawPath
	}
	return &url.URL{Path: path, RawQuery: event.RawQueryString}
}

// headerOf returns the headers. AWS gives cookies as a list of their own, the
// emulator as a header.
func headerOf(event events.APIGatewayV2HTTPRequest) http.Header {
	header := make(http.Header, len(event.Headers)+1)
	for name, value := range event.Headers {
		header.Set(name, value)
	}
	if len(event.Cookies) > 0 {
		header.Set("Cookie", strings.Join(event.Cookies, "; "))
	}
	return header
}

// hostOf prefers what the client asked for: behind a custom domain it is the
// name that people and cookies know, with the port they used.
func hostOf(event events.APIGatewayV2HTTPRequest) string {
	for name, value := range event.Headers {
		if strings.EqualFold(name, "Host") && value != "" {
			return value
		}
	}
	return event.RequestContext.DomainName
}
