#include "agent/etcd/wire.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { TOKEN_MOST = 8192 };

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* ---- writing ---- */

static void add_base64(struct text *t, const char *bytes, size_t n)
{
	const unsigned char *b = (const unsigned char *)bytes;
	for (size_t i = 0; i < n; i += 3) {
		unsigned long group = (unsigned long)b[i] << 16;
		if (i + 1 < n)
			group |= (unsigned long)b[i + 1] << 8;
		if (i + 2 < n)
			group |= b[i + 2];
		char four[4] = {digits[group >> 18], digits[group >> 12 & 63],
				i + 1 < n ? digits[group >> 6 & 63] : '=',
				i + 2 < n ? digits[group & 63] : '='};
		text_add_n(t, four, 4);
	}
}

void etcd_add_bytes(struct text *t, const char *name, const char *bytes, size_t n)
{
	text_addf(t, "\"%s\":\"", name);
	add_base64(t, bytes, n);
	text_add_char(t, '"');
}

void etcd_add_key(struct text *t, const char *key)
{
	etcd_add_bytes(t, "key", key, strlen(key));
}

/* The end of a prefix is the prefix with its last byte that is not 0xff counted up and the rest
 * cut off; where there is no such byte, "\0" means: to the end.  An empty key is not allowed,
 * so the empty prefix begins at "\0", which is the first key there can be. */
void etcd_add_prefix(struct text *t, const char *prefix, const char *from, size_t from_len)
{
	size_t n = strlen(prefix);
	if (from)
		etcd_add_bytes(t, "key", from, from_len);
	else
		etcd_add_bytes(t, "key", prefix, n ? n : 1);

	struct text end = {0};
	text_add_n(&end, prefix, n);
	while (end.len && (unsigned char)end.s[end.len - 1] == 0xff)
		end.len--;
	if (end.failed) {
		t->failed = true;
	} else if (end.len) {
		end.s[end.len - 1]++;
		text_add_char(t, ',');
		etcd_add_bytes(t, "range_end", end.s, end.len);
	} else {
		text_add_char(t, ',');
		etcd_add_bytes(t, "range_end", "", 1);
	}
	text_fini(&end);
}

void etcd_add_range(struct text *t, const char *prefix, const char *end, const char *from,
		    size_t from_len)
{
	if (!end) {
		etcd_add_prefix(t, prefix, from, from_len);
		return;
	}
	etcd_add_bytes(t, "key", from ? from : prefix, from ? from_len : strlen(prefix));
	text_add_char(t, ',');
	etcd_add_bytes(t, "range_end", end, strlen(end));
}

/* ---- reading ---- */

static int digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

char *etcd_base64_decode(const char *s, size_t n, size_t *len)
{
	if (n % 4)
		return NULL;
	size_t padding = n && s[n - 1] == '=' ? 1U + (s[n - 2] == '=') : 0;
	char *out = malloc(n / 4 * 3 + 1);
	if (!out)
		return NULL;
	size_t at = 0;
	for (size_t i = 0; i < n; i += 4) {
		unsigned long group = 0;
		for (size_t k = 0; k < 4; k++) {
			int d = i + k >= n - padding ? 0 : digit(s[i + k]);
			if (d < 0) {
				free(out);
				return NULL;
			}
			group = group << 6 | (unsigned long)d;
		}
		out[at++] = (char)(group >> 16 & 0xff);
		out[at++] = (char)(group >> 8 & 0xff);
		out[at++] = (char)(group & 0xff);
	}
	at -= padding;
	out[at] = '\0';
	*len = at;
	return out;
}

int etcd_read_int(const json_t *object, const char *name, int64_t *out)
{
	const json_t *v = json_object_get(object, name);
	if (!v) {
		*out = 0;
		return 0;
	}
	int64_t n;
	if (json_is_integer(v)) {
		n = json_integer_value(v);
	} else {
		const char *s = json_string_value(v);
		char *end;
		if (!s || !*s)
			return FLUME_IO;
		errno = 0;
		n = strtoll(s, &end, 10);
		if (errno || *end)
			return FLUME_IO;
	}
	if (n == INT64_MAX)
		return FLUME_IO;
	*out = n;
	return 0;
}

/* Ids use all 64 bits and are only compared, so what cannot be read is 0. */
uint64_t etcd_read_id(const json_t *object, const char *name)
{
	const char *s = json_string_value(json_object_get(object, name));
	return s ? strtoull(s, NULL, 10) : 0;
}

int etcd_read_token(const json_t *reply, char **out)
{
	const json_t *token = json_object_get(reply, "token");
	const char *s = json_string_value(token);
	size_t n = json_string_length(token);
	if (!n || n > TOKEN_MOST)
		return FLUME_IO;
	for (size_t i = 0; i < n; i++)
		if (s[i] <= ' ' || s[i] > '~')
			return FLUME_IO;
	*out = strdup(s);
	return *out ? 0 : FLUME_NOMEM;
}

static int read_bytes(const json_t *object, const char *name, char **out, size_t *len)
{
	const json_t *v = json_object_get(object, name);
	if (v && !json_is_string(v))
		return FLUME_IO;
	errno = 0;
	*out = etcd_base64_decode(v ? json_string_value(v) : "", v ? json_string_length(v) : 0,
				  len);
	if (*out)
		return 0;
	return errno == ENOMEM ? FLUME_NOMEM : FLUME_IO;
}

int etcd_read_kv(const json_t *object, struct etcd_kv *out)
{
	struct etcd_kv kv = {0};
	int rc = read_bytes(object, "key", &kv.key, &kv.key_len);
	if (!rc && !kv.key_len)
		rc = FLUME_IO;
	if (!rc)
		rc = read_bytes(object, "value", &kv.value, &kv.value_len);
	if (!rc && (etcd_read_int(object, "create_revision", &kv.create_revision) ||
		    etcd_read_int(object, "mod_revision", &kv.mod_revision) ||
		    etcd_read_int(object, "version", &kv.version) ||
		    etcd_read_int(object, "lease", &kv.lease)))
		rc = FLUME_IO;
	if (rc)
		etcd_kv_fini(&kv);
	else
		*out = kv;
	return rc;
}

int etcd_read_kvs(const json_t *array, struct etcd_kv **kvs, size_t *n)
{
	size_t more = json_array_size(array);
	if (!more)
		return array && !json_is_array(array) ? FLUME_IO : 0;
	struct etcd_kv *grown = realloc(*kvs, (*n + more) * sizeof *grown);
	if (!grown)
		return FLUME_NOMEM;
	*kvs = grown;
	for (size_t i = 0; i < more; i++) {
		int rc = etcd_read_kv(json_array_get(array, i), &grown[*n]);
		if (rc)
			return rc;
		++*n;
	}
	return 0;
}

void etcd_kv_fini(struct etcd_kv *kv)
{
	free(kv->key);
	free(kv->value);
	*kv = (struct etcd_kv){0};
}
