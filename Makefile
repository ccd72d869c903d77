# quick needs Go only, run and test Python 3 as well; what else check needs it installs
# itself, or names.

.PHONY: run quick test check bench demo build clean

# The whole house on this machine, until Ctrl-C.
run: bin/jixu
	@exec bin/jixu local

# Long tests that do one thing after the other: there is no race to find in them, and
# looking for one would take eight times as long. They run by themselves, whole.
ALONE = TestEveryCrashPoint|TestEveryFieldOfEvery|TestInspectHoldsLittle

# What quick and test are about: make test PKG=./internal/docket/...
PKG = ./...

# The tests that take longest are begun first, beside all others.
FIRST = $(if $(filter ./...,$(PKG)),./internal/stack)

# The law, the change and the pages, of long tests a sample; no emulator, no network. What
# has not changed is not run again: a shuffled run could not be remembered, test shuffles.
quick:
	go vet $(PKG)
	go test -short $(PKG)
	@echo "left out: the tests on the emulator (make test), and six of seven cases of the long ones"

# The law, the change, the pages, and the real template on the emulator.
test: $(if $(FIRST),bin/jixu)
	$(if $(FIRST),@bin/jixu setup)
	go vet $(PKG)
	JIXU_EMULATOR=1 go test -race -shuffle=on -timeout 20m -skip '$(ALONE)' $(FIRST) $(PKG)
	JIXU_EMULATOR=1 go test -shuffle=on -timeout 20m -run '$(ALONE)' $(PKG)

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

# Everything that was made here, yesterday's data too; nothing of it while the house runs.
clean: $(if $(wildcard .local),bin/jixu)
	$(if $(wildcard .local),@bin/jixu clean)
	rm -rf .aws-sam .local .venv bin tools/node_modules

# With the flags of the functions (internal/local/compile.go), so that what both are
# made of is compiled once.
.PHONY: bin/jixu
bin/jixu:
	@[ -x $@ ] || echo "compiling the command line (the first time about a minute) …"
	@CGO_ENABLED=0 GOFLAGS="-trimpath -tags=lambda.norpc '-ldflags=-s -w'" go build -o $@ ./cmd/jixu
