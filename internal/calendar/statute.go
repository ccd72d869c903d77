package calendar

import (
	_ "embed"
	"encoding/json"
	"sync"
	"time"
)

//go:embed statute/2025.json
var statuteFile []byte

// statute is what the regulation on public holidays fixes for every year,
// whatever the year's notice will say: the holidays of the solar calendar. Those
// of the lunar calendar, and which weekends work instead, only the notice says.
type statute struct {
	Since  int    `json:"since"` // first year it is in force
	Source Source `json:"source"`
	Days   []struct {
		Month time.Month `json:"month"`
		Day   int        `json:"day"`
		Key   string     `json:"key"`
		ZH    string     `json:"zh"`
		EN    string     `json:"en"`
	} `json:"days"`
}

// statutory reads the carried file. A broken one is a broken build, and a test
// rules it out.
var statutory = sync.OnceValue(func() statute {
	var s statute
	if err := json.Unmarshal(statuteFile, &s); err != nil {
		panic("reading carried public holidays: " + err.Error())
	}
	return s
})

// holiday returns the holiday of d that the regulation itself fixes, and
// whether there is one.
func (s statute) holiday(d Day) (Reason, bool) {
	if d.Year < s.Since {
		return Reason{}, false
	}
	for _, h := range s.Days {
		if h.Month == d.Month && h.Day == d.Day {
			return Reason{h.Key, h.ZH, h.EN}, true
		}
	}
	return Reason{}, false
}

// Statute returns the regulation that fixes the holidays of years whose notice
// has not come.
func Statute() Source { return statutory().Source }
