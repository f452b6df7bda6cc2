/* SPDX-License-Identifier: Apache-2.0 */
#include "fault.h"

int main(int argc, char **argv) {
  fault_make(argc == 2 ? argv[1] : "none");
  return 0;
}
