/* The files of TLS: what is wrong with them, and when they are read again. */
#include "agent/etcd/tls.h"

#include "tests/unit/memory.h"
#include "tests/unit/suites.h"

#include <gnutls/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { PEM_MOST = 4096 };

static char dir[64], ca[96], cert[96], key[96];
static struct etcd_tls tls;
static struct flume_err err;

static void write_file(const char *path, const char *text)
{
	char beside[112];
	snprintf(beside, sizeof beside, "%s.new", path);
	FILE *f = fopen(beside, "w");
	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	fclose(f);
	ck_assert_int_eq(rename(beside, path), 0);
}

/* Signed by itself; it ends so many seconds from now. */
static void issue(const char *cert_path, const char *key_path, const char *name, int64_t ends)
{
	gnutls_x509_privkey_t k;
	gnutls_x509_crt_t c;
	char pem[PEM_MOST];
	size_t n = sizeof pem;
	gnutls_x509_privkey_init(&k);
	ck_assert_int_eq(gnutls_x509_privkey_generate(
				 k, GNUTLS_PK_ECDSA,
				 GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0),
			 0);
	gnutls_x509_crt_init(&c);
	gnutls_x509_crt_set_version(c, 3);
	gnutls_x509_crt_set_serial(c, "\1", 1);
	gnutls_x509_crt_set_key(c, k);
	gnutls_x509_crt_set_activation_time(c, time(NULL) - 100000);
	gnutls_x509_crt_set_expiration_time(c, time(NULL) + ends);
	gnutls_x509_crt_set_dn_by_oid(c, GNUTLS_OID_X520_ORGANIZATION_NAME, 0, "flume", 5);
	if (name)
		gnutls_x509_crt_set_dn_by_oid(c, GNUTLS_OID_X520_COMMON_NAME, 0, name,
					      (unsigned)strlen(name));
	ck_assert_int_eq(gnutls_x509_crt_sign2(c, c, k, GNUTLS_DIG_SHA256, 0), 0);
	memset(pem, 0, sizeof pem);
	ck_assert_int_eq(gnutls_x509_crt_export(c, GNUTLS_X509_FMT_PEM, pem, &n), 0);
	write_file(cert_path, pem);
	memset(pem, 0, sizeof pem);
	n = sizeof pem;
	ck_assert_int_eq(gnutls_x509_privkey_export(k, GNUTLS_X509_FMT_PEM, pem, &n), 0);
	write_file(key_path, pem);
	gnutls_x509_crt_deinit(c);
	gnutls_x509_privkey_deinit(k);
}

