/* SPDX-License-Identifier: Apache-2.0 */
#include <whitekey/client.h>

void wk_otp_password(const struct wk_otp *otp,
                     char text[WK_PASSWORD_MAX + 1]) {
  wk_password_write(text, otp->x1, otp->has_x2 ? otp->x2 : NULL);
}

size_t wk_otp_binary(const struct wk_otp *otp, const struct wk_id *id,
                     uint8_t out[WK_OTP_BINARY_MAX]) {
  struct wk_writer w;
  wk_writer_init(&w, out, WK_OTP_BINARY_MAX);
  wk_write_u8(&w, id->did_len);
  wk_write_bytes(&w, id->did, id->did_len);
  wk_write_bytes(&w, otp->x1, WK_X1_LEN);
  if (otp->has_x2)
    wk_write_bytes(&w, otp->x2, WK_X2_LEN);
  return w.used;
}
