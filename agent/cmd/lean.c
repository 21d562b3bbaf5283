/*
 * An HTTP client brings thirty libraries, and each runs its beginning once: several megabytes of code
 * that are never looked at again and would count as ours for ever.  Code is mapped from files and
 * never written to, so dropping the pages loses nothing.
 */
#include "agent/cmd/lean.h"

#include <link.h>
#include <malloc.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

void lean_heap(void)
{
	mallopt(M_ARENA_MAX, 2);
}

static int drop(struct dl_phdr_info *object, size_t size, void *arg)
{
	uintptr_t page = *(const uintptr_t *)arg;
	(void)size;
	for (size_t i = 0; i < object->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &object->dlpi_phdr[i];
		if (segment->p_type != PT_LOAD || segment->p_flags != (PF_R | PF_X))
			continue;
		uintptr_t begin = object->dlpi_addr + segment->p_vaddr;
		uintptr_t end = begin + segment->p_memsz;
		begin &= ~(page - 1);
		/* Refused for the kernel's own pages, which is as well. */
		(void)madvise((void *)begin, end - begin, MADV_DONTNEED);
	}
	return 0;
}

void lean_code(void)
{
	long page = sysconf(_SC_PAGESIZE);
	uintptr_t size = page > 0 ? (uintptr_t)page : 4096;
	dl_iterate_phdr(drop, &size);
}
