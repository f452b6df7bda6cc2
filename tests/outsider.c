/* SPDX-License-Identifier: Apache-2.0 */
/*
 * outsider CREDENTIAL RESERVE COUNT [hold] - somebody's program with
 * libwhitekey-client: prints so many passwords, and with hold stays until it
 * is killed. Exit status: an enum wk_device_result.
 */
#include <whitekey/device.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv) {
  struct wk_device_options options = {.size = sizeof options};
  struct wk_device_error error = {""};
  struct wk_device *device = NULL;
  char password[WK_DEVICE_PASSWORD_SIZE];
  if (argc < 4)
    return WK_DEVICE_ARGUMENT;
  options.reserve = (uint32_t)strtoul(argv[2], NULL, 10);
  enum wk_device_result result =
      wk_device_open(&device, argv[1], &options, &error);
  for (unsigned long i = strtoul(argv[3], NULL, 10);
       result == WK_DEVICE_OK && i > 0; i--) {
    result = wk_device_password(device, password, &error);
    if (result == WK_DEVICE_OK)
      (void)puts(password);
  }
  (void)fflush(stdout);
  if (result != WK_DEVICE_OK)
    (void)fprintf(stderr, "%s\n", error.text);
  else if (argc > 4)
    (void)pause();
  wk_device_close(device);
  return (int)result;
}
