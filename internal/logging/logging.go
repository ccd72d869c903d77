// Package logging sets up the log of a function: JSON lines on standard error,
// and metrics as lines that CloudWatch understands. It is not the history of a
// case and not the read log; nothing that must be provable belongs here, and
// no name, reason, file name or token ever does.
package logging

import (
	"context"
	"io"
	"log/slog"
	"os"
)

// Start makes the log of function the default one.
func Start(function string) {
	slog.SetDefault(New(os.Stderr, function))
}

// New returns a logger that writes JSON lines to w, each with the function's
// name and with whatever [With] put into the context.
func New(w io.Writer, function string) *slog.Logger {
	lines := slog.NewJSONHandler(w, nil).WithAttrs([]slog.Attr{slog.String("function", function)})
	return slog.New(withContext{lines})
}

type attrsKey struct{}

// With returns a context whose log lines carry attrs as well: the case, the
// execution, the request.
func With(ctx context.Context, attrs ...slog.Attr) context.Context {
	before, _ := ctx.Value(attrsKey{}).([]slog.Attr)
	all := make([]slog.Attr, 0, len(before)+len(attrs))
	all = append(append(all, before...), attrs...)
	return context.WithValue(ctx, attrsKey{}, all)
}

// withContext adds the attributes of the context to every line.
type withContext struct{ slog.Handler }

func (h withContext) Handle(ctx context.Context, r slog.Record) error {
	if attrs, ok := ctx.Value(attrsKey{}).([]slog.Attr); ok {
		r.AddAttrs(attrs...)
	}
	return h.Handler.Handle(ctx, r)
}

func (h withContext) WithAttrs(attrs []slog.Attr) slog.Handler {
	return withContext{h.Handler.WithAttrs(attrs)}
}

func (h withContext) WithGroup(name string) slog.Handler {
	return withContext{h.Handler.WithGroup(name)}
}

// Each returns next with one line logged before every call. The emulator of
// one machine waits 50 ms for an invocation's first line, so each writes one; a
// request's is the line of [Requests].
func Each[In, Out any](next func(context.Context, In) (Out, error)) func(context.Context, In) (Out, error) {
	return func(ctx context.Context, in In) (Out, error) {
		slog.InfoContext(ctx, "invoked")
		return next(ctx, in)
	}
}
