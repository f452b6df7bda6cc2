/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>

#include "fault.h"

Test(seeded, fault__is_found) {
  fault_make(SEEDED_FAULT);
  cr_assert(1);
}
