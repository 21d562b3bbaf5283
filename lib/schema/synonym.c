#include "lib/schema/synonym.h"

#include <string.h>
#include <strings.h>

const struct synonym synonyms[] = {
	{"action", {"ref"}},
	{"body", {"child"}},
	{"branches", {"routes", "children"}},
	{"burst", {"burst_size"}},
	{"by", {"condition"}},
	{"call", {"ref"}},
	{"case", {"routes"}},
	{"cases", {"routes"}},
	{"catch", {"error_handler"}},
	{"channel", {"stream"}},
	{"child", {"children", "then"}},
	{"children", {"child"}},
	{"childs", {"children", "child"}},
	{"combine", {"reducer"}},
	{"concurrency", {"workers"}},
	{"condition", {"predicate"}},
	{"cooldown", {"recovery_timeout"}},
	{"deadline", {"duration", "stream_timeout"}},
	{"default", {"else"}},
	{"delay", {"backoff"}},
	{"do", {"then", "child"}},
	{"else", {"default"}},
	{"failures", {"failure_threshold"}},
	{"function", {"ref"}},
	{"handler", {"error_handler"}},
	{"id", {"name"}},
	{"if", {"predicate", "condition"}},
	{"interval", {"backoff"}},
	{"kind", {"type"}},
	{"limit", {"requests_per_second", "duration"}},
	{"max_attempts", {"attempts"}},
	{"max_failures", {"failure_threshold"}},
	{"max_retries", {"attempts"}},
	{"max_workers", {"workers"}},
	{"merge", {"reducer"}},
	{"node", {"child"}},
	{"nodes", {"children"}},
	{"on", {"condition"}},
	{"on_error", {"error_handler"}},
	{"otherwise", {"else", "default"}},
	{"parallelism", {"workers"}},
	{"per_second", {"requests_per_second"}},
	{"pool_size", {"workers"}},
	{"predicate", {"condition"}},
	{"processor", {"ref", "child"}},
	{"processors", {"children"}},
	{"rate", {"requests_per_second"}},
	{"reset_timeout", {"recovery_timeout"}},
	{"retries", {"attempts"}},
	{"rps", {"requests_per_second"}},
	{"run", {"ref", "child"}},
	{"send", {"stream"}},
	{"sink", {"stream"}},
	{"size", {"workers"}},
	{"stages", {"children"}},
	{"step", {"ref", "child"}},
	{"steps", {"children"}},
	{"test", {"predicate"}},
	{"threads", {"workers"}},
	{"threshold", {"failure_threshold"}},
	{"timeout", {"duration", "stream_timeout", "recovery_timeout"}},
	{"times", {"attempts"}},
	{"tries", {"attempts"}},
	{"type", {"kind"}},
	{"use", {"ref"}},
	{"wait", {"backoff"}},
	{"when", {"predicate", "condition"}},
	{NULL, {NULL}},
};

static const char *find(const char *name, const char *const *candidates, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(candidates[i], name))
			return candidates[i];
	return NULL;
}

const char *synonym(const char *word, const char *const *candidates, size_t n)
{
	const size_t most = sizeof synonyms->meant / sizeof *synonyms->meant;
	for (const struct synonym *it = synonyms; it->word; it++) {
		if (strcasecmp(it->word, word) != 0)
			continue;
		for (size_t i = 0; i < most && it->meant[i]; i++) {
			const char *found = find(it->meant[i], candidates, n);
			if (found)
				return found;
		}
	}
	return NULL;
}
