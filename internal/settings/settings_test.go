package settings

import (
	"strings"
	"testing"
)

func TestRead(t *testing.T) {
	complete := map[string]string{"JIXU_STAGE": "development", "JIXU_TABLE": "cases", "JIXU_CLOCK": "table"}
	rows := []struct {
		name    string
		env     map[string]string
		needed  []Name
		wantErr []string // every one of these is in the error; none: no error
	}{
		{"everything that is needed is there", complete, []Name{Table, Clock}, nil},
		{"what is not needed may be missing", complete, nil, nil},
		{"every missing name is said at once", nil, []Name{Table, Bucket}, []string{"JIXU_STAGE", "JIXU_TABLE", "JIXU_BUCKET"}},
		{
			"a production stage refuses a movable clock",
			map[string]string{"JIXU_STAGE": "production", "JIXU_CLOCK": "table"},
			[]Name{Clock},
			[]string{"production stage"},
		},
		{
			"a production stage takes the system's clock",
			map[string]string{"JIXU_STAGE": "production", "JIXU_CLOCK": "system"},
			[]Name{Clock},
			nil,
		},
		{
			"a production stage sends no events to itself",
			map[string]string{"JIXU_STAGE": "production", "JIXU_LOOPBACK": "allowed"},
			[]Name{Loopback},
			[]string{"production stage"},
		},
		{
			"a production stage refuses itself as a receiver",
			map[string]string{"JIXU_STAGE": "production", "JIXU_LOOPBACK": "refused"},
			[]Name{Loopback},
			nil,
		},
		{
			"an unknown word about it is refused",
			map[string]string{"JIXU_STAGE": "development", "JIXU_LOOPBACK": "yes"},
			[]Name{Loopback},
			[]string{"JIXU_LOOPBACK"},
		},
		{"an unknown stage is refused", map[string]string{"JIXU_STAGE": "test"}, nil, []string{"JIXU_STAGE"}},
		{
			"an unknown clock is refused",
			map[string]string{"JIXU_STAGE": "development", "JIXU_CLOCK": "sundial"},
			[]Name{Clock},
			[]string{"JIXU_CLOCK"},
		},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			_, err := read(func(k string) string { return row.env[k] }, row.needed)
			if (err != nil) != (len(row.wantErr) > 0) {
				t.Fatalf("read: got error %v, want one about %v", err, row.wantErr)
			}
			for _, want := range row.wantErr {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("got error %q, want it to name %s", err, want)
				}
			}
		})
	}
}

func TestEveryNameHasItsOwnField(t *testing.T) {
	names := []Name{stage, Table, Bucket, Notices, Events, StateMachines, LinkKey, SealKey, Loopback, Site, Issuer, Client, SMTP, MailFrom, Clock}
	var s Settings
	seen := map[*string]Name{}
	for _, name := range names {
		field := s.field(name)
		if field == nil {
			t.Fatalf("%s has no field", name)
		}
		if other, taken := seen[field]; taken {
			t.Errorf("%s shares its field with %s", name, other)
		}
		seen[field] = name
	}
}

func TestAWSTalksToTheEndpointOnlyWhenOneIsSet(t *testing.T) {
	env := map[string]string{"AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "secret"}
	config, err := awsConfig(func(k string) string { return env[k] })
	if err != nil || config.BaseEndpoint != nil {
		t.Fatalf("got endpoint %v and error %v, want neither", config.BaseEndpoint, err)
	}
	env["AWS_ENDPOINT_URL"] = "http://127.0.0.1:1"
	config, err = awsConfig(func(k string) string { return env[k] })
	if err != nil || config.BaseEndpoint == nil || *config.BaseEndpoint != "http://127.0.0.1:1" {
		t.Fatalf("got endpoint %v and error %v, want the one set", config.BaseEndpoint, err)
	}
}

func TestAWSNamesWhatIsMissing(t *testing.T) {
	_, err := awsConfig(func(string) string { return "" })
	if err == nil || !strings.Contains(err.Error(), "AWS_REGION, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY") {
		t.Fatalf("got %v, want all three names", err)
	}
}
