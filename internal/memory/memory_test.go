package memory_test

import (
	"io"
	"net/url"
	"testing"
	"time"

	"jixu/internal/docket"
	"jixu/internal/docket/storetest"
	"jixu/internal/memory"
)

var noon = time.Date(2026, 3, 2, 4, 0, 0, 0, time.UTC)

func quietly() *memory.World { return memory.New(memory.Quiet, noon) }

func TestStore(t *testing.T) {
	storetest.Store(t, func(*testing.T) docket.Store { return quietly().Store })
}

func TestRebuilder(t *testing.T) {
	storetest.Rebuilder(t, func(*testing.T) docket.Rebuilder { return quietly().Store })
}

func TestPasses(t *testing.T) {
	storetest.Passes(t, func(*testing.T) storetest.StoreWithAccess {
		w := quietly()
		return storetest.StoreWithAccess{Store: w.Store, Access: w.Access}
	})
}

func TestAccess(t *testing.T) {
	storetest.Access(t, func(*testing.T) docket.Access { return quietly().Access })
	storetest.Autosaves(t, func(*testing.T) docket.Autosaves { return quietly().Access })
}

func TestDirectory(t *testing.T) {
	storetest.Directory(t, func(*testing.T) docket.Directory { return quietly().Directory })
}

func TestSealer(t *testing.T) {
	storetest.Sealer(t, func(*testing.T) docket.Sealer { return quietly().Sealer })
}

func TestOutbox(t *testing.T) {
	storetest.Outbox(t, func(*testing.T) docket.Outbox { return quietly().Outbox })
}

func TestCursors(t *testing.T) {
	storetest.Cursors(t, func(*testing.T) docket.Cursors { return quietly().Cursors })
}

func TestFiles(t *testing.T) {
	storetest.Files(t, func(*testing.T) storetest.Bucket {
		w := quietly()
		return storetest.Bucket{
			Files: w.Files,
			Upload: func(_ *testing.T, ticket docket.Ticket, data []byte) (string, error) {
				return w.Files.Upload(ticket.Fields["key"], data), nil
			},
			Fetch: func(t *testing.T, address string) (string, []byte) {
				at, err := url.Parse(address)
				if err != nil {
					t.Fatal(err)
				}
				body, _, err := w.Files.Open(t.Context(), at.Path[1:], at.Query().Get("versionId"))
				if err != nil {
					t.Fatal(err)
				}
				data, _ := io.ReadAll(body)
				return at.Query().Get("response-content-disposition"), data
			},
		}
	})
}

func TestAThousandAnswersToOneGateAreOne(t *testing.T) {
	storetest.Race(t, quietly().Store, 1000)
}

func TestInterleavings(t *testing.T) {
	storetest.Interleavings(t, func(t *testing.T) docket.Store { return memory.New(t, noon).Store })
}
