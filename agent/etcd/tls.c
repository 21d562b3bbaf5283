/*
 * The files are read here, not by libcurl at every connection: so that what is wrong is said
 * before and with the name of the file, so that certificate and key always are of one pair, and
 * so that a connection can be made while they are being replaced, or are gone.  libcurl wants
 * names of files, and gets those of copies in memory.
 *
 * Files that have changed are read again before the next connection.  If they are no good, what
 * was good before goes on being used, and they are read for each connection until they are: what
 * was in the way, such as a want of descriptors, may pass without a trace on the files.
 */
#include "agent/etcd/tls.h"

#include <gnutls/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static const char *const whats[ETCD_TLS_PARTS] = {
	[ETCD_TLS_CA] = "the CA of etcd",
	[ETCD_TLS_CERT] = "the client's certificate for etcd",
	[ETCD_TLS_KEY] = "the client's key for etcd",
};

/* ---- what was read ---- */

struct etcd_identity *etcd_identity_ref(struct etcd_identity *id)
{
	id->refs++;
	return id;
}

struct etcd_identity *etcd_identity_unref(struct etcd_identity *id)
{
	if (!id || --id->refs)
		return NULL;
	for (int i = 0; i < ETCD_TLS_PARTS; i++)
		if (id->fds[i] >= 0)
			close(id->fds[i]);
	free(id);
	return NULL;
}

static struct etcd_identity *new_identity(void)
{
	struct etcd_identity *id = calloc(1, sizeof *id);
	if (!id)
		return NULL;
	id->refs = 1;
	for (int i = 0; i < ETCD_TLS_PARTS; i++)
		id->fds[i] = -1;
	return id;
}

/* ---- checks ---- */

static int complain(const struct etcd_tls *t, enum etcd_tls_part part, int gnutls,
		    const char *what, struct flume_err *err)
{
	if (gnutls == GNUTLS_E_MEMORY_ERROR)
		return flume_fail(err, FLUME_NOMEM, "out of memory");
	return flume_fail(err, FLUME_IO, "%s: '%s' %s", whats[part], t->files[part], what);
}

struct reading {
	const struct etcd_tls *tls;
	gnutls_datum_t texts[ETCD_TLS_PARTS];
	gnutls_x509_crt_t *chain;
	unsigned chain_len;
	gnutls_x509_privkey_t key;
};

static void free_chain(struct reading *r)
{
	for (unsigned i = 0; i < r->chain_len; i++)
		gnutls_x509_crt_deinit(r->chain[i]);
	gnutls_free(r->chain);
	r->chain = NULL;
	r->chain_len = 0;
}

static int read_chain(struct reading *r, enum etcd_tls_part part, struct flume_err *err)
{
	int rc = gnutls_x509_crt_list_import2(&r->chain, &r->chain_len, &r->texts[part],
					      GNUTLS_X509_FMT_PEM, 0);
	if (rc < 0) {
		r->chain = NULL;
		r->chain_len = 0;
	}
	if (rc < 0 || !r->chain_len)
		return complain(r->tls, part, rc, "holds no certificate in PEM form", err);
	return 0;
}

static int read_key(struct reading *r, struct flume_err *err)
{
	int rc = gnutls_x509_privkey_init(&r->key);
	if (rc < 0) {
		r->key = NULL;
		return complain(r->tls, ETCD_TLS_KEY, rc, "cannot be read", err);
	}
	rc = gnutls_x509_privkey_import2(r->key, &r->texts[ETCD_TLS_KEY], GNUTLS_X509_FMT_PEM,
					 NULL, 0);
	if (rc == GNUTLS_E_DECRYPTION_FAILED ||
	    memmem(r->texts[ETCD_TLS_KEY].data, r->texts[ETCD_TLS_KEY].size, "ENCRYPTED", 9))
		return complain(r->tls, ETCD_TLS_KEY, rc,
				"is encrypted: one without a passphrase is needed", err);
	if (rc < 0)
		return complain(r->tls, ETCD_TLS_KEY, rc, "holds no private key in PEM form",
				err);
	return 0;
}

static int check_pair(struct reading *r, struct flume_err *err)
{
	unsigned char a[64], b[64];
	size_t a_len = sizeof a, b_len = sizeof b;
	int rc = gnutls_x509_crt_get_key_id(r->chain[0], GNUTLS_KEYID_USE_SHA256, a, &a_len);
	if (!rc)
		rc = gnutls_x509_privkey_get_key_id(r->key, GNUTLS_KEYID_USE_SHA256, b, &b_len);
	if (rc)
		return complain(r->tls, ETCD_TLS_KEY, rc, "cannot be compared", err);
	if (a_len == b_len && !memcmp(a, b, a_len))
		return 0;
	return flume_fail(err, FLUME_IO, "%s: '%s' does not belong to the certificate '%s'",
			  whats[ETCD_TLS_KEY], r->tls->files[ETCD_TLS_KEY],
			  r->tls->files[ETCD_TLS_CERT]);
}

static void look_at(struct reading *r, struct etcd_identity *id)
{
	char name[256];
	size_t len = sizeof name;
	int rc = gnutls_x509_crt_get_dn_by_oid(r->chain[0], GNUTLS_OID_X520_COMMON_NAME, 0, 0,
					       name, &len);
	id->has_name = rc != GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE;
	id->ends = (int64_t)gnutls_x509_crt_get_expiration_time(r->chain[0]);
}

