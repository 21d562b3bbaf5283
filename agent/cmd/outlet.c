#include "agent/cmd/outlet.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

bool outlet_write(struct outlet *out, const char *s, size_t n)
{
	while (n && !out->gone && !out->error) {
		ssize_t done = write(out->fd, s, n);
		if (done >= 0) {
			s += done;
			n -= (size_t)done;
		} else if (errno == EAGAIN) {
			poll(&(struct pollfd){.fd = out->fd, .events = POLLOUT}, 1, -1);
		} else if (errno == EPIPE) {
			out->gone = true;
		} else if (errno != EINTR) {
			out->error = errno;
		}
	}
	return !out->gone && !out->error;
}
