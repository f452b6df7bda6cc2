/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "fault.h"

int main(int argc, char **argv) {
  const char *fault = argc == 2 ? argv[1] : "";
  if (strcmp(fault, "leak") == 0)
    fault_leak();
  else if (strcmp(fault, "overflow") == 0)
    fault_overflow();
  else if (strcmp(fault, "undefined") == 0)
    fault_undefined();
  return 0;
}
