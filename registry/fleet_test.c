/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>

#include "fleet.h"

static void name(struct wk_record *record, unsigned i) {
  memset(record, 0, sizeof *record);
  record->id.did_len =
      (uint8_t)snprintf(record->id.did, sizeof record->id.did, "device-%u", i);
  record->c.present = true;
  record->c.n = 1000;
  record->c.last = i;
}

Test(fleet, put_and_get__every_field_comes_back) {
  struct wk_fleet *fleet = wk_fleet_new();
  struct wk_record in;
  struct wk_record out;
  name(&in, 7);
  in.generation = 3;
  in.state = WK_DEVICE_QUARANTINED;
  in.released = true;
  in.long_walk_at = 11;
  in.enrolled_at = 12;
  in.login_at = 13;
  in.bio_wrapped[43] = 14;
  in.c.epoch = 15;
  in.c.promise = in.c.barrier = 71;
  in.c.promise_run = 16;
  in.c.t_max = INT64_C(5000000000);
  in.c.value[31] = 17;
  in.c.hash[0] = 18;
  in.c.pending.state = WK_PENDING_VERIFIED;
  in.c.pending.anchor[3] = 19;
  in.c.previous.present = true;
  in.c.previous.last = 20;
  in.d = in.c;
  cr_assert_eq(wk_fleet_put(fleet, &in), 0u);
  wk_fleet_get(fleet, wk_fleet_find(fleet, "device-7"), &out);
  cr_assert_eq(memcmp(&in, &out, sizeof in), 0);
  in.d.present = false;
  memset(&in.d, 0, sizeof in.d);
  memset(&in.c.pending, 0, sizeof in.c.pending);
  cr_assert_eq(wk_fleet_put(fleet, &in), 0u);
  wk_fleet_get(fleet, 0, &out);
  cr_assert_eq(memcmp(&in, &out, sizeof in), 0, "rare parts are given up");
  cr_assert_eq(wk_fleet_state_count(fleet, WK_DEVICE_QUARANTINED), 1u);
  wk_fleet_free(fleet);
}

Test(fleet, find__many_names) {
  struct wk_fleet *fleet = wk_fleet_new();
  struct wk_record record;
  char did[WK_DID_MAX + 1];
  for (unsigned i = 0; i < 20000; i++) {
    name(&record, i);
    cr_assert_eq(wk_fleet_put(fleet, &record), i);
  }
  for (unsigned i = 0; i < 20000; i++) {
    (void)snprintf(did, sizeof did, "device-%u", i);
    cr_assert_eq(wk_fleet_find(fleet, did), i);
  }
  cr_assert_eq(wk_fleet_find(fleet, "device-20000"), WK_FLEET_NONE);
  cr_assert_eq(wk_fleet_find(fleet, ""), WK_FLEET_NONE);
  cr_assert_eq(wk_fleet_count(fleet), 20000u);
  wk_fleet_free(fleet);
}

Test(fleet, dirty__each_is_taken_once_in_a_round) {
  struct wk_fleet *fleet = wk_fleet_new();
  struct wk_record record;
  const uint32_t marks[] = {0, 63, 64, 65, 1500, 2999};
  for (unsigned i = 0; i < 3000; i++) {
    name(&record, i);
    cr_assert_eq(wk_fleet_put(fleet, &record), i);
  }
  for (size_t i = 0; i < 6; i++) {
    wk_fleet_mark(fleet, marks[i]);
    wk_fleet_mark(fleet, marks[i]);
  }
  cr_assert_eq(wk_fleet_dirty_count(fleet), 6u);
  for (size_t i = 0; i < 3; i++)
    cr_assert_eq(wk_fleet_take_dirty(fleet), marks[i]);
  wk_fleet_mark(fleet, 1); /* behind the sweep: its turn comes last */
  for (size_t i = 3; i < 6; i++)
    cr_assert_eq(wk_fleet_take_dirty(fleet), marks[i]);
  cr_assert_eq(wk_fleet_take_dirty(fleet), 1u);
  cr_assert_eq(wk_fleet_take_dirty(fleet), WK_FLEET_NONE);
  wk_fleet_free(fleet);
}

Test(fleet, keys__forgotten_with_epoch_or_generation) {
  struct wk_fleet *fleet = wk_fleet_new();
  struct wk_record record;
  const struct wk_fleet_keys keys = {{1}, {2}};
  name(&record, 1);
  cr_assert_eq(wk_fleet_put(fleet, &record), 0u);
  cr_assert_null(wk_fleet_keys(fleet, 0));
  wk_fleet_remember(fleet, 0, &keys);
  record.c.last++;
  cr_assert_eq(wk_fleet_put(fleet, &record), 0u);
  cr_assert_eq(wk_fleet_keys(fleet, 0)->kx[0], 1);
  record.c.epoch++;
  cr_assert_eq(wk_fleet_put(fleet, &record), 0u);
  cr_assert_null(wk_fleet_keys(fleet, 0));
  wk_fleet_remember(fleet, 0, &keys);
  record.generation++;
  cr_assert_eq(wk_fleet_put(fleet, &record), 0u);
  cr_assert_null(wk_fleet_keys(fleet, 0));
  wk_fleet_free(fleet);
}
