package trust

import (
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"jixu/internal/fault"
	"jixu/internal/law/lawtest"
	"jixu/internal/party"
)

var (
	noon  = time.Date(2026, 3, 2, 4, 0, 0, 0, time.UTC)
	admin = party.Actor{Person: "tang", Org: "mpa", Kind: party.MunicipalMPA, Roles: []party.Role{party.Administrator}, Via: party.BySession}
)

// made is a trust with secrets s1, s2 … made a day apart, each for ten days.
func made(t *testing.T, n int) Trust {
	t.Helper()
	var tr Trust
	for i := range n {
		ch, err := tr.Make("s"+strconv.Itoa(i+1), []byte("sealed"), 10, admin, noon.AddDate(0, 0, i))
		if err != nil {
			t.Fatal(err)
		}
		tr = ch.Trust
	}
	return tr
}

func TestSecretsOverlapAndEnd(t *testing.T) {
	two := made(t, 2)
	revoked, err := two.Revoke("s1", admin, noon.AddDate(0, 0, 3))
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		sentence string
		trust    Trust
		days     int
		want     string
	}{
		{"without a secret nothing is live", Trust{}, 0, ""},
		{"two are live at once, the newest first", two, 2, "s2 s1"},
		{"the first ends by itself", two, 10, "s2"},
		{"both end by themselves", two, 11, ""},
		{"a revoked one ends at once", revoked.Trust, 3, "s2"},
	} {
		var ids []string
		for _, s := range row.trust.Live(noon.AddDate(0, 0, row.days)) {
			ids = append(ids, s.ID)
		}
		if got := strings.Join(ids, " "); got != row.want {
			t.Errorf("%s: got %q, want %q", row.sentence, got, row.want)
		}
	}
	if s := revoked.Trust.Secrets[0]; s.Sealed != nil {
		t.Error("a revoked secret: got its sealed text kept, want it forgotten")
	}
	if two.Secrets[0].Sealed == nil || !two.Secrets[0].Revoked.IsZero() {
		t.Error("the value before: got it changed, want it as it was")
	}
}

func TestWhatAnAdministratorMayDo(t *testing.T) {
	assessor, system, link := admin, admin, admin
	assessor.Roles = []party.Role{party.Assessor}
	system.Via, link.Via = party.ByAgencySystem, party.ByLink
	later := noon.AddDate(0, 0, 2)
	for _, row := range []struct {
		sentence string
		do       func(Trust) (Change, error)
		on       Trust
		want     error
	}{
		{"an administrator makes a secret", making(1, admin), Trust{}, nil},
		{"a second one beside the first", making(1, admin), made(t, 1), nil},
		{"but no third", making(1, admin), made(t, 2), fault.Conflict},
		{"a secret lives a year at most", making(367, admin), Trust{}, fault.Invalid},
		{"a secret lives a day at least", making(0, admin), Trust{}, fault.Invalid},
		{"an assessor makes none", making(1, assessor), Trust{}, fault.Forbidden},
		{"a machine makes none, whomever it names", making(1, system), Trust{}, fault.Forbidden},
		{"a code makes none", making(1, link), Trust{}, fault.Forbidden},
		{"a secret is revoked", revoking("s1", admin, later), made(t, 1), nil},
		{"one there is not is not found", revoking("s9", admin, later), made(t, 1), fault.NotFound},
		{"one that is over stays over", revoking("s1", admin, noon.AddDate(0, 0, 10)), made(t, 1), fault.Conflict},
		{"an assessor revokes none", revoking("s1", assessor, later), made(t, 1), fault.Forbidden},
		{"events go to a public server", directing("https://events.mpa.example/jixu?k=1", admin), made(t, 1), nil},
		{"events stop", directing("", admin), made(t, 1), nil},
		{"without a live secret nothing could be signed", directing("https://events.mpa.example/", admin), Trust{}, fault.Conflict},
		{"an assessor directs nothing", directing("https://events.mpa.example/", assessor), made(t, 1), fault.Forbidden},
	} {
		if _, err := row.do(row.on); !errors.Is(err, row.want) {
			t.Errorf("%s: got %v, want %v", row.sentence, err, row.want)
		}
	}
}

func making(days int, a party.Actor) func(Trust) (Change, error) {
	return func(t Trust) (Change, error) { return t.Make("new", []byte("x"), days, a, noon.AddDate(0, 0, 2)) }
}

func revoking(id string, a party.Actor, now time.Time) func(Trust) (Change, error) {
	return func(t Trust) (Change, error) { return t.Revoke(id, a, now) }
}

func directing(address string, a party.Actor) func(Trust) (Change, error) {
	return func(t Trust) (Change, error) { return t.Direct(address, false, a, noon.AddDate(0, 0, 2)) }
}

