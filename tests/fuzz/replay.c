/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a target over every file of a folder, whole, cut short at every length
 * and with seeded mutations: what libFuzzer found stays found.
 */
#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "fuzz.h"

#define INPUT_MAX 65536u
#define MUTATIONS 2000u

static uint64_t state = 1;

/* xorshift64*, by S. Vigna: repeatable, and good enough to flip bits. */
static uint32_t draw(uint32_t below) {
  state ^= state >> 12;
  state ^= state << 25;
  state ^= state >> 27;
  return (uint32_t)(state * UINT64_C(2685821657736338717) >> 33) % below;
}

/* An exact copy on the heap, so that a sanitizer sees any overrun. */
static void feed(const uint8_t *data, size_t size) {
  uint8_t *copy = malloc(size > 0 ? size : 1);
  if (!copy)
    abort();
  memcpy(copy, data, size);
  (void)LLVMFuzzerTestOneInput(copy, size);
  free(copy);
}

static void mutate(const uint8_t *data, size_t size) {
  static uint8_t changed[INPUT_MAX];
  memcpy(changed, data, size);
  size_t len = size;
  for (uint32_t edits = 1 + draw(4); edits > 0 && len > 0; edits--) {
    const uint32_t at = draw((uint32_t)len);
    switch (draw(4)) {
    case 0:
      changed[at] = (uint8_t)(changed[at] ^ 1u << draw(8));
      break;
    case 1:
      changed[at] = (uint8_t)draw(256);
      break;
    case 2: /* drop a byte */
      memmove(changed + at, changed + at + 1, len - at - 1);
      len--;
      break;
    default: /* double a byte */
      if (len < INPUT_MAX) {
        memmove(changed + at + 1, changed + at, len - at);
        len++;
      }
      break;
    }
  }
  feed(changed, len);
}

static void replay(const uint8_t *data, size_t size) {
  feed(data, size);
  for (size_t len = 0; len < size && len < 1024; len++)
    feed(data, len);
  for (unsigned i = 0; i < MUTATIONS; i++)
    mutate(data, size);
}

static int replay_file(const char *folder, const char *name) {
  static uint8_t data[INPUT_MAX];
  char path[512];
  (void)snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *file = fopen(path, "rb");
  if (!file)
    return 0;
  const size_t size = fread(data, 1, sizeof data, file);
  (void)fclose(file);
  replay(data, size);
  return 1;
}

int main(int argc, char **argv) {
  int count = 0;
  DIR *folder = argc == 2 ? opendir(argv[1]) : NULL;
  if (!folder) {
    (void)fprintf(stderr, "usage: %s CORPUS-FOLDER\n", argv[0]);
    return 2;
  }
  const struct dirent *entry = NULL;
  while ((entry = readdir(folder)) != NULL) {
    if (entry->d_name[0] != '.')
      count += replay_file(argv[1], entry->d_name);
  }
  (void)closedir(folder);
  (void)printf("%d inputs, %u mutations of each\n", count, MUTATIONS);
  return count > 0 ? 0 : 1;
}
