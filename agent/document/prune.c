/* Sorted paths are a tree already: those below one step lie side by side. */
#include "agent/document/body.h"
#include "agent/document/quoted.h"

#include <string.h>

struct range { /* paths that agree in all steps before the one looked at */
	const struct path *first, *end;
};

struct member {
	const char *key; /* as it stands; NULL: an element */
	size_t len, index;
	bool escaped;
};

static int compare_key(const struct path_step *step, const struct member *member)
{
	if (!step->key)
		return -1;
	if (member->escaped)
		return -quoted_against(member->key, member->len, step->key, step->len);
	int order = memcmp(step->key, member->key,
			   step->len < member->len ? step->len : member->len);
	return order ? order : (step->len > member->len) - (step->len < member->len);
}

static int compare_index(const struct path_step *step, size_t index)
{
	return step->key ? 1 : (step->index > index) - (step->index < index);
}

static int compare_member(const struct path_step *step, const struct member *member)
{
	return member->key ? compare_key(step, member) : compare_index(step, member->index);
}

/* The paths of `in` whose step at `depth` leads to the member. */
static struct range narrow(struct range in, size_t depth, const struct member *member)
{
	const struct path *low = in.first, *high = in.end;
	while (low < high) {
		const struct path *middle = low + (high - low) / 2;
		if (compare_member(&middle->steps[depth], member) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	while (high < in.end && !compare_member(&high->steps[depth], member))
		high++;
	return (struct range){low, high};
}

static bool prune(struct document *, uint32_t container, struct range paths, size_t depth);

/* Is there anything of the value that stays? */
static bool stays(struct document *document, uint32_t at, struct range below, size_t depth)
{
	if (below.first == below.end)
		return false;
	return below.first->count == depth + 1 || prune(document, at, below, depth + 1);
}

/* Removes what no path covers; true when something is left. */
static bool prune(struct document *document, uint32_t container, struct range paths,
		  size_t depth)
{
	struct node *parent = &document->nodes[container];
	bool object = parent->kind == DOCUMENT_OBJECT;
	if (!body_is_container(parent))
		return false;
	uint32_t before = 0, next;
	struct member member = {0};
	for (uint32_t at = parent->first; at; at = next, member.index++) {
		const struct node *child = &document->nodes[at];
		next = child->next;
		if (object) {
			member.key = document->bytes + child->key;
			member.len = child->key_len;
			member.escaped = child->flags & NODE_KEY_ESCAPED;
		}
		if (stays(document, at, narrow(paths, depth, &member), depth)) {
			parent->flags |= child->flags & NODE_CHANGED;
			before = at;
			continue;
		}
		body_unlink(document, container, before, at);
		parent->flags |= NODE_CHANGED;
	}
	return parent->count;
}

int document_keep(struct document *document, const struct path *paths, size_t n,
		  struct flume_err *err)
{
	struct document_view root = document_root(document);
	if (root.kind != DOCUMENT_ARRAY && root.kind != DOCUMENT_OBJECT)
		return flume_fail(err, FLUME_FAILED, "the document is %s",
				  document_kind_text(root.kind));
	prune(document, 0, (struct range){paths, paths + n}, 0);
	return FLUME_OK;
}
