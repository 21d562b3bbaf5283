// The library from C++: a processor and a listener of its own, a schema that is set twice, a call
// that fails.  170_embed.py compiles this against an installed tree and reads what it prints.
#include <flume.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>

namespace
{

struct order {
	std::string id;
	long total;
};

void *clone_order(const void *item)
{
	return new order(*static_cast<const order *>(item));
}

void free_order(void *item)
{
	delete static_cast<order *>(item);
}

int charge(const flume_call *, void **item, void *arg, flume_err *err)
{
	order *it = static_cast<order *>(*item);
	if (it->total < 0)
		return flume_fail(err, FLUME_FAILED, "order %s has no total", it->id.c_str());
	it->total += *static_cast<long *>(arg);
	return FLUME_OK;
}

void listen(const flume_event *event, void *)
{
	if (event->kind == FLUME_EVENT_BINDING_SWAPPED)
		std::printf("%s %s\n", flume_event_name(event->kind), event->version);
}

template <auto unref> struct giver {
	template <typename thing> void operator()(thing *it) const
	{
		unref(it);
	}
};

using factory = std::unique_ptr<flume_factory, giver<flume_factory_free>>;
using schema = std::unique_ptr<flume_schema, giver<flume_schema_unref>>;
using binding = std::unique_ptr<flume_binding, giver<flume_binding_unref>>;
using report = std::unique_ptr<flume_report, giver<flume_report_free>>;

bool set(flume_factory *to, const char *text)
{
	report said(flume_report_new());
	flume_schema *read = nullptr;
	if (flume_schema_parse(&read, text, std::strlen(text), FLUME_YAML, nullptr, said.get()))
		return false;
	schema kept(read);
	if (!flume_factory_set_schema(to, "orders", read, said.get()))
		return true;
	const flume_issue *issue = flume_report_get_issue(said.get(), 0);
	std::printf("%u:%u: %s: %s\n", issue->line, issue->column, issue->path, issue->text);
	return false;
}

void process(flume_binding *by, const char *id, long total)
{
	flume_err err = {};
	void *item = new order{id, total};
	int rc = flume_binding_process(by, nullptr, &item, &err);
	std::printf("%d: %ld%s%s\n", rc, static_cast<order *>(item)->total, rc ? " " : "",
		    rc ? err.text : "");
	free_order(item);
}

} // namespace

int main()
{
	static const flume_item_type orders = {"order", clone_order, free_order};
	long fee = 2;
	flume_options options = {};
	flume_component component = {};
	flume_factory *made = nullptr;
	flume_binding *bound = nullptr;
	options.type = &orders;
	component.name = "charge";
	component.arg = &fee;
	component.run = charge;

	if (flume_factory_new(&made, &options, nullptr))
		return EXIT_FAILURE;
	factory home(made);
	if (flume_factory_listen(made, listen, nullptr) < 0 ||
	    flume_factory_add(made, &component, nullptr) ||
	    !set(made, "version: 1.0.0\nref: charge\n") ||
	    flume_factory_bind(made, "orders", "orders", 0, &bound, nullptr))
		return EXIT_FAILURE;
	binding orders_of_today(bound);
	process(bound, "a", 40);
	if (!set(made, "version: 1.1.0\ntype: sequence\nchildren: [{ref: charge}, {ref: charge}]\n"))
		return EXIT_FAILURE;
	process(bound, "b", 40);
	process(bound, "c", -1);
	set(made, "version: 1.2.0\nref: chrage\n");
	process(bound, "d", 40);
	return EXIT_SUCCESS;
}
