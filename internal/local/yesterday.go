package local

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
)

// mendYesterday makes the state that the emulator wrote yesterday fit today. dir
// holds its state; a house that is new has none.
func mendYesterday(dir string, port int) error {
	if err := forgetPositions(dir); err != nil {
		return err
	}
	return moveQueues(dir, port)
}

var queueAddress = regexp.MustCompile(`http://localhost:\d+/` + Account + `/`)

// moveQueues renames the queues to today's port. Their addresses hold the port,
// and a queue under another one is never read.
func moveQueues(dir string, port int) error {
	paths, err := filepath.Glob(filepath.Join(dir, "state", "*.json"))
	if err != nil {
		return err
	}
	today := []byte("http://localhost:" + strconv.Itoa(port) + "/" + Account + "/")
	for _, path := range paths {
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if mended := queueAddress.ReplaceAll(content, today); !bytes.Equal(mended, content) {
			if err := replace(path, mended); err != nil {
				return err
			}
		}
	}
	return nil
}

// replace writes beside and renames: half a file would lose what it held.
func replace(path string, content []byte) error {
	if err := os.WriteFile(path+".new", content, 0o644); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

// forgetPositions makes the emulator read streams from their beginning. It keeps
// how far its readers were but not the records, so that after a restart it
// would skip as many new records as it had read before.
func forgetPositions(dir string) error {
	path := filepath.Join(dir, "state", "lambda.json")
	content, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var state struct {
		Format  json.RawMessage            `json:"__ministack_format__"`
		Payload map[string]json.RawMessage `json:"payload"`
	}
	if err := json.Unmarshal(content, &state); err != nil {
		return fmt.Errorf("reading the state of functions: %w", err)
	}
	if state.Payload["dynamodb_stream_positions"] == nil {
		return nil
	}
	delete(state.Payload, "dynamodb_stream_positions")
	if content, err = json.Marshal(state); err != nil {
		return err
	}
	return replace(path, content)
}
