/* synonym.h - keys by the names that other tools have for them. */
#ifndef FLUME_SCHEMA_SYNONYM_H
#define FLUME_SCHEMA_SYNONYM_H

#include <stddef.h>

struct synonym {
	const char *word;
	const char *meant[3]; /* whichever is known where the word stands */
};

/* No word at the end. */
extern const struct synonym synonyms[];

/* The candidate that `word` may stand for, or NULL. */
const char *synonym(const char *word, const char *const *candidates, size_t n);

#endif
