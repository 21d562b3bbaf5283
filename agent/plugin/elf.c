/* The loader would refuse these too, but calls a file for another machine "no such file". */
#include "agent/plugin/inside.h"

#include <elf.h>
#include <stdio.h>
#include <string.h>

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
