package storetest

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
)

// lost names the first thing that was says and now does not. Names may differ in
// case, as they may where JSON is read.
func lost(was, now any, path string) string {
	switch was := was.(type) {
	case map[string]any:
		said := map[string]any{}
		if now, is := now.(map[string]any); is {
			for k, v := range now {
				said[strings.ToLower(k)] = v
			}
		}
		for k, v := range was {
			if what := lost(v, said[strings.ToLower(k)], path+"."+k); what != "" {
				return what
			}
		}
		return ""
	case []any:
		if now, is := now.([]any); is && len(now) == len(was) {
			for i := range was {
				if what := lost(was[i], now[i], path+"[]"); what != "" {
					return what
				}
			}
			return ""
		}
	case nil:
		return ""
	default:
		if reflect.DeepEqual(was, now) {
			return ""
		}
	}
	return fmt.Sprintf("%s, which was %v and is %v", path, was, now)
}

// LosesNothing fails unless again says everything that data says.
func LosesNothing(t TB, name string, data, again []byte) {
	t.Helper()
	var was, now any
	if err := json.Unmarshal(data, &was); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if err := json.Unmarshal(again, &now); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if what := lost(was, now, ""); what != "" {
		t.Errorf("%s: written again it loses %s", name, what)
	}
}
