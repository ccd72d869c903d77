package web

import "net/url"

// pageRows is how many rows of a list a page shows.
const pageRows = 50

// More leads from a part of a list to the next one; nil: all of it is shown.
type More struct {
	Of    string // which list, for whoever hears the page instead of seeing it
	Shown int
	First string // address of the first part; "" on it
	Next  string // address of the next part; "" on the last
}

// after is the cursor that the address names, "" for the first part of a list.
func (x base) after(name string) string { return x.R.URL.Query().Get(name) }

// more leads on from a part of a list with shown rows, whose cursor stands in the parameter name.
// What else the address says, it goes on saying.
func (x base) more(name, of, next string, shown int) *More {
	here := x.after(name)
	if here == "" && next == "" {
		return nil
	}
	at := func(cursor string) string {
		q := url.Values{}
		for k, v := range x.R.URL.Query() {
			if k != name {
				q[k] = v
			}
		}
		if cursor != "" {
			q.Set(name, cursor)
		}
		if len(q) == 0 {
			return x.R.URL.Path
		}
		return x.R.URL.Path + "?" + q.Encode()
	}
	m := &More{Of: of, Shown: shown}
	if here != "" {
		m.First = at("")
	}
	if next != "" {
		m.Next = at(next)
	}
	return m
}
