/* cases.h - folders of cases, and the words that their `expected` files hold. */
#ifndef FLUME_TESTS_UNIT_CASES_H
#define FLUME_TESTS_UNIT_CASES_H

#include <stdbool.h>
#include <stddef.h>

/* Names of what lies in `folder`, sorted, numbers by value; n is 0 when there is no folder. */
struct cases {
	char **names;
	size_t n;
};
struct cases cases_list(const char *folder);
void cases_free(struct cases *);

/* "folder/name/file" in static memory, of which the last four live. */
const char *case_path(const char *folder, const char *name, const char *file);
bool case_has(const char *folder, const char *name, const char *file);
/* The whole of it; free(3).  NULL when it cannot be read. */
char *case_read(const char *path);

/* What is said about the document at `path`, whose structure must be wrong; free(3). */
char *case_refusal(const char *path);
/* Fails unless the file at `path` holds what was said about `what`.  With GOLDEN=write it holds it
 * from now on: for reading the difference, not instead of it. */
void case_expect(const char *path, const char *what, const char *said);

#endif