func TestEventsGoToPublicServersOnly(t *testing.T) {
	for address, want := range map[string][2]bool{ // in production, in development
		"https://events.mpa.example/":                    {true, true},
		"https://events.mpa.example:8443/a?b=c":          {true, true},
		"https://EVENTS.mpa.example./":                   {true, true},
		"http://events.mpa.example/":                     {false, false},
		"ftp://events.mpa.example/":                      {false, false},
		"https://u:p@events.mpa.example/":                {false, false},
		"https://events.mpa.example/#x":                  {false, false},
		"https:///path":                                  {false, false},
		"https://localhost/":                             {false, false},
		"https://a.localhost/":                           {false, false},
		"https://printer.local/":                         {false, false},
		"https://metadata.internal/":                     {false, false},
		"https://intranet/":                              {false, false},
		"https://10.1.2.3/":                              {false, false},
		"https://93.184.216.34/":                         {false, false},
		"https://2130706433/":                            {false, false},
		"https://127.1/":                                 {false, false},
		"https://0x7f.0x1/":                              {false, false},
		"https://0177.0.0.1/":                            {false, false},
		"https://[::ffff:127.0.0.1]/":                    {false, true},
		"https://[fe80::1%25eth0]/":                      {false, false},
		"http://127.0.0.1:8000/":                         {false, true},
		"http://[::1]:8000/":                             {false, true},
		"https://events.mpa.example/\n":                  {false, false},
		"https://事件.example/":                            {false, false},
		"https://a.example/" + strings.Repeat("x", 1000): {false, false},
		"javascript:alert(1)":                            {false, false},
	} {
		for i, loopback := range []bool{false, true} {
			_, err := made(t, 1).Direct(address, loopback, admin, noon.AddDate(0, 0, 1))
			if got := err == nil; got != want[i] {
				t.Errorf("%.60q, loopback allowed %v: got %v, want %v", address, loopback, got, want[i])
			}
		}
	}
}

func TestOldSecretsAreForgottenInTheEnd(t *testing.T) {
	var tr Trust
	for i := range 3 * maxKept {
		ch, err := tr.Make("s"+strconv.Itoa(i), []byte("x"), 1, admin, noon.AddDate(0, 0, i))
		if err != nil {
			t.Fatal(err)
		}
		tr = ch.Trust
	}
	if len(tr.Secrets) != maxKept || tr.Secrets[maxKept-1].ID != "s29" {
		t.Errorf("got %d secrets, the last %s; want %d and the newest", len(tr.Secrets), tr.Secrets[len(tr.Secrets)-1].ID, maxKept)
	}
}

func TestALiveSecretStaysHoweverManyComeAndGoBesideIt(t *testing.T) {
	ch, err := Trust{}.Make("kept", []byte("x"), MaxDays, admin, noon)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 3 * maxKept {
		id := "s" + strconv.Itoa(i)
		if ch, err = ch.Trust.Make(id, []byte("x"), MaxDays, admin, noon); err != nil {
			t.Fatal(err)
		}
		if _, err := ch.Trust.Make("third", []byte("x"), MaxDays, admin, noon); !errors.Is(err, fault.Conflict) {
			t.Fatalf("a third live one: got %v, want a conflict", err)
		}
		if ch, err = ch.Trust.Revoke(id, admin, noon); err != nil {
			t.Fatal(err)
		}
		if live := ch.Trust.Live(noon); len(live) != 1 || live[0].ID != "kept" || live[0].Sealed == nil || len(ch.Trust.Secrets) > maxKept {
			t.Fatalf("after %d others: got live %v of %d, want the one that nobody revoked", i+1, live, len(ch.Trust.Secrets))
		}
	}
}

func TestHistoryHoldsNoSecretAndNoAddress(t *testing.T) {
	ch, err := made(t, 1).Direct("https://events.mpa.example/token-in-a-path", false, admin, noon)
	if err != nil || strings.Contains(ch.Facts.Address, "token") || len(ch.Facts.Address) != 64 {
		t.Errorf("got %v and facts %v, want a digest", err, ch.Facts)
	}
}

func TestEveryCellOfTheTableOfMoves(t *testing.T) {
	other, reader, link := admin, admin, admin
	other.Org, reader.Roles, link.Via = "hc", []party.Role{party.Reader}, party.ByLink
	people := map[string]party.Actor{
		"the administrator":       admin,
		"another's administrator": other,
		"a reader":                reader,
		"a link":                  link,
		"the clock":               party.System,
	}
	things := map[string]Trust{"nothing yet": {}, "two secrets": made(t, 2)}
	var rows []lawtest.Row
	for _, verb := range Verbs() {
		rows = append(rows,
			lawtest.Row{Verb: verb, Who: []string{"the administrator"}, Things: []string{"nothing yet", "two secrets"}},
			lawtest.Row{Verb: verb, Who: []string{"another's administrator"}, Things: []string{"nothing yet"}})
	}
	lawtest.Cells(t, Verbs(), people, things, rows, Trust.Permits)
}
