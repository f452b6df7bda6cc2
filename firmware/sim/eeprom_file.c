/* SPDX-License-Identifier: Apache-2.0 */
#include "eeprom_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "eeprom.h"

static enum wk_err fill_new(int fd, const char *path, struct wk_why *why) {
  uint8_t erased[WK_EEPROM_LEN];
  struct stat file;
  if (fstat(fd, &file) != 0)
    return wk_fail(why, WK_ERR_IO, "%s: %s", path, strerror(errno));
  if (file.st_size == (off_t)sizeof erased)
    return WK_OK;
  if (file.st_size != 0)
    return wk_fail(why, WK_ERR_CORRUPT, "%s: an EEPROM has %u bytes", path,
                   WK_EEPROM_LEN);
  memset(erased, 0xff, sizeof erased);
  if (write(fd, erased, sizeof erased) != (ssize_t)sizeof erased)
    return wk_fail(why, WK_ERR_IO, "%s: cannot be written", path);
  return WK_OK;
}

/* The descriptor stays open with the map: it holds the lock. */
static enum wk_err map(uint8_t **cells, int fd, const char *path,
                       struct wk_why *why) {
  if (flock(fd, LOCK_EX | LOCK_NB) != 0)
    return wk_fail(why, WK_ERR_BUSY, "%s: another chip has this EEPROM", path);
  const enum wk_err err = fill_new(fd, path, why);
  if (err != WK_OK)
    return err;
  void *at =
      mmap(NULL, WK_EEPROM_LEN, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (at == MAP_FAILED)
    return wk_fail(why, WK_ERR_IO, "%s: %s", path, strerror(errno));
  *cells = at;
  return WK_OK;
}

enum wk_err eeprom_file_open(uint8_t **cells, const char *path,
                             struct wk_why *why) {
  *cells = NULL;
  const int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0)
    return wk_fail(why, WK_ERR_IO, "%s: %s", path, strerror(errno));
  const enum wk_err err = map(cells, fd, path, why);
  if (err != WK_OK)
    (void)close(fd);
  return err;
}

void eeprom_file_close(uint8_t *cells) {
  if (cells)
    (void)munmap(cells, WK_EEPROM_LEN);
}
