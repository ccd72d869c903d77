package logging

import (
	"context"
	"time"
)

// lastAttempt is what one operation may take with all its tries.
const lastAttempt = 8 * time.Second

// Late reports whether the function is about to be stopped: it ends long walks in
// order, with what they found said.
func Late(ctx context.Context) bool {
	ends, bounded := ctx.Deadline()
	return ctx.Err() != nil || bounded && time.Until(ends) < lastAttempt
}
