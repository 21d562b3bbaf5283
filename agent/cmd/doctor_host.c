#include "agent/cmd/doctor.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define MIB         ((uint64_t)1 << 20)
#define SPACE_TIGHT (100 * MIB)
#define SPACE_LEAST MIB
#define FILES_LEAST 4096 /* 1024 connections of each kind, and what schemas open */

/* ---- the state folder ---- */

static void check_space(struct doctor *d, const char *path)
{
	struct statvfs fs;
	if (statvfs(path, &fs)) {
		doctor_say(d, DOCTOR_WARN, "space", NULL, "%s: %s", path, strerror(errno));
		return;
	}
	uint64_t left = (uint64_t)fs.f_bavail * fs.f_frsize;
	bool nodes = !fs.f_files || fs.f_favail > 100;
	enum doctor_level level = left < SPACE_LEAST || !nodes ? DOCTOR_FAIL
				  : left < SPACE_TIGHT         ? DOCTOR_WARN
							       : DOCTOR_OK;
	doctor_say(d, level, "space",
		   level ? "what is proven could not be remembered: make room" : NULL,
		   "%s: %" PRIu64 " MiB free%s", path, left / MIB,
		   nodes ? "" : ", and no room for more files");
}

static bool is_read_only(const char *path)
{
	struct statvfs fs;
	return !statvfs(path, &fs) && (fs.f_flag & ST_RDONLY);
}

static void check_folder(struct doctor *d, const char *path)
{
	struct stat st;
	if (stat(path, &st)) {
		doctor_say(d, errno == ENOENT ? DOCTOR_WARN : DOCTOR_FAIL, "state",
			   errno == ENOENT ? "the agent makes it, where it may" : NULL,
			   "%s: %s", path, strerror(errno));
		return;
	}
	if (!S_ISDIR(st.st_mode)) {
		doctor_say(d, DOCTOR_FAIL, "state", "name a folder with --state",
			   "%s is no folder", path);
		return;
	}
	if (is_read_only(path))
		doctor_say(d, DOCTOR_FAIL, "state", "mount it so that it can be written",
			   "%s is on a file system that is read-only", path);
	else if (faccessat(AT_FDCWD, path, R_OK | W_OK | X_OK, AT_EACCESS))
		doctor_say(d, DOCTOR_FAIL, "state",
			   "give it to the user that the agent runs as",
			   "%s belongs to uid %u and cannot be written by uid %u: %s", path,
			   (unsigned)st.st_uid, (unsigned)geteuid(), strerror(errno));
	else if (st.st_uid != geteuid())
		doctor_say(d, DOCTOR_WARN, "state",
			   "look again as the user that the agent runs as",
			   "%s belongs to uid %u, and this is uid %u", path,
			   (unsigned)st.st_uid, (unsigned)geteuid());
	else
		doctor_say(d, DOCTOR_OK, "state", NULL, "%s can be written by uid %u", path,
			   (unsigned)geteuid());
	check_space(d, path);
}

/* ---- the limits ---- */

static void check_files(struct doctor *d)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit))
		return;
	bool few = limit.rlim_cur < FILES_LEAST;
	doctor_say(d, few ? DOCTOR_WARN : DOCTOR_OK, "files",
		   few ? "raise it where the agent is started (LimitNOFILE, ulimit -n)" : NULL,
		   "a process started here may have %ju files open", (uintmax_t)limit.rlim_cur);
}

void doctor_host(struct doctor *d)
{
	const char *state = d->options->state;
	if (state)
		check_folder(d, state);
	else
		doctor_say(d, DOCTOR_WARN, "state", "say --state DIR",
			   "none is given: after a restart the node runs nothing until its "
			   "source answers");
	check_files(d);
}
