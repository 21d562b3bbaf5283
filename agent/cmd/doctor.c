#include "agent/cmd/cmd.h"
const struct command command_doctor = {.name = "doctor", .usage="", .about=""};
