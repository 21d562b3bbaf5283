/* scalar.h - what a bare word means: in YAML as much as in JSON, and in nothing but JSON's
 * terms. */
#ifndef FLUME_SCHEMA_SCALAR_H
#define FLUME_SCHEMA_SCALAR_H

#include "lib/flume.h"

/* Bytes of the RFC 8259 number that begins at `s`, as many as there can be; 0 when none does.
 */
size_t scalar_number(const char *s, size_t n);
/* What such a number is worth, whatever the locale of the program; infinite when too much. */
double scalar_double(const char *text);
/* The type of a plain scalar of YAML: null for "", "~" and null, then bool, number, text. */
enum flume_value_type scalar_type(const char *s, size_t n);
/* Would this text, written plain, be anything but text to some reader of YAML 1.1 or 1.2? */
bool scalar_ambiguous(const char *s, size_t n);

#endif
