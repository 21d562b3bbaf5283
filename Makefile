# Flume.  make: build · make run: install, build and start the agent · make check: all tests
#
# One makefile for the whole tree.  What is built goes below build/, a folder per variant:
#   build/        plain, optimised          VARIANT=asan  build/asan/  ASan + UBSan
#                                           VARIANT=tsan  build/tsan/  ThreadSanitizer

VERSION   := 0.1.0
SOVERSION := 0
VARIANT   ?=
B         := build$(if $(VARIANT),/$(VARIANT))

PREFIX     ?= /usr/local
LIBDIR     ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include

LIB_PACKAGES   := liburcu-bp yaml-0.1 nettle
AGENT_PACKAGES := jansson libmicrohttpd libcurl libpcre2-8
TEST_PACKAGES  := check

# `make deps` must work before pkg-config exists, so nothing here may fail for want of it.
pkg = $(shell pkg-config $(1) $(2) 2>/dev/null)

WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
            -Wpointer-arith -Wcast-qual -Wwrite-strings -Wvla -Wundef -Wformat=2 -Wswitch-enum
OPTIMISE := -O2
CFLAGS   ?= -g
CPPFLAGS += -I. -D_GNU_SOURCE -DFLUME_VERSION_TEXT='"$(VERSION)"'
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

objects = $(patsubst %.c,$(B)/obj/%.o,$(1))
LIB_OBJECTS    := $(call objects,$(LIB_SOURCES))
AGENT_OBJECTS  := $(call objects,$(AGENT_SOURCES))
UNIT_OBJECTS   := $(call objects,$(UNIT_SOURCES))

LIB_LIBS   = $(call pkg,--libs,$(LIB_PACKAGES))
AGENT_LIBS = $(LIB_LIBS) $(call pkg,--libs,$(AGENT_PACKAGES)) -lm
TEST_LIBS  = $(call pkg,--libs,$(TEST_PACKAGES))
INCLUDES  := $(call pkg,--cflags,$(LIB_PACKAGES) $(AGENT_PACKAGES) $(TEST_PACKAGES))

.PHONY: all
all: $(B)/flume $(B)/libflume.a $(B)/libflume.so $(B)/flume.pc

$(B)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(INCLUDES) $(FLAGS) -MMD -MP -c $< -o $@

$(B)/flume: $(B)/obj/agent/main.o $(AGENT_OBJECTS) $(LIB_OBJECTS)
	$(CC) $(FLAGS) -rdynamic $^ $(AGENT_LIBS) -o $@

$(B)/libflume.so: $(LIB_OBJECTS) lib/flume.map
	$(CC) $(FLAGS) -shared -Wl,-soname,libflume.so.$(SOVERSION) \
		-Wl,--version-script=lib/flume.map $(LIB_OBJECTS) $(LIB_LIBS) -o $@

# One object in the archive, its inner names made local: whoever links it sees flume_ only.
$(B)/libflume.a: $(LIB_OBJECTS)
	$(LD) -r $^ -o $(B)/flume.o
	objcopy --localize-hidden $(B)/flume.o
	@rm -f $@
	$(AR) rcs $@ $(B)/flume.o

$(B)/flume.pc: lib/flume.pc.in Makefile
	sed -e 's|@PREFIX@|$(PREFIX)|; s|@LIBDIR@|$(LIBDIR)|; s|@INCLUDEDIR@|$(INCLUDEDIR)|' \
	    -e 's|@VERSION@|$(VERSION)|; s|@REQUIRES@|$(LIB_PACKAGES)|' $< > $@

# Unit tests: one program that holds every room's promises.
$(B)/unit: $(UNIT_OBJECTS) $(AGENT_OBJECTS) $(LIB_OBJECTS)
	$(CC) $(FLAGS) $^ $(AGENT_LIBS) $(TEST_LIBS) -o $@

.PHONY: unit
unit: $(B)/unit
	$(B)/unit

.PHONY: clean
clean:
	rm -rf build

-include $(shell find $(B)/obj -name '*.d' 2>/dev/null)