static int check(struct reading *r, struct etcd_identity *id, struct flume_err *err)
{
	int rc = 0;
	if (r->tls->files[ETCD_TLS_CA]) {
		rc = read_chain(r, ETCD_TLS_CA, err);
		free_chain(r);
	}
	if (rc || !r->tls->files[ETCD_TLS_CERT])
		return rc;
	rc = read_chain(r, ETCD_TLS_CERT, err);
	if (!rc)
		rc = read_key(r, err);
	if (!rc)
		rc = check_pair(r, err);
	if (!rc)
		look_at(r, id);
	free_chain(r);
	gnutls_x509_privkey_deinit(r->key);
	return rc;
}

/* ---- copies ---- */

static int keep_copy(struct etcd_identity *id, enum etcd_tls_part part, const gnutls_datum_t *d,
		     struct flume_err *err)
{
	int fd = memfd_create("flume-etcd-tls", MFD_CLOEXEC);
	if (fd < 0)
		return flume_fail(err, FLUME_NOMEM, "no memory or descriptor for certificates");
	id->fds[part] = fd;
	for (size_t at = 0; at < d->size;) {
		ssize_t n = write(fd, d->data + at, d->size - at);
		if (n <= 0)
			return flume_fail(err, FLUME_NOMEM, "no memory for certificates");
		at += (size_t)n;
	}
	snprintf(id->paths[part], sizeof id->paths[part], "/proc/self/fd/%d", fd);
	return 0;
}

static int read_files(struct reading *r, struct flume_err *err)
{
	int rc = 0;
	for (int i = 0; i < ETCD_TLS_PARTS && !rc; i++) {
		char *text = NULL;
		size_t len = 0;
		if (!r->tls->files[i])
			continue;
		rc = etcd_file_read(whats[i], r->tls->files[i], &text, &len, err);
		r->texts[i] = (gnutls_datum_t){(unsigned char *)text, (unsigned)len};
	}
	return rc;
}

static int read_identity(const struct etcd_tls *t, struct etcd_identity **out,
			 struct flume_err *err)
{
	struct reading r = {.tls = t};
	struct etcd_identity *id = new_identity();
	int rc = id ? read_files(&r, err) : flume_fail(err, FLUME_NOMEM, "out of memory");
	if (!rc)
		rc = check(&r, id, err);
	for (int i = 0; i < ETCD_TLS_PARTS && !rc; i++)
		if (t->files[i])
			rc = keep_copy(id, (enum etcd_tls_part)i, &r.texts[i], err);
	for (int i = 0; i < ETCD_TLS_PARTS; i++)
		etcd_file_wipe((char *)r.texts[i].data, r.texts[i].size);
	if (rc)
		etcd_identity_unref(id);
	else
		*out = id;
	return rc;
}

/* ---- life ---- */

int etcd_tls_look(struct etcd_tls *t, struct flume_err *err)
{
	bool same = t->looked;
	for (int i = 0; i < ETCD_TLS_PARTS; i++) {
		if (!t->files[i])
			continue;
		struct etcd_stamp now = etcd_file_stamp(t->files[i]);
		same &= etcd_stamp_same(&now, &t->stamps[i]);
		t->stamps[i] = now;
	}
	if (same && t->good)
		return ETCD_TLS_SAME;
	struct etcd_identity *fresh = NULL;
	struct flume_err wrong = {0};
	int rc = read_identity(t, &fresh, &wrong);
	t->looked = rc != FLUME_NOMEM;
	t->good = !rc;
	if (!rc) {
		etcd_identity_unref(t->identity);
		t->identity = fresh;
		return ETCD_TLS_NEW;
	}
	if (err)
		*err = wrong;
	if (!t->identity)
		return rc;
	return same ? ETCD_TLS_SAME : ETCD_TLS_KEPT;
}

void etcd_tls_suspect(const struct etcd_tls *t, int64_t now, char *out, size_t size)
{
	*out = '\0';
	if (!t->identity)
		return;
	if (!t->files[ETCD_TLS_CERT]) {
		snprintf(out, size, "; if it asks for a client's certificate: none is given");
	} else if (t->identity->ends && t->identity->ends < now) {
		char date[32] = "";
		struct tm tm;
		time_t ends = t->identity->ends;
		if (gmtime_r(&ends, &tm))
			strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%SZ", &tm);
		snprintf(out, size, "; the client's certificate '%s' expired at %s",
			 t->files[ETCD_TLS_CERT], date);
	} else {
		snprintf(out, size, "; it may not trust the client's certificate '%s'",
			 t->files[ETCD_TLS_CERT]);
	}
}

static int dup_name(char **out, const char *name, struct flume_err *err)
{
	*out = name && *name ? strdup(name) : NULL;
	return *out || !name || !*name ? 0 : flume_fail(err, FLUME_NOMEM, "out of memory");
}

int etcd_tls_init(struct etcd_tls *t, const char *ca, const char *cert, const char *key,
		  struct flume_err *err)
{
	*t = (struct etcd_tls){0};
	int rc = dup_name(&t->files[ETCD_TLS_CA], ca, err);
	if (!rc)
		rc = dup_name(&t->files[ETCD_TLS_CERT], cert, err);
	if (!rc)
		rc = dup_name(&t->files[ETCD_TLS_KEY], key, err);
	if (!rc && !t->files[ETCD_TLS_CERT] != !t->files[ETCD_TLS_KEY])
		rc = flume_fail(
			err, FLUME_INVALID,
			"a client's certificate for etcd and its key are given together, "
			"or neither is");
	return rc;
}

void etcd_tls_fini(struct etcd_tls *t)
{
	etcd_identity_unref(t->identity);
	for (int i = 0; i < ETCD_TLS_PARTS; i++)
		free(t->files[i]);
	*t = (struct etcd_tls){0};
}
