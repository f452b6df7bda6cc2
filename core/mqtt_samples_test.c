/* SPDX-License-Identifier: Apache-2.0 */
#include "mqtt_samples.h"

#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>

#define COUNT(table) (sizeof(table) / sizeof *(table))
#define V3 WK_MQTT_311
#define V5 WK_MQTT_5

/* Each is in the shortest form, so writing it again gives the same bytes. */
const struct sample valid_samples[] = {
    {"CONNECT", V3, 0x10, "0004'MQTT'04 02 003c 0000"},
    {"CONNECT with everything", V3, 0x10,
     "0004'MQTT'04 f6 000a 0003'abc' 0001't' 0002 00ff 0001'u' 0002'pw'"},
    {"CONNECT", V5, 0x10, "0004'MQTT'05 00 0000 00 0000"},
    {"CONNECT, password alone", V5, 0x10,
     "0004'MQTT'05 42 0000 00 0000 0002'pw'"},
    {"CONNECT with everything", V5, 0x10,
     "0004'MQTT'05 cc 000a 32 11 0000000a 21 0014 27 00000100 22 000a 19 01"
     "17 00 26 0001'a'0001'b' 26 0001'a'0001'b' 15 0008'WHITEKEY' 16 0002 0102"
     "0001'c' 1e 18 00000001 01 01 02 00000009 03 0001'j' 08 0001'r' 09 0000"
     "26 0001'a'0001'b' 0001't' 0001 00 0000 0000"},
    {"CONNACK", V3, 0x20, "01 00"},
    {"CONNACK, refused", V3, 0x20, "00 05"},
    {"CONNACK", V5, 0x20, "01 00 00"},
    {"CONNACK, refused", V5, 0x20, "00 87 00"},
    {"CONNACK with everything", V5, 0x20,
     "00 00 36 11 00000001 21 0001 24 01 25 00 27 00000001 12 0001'c' 22 0000"
     "1f 0002'ok' 28 01 29 00 2a 01 13 003c 1a 0001'i' 1c 0001's' 15 0001'm'"
     "16 0001 ff"},
    {"PUBLISH, QoS 0", V3, 0x30, "0001't' 'payload'"},
    {"PUBLISH, QoS 1", V3, 0x32, "0003'a/b' ffff 00"},
    {"PUBLISH, QoS 2, dup, retain, no payload", V3, 0x3d, "0003'a/b' 000a"},
    {"PUBLISH, the first and last of UTF-8", V3, 0x30,
     "001a 01 7f c280 dfbf e0a080 ed9fbf ee8080 efbfbf f0908080 f48fbfbf"},
    {"PUBLISH, QoS 0", V5, 0x30, "0001't' 00"},
    {"PUBLISH with everything", V5, 0x32,
     "0001't' 0001 1f 23 0001 0b 01 0b ff7f 01 00 02 00000000 03 0000 08 "
     "0001'r'"
     "09 0001 00 26 0000 0000 'payload'"},
    {"PUBLISH by alias", V5, 0x30, "0000 03 23 0007 'x'"},
    {"PUBACK", V3, 0x40, "0001"},
    {"PUBACK", V5, 0x40, "0001"},
    {"PUBACK, no subscriber", V5, 0x40, "0001 10"},
    {"PUBACK, refused", V5, 0x40, "0001 99 04 1f 0001'x'"},
    {"PUBREC", V5, 0x50, "0001 97"},
    {"PUBREL", V3, 0x62, "0001"},
    {"PUBREL, unknown id", V5, 0x62, "0001 92"},
    {"PUBCOMP", V5, 0x70, "ffff 92 05 26 0000 0000"},
    {"SUBSCRIBE", V3, 0x82, "0001 0003'a/#' 01 0001'+' 02 0003'+/b' 00"},
    {"SUBSCRIBE", V5, 0x82, "0001 02 0b 05 0001'#' 2d"},
    {"SUBSCRIBE, shared", V5, 0x82, "0001 00 000a'$share/g/t' 01"},
    {"SUBACK", V3, 0x90, "0001 00 01 02 80"},
    {"SUBACK", V5, 0x90, "0001 00 02 87 a2"},
    {"PINGREQ", V3, 0xc0, ""},
    {"PINGRESP", V5, 0xd0, ""},
    {"DISCONNECT", V3, 0xe0, ""},
    {"DISCONNECT", V5, 0xe0, ""},
    {"DISCONNECT with will", V5, 0xe0, "04"},
    {"DISCONNECT, taken over", V5, 0xe0, "8e 04 1c 0001's'"},
    {"DISCONNECT with expiry", V5, 0xe0, "00 05 11 00000000"},
    {"AUTH, bare success", V5, 0xf0, ""},
    {"AUTH", V5, 0xf0, "18 10 15 0008'WHITEKEY' 16 0002 0102"},
};
const size_t valid_count = COUNT(valid_samples);

