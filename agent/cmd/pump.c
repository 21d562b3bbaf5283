/*
 * The threads of the blocks work; this one sits by: it hears signals and shows how far things are.
 *
 * The first SIGINT or SIGTERM ends the reading.  What has been read is still answered, for as long
 * as GRACE; then the documents under way end or are cancelled, and what is behind them is left.  A
 * second signal does what it always does.
 */
#include "agent/cmd/pump.h"

#include "agent/cmd/clean.h"
#include "agent/cmd/progress.h"
#include "agent/loop/loop.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#define TICK_MS    100
#define SHOW_EVERY INT64_C(200000000)
#define GRACE      INT64_C(1000000000)
#define MANY       ((size_t)65536) /* bytes of refusals that are told together */

/* ---- results and refusals: on the threads of the blocks, one at a time ---- */

static void add_rejected(struct text *t, const struct ndjson_refusal *r, const char *why)
{
	text_addf(t, "{\"line\":%" PRIu64 ",\"error\":", r->line);
	text_add_json(t, why, strlen(why));
	text_add(t, ",\"input\":");
	text_add_json(t, r->input, r->len);
	text_add(t, "}\n");
}

/* The progress that stands on the terminal gives way. */
static void tell(const struct text *t)
{
	flockfile(stderr);
	if (isatty(STDERR_FILENO))
		fputs("\r\033[K", stderr);
	fwrite(t->s, 1, t->len, stderr);
	funlockfile(stderr);
}

static void tell_rejected(struct pump *pump)
{
	struct text *t = &pump->rejected;
	if (t->len && pump->rejects)
		outlet_write(pump->rejects, t->s, t->len);
	else if (t->len)
		tell(t);
	if (t->failed)
		fputs("flume: out of memory: not all rejected lines are told\n", stderr);
	t->failed = false;
	t->len = 0;
}

static void refused(void *arg, const struct ndjson_refusal *r)
{
	struct pump *pump = arg;
	struct text *t = &pump->rejected;
	char why[600];
	snprintf(why, sizeof why, "%s%s%s", r->step, *r->step ? ": " : "", r->detail);
	if (pump->rejects || pump->json) {
		add_rejected(t, r, why);
	} else {
		text_addf(t, "%s:%" PRIu64 ": ", pump->input, r->line);
		text_add_clean(t, why, strlen(why));
		text_add_char(t, '\n');
	}
	if (t->len >= MANY)
		tell_rejected(pump);
}

static enum blocks_put put(void *arg, const char *s, size_t n)
{
	struct pump *pump = arg;
	tell_rejected(pump);
	if (!outlet_write(&pump->out, s, n))
		return pump->out.error ? BLOCKS_FAILED : BLOCKS_ENOUGH;
	if (!pump->rejects)
		return BLOCKS_MORE;
	return pump->rejects->error  ? BLOCKS_FAILED
	       : pump->rejects->gone ? BLOCKS_ENOUGH
				     : BLOCKS_MORE;
}

/* ---- this thread ---- */

struct watch {
	struct pump *pump;
	int signals;    /* descriptor */
	sigset_t heard; /* which */
	bool shows;
	uint64_t before, total; /* bytes of a file: those we began behind, and all of them */
	struct progress progress;
	int64_t shown, give_up;
};

/* One that is ignored stays so: a shell's background job, nohup. */
static void hear(sigset_t *set, int number)
{
	struct sigaction is;
	if (!sigaction(number, NULL, &is) && is.sa_handler != SIG_IGN)
		sigaddset(set, number);
}

static void heed_signal(struct watch *w)
{
	struct signalfd_siginfo info;
	if (read(w->signals, &info, sizeof info) != sizeof info)
		return;
	w->pump->signal = (int)info.ssi_signo;
	w->give_up = loop_now() + GRACE;
	pthread_sigmask(SIG_UNBLOCK, &w->heard, NULL);
	blocks_stop(w->pump->blocks);
}

static void find_total(struct watch *w)
{
	struct stat is;
	off_t at = lseek(w->pump->in.fd, 0, SEEK_CUR);
	if (fstat(w->pump->in.fd, &is) || !S_ISREG(is.st_mode) || at < 0)
		return;
	w->before = (uint64_t)at;
	w->total = (uint64_t)is.st_size;
}

static void show_progress(struct watch *w)
{
	char line[200];
	struct blocks_count count;
	int64_t now = loop_now();
	if (!w->shows || now - w->shown < SHOW_EVERY)
		return;
	w->shown = now;
	blocks_read(w->pump->blocks, &count);
	progress_tell(&w->progress,
		      (struct progress_mark){now, count.read, w->before + count.bytes},
		      w->total, line, sizeof line);
	fprintf(stderr, "\r\033[K%s", line);
}

static void watch(struct watch *w)
{
	struct pollfd fds[] = {
		{.fd = blocks_get_done(w->pump->blocks), .events = POLLIN},
		{.fd = w->signals, .events = POLLIN},
	};
	for (;;) {
		poll(fds, 2, TICK_MS);
		if (fds[0].revents)
			break;
		if (fds[1].revents && !w->pump->signal)
			heed_signal(w);
		if (w->give_up && loop_now() >= w->give_up) {
			w->give_up = 0;
			blocks_cut(w->pump->blocks);
		}
		show_progress(w);
	}
	if (w->shown)
		fputs("\r\033[K", stderr);
}

static int run_blocks(struct watch *w, flume_pipeline *pipeline)
{
	struct pump *pump = w->pump;
	int code = blocks_start(&pump->blocks, &(struct blocks_how){.in = &pump->in,
								    .pipeline = pipeline,
								    .threads = pump->threads,
								    .refused = refused,
								    .put = put,
								    .arg = pump});
	if (code)
		return code;
	watch(w);
	blocks_read(pump->blocks, &pump->count);
	return blocks_end(pump->blocks);
}

int pump_run(struct pump *pump, flume_pipeline *pipeline)
{
	struct watch w = {.pump = pump};
	sigset_t before;
	w.shows = isatty(STDERR_FILENO) && !isatty(pump->out.fd);
	find_total(&w);
	sigemptyset(&w.heard);
	hear(&w.heard, SIGINT);
	hear(&w.heard, SIGTERM);
	w.signals = signalfd(-1, &w.heard, SFD_CLOEXEC | SFD_NONBLOCK);
	if (w.signals < 0)
		return FLUME_NOMEM;
	pthread_sigmask(SIG_BLOCK, &w.heard, &before);
	int code = run_blocks(&w, pipeline);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	close(w.signals);
	return code;
}

void pump_fini(struct pump *pump)
{
	intake_fini(&pump->in);
	text_fini(&pump->rejected);
}
