// Package wiring opens what every function stands on: its settings, the
// configuration of AWS, the table, and the desk over it. What only some functions
// need, their mains add, so that none starts a client that it does not use.
package wiring

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"jixu/internal/docket"
	"jixu/internal/logging"
	"jixu/internal/settings"
	"jixu/internal/table"
)

// Base is what a function stands on.
type Base struct {
	settings.Settings
	AWS   aws.Config
	Store *table.Store
}

// Open reads the settings that are named, and the table's, and opens the table. It
// performs no I/O: the first request is the first call to AWS.
func Open(needed ...settings.Name) (Base, error) {
	s, err := settings.Read(append(needed, settings.Table)...)
	if err != nil {
		return Base{}, err
	}
	config, err := settings.AWS()
	if err != nil {
		return Base{}, err
	}
	return Base{Settings: s, AWS: config, Store: table.New(dynamodb.NewFromConfig(config), s.Table)}, nil
}

// OpenDesk is Open with a desk over the table, whose clock is the one that the
// settings name. Who touches files sets the desk's Files.
func OpenDesk(needed ...settings.Name) (Base, *docket.Desk, error) {
	b, err := Open(append(needed, settings.Clock)...)
	if err != nil {
		return Base{}, nil, err
	}
	clock := table.Clock{Store: b.Store, Moves: b.ClockMoves()}
	desk := docket.New(b.Store, clock, logging.Counter{Stage: b.Stage})
	desk.Late = logging.Late
	return b, desk, nil
}
