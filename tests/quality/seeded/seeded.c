/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>

#include "fault.h"

Test(seeded, fault__is_found) {
#if defined(SEED_LEAK)
  fault_leak();
#elif defined(SEED_OVERFLOW)
  fault_overflow();
#elif defined(SEED_UNDEFINED)
  fault_undefined();
#elif !defined(SEED_NONE)
#error "no such fault"
#endif
  cr_assert(1);
}
