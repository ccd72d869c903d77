# run and test need Go and Python 3; what else check needs it installs itself, or names.

.PHONY: run test check bench demo build clean

# The whole house on this machine, until Ctrl-C.
run: bin/jixu
	@exec bin/jixu local

# Long tests that do one thing after the other: there is no race to find in them, and
# looking for one would take eight times as long. They run by themselves, whole.
ALONE := TestEveryCrashPoint|TestEveryFieldOfEveryForm

# The law, the change, the pages, and the real template on the emulator.
test: bin/jixu
	@bin/jixu setup
	go vet ./...
	go test -race -timeout 20m -skip '$(ALONE)' ./...
	go test -timeout 20m -run '$(ALONE)' ./internal/docket ./internal/web

# Lints, second opinions and browsers.
check: bin/jixu
	@bin/jixu setup
	@tools/check

# What a start, a case and a page cost.
bench: bin/jixu
	@exec bin/jixu bench

# One life, end to end, over HTTP only; the house is running already or is started for it.
demo: bin/jixu
	@exec bin/jixu demo

# What sam deploy takes, for AWS: sam deploy --guided
build: bin/jixu
	@exec bin/jixu build

# Everything that was made here, yesterday's data too.
clean:
	rm -rf .aws-sam .local .venv bin tools/node_modules

# With the flags of the functions (internal/local/compile.go), so that what both are
# made of is compiled once.
.PHONY: bin/jixu
bin/jixu:
	@CGO_ENABLED=0 GOFLAGS="-trimpath -tags=lambda.norpc '-ldflags=-s -w'" go build -o $@ ./cmd/jixu