const struct sample malformed_samples[] = {
    /* CONNECT */
    {"protocol MQIsdp", V3, 0x10, "0006'MQIsdp'03 02 003c 0000"},
    {"protocol name", V3, 0x10, "0004'MQTt'04 02 003c 0000"},
    {"level 6", V3, 0x10, "0004'MQTT'06 02 003c 0000"},
    {"bridge bit in the level", V3, 0x10, "0004'MQTT'84 02 003c 0000"},
    {"reserved connect flag", V3, 0x10, "0004'MQTT'04 03 003c 0000"},
    {"will QoS without will", V3, 0x10, "0004'MQTT'04 0a 003c 0000"},
    {"will retain without will", V3, 0x10, "0004'MQTT'04 22 003c 0000"},
    {"will QoS 3", V3, 0x10, "0004'MQTT'04 1e 003c 0000 0001't' 0000"},
    {"will without topic", V3, 0x10, "0004'MQTT'04 06 003c 0000 0000 0000"},
    {"will topic with wildcard", V3, 0x10,
     "0004'MQTT'04 06 003c 0000 0001'#' 0000"},
    {"password without username", V3, 0x10,
     "0004'MQTT'04 42 003c 0000 0001'p'"},
    {"missing password", V3, 0x10, "0004'MQTT'04 c2 003c 0000 0001'u'"},
    {"byte after CONNECT", V3, 0x10, "0004'MQTT'04 02 003c 0000 00"},
    {"NUL in client id", V3, 0x10, "0004'MQTT'04 02 003c 0001 00"},
    {"username not UTF-8", V3, 0x10, "0004'MQTT'04 82 003c 0000 0001 ff"},
    {"properties too long", V5, 0x10, "0004'MQTT'05 00 0000 03 0000"},
    {"property of PUBLISH in CONNECT", V5, 0x10,
     "0004'MQTT'05 00 0000 03 23 0001 0000"},
    {"property of CONNECT in will", V5, 0x10,
     "0004'MQTT'05 04 0000 00 0000 05 11 00000001 0001't' 0000"},
    {"unknown property", V5, 0x10, "0004'MQTT'05 00 0000 02 7f 00 0000"},
    {"property 0", V5, 0x10, "0004'MQTT'05 00 0000 02 00 00 0000"},
    {"property twice", V5, 0x10,
     "0004'MQTT'05 00 0000 06 22 0001 22 0001 0000"},
    {"method twice", V5, 0x10,
     "0004'MQTT'05 00 0000 08 15 0001'm' 15 0001'm' 0000"},
    {"data without method", V5, 0x10,
     "0004'MQTT'05 00 0000 04 16 0001 ff 0000"},
    {"receive maximum 0", V5, 0x10, "0004'MQTT'05 00 0000 03 21 0000 0000"},
    {"maximum packet size 0", V5, 0x10,
     "0004'MQTT'05 00 0000 05 27 00000000 0000"},
    {"problem information 2", V5, 0x10, "0004'MQTT'05 00 0000 02 17 02 0000"},
    {"property cut", V5, 0x10, "0004'MQTT'05 00 0000 02 22 00 0000"},
    {"user property without value", V5, 0x10,
     "0004'MQTT'05 00 0000 04 26 0001'a' 0000"},
    {"property length overlong", V5, 0x10, "0004'MQTT'05 00 0000 8000 0000"},
    /* CONNACK */
    {"return code 6", V3, 0x20, "00 06"},
    {"reserved acknowledge flag", V3, 0x20, "02 00"},
    {"session present behind a refusal", V3, 0x20, "01 05"},
    {"session present behind a refusal", V5, 0x20, "01 87 00"},
    {"byte after CONNACK", V3, 0x20, "00 00 00"},
    {"reason of DISCONNECT in CONNACK", V5, 0x20, "00 8e 00"},
    {"reason 1 in CONNACK", V5, 0x20, "00 01 00"},
    {"maximum QoS 2", V5, 0x20, "00 00 02 24 02"},
    {"no properties", V5, 0x20, "00 00"},
    /* PUBLISH */
    {"wildcard + in topic", V3, 0x30, "0003'a/+'"},
    {"wildcard # in topic", V3, 0x30, "0001'#'"},
    {"empty topic", V3, 0x30, "0000 'x'"},
    {"empty topic without alias", V5, 0x30, "0000 00 'x'"},
    {"alias 0", V5, 0x30, "0000 03 23 0000 'x'"},
    {"packet id 0", V3, 0x32, "0001't' 0000"},
    {"NUL in topic", V3, 0x30, "0003'a' 00 'b'"},
    {"overlong NUL in topic", V3, 0x30, "0002 c080"},
    {"overlong slash in topic", V3, 0x30, "0003 e080af"},
    {"overlong of four in topic", V3, 0x30, "0004 f08080af"},
    {"surrogate in topic", V3, 0x30, "0003 eda080"},
    {"beyond Unicode in topic", V3, 0x30, "0004 f4908080"},
    {"lead byte f5 in topic", V3, 0x30, "0004 f5808080"},
    {"lone continuation in topic", V3, 0x30, "0001 80"},
    {"cut character in topic", V3, 0x30, "0002 e282 't'"},
    {"subscription id 0", V5, 0x30, "0001't' 02 0b 00"},
    {"subscription id overlong", V5, 0x30, "0001't' 03 0b 8100"},
    {"subscription id of five bytes", V5, 0x30, "0001't' 06 0b ffffffff7f"},
    {"payload format 2", V5, 0x30, "0001't' 02 01 02"},
    {"empty response topic", V5, 0x30, "0001't' 03 08 0000"},
    {"wildcard in response topic", V5, 0x30, "0001't' 04 08 0001'#'"},
    {"content type not UTF-8", V5, 0x30, "0001't' 04 03 0001 ff"},
    /* PUBACK and kin */
    {"packet id 0", V3, 0x40, "0000"},
    {"reason in 3.1.1", V3, 0x40, "0001 00"},
    {"reason of PUBREL in PUBACK", V5, 0x40, "0001 92"},
    {"reason of PUBACK in PUBREL", V5, 0x62, "0001 10"},
    {"byte after properties", V5, 0x40, "0001 00 00 00"},
    {"property of CONNACK in PUBACK", V5, 0x40, "0001 00 04 12 0001'c'"},
    /* SUBSCRIBE, SUBACK */
    {"no filter", V3, 0x82, "0001"},
    {"no filter", V5, 0x82, "0001 00"},
    {"packet id 0", V3, 0x82, "0000 0001't' 00"},
    {"empty filter", V3, 0x82, "0001 0000 00"},
    {"QoS 3", V3, 0x82, "0001 0001't' 03"},
    {"option of MQTT 5", V3, 0x82, "0001 0001't' 04"},
    {"reserved option", V5, 0x82, "0001 00 0001't' 40"},
    {"retain handling 3", V5, 0x82, "0001 00 0001't' 30"},
    {"# before the end", V3, 0x82, "0001 0003'#/a' 00"},
    {"# within a level", V3, 0x82, "0001 0002'a#' 00"},
    {"+ within a level", V3, 0x82, "0001 0004'a/b+' 00"},
    {"+ before text", V3, 0x82, "0001 0002'+a' 00"},
    {"subscription id twice", V5, 0x82, "0001 04 0b 01 0b 01 0001't' 00"},
    {"no local on a shared one", V5, 0x82, "0001 00 000a'$share/g/t' 04"},
    {"share without name", V5, 0x82, "0001 00 0009'$share//t' 00"},
    {"share without filter", V5, 0x82, "0001 00 0009'$share/g/' 00"},
    {"share with wildcard", V5, 0x82, "0001 00 000a'$share/+/t' 00"},
    {"second filter cut", V3, 0x82, "0001 0001't' 00 0001't'"},
    {"no code", V3, 0x90, "0001"},
    {"code 3", V3, 0x90, "0001 03"},
    {"code of MQTT 5", V3, 0x90, "0001 87"},
    {"reason of PUBACK in SUBACK", V5, 0x90, "0001 00 10"},
    /* the rest */
    {"byte in PINGREQ", V3, 0xc0, "00"},
    {"byte in PINGRESP", V5, 0xd0, "00"},
    {"reason in 3.1.1", V3, 0xe0, "00"},
    {"reason of CONNACK in DISCONNECT", V5, 0xe0, "88"},
    {"byte after DISCONNECT", V5, 0xe0, "00 00 00"},
    {"AUTH in 3.1.1", V3, 0xf0, ""},
    {"AUTH without properties", V5, 0xf0, "18"},
    {"AUTH without method", V5, 0xf0, "18 00"},
    {"reason 1 in AUTH", V5, 0xf0, "01 04 15 0001'm'"},
};
const size_t malformed_count = COUNT(malformed_samples);

static size_t decode(uint8_t *out, const char *body) {
  size_t len = 0;
  for (const char *c = body; *c; c++) {
    unsigned byte = 0;
    cr_assert(len < SAMPLE_MAX);
    if (*c == ' ')
      continue;
    if (*c == '\'') {
      for (c++; *c != '\''; c++)
        out[len++] = (uint8_t)*c;
      continue;
    }
    cr_assert_eq(sscanf(c, "%2x", &byte), 1, "%s", body);
    out[len++] = (uint8_t)byte;
    c++;
  }
  return len;
}

size_t sample_wrap(uint8_t out[SAMPLE_MAX], uint8_t first, const uint8_t *body,
                   size_t len) {
  size_t at = 0;
  out[at++] = first;
  if (len > 127)
    out[at++] = (uint8_t)(len % 128 | 0x80);
  out[at++] = (uint8_t)(len > 127 ? len / 128 : len);
  cr_assert(at + len <= SAMPLE_MAX);
  memcpy(out + at, body, len);
  return at + len;
}

size_t sample_packet(uint8_t out[SAMPLE_MAX], const struct sample *sample) {
  uint8_t body[SAMPLE_MAX];
  const size_t len = decode(body, sample->body);
  return sample_wrap(out, sample->first, body, len);
}
