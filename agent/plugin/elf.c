/*
 * The loader calls a file for another machine "no such file", and one that was cut short ends the
 * process when it comes to where nothing is.
 */
#include "agent/plugin/inside.h"

#include <errno.h>
#include <link.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#if defined(__x86_64__)
#define OWN_MACHINE EM_X86_64
#elif defined(__aarch64__)
#define OWN_MACHINE EM_AARCH64
#elif defined(__riscv)
#define OWN_MACHINE EM_RISCV
#elif defined(__i386__)
#define OWN_MACHINE EM_386
#elif defined(__arm__)
#define OWN_MACHINE EM_ARM
#else
#define OWN_MACHINE EM_NONE /* the loader decides */
#endif
#define OWN_CLASS (sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32)
#define OWN_ORDER (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? ELFDATA2LSB : ELFDATA2MSB)

static const struct {
	unsigned number;
	const char *name;
} machines[] = {
	{EM_386, "i386"},    {EM_ARM, "arm"},     {EM_X86_64, "x86-64"}, {EM_AARCH64, "arm64"},
	{EM_RISCV, "riscv"}, {EM_PPC64, "ppc64"}, {EM_S390, "s390x"},
};

/* "arm64, 64 bits" */
static const char *machine_text(unsigned number, int bits, char out[48])
{
	for (size_t i = 0; i < sizeof machines / sizeof *machines; i++)
		if (machines[i].number == number) {
			snprintf(out, 48, "%s, %d bits", machines[i].name, bits);
			return out;
		}
	snprintf(out, 48, "machine %u, %d bits", number, bits);
	return out;
}

/* Both words lie in the same place whatever the class. */
static unsigned word(const unsigned char *head, size_t at)
{
	bool little = head[EI_DATA] == ELFDATA2LSB;
	return head[at + !little] | (unsigned)head[at + little] << 8;
}

int plugin_elf_check(const unsigned char *head, size_t n, struct flume_err *err)
{
	if (n < sizeof(Elf32_Ehdr) || memcmp(head, ELFMAG, SELFMAG) != 0)
		return flume_fail(err, FLUME_INVALID, "is no shared object");
	unsigned type = word(head, offsetof(Elf32_Ehdr, e_type));
	unsigned machine = word(head, offsetof(Elf32_Ehdr, e_machine));
	char its[48], own[48];
	if (head[EI_CLASS] != OWN_CLASS || head[EI_DATA] != OWN_ORDER ||
	    (OWN_MACHINE != EM_NONE && machine != OWN_MACHINE))
		return flume_fail(
			err, FLUME_INVALID, "is built for another machine (%s; expected %s)",
			machine_text(machine, head[EI_CLASS] == ELFCLASS64 ? 64 : 32, its),
			machine_text(OWN_MACHINE, (int)sizeof(void *) * 8, own));
	if (type != ET_DYN)
		return flume_fail(err, FLUME_INVALID,
				  "is no shared object (expected one linked with -shared)");
	return FLUME_OK;
}

static bool lies_within(uint64_t at, uint64_t len, off_t size)
{
	return at <= (uint64_t)size && len <= (uint64_t)size - at;
}

int plugin_elf_check_whole(int fd, struct flume_err *err)
{
	struct stat st;
	ElfW(Ehdr) head;
	ElfW(Phdr) part;
	if (fstat(fd, &st) || pread(fd, &head, sizeof head, 0) != (ssize_t)sizeof head)
		return flume_fail(err, FLUME_IO, "cannot be read: %s", strerror(errno));
	bool whole =
		head.e_phentsize == sizeof part &&
		lies_within(head.e_phoff, sizeof part * (uint64_t)head.e_phnum, st.st_size);
	for (unsigned i = 0; whole && i < head.e_phnum; i++)
		whole = pread(fd, &part, sizeof part,
			      (off_t)(head.e_phoff + i * sizeof part)) ==
				(ssize_t)sizeof part &&
			(part.p_type != PT_LOAD ||
			 lies_within(part.p_offset, part.p_filesz, st.st_size));
	return whole ? FLUME_OK
		     : flume_fail(err, FLUME_INVALID,
				  "was cut short: parts of it lie beyond its end");
}
