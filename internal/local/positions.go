package local

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// forgetPositions makes the emulator read streams from their beginning. It keeps
// how far its readers were but not the records, so that after a restart it
// would skip as many new records as it had read before. dir holds its state;
// a house that is new has none.
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
	// Written beside and renamed: half a file would lose the functions.
	if err := os.WriteFile(path+".new", content, 0o644); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}
