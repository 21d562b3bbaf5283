/*
 * A definition in the program goes before those of all libraries.  The sanitizers define the
 * same names and keep theirs reachable under another, which must be asked first: what they
 * allocate, they have to free.
 */
#include "tests/unit/memory.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* Runs before ThreadSanitizer is ready for it. */
#ifdef __clang__
#define UNWATCHED __attribute__((disable_sanitizer_instrumentation))
#else
#define UNWATCHED __attribute__((no_sanitize("thread")))
#endif

static _Thread_local long left; /* 0: none will fail */
static _Thread_local bool failed;
static _Thread_local long taken;
static atomic_long alive;

void memory_fails_at(long nth)
{
	failed = false;
	left = nth;
}

bool memory_has_failed(void)
{
	return failed;
}

bool memory_is_back(void)
{
	left = 0;
	return failed;
}

long memory_taken(void)
{
	return taken;
}

long memory_alive(void)
{
	return alive;
}

UNWATCHED static void *count(void *memory)
{
	if (memory) {
		taken++;
		atomic_fetch_add_explicit(&alive, 1, memory_order_relaxed);
	}
	return memory;
}

UNWATCHED static bool fails(void)
{
	if (left == 0 || --left > 0)
		return false;
	failed = true;
	errno = ENOMEM;
	return true;
}

/* The library's own function behind the one defined here. */
#define REAL(name, type)                                                    \
	extern __typeof__(name) __interceptor_##name __attribute__((weak)); \
	UNWATCHED static type *real_##name(void)                            \
	{                                                                   \
		static type *real;                                          \
		union {                                                     \
			void *symbol;                                       \
			type *function;                                     \
		} next;                                                     \
		if (real)                                                   \
			return real;                                        \
		if (__interceptor_##name)                                   \
			return real = __interceptor_##name;                 \
		next.symbol = dlsym(RTLD_NEXT, #name);                      \
		return real = next.function;                                \
	}

typedef void *malloc_fn(size_t);
typedef void *calloc_fn(size_t, size_t);
typedef void *realloc_fn(void *, size_t);
typedef void *aligned_alloc_fn(size_t, size_t);
typedef void free_fn(void *);

REAL(malloc, malloc_fn)
REAL(calloc, calloc_fn)
REAL(realloc, realloc_fn)
REAL(aligned_alloc, aligned_alloc_fn)
REAL(free, free_fn)

#define VISIBLE UNWATCHED __attribute__((visibility("default")))

VISIBLE void *malloc(size_t size)
{
	return fails() ? NULL : count(real_malloc()(size));
}

VISIBLE void *calloc(size_t n, size_t size)
{
	return fails() ? NULL : count(real_calloc()(n, size));
}

VISIBLE void *realloc(void *old, size_t size)
{
	if (fails())
		return NULL;
	void *grown = real_realloc()(old, size);
	if (!old)
		count(grown);
	else
		taken += grown != NULL;
	return grown;
}

VISIBLE void *aligned_alloc(size_t alignment, size_t size)
{
	return fails() ? NULL : count(real_aligned_alloc()(alignment, size));
}

VISIBLE void free(void *memory)
{
	if (memory)
		atomic_fetch_sub_explicit(&alive, 1, memory_order_relaxed);
	real_free()(memory);
}

/* The rest by way of the four, so that each is counted once. */
VISIBLE void *reallocarray(void *old, size_t n, size_t size)
{
	size_t bytes;
	if (__builtin_mul_overflow(n, size, &bytes)) {
		errno = ENOMEM;
		return NULL;
	}
	return realloc(old, bytes);
}

VISIBLE char *strndup(const char *s, size_t most)
{
	size_t n = strnlen(s, most);
	char *copy = malloc(n + 1);
	if (copy) {
		memcpy(copy, s, n);
		copy[n] = '\0';
	}
	return copy;
}

VISIBLE char *strdup(const char *s)
{
	return strndup(s, strlen(s));
}
