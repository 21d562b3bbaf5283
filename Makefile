# Flume.
#
#   make          build            make run     install what is missing, build, start the agent
#   make check    every test       make lint    format, clang-tidy, floors
#   make chart    helm/flume, by the real Helm
#   make sim      fleets in virtual time, SEEDS=2000
#   make fuzz     each fuzzer      make stress  many threads, SECONDS=60
#   make bench    the figures, as ratios
#   make install  library, binary, manual, completions, JSON Schema
#   make deb      packages for Debian; make image-rootfs, make check-packages
#   make restarts two hundred agents, restarted under load
#   make lib/API.md  the reference, from the header
#   make clean
#
# What is built goes below build/, a folder per variant: VARIANT=asan (ASan + UBSan),
# VARIANT=tsan (ThreadSanitizer), VARIANT=fuzz (clang, libFuzzer).

VERSION   := 0.1.0
SOVERSION := 0
VARIANT   ?=
B         := build$(if $(VARIANT),/$(VARIANT))

PREFIX     ?= /usr/local
LIBDIR     ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include

LIB_PACKAGES   := liburcu-bp yaml-0.1 nettle
AGENT_PACKAGES := jansson libcurl gnutls libpcre2-8 libxxhash zlib
TEST_PACKAGES  := check

# `make deps` must work before pkg-config exists, so nothing here may fail for want of it.
pkg = $(shell pkg-config $(1) $(2) 2>/dev/null)

WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
            -Wpointer-arith -Wcast-qual -Wwrite-strings -Wvla -Wundef -Wformat=2 -Wswitch-enum \
            -Wno-missing-field-initializers
OPTIMISE := -O2
CFLAGS   ?= -g
CPPFLAGS += -I. -Ilib -Iagent/plugin -D_GNU_SOURCE -DFLUME_VERSION=$(VERSION)
FLAGS      = -std=c17 $(WARNINGS) $(OPTIMISE) -fPIC -fvisibility=hidden -fno-omit-frame-pointer \
            -pthread $(SANITIZE) $(CFLAGS)

ifeq ($(VARIANT),asan)
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all
OPTIMISE := -O1
endif
ifeq ($(VARIANT),tsan)
SANITIZE := -fsanitize=thread
OPTIMISE := -O1
endif
ifeq ($(VARIANT),fuzz)
CC       := clang
SANITIZE := -fsanitize=address,undefined,fuzzer-no-link -fno-sanitize-recover=all
OPTIMISE := -O1
endif
ifneq ($(filter werror,$(FLUME_BUILD)),)
WARNINGS += -Werror
endif

