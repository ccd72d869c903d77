package blueprint

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"jixu/internal/journey"
	"jixu/internal/party"
)

// guides are the pages that a newcomer types from.
var guides = []string{"README.md", "CONTRIBUTING.md"}

var (
	shellBlock = regexp.MustCompile("(?ms)^```sh\n(.*?)^```$")
	quoted     = regexp.MustCompile("`([^`\n]+)`")
	linked     = regexp.MustCompile(`\]\(([^)]+)\)`)
	target     = regexp.MustCompile(`(?m)^([a-z]+):`)
	command    = regexp.MustCompile(`(?m)^\t\t\{"([a-z]+)", "`)
	pathLike   = regexp.MustCompile(`^[A-Za-z.][A-Za-z0-9._-]*(/[A-Za-z0-9._-]+)*/?$`)
)

// shell returns the commands of a page's sh blocks, one a line, in their order.
func shell(page string) (lines []string) {
	for _, block := range shellBlock.FindAllStringSubmatch(page, -1) {
		for line := range strings.Lines(block[1]) {
			if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
				lines = append(lines, line)
			}
		}
	}
	return lines
}

// firsts returns the first group of every match.
func firsts(pattern *regexp.Regexp, text string) (out []string) {
	for _, m := range pattern.FindAllStringSubmatch(text, -1) {
		out = append(out, m[1])
	}
	return out
}

func TestEveryCommandInTheGuidesExists(t *testing.T) {
	targets := firsts(target, read(t, filepath.Join(root, "Makefile")))
	commands := firsts(command, read(t, filepath.Join(root, "cmd/jixu/main.go")))
	for _, guide := range guides {
		page := read(t, filepath.Join(root, guide))
		for _, line := range append(shell(page), firsts(quoted, page)...) {
			words := strings.Fields(line)
			if len(words) < 2 {
				continue
			}
			switch words[0] {
			case "make":
				if !slices.Contains(targets, words[1]) {
					t.Errorf("%s: got %q, want a target of the Makefile: %v", guide, line, targets)
				}
			case "jixu", "bin/jixu":
				if !slices.Contains(commands, words[1]) {
					t.Errorf("%s: got %q, want a command of jixu: %v", guide, line, commands)
				}
			}
		}
	}
}

func TestTheReadmeShowsACommandForEachPromise(t *testing.T) {
	shown := shell(read(t, filepath.Join(root, "README.md")))
	for _, want := range []string{
		"make run", "make quick", "make test", "make demo", "make check", "make bench",
		"bin/jixu clock +10d", "bin/jixu token tang-wei", "bin/jixu secret mpa",
	} {
		if !slices.Contains(shown, want) {
			t.Errorf("README.md: got %q, want %q among them", shown, want)
		}
	}
}

// A link, and a quoted word with a slash or the ending of a page, is a place in
// the checkout, but for those that only making makes and the one that is a pattern.
func TestEveryPlaceInTheGuidesExists(t *testing.T) {
	others := []string{"bin/jixu", "functions/verb-noun"}
	endings := []string{".md", ".yaml", ".toml"}
	for _, guide := range guides {
		page := read(t, filepath.Join(root, guide))
		for _, place := range append(firsts(quoted, page), firsts(linked, page)...) {
			isPlace := pathLike.MatchString(place) && (strings.Contains(place, "/") || slices.Contains(endings, filepath.Ext(place)))
			if !isPlace || slices.Contains(others, place) {
				continue
			}
			if _, err := os.Stat(filepath.Join(root, place)); err != nil {
				t.Errorf("%s: got %q, want a place that exists", guide, place)
			}
		}
	}
}

func TestThePeopleOfTheReadmeAreInTheCast(t *testing.T) {
	rows := regexp.MustCompile(`(?m)^\| (\p{Han}+ [A-Z][a-z]+ [A-Z][a-z]+) \|`)
	found := firsts(rows, read(t, filepath.Join(root, "README.md")))
	if len(found) == 0 {
		t.Fatal("README.md: got nobody, want people to sign in as")
	}
	for _, name := range found {
		if !slices.ContainsFunc(journey.People, func(p party.Person) bool { return p.NameZH+" "+p.NameEN == name }) {
			t.Errorf("README.md: got %s, want somebody of the sample people", name)
		}
	}
}

func TestEveryPageThatCouldBeMistakenSaysWhatJixuIsNot(t *testing.T) {
	if !strings.Contains(read(t, filepath.Join(root, "README.md")), "本系统不代替向国家药监局申报") {
		t.Error("README.md: got no 本系统不代替向国家药监局申报, want it")
	}
}