static void setup(void)
{
	snprintf(dir, sizeof dir, "/tmp/flume-unit-tls-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(ca, sizeof ca, "%s/ca.pem", dir);
	snprintf(cert, sizeof cert, "%s/cert.pem", dir);
	snprintf(key, sizeof key, "%s/key.pem", dir);
	issue(ca, key, "ca", 1000);
	issue(cert, key, NULL, 1000);
	err = (struct flume_err){0};
	ck_assert_int_eq(etcd_tls_init(&tls, ca, cert, key, &err), 0);
}

static void teardown(void)
{
	etcd_tls_fini(&tls);
	unlink(ca);
	unlink(cert);
	unlink(key);
	ck_assert_int_eq(rmdir(dir), 0);
}

static void is_wrong(const char *text)
{
	int rc = etcd_tls_look(&tls, &err);
	ck_assert_int_lt(rc, 0);
	ck_assert_ptr_null(tls.identity);
	ck_assert_msg(strstr(err.text, text) != NULL, "no '%s' in '%s'", text, err.text);
}

static void copy_is(enum etcd_tls_part part, const char *path)
{
	char a[PEM_MOST] = "", b[PEM_MOST] = "";
	FILE *f = fopen(tls.identity->paths[part], "r");
	ck_assert_ptr_nonnull(f);
	ck_assert_uint_gt(fread(a, 1, sizeof a - 1, f), 100);
	fclose(f);
	f = fopen(path, "r");
	ck_assert_ptr_nonnull(f);
	ck_assert_uint_gt(fread(b, 1, sizeof b - 1, f), 100);
	fclose(f);
	ck_assert_str_eq(a, b);
}

/* ---- promises ---- */

START_TEST(files_are_read_once_and_again_when_they_are_others)
{
	ck_assert_int_eq(etcd_tls_look(&tls, &err), ETCD_TLS_NEW);
	copy_is(ETCD_TLS_CA, ca);
	copy_is(ETCD_TLS_CERT, cert);
	copy_is(ETCD_TLS_KEY, key);
	ck_assert(!tls.identity->has_name);
	ck_assert_int_gt(tls.identity->ends, time(NULL) + 500);
	ck_assert_int_eq(etcd_tls_look(&tls, &err), ETCD_TLS_SAME);
	issue(cert, key, "named", 2000);
	ck_assert_int_eq(etcd_tls_look(&tls, &err), ETCD_TLS_NEW);
	copy_is(ETCD_TLS_CERT, cert);
	ck_assert(tls.identity->has_name);
	ck_assert_int_gt(tls.identity->ends, time(NULL) + 1500);
}
END_TEST

START_TEST(what_was_good_is_kept_until_what_is_new_is_good)
{
	char other_key[112];
	snprintf(other_key, sizeof other_key, "%s.other", key);
	ck_assert_int_eq(etcd_tls_look(&tls, &err), ETCD_TLS_NEW);
	struct etcd_identity *before = tls.identity;
	issue(cert, other_key, NULL, 1000); /* the key is not here yet */
	ck_assert_int_eq(etcd_tls_look(&tls, &err), ETCD_TLS_KEPT);
	ck_assert_ptr_nonnull(strstr(err.text, "does not belong to the certificate"));
	ck_assert_int_eq(etcd_tls_look(&tls, &err), ETCD_TLS_SAME); /* told once */
	ck_assert_ptr_eq(tls.identity, before);
	unlink(ca);
	ck_assert_int_eq(etcd_tls_look(&tls, &err), ETCD_TLS_KEPT);
	issue(ca, key, "ca", 1000);
	ck_assert_int_eq(rename(other_key, key), 0);
	ck_assert_int_eq(etcd_tls_look(&tls, &err), ETCD_TLS_NEW);
	copy_is(ETCD_TLS_KEY, key);
}
END_TEST

START_TEST(what_could_not_be_opened_for_a_while_is_read_afterwards)
{
	struct rlimit before, none;
	ck_assert_int_eq(etcd_tls_look(&tls, &err), ETCD_TLS_NEW);
	issue(cert, key, NULL, 2000);
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = before;
	none.rlim_cur = 3;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
	int first = etcd_tls_look(&tls, &err), second = etcd_tls_look(&tls, &err);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
	ck_assert_int_eq(first, ETCD_TLS_KEPT);
	ck_assert_int_eq(second, ETCD_TLS_SAME); /* told once */
	ck_assert_ptr_nonnull(strstr(err.text, "Too many open files"));
	ck_assert_int_eq(etcd_tls_look(&tls, &err), ETCD_TLS_NEW);
	ck_assert_int_gt(tls.identity->ends, time(NULL) + 1500);
	ck_assert_int_eq(etcd_tls_look(&tls, &err), ETCD_TLS_SAME);
}
END_TEST

START_TEST(an_identity_outlives_its_successor_while_it_is_used)
{
	ck_assert_int_eq(etcd_tls_look(&tls, &err), ETCD_TLS_NEW);
	struct etcd_identity *before = etcd_identity_ref(tls.identity);
	issue(cert, key, NULL, 1000);
	ck_assert_int_eq(etcd_tls_look(&tls, &err), ETCD_TLS_NEW);
	ck_assert_int_eq(access(before->paths[ETCD_TLS_CERT], R_OK), 0);
	ck_assert_ptr_null(etcd_identity_unref(before));
}
END_TEST

START_TEST(each_file_is_named_with_what_is_wrong)
{
	write_file(ca, "hello");
	is_wrong("the CA of etcd: '");
	is_wrong("ca.pem' holds no certificate in PEM form");
	unlink(ca);
	is_wrong("ca.pem': No such file or directory");
	issue(ca, key, "ca", 1000);
	is_wrong("key.pem' does not belong to the certificate '");
	write_file(key,
		   "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMAA=\n-----END ENCRYPTED PRIVATE "
		   "KEY-----\n");
	is_wrong("key.pem' is encrypted: one without a passphrase is needed");
	write_file(key, "");
	is_wrong("the client's key for etcd: '");
	is_wrong("key.pem' holds no private key in PEM form");
	write_file(cert, "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n");
	is_wrong("the client's certificate for etcd: '");
	unlink(cert);
	ck_assert_int_eq(mkdir(cert, 0700), 0);
	is_wrong("cert.pem': Is a directory");
	ck_assert_int_eq(rmdir(cert), 0);
}
END_TEST

START_TEST(a_file_that_never_ends_is_too_large)
{
	etcd_tls_fini(&tls);
	ck_assert_int_eq(etcd_tls_init(&tls, "/dev/zero", NULL, NULL, &err), 0);
	is_wrong("'/dev/zero': File too large");
}
END_TEST

START_TEST(a_failed_handshake_has_its_suspects)
{
	char text[256];
	etcd_tls_suspect(&tls, time(NULL), text, sizeof text);
	ck_assert_str_eq(text, "");
	ck_assert_int_eq(etcd_tls_look(&tls, &err), ETCD_TLS_NEW);
	etcd_tls_suspect(&tls, time(NULL), text, sizeof text);
	ck_assert_ptr_nonnull(strstr(text, "may not trust the client's certificate '"));
	etcd_tls_suspect(&tls, 4102444800, text, sizeof text);
	ck_assert_ptr_nonnull(strstr(text, "' expired at 20"));
	etcd_tls_fini(&tls);
	ck_assert_int_eq(etcd_tls_init(&tls, ca, NULL, NULL, &err), 0);
	ck_assert_int_eq(etcd_tls_look(&tls, &err), ETCD_TLS_NEW);
	etcd_tls_suspect(&tls, time(NULL), text, sizeof text);
	ck_assert_ptr_nonnull(strstr(text, "a client's certificate: none is given"));
}
END_TEST

START_TEST(a_certificate_and_its_key_come_together)
{
	struct etcd_tls one;
	ck_assert_int_eq(etcd_tls_init(&one, ca, cert, NULL, &err), FLUME_INVALID);
	etcd_tls_fini(&one);
	ck_assert_int_eq(etcd_tls_init(&one, ca, "", "k", &err), FLUME_INVALID);
	etcd_tls_fini(&one);
}
END_TEST

/* One for the identity, two for each file.  Those of GnuTLS come after; the ASN.1 library below
 * it does not bear a failure. */
enum { OUR_ALLOCATIONS = 7 };

START_TEST(without_memory_it_is_tried_again)
{
	ck_assert_int_eq(etcd_tls_look(&tls, &err), ETCD_TLS_NEW);
	for (long nth = 1; nth <= OUR_ALLOCATIONS; nth++) {
		issue(cert, key, NULL, 1000);
		struct etcd_identity *before = tls.identity;
		memory_fails_at(nth);
		int rc = etcd_tls_look(&tls, &err);
		ck_assert(memory_is_back());
		ck_assert_int_eq(rc, ETCD_TLS_KEPT);
		ck_assert_int_eq(err.code, FLUME_NOMEM);
		ck_assert_ptr_eq(tls.identity, before);
		ck_assert_int_eq(etcd_tls_look(&tls, &err), ETCD_TLS_NEW);
	}
}
END_TEST

Suite *suite_etcd_tls(void)
{
	Suite *s = suite_create("etcd_tls");
	TCase *c = tcase_create("etcd_tls");
	tcase_set_timeout(c, 60);
	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, files_are_read_once_and_again_when_they_are_others);
	tcase_add_test(c, what_was_good_is_kept_until_what_is_new_is_good);
	tcase_add_test(c, what_could_not_be_opened_for_a_while_is_read_afterwards);
	tcase_add_test(c, an_identity_outlives_its_successor_while_it_is_used);
	tcase_add_test(c, each_file_is_named_with_what_is_wrong);
	tcase_add_test(c, a_file_that_never_ends_is_too_large);
	tcase_add_test(c, a_failed_handshake_has_its_suspects);
	tcase_add_test(c, a_certificate_and_its_key_come_together);
	tcase_add_test(c, without_memory_it_is_tried_again);
	suite_add_tcase(s, c);
	return s;
}
