#include "agent/engine/board.h"

#include "lib/flume.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct sheet {
	struct page page; /* first: readers hold a pointer to it */
	size_t refs;      /* under the board's lock              */
	char texts[];
};

struct board {
	pthread_mutex_t lock;
	struct sheet *now;
};

static const char *keep(char **at, const char *text, size_t size)
{
	if (!text)
		return NULL;
	char *copy = memcpy(*at, text, size);
	*at += size;
	return copy;
}

static struct sheet *sheet_new(const struct page *page)
{
	size_t why = strlen(page->why) + 1;
	size_t status = strlen(page->status) + 1;
	size_t metrics = strlen(page->metrics) + 1;
	size_t brief = page->brief ? strlen(page->brief) + 1 : 0;
	struct sheet *sheet = malloc(sizeof *sheet + why + status + metrics + brief);
	if (!sheet)
		return NULL;
	char *at = sheet->texts;
	sheet->refs = 1;
	sheet->page = *page;
	sheet->page.why = keep(&at, page->why, why);
	sheet->page.status = keep(&at, page->status, status);
	sheet->page.metrics = keep(&at, page->metrics, metrics);
	sheet->page.brief = keep(&at, page->brief, brief);
	return sheet;
}

struct board *board_new(void)
{
	static const struct page first = {.why = "starting", .status = "{}", .metrics = ""};
	struct board *board = calloc(1, sizeof *board);
	if (!board)
		return NULL;
	pthread_mutex_init(&board->lock, NULL);
	board->now = sheet_new(&first);
	return board->now ? board : board_free(board);
}

struct board *board_free(struct board *board)
{
	if (board) {
		free(board->now);
		pthread_mutex_destroy(&board->lock);
		free(board);
	}
	return NULL;
}

static void unref(struct board *board, struct sheet *sheet)
{
	pthread_mutex_lock(&board->lock);
	bool last = --sheet->refs == 0;
	pthread_mutex_unlock(&board->lock);
	if (last)
		free(sheet);
}

int board_pin(struct board *board, const struct page *page)
{
	struct sheet *next = sheet_new(page);
	if (!next)
		return FLUME_NOMEM;
	pthread_mutex_lock(&board->lock);
	struct sheet *before = board->now;
	board->now = next;
	pthread_mutex_unlock(&board->lock);
	unref(board, before);
	return 0;
}

const struct page *board_take(struct board *board)
{
	pthread_mutex_lock(&board->lock);
	struct sheet *sheet = board->now;
	sheet->refs++;
	pthread_mutex_unlock(&board->lock);
	return &sheet->page;
}

void board_release(struct board *board, const struct page *page)
{
	struct sheet *sheet;
	memcpy(&sheet, &page, sizeof sheet); /* the page is its first member */
	unref(board, sheet);
}
