/*
 * Whoever starts a program may have closed its standard input, output or error (`flume run S <&-`).  The next file that
 * is opened would then get that number: run would wait for documents from a socket of its own, and messages
 * could go into a channel's file.  So each that is closed is taken first, by /dev/null opened the wrong way round: to read
 * from it or to write to it fails, as it would have.
 */
#include <fcntl.h>
#include <unistd.h>

#include "agent/cmd/cmd.h"

/* 0, or -1 where a closed one could not be taken.  Before anything else is opened. */
static int take_closed(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) >= 0)
			continue;
		/* Those below are open, so this is the one that open() gives. */
		if (open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
			return -1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	if (take_closed())
		return 1;
	return cmd_main(argc, argv);
}
