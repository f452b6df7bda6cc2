/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The image of core and its port alone: it does nothing by itself. Tests call
 * its functions one by one, see harness/chip.h.
 */
int main(void) {
  for (;;) {
  }
}