LIB_SOURCES    := $(sort $(wildcard lib/*/*.c))
AGENT_SOURCES  := $(sort $(filter-out agent/main.c,$(wildcard agent/*/*.c)))
UNIT_SOURCES   := $(sort $(wildcard tests/unit/*.c))
FUZZ_SOURCES   := $(sort $(wildcard tests/fuzz/*.c))
BENCH_SOURCES  := $(sort $(wildcard tests/bench/*.c))
SIM_SOURCES    := $(sort $(wildcard tests/sim/*.c))

objects = $(patsubst %.c,$(B)/obj/%.o,$(1))
LIB_OBJECTS    := $(call objects,$(LIB_SOURCES))
AGENT_OBJECTS  := $(call objects,$(AGENT_SOURCES))
UNIT_OBJECTS   := $(call objects,$(UNIT_SOURCES))

LIB_LIBS   = $(call pkg,--libs,$(LIB_PACKAGES))
AGENT_LIBS = $(LIB_LIBS) $(call pkg,--libs,$(AGENT_PACKAGES)) -ljq -lm
TEST_LIBS  = $(call pkg,--libs,$(TEST_PACKAGES))
INCLUDES  := $(call pkg,--cflags,$(LIB_PACKAGES) $(AGENT_PACKAGES) $(TEST_PACKAGES))

# One line a file; V=1 shows the commands.
Q   := $(if $(V),,@)
SAY := @echo "  "

.PHONY: all
all: $(B)/flume $(B)/libflume.a $(B)/libflume.so

$(B)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(SAY) cc $@
	$(Q)$(CC) $(CPPFLAGS) $(INCLUDES) $(FLAGS) -MMD -MP -c $< -o $@

$(B)/flume: $(B)/obj/agent/main.o $(AGENT_OBJECTS) $(LIB_OBJECTS)
	$(SAY) link $@
	$(Q)$(CC) $(FLAGS) -Wl,-z,now $^ $(AGENT_LIBS) -o $@

$(B)/libflume.so: $(LIB_OBJECTS) lib/flume.map
	$(SAY) link $@
	$(Q)$(CC) $(FLAGS) -shared -Wl,-soname,libflume.so.$(SOVERSION) \
		-Wl,--version-script=lib/flume.map $(LIB_OBJECTS) $(LIB_LIBS) -o $@

# One object in the archive, its inner names made local: whoever links it sees flume_ only.
$(B)/libflume.a: $(LIB_OBJECTS)
	$(SAY) archive $@
	$(Q)$(LD) -r $^ -o $(B)/flume.o
	$(Q)objcopy --localize-hidden $(B)/flume.o
	@rm -f $@
	$(Q)$(AR) rcs $@ $(B)/flume.o

# The reference of the library, from its header's own comments; a scenario compares the two.
lib/API.md: lib/flume.h lib/api.py
	@mkdir -p $(B)
	$(Q)python3 lib/api.py lib/flume.h > $(B)/API.md
	$(Q)mv $(B)/API.md $@

# What editors read beside the schemas; a scenario compares it with what is printed.
.PHONY: schemas/flume.schema.json
schemas/flume.schema.json: $(B)/flume
	$(Q)$(B)/flume components --json-schema > $(B)/flume.schema.json
	$(Q)mv $(B)/flume.schema.json $@

.PHONY: schemas/flume-switch.schema.json
schemas/flume-switch.schema.json: $(B)/flume
	$(Q)$(B)/flume switch schema > $(B)/flume-switch.schema.json
	$(Q)mv $(B)/flume-switch.schema.json $@

# ---- tests ----------------------------------------------------------------------------------

# One program holds every room's promises.
$(B)/unit: $(UNIT_OBJECTS) $(AGENT_OBJECTS) $(LIB_OBJECTS)
	$(SAY) link $@
	$(Q)$(CC) $(FLAGS) $^ $(AGENT_LIBS) $(TEST_LIBS) -o $@

# What runs under a sanitizer must say so by failing.
export ASAN_OPTIONS  ?= detect_leaks=1:abort_on_error=0
export UBSAN_OPTIONS ?= print_stacktrace=1:halt_on_error=1
export TSAN_OPTIONS  ?= halt_on_error=1:second_deadlock_stack=1:suppressions=$(CURDIR)/tests/tsan.supp
# So many times as long a wait may take: a bound is for what never comes, and waiting costs nothing
# where it comes soon.
SLOW := $(if $(VARIANT),8,3)

# The simulator: the agent without HTTP and commands, on models of what lies below it.
SIM_REPLACED := agent/loop/loop.c agent/log/log.c agent/etcd/post.c agent/etcd/pool.c \
                agent/engine/tryout.c agent/engine/scribe.c
SIM_AGENT    := $(filter-out $(SIM_REPLACED) agent/http/% agent/cmd/% agent/conf/%,$(AGENT_SOURCES))
SIM_OBJECTS  := $(call objects,$(SIM_SOURCES) $(SIM_AGENT)) $(LIB_OBJECTS)
SIM_WRAPPED  := time clock_gettime getrandom open openat close read write fsync syncfs mkdir renameat \
                unlinkat opendir readdir closedir dirfd
comma        := ,
SIM_WRAPS    := $(patsubst %,-Wl$(comma)--wrap=%,$(SIM_WRAPPED))

$(B)/sim: $(SIM_OBJECTS)
	$(SAY) link $@
	$(Q)$(CC) $(FLAGS) $(SIM_WRAPS) $^ $(AGENT_LIBS) -o $@

# make sim SEEDS=100000: as many as you like.  make mutants: the product is broken on purpose.
.PHONY: sim mutants
SEEDS   ?= 1000
MUTANTS ?=
sim: $(B)/sim
	$(B)/sim --seeds $(SEEDS) --jobs $(JOBS)

mutants: $(B)/sim $(B)/unit
	@COMPILE='$(CC) $(CPPFLAGS) $(INCLUDES) $(FLAGS) -c' SIM_OBJECTS='$(SIM_OBJECTS)' \
		UNIT_OBJECTS='$(UNIT_OBJECTS) $(AGENT_OBJECTS) $(LIB_OBJECTS)' \
		SIM_LINK='$(CC) $(FLAGS) $(SIM_WRAPS)' UNIT_LINK='$(CC) $(FLAGS)' \
		LIBS='$(AGENT_LIBS) $(TEST_LIBS)' \
		python3 tests/sim/mutants.py $(B) --jobs $(JOBS) --seeds $(SEEDS) $(MUTANTS)

.PHONY: unit scenarios floors
# Of either, those that fail are played once more when the rest is done; UNSTEADY=0: they are not.
unit: $(B)/unit
	CK_TIMEOUT_MULTIPLIER=$(SLOW) SKIP="$(SKIP_SUITES)" python3 tests/unit/run.py $(B)/unit

# Every connector, from many threads, for SECONDS; VARIANT=asan and VARIANT=tsan say more.
.PHONY: stress
SECONDS ?= 60
stress: $(B)/unit
	STRESS_SECONDS=$(SECONDS) $(B)/unit stress

scenarios: all
	FLUME=$(B)/flume SLOW=$(SLOW) SKIP="$(SKIP)" python3 tests/scenarios/run.py $(ONLY)

# kill -9 of the agent, so many times, at random moments of updates; SEED=N for those again.
.PHONY: kills weather
COUNT ?= 1000
kills: all
	FLUME=$(B)/flume SLOW=$(SLOW) python3 tests/scenarios/kills.py $(COUNT) $(SEED)

# So many updates of a cluster whose members come and go; each agent has every one of them.
UPDATES ?= 10000
weather: all
	FLUME=$(B)/flume SLOW=$(SLOW) python3 tests/scenarios/weather.py $(UPDATES) $(SEED)

# So many agents restarted in steps of ten per cent, while applications ask.
.PHONY: restarts
AGENTS ?= 200
restarts: all
	FLUME=$(B)/flume SLOW=$(SLOW) python3 tests/scenarios/restarts.py $(AGENTS)

floors:
	sh tests/floors.sh

# helm/flume through the real Helm, and the agent as its pods start it; ONLY=PART of a test's name.
# GOLDEN=write: what is rendered now is right.
.PHONY: chart
chart: $(B)/flume
	FLUME=$(B)/flume SLOW=$(SLOW) python3 tests/chart/run.py $(ONLY)

# A dashboard has two thousand lines, so it is drawn from a table; a test compares the two.
.PHONY: helm/flume/files/dashboard.json
helm/flume/files/dashboard.json:
	@mkdir -p $(B)
	$(Q)python3 helm/dashboard.py > $(B)/dashboard.json
	$(Q)mv $(B)/dashboard.json $@

# The two that a newcomer needs: dependencies first, and a make of its own afterwards, for the
# flags of packages that were just installed.
.PHONY: run check
run: deps
	@$(MAKE) --no-print-directory -j$(JOBS) all
	$(B)/flume agent --dir schemas

check: deps-check
	@$(MAKE) --no-print-directory -j$(JOBS) all $(B)/unit $(B)/sim
	@$(MAKE) --no-print-directory floors unit sim scenarios chart

JOBS := $(shell nproc)

# NODES: how far the static analyzer, which takes nearly all of the time, follows a function; fewer
# are sooner, and see less.
.PHONY: lint
NODES ?= 225000
lint: floors
	@clang-format --dry-run -Werror $(FORMATTED)
	@printf "%s\n" $(TIDIED) | xargs -P $(JOBS) -n 4 sh -c 'clang-tidy --quiet "$$@" -- \
		-std=c17 $(CPPFLAGS) $(INCLUDES) \
		-Xclang -analyzer-config -Xclang max-nodes=$(NODES)' tidy

FORMATTED = $(shell find lib agent tests -name '*.[ch]')
TIDIED    = $(LIB_SOURCES) agent/main.c $(AGENT_SOURCES)

# ---- fuzzing: FUZZ_SECONDS for each parser of outside input -----------------------------------

FUZZ_SECONDS ?= 20
FUZZERS := $(patsubst tests/fuzz/%.c,build/fuzz/run-%,$(FUZZ_SOURCES))

# From an archive, so that each has only what it reaches: libFuzzer looks at every counter after every
# run.
build/fuzz/reached.a: $(patsubst build/obj/%,build/fuzz/obj/%,\
		$(patsubst $(B)/obj/%,build/obj/%,$(AGENT_OBJECTS) $(LIB_OBJECTS)))
	$(SAY) archive $@
	$(Q)rm -f $@
	$(Q)ar rcs $@ $^

build/fuzz/run-%: build/fuzz/obj/tests/fuzz/%.o build/fuzz/reached.a
	$(SAY) link $@
	$(Q)clang -fsanitize=address,undefined,fuzzer $^ $(AGENT_LIBS) -o $@

.PHONY: fuzz fuzzers
fuzzers: $(FUZZERS)
fuzz:
	@$(MAKE) --no-print-directory VARIANT=fuzz fuzzers
	@set -e; for f in $(FUZZERS); do name=$${f##*/run-}; mkdir -p build/fuzz/corpus/$$name; \
		echo "fuzz $$name"; \
		$$f -max_total_time=$(FUZZ_SECONDS) -timeout=5 -rss_limit_mb=2048 -verbosity=0 \
			-artifact_prefix=build/fuzz/crash-$$name- -print_final_stats=1 \
			build/fuzz/corpus/$$name tests/fuzz/corpus/$$name; done

# ---- figures --------------------------------------------------------------------------------

BENCHES := $(patsubst tests/bench/%.c,build/bench/%,$(BENCH_SOURCES))
BENCH_SCRIPTS := $(sort $(wildcard tests/bench/*.py))
# A program with a script of its name is run by that.
ALONE := $(filter-out $(patsubst tests/%.py,build/%,$(BENCH_SCRIPTS)),$(BENCHES))

build/bench/%: build/obj/tests/bench/%.o $(AGENT_OBJECTS) $(LIB_OBJECTS)
	@mkdir -p $(@D)
	$(SAY) link $@
	$(Q)$(CC) $(FLAGS) $^ $(AGENT_LIBS) -o $@

# Programs that the scripts run: orders, a client, and what stands beside us.  Each is one file and
# takes nothing of ours.  That on libmicrohttpd is left out where it is missing, and said by its script;
# that on yyjson is built by its script.
BENCH_TOOLS := $(patsubst tests/bench/tools/%.c,build/bench/tools/%,$(filter-out %/with_yyjson.c \
	$(if $(call pkg,--libs,libmicrohttpd),,%/echo.c),$(wildcard tests/bench/tools/*.c)))
build/bench/tools/with_jansson: TOOL_LIBS = $(call pkg,--libs,jansson)
build/bench/tools/echo: TOOL_LIBS = $(call pkg,--libs,libmicrohttpd)

build/bench/tools/%: tests/bench/tools/%.c $(wildcard tests/bench/tools/*.h)
	@mkdir -p $(@D)
	$(SAY) cc $@
	$(Q)$(CC) $(CPPFLAGS) $(FLAGS) $< $(TOOL_LIBS) -o $@

# ONLY=beside_go runs one of them; QUICK=1 is less sure, and sooner.
.PHONY: bench
bench: all $(BENCHES) $(BENCH_TOOLS)
	@set -e; for b in $(call only,$(ALONE)); do echo "== $${b##*/}"; $$b; done
	@set -e; for b in $(call only,$(BENCH_SCRIPTS)); do echo "== $$b"; python3 $$b; done
only = $(if $(ONLY),$(filter %/$(ONLY) %/$(ONLY).py,$(1)),$(1))

# ---- what must be on the machine --------------------------------------------------------------

# With libcurl's GnuTLS build a node loads one TLS library, not two.
DEPS       := gcc make binutils pkg-config libcurl4-gnutls-dev libjansson-dev libyaml-dev \
              libgnutls28-dev liburcu-dev nettle-dev libpcre2-dev libxxhash-dev zlib1g-dev \
              libjq-dev
DEPS_CHECK := g++ check etcd-server etcd-client openssl python3 python3-jsonschema python3-yaml \
              graphviz curl mandoc
DEPS_CHART := prometheus python3-jsonschema python3-pip python3-yaml
DEPS_LINT  := clang clang-format clang-tidy libclang-rt-14-dev
# The original is written in Go and takes 1.24 or newer: where Debian's is older, put one on the PATH.
DEPS_GO    := golang-go ca-certificates
# What ours is measured beside, and by.  Each bench says SKIPPED for what is not there.
DEPS_BENCH := jq miller rsyslog wrk libmicrohttpd-dev valgrind python3-pip etcd-server

DEPS_PACKAGE := dpkg-dev mmdebstrap lintian strace procps

# Asks dpkg first, so a machine that has everything needs neither root nor a network.
install_missing = missing=$$(for p in $(1); do \
	dpkg-query -W -f='$${Status}' $$p 2>/dev/null | grep -q 'ok installed' || echo $$p; done); \
	[ -z "$$missing" ] && exit 0; echo "installing" $$missing; \
	[ $$(id -u) = 0 ] && sudo= || sudo=sudo; \
	$$sudo apt-get update -q && \
	$$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $$missing

# One after another, also with -j: apt locks what it works on.
.PHONY: deps deps-check deps-lint deps-bench deps-chart deps-package
deps:
	@$(call install_missing,$(DEPS))
deps-check: deps
	@$(call install_missing,$(DEPS_CHECK))
deps-lint: deps-check
	@$(call install_missing,$(DEPS_LINT))
# Helm itself lies in build/chart, for Debian has none.
deps-chart: deps-check
	@$(call install_missing,$(DEPS_CHART))
	@python3 tests/chart/tools.py
deps-package: deps
	@$(call install_missing,$(DEPS_PACKAGE))
deps-bench:
	@command -v go >/dev/null || { $(call install_missing,$(DEPS_GO)); }
	@$(call install_missing,$(DEPS_BENCH))

# ---- to install -------------------------------------------------------------------------------

# In the words of flume.pc, so that the tree can be moved (pkg-config --define-prefix).
below = $(patsubst $(PREFIX)/%,$${prefix}/%,$(1))

# The manual and what shells complete with, from the rows of commands and options.
PRINTED := $(B)/flume.1 $(B)/flume.bash $(B)/_flume $(B)/flume.fish
$(B)/flume.1: WORDS = man
$(B)/flume.bash: WORDS = completion bash
$(B)/_flume: WORDS = completion zsh
$(B)/flume.fish: WORDS = completion fish
$(PRINTED): $(B)/flume
	$(Q)$(B)/flume $(WORDS) > $@~ && mv $@~ $@

SHARE = $(DESTDIR)$(PREFIX)/share
.PHONY: install
install: all $(PRINTED)
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(LIBDIR)/pkgconfig $(DESTDIR)$(INCLUDEDIR) \
		$(SHARE)/flume
	install -D -m 644 $(B)/flume.1 $(SHARE)/man/man1/flume.1
	install -D -m 644 $(B)/flume.bash $(SHARE)/bash-completion/completions/flume
	install -D -m 644 $(B)/_flume $(SHARE)/zsh/site-functions/_flume
	install -D -m 644 $(B)/flume.fish $(SHARE)/fish/vendor_completions.d/flume.fish
	install -m 755 $(B)/flume $(DESTDIR)$(PREFIX)/bin/
	install -m 644 lib/flume.h agent/plugin/flume-plugin.h $(DESTDIR)$(INCLUDEDIR)/
	install -m 644 schemas/flume.schema.json schemas/flume-switch.schema.json \
		$(DESTDIR)$(PREFIX)/share/flume/
	install -m 644 $(B)/libflume.a $(DESTDIR)$(LIBDIR)/
	install -m 755 $(B)/libflume.so $(DESTDIR)$(LIBDIR)/libflume.so.$(VERSION)
	ln -sf libflume.so.$(VERSION) $(DESTDIR)$(LIBDIR)/libflume.so.$(SOVERSION)
	ln -sf libflume.so.$(SOVERSION) $(DESTDIR)$(LIBDIR)/libflume.so
	sed -e 's|@PREFIX@|$(PREFIX)|; s|@LIBDIR@|$(call below,$(LIBDIR))|' \
		-e 's|@INCLUDEDIR@|$(call below,$(INCLUDEDIR))|; s|@VERSION@|$(VERSION)|' \
		-e 's|@REQUIRES@|$(LIB_PACKAGES)|' \
		lib/flume.pc.in > $(DESTDIR)$(LIBDIR)/pkgconfig/flume.pc
	chmod 644 $(DESTDIR)$(LIBDIR)/pkgconfig/flume.pc

# ---- packages -----------------------------------------------------------------------------------

# The time of what is packed, so that it can be built again to the same bytes.
export SOURCE_DATE_EPOCH ?= $(shell git log -1 --format=%ct 2>/dev/null || date +%s)

.PHONY: deb image-rootfs check-packages
deb: deps-package
	@rm -rf $(B)/stage $(B)/deb && rm -f $(B)/flume.1
	@$(MAKE) --no-print-directory install DESTDIR=$(B)/stage PREFIX=/usr \
		LIBDIR=/usr/lib/$$(dpkg-architecture -qDEB_HOST_MULTIARCH) >/dev/null
	@sh agent/package/deb.sh $(VERSION) $(B)/stage $(B)/deb

# What agent/Dockerfile describes, built without an engine for containers.
image-rootfs: deps-package $(B)/flume
	python3 tests/package/rootfs.py $(B)/flume $(B)/rootfs

# The packages at work: the agent in the image's root as the chart starts it, the .deb put in and taken
# out, the unit.  Takes root, and a mirror of Debian for the first time.
check-packages: deb image-rootfs
	FLUME=$(B)/flume SLOW=$(SLOW) python3 tests/package/check.py $(B)/rootfs $(B)/deb

.PHONY: clean
clean:
	rm -rf build

-include $(shell find $(B)/obj -name '*.d' 2>/dev/null)
