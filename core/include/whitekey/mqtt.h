/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mqtt.h - the packets of MQTT 3.1.1 and MQTT 5 (OASIS standards, 2014 and
 * 2019), both directions: an engine without I/O and without a heap.
 *
 * Parsing gives views into the caller's bytes: they live as long as those do.
 * Writing appends to the caller's writer, several packets after each other if
 * wanted. One struct serves both: what was parsed can be written.
 *
 * Strict: reserved bits, lengths that do not add up, text that is no UTF-8 or
 * holds U+0000, wildcards in topic names, properties or reason codes that do
 * not belong to the packet, and every trailing byte are WK_ERR_MALFORMED, and
 * the struct is zeroed. What depends on the session (packet ids in flight,
 * topic aliases, who may send which packet) is the caller's.
 */
#ifndef WHITEKEY_MQTT_H
#define WHITEKEY_MQTT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <whitekey/bytes.h>
#include <whitekey/err.h>
#include <whitekey/port.h>

enum wk_mqtt_version { WK_MQTT_311 = 4, WK_MQTT_5 = 5 };

enum wk_mqtt_type {
  WK_MQTT_CONNECT = 1,
  WK_MQTT_CONNACK,
  WK_MQTT_PUBLISH,
  WK_MQTT_PUBACK,
  WK_MQTT_PUBREC,
  WK_MQTT_PUBREL,
  WK_MQTT_PUBCOMP,
  WK_MQTT_SUBSCRIBE,
  WK_MQTT_SUBACK,
  WK_MQTT_UNSUBSCRIBE, /* framed only */
  WK_MQTT_UNSUBACK,    /* framed only */
  WK_MQTT_PINGREQ,
  WK_MQTT_PINGRESP,
  WK_MQTT_DISCONNECT,
  WK_MQTT_AUTH /* MQTT 5 only */
};

/* ---- frames ------------------------------------------------------------ */

#define WK_MQTT_HEADER_MAX 5u
#define WK_MQTT_REMAINING_MAX UINT32_C(268435455)

enum wk_mqtt_framed {
  WK_MQTT_MORE,      /* bytes are missing */
  WK_MQTT_WHOLE,     /* none is */
  WK_MQTT_MALFORMED, /* type 0, reserved flags, or a bad length */
  WK_MQTT_LARGE      /* longer than the caller takes */
};

/*
 * The header byte by byte, for a receiver that has no room for packets it does
 * not want. {0} waits for the first byte; nothing is taken behind WHOLE (then
 * `remaining` bytes of body follow) or MALFORMED. A length in more bytes than
 * it needs is malformed in both versions.
 */
struct wk_mqtt_header {
  uint32_t remaining;
  uint8_t first; /* type and flags */
  uint8_t len;   /* bytes taken */
};

enum wk_mqtt_framed wk_mqtt_header_take(struct wk_mqtt_header *header,
                                        uint8_t byte);

struct wk_mqtt_frame {
  enum wk_mqtt_type type;
  uint8_t flags;       /* the lower four bits of the first byte */
  uint32_t len;        /* whole packet; 0 while its header is incomplete */
  uint32_t need;       /* MORE: at least so many bytes are missing */
  const uint8_t *body; /* WHOLE: what follows the header */
  size_t body_len;
};

/*
 * Looks at the first packet of data[len], never beyond it. WHOLE: frame->len
 * bytes of data are one packet; MORE: wait for frame->need bytes more; LARGE:
 * frame->len is more than limit, the longest packet that the caller takes,
 * header included.
 */
enum wk_mqtt_framed wk_mqtt_frame(struct wk_mqtt_frame *frame,
                                  const uint8_t *data, size_t len,
                                  size_t limit);

/* ---- properties (MQTT 5, section 2.2.2) -------------------------------- */

enum wk_mqtt_property {
  WK_MQTT_PAYLOAD_FORMAT = 0x01,
  WK_MQTT_MESSAGE_EXPIRY = 0x02,
  WK_MQTT_CONTENT_TYPE = 0x03,
  WK_MQTT_RESPONSE_TOPIC = 0x08,
  WK_MQTT_CORRELATION_DATA = 0x09,
  WK_MQTT_SUBSCRIPTION_ID = 0x0b,
  WK_MQTT_SESSION_EXPIRY = 0x11,
  WK_MQTT_ASSIGNED_CLIENT_ID = 0x12,
  WK_MQTT_SERVER_KEEP_ALIVE = 0x13,
  WK_MQTT_AUTH_METHOD = 0x15,
  WK_MQTT_AUTH_DATA = 0x16,
  WK_MQTT_REQUEST_PROBLEM = 0x17,
  WK_MQTT_WILL_DELAY = 0x18,
  WK_MQTT_REQUEST_RESPONSE = 0x19,
  WK_MQTT_RESPONSE_INFO = 0x1a,
  WK_MQTT_SERVER_REFERENCE = 0x1c,
  WK_MQTT_REASON_STRING = 0x1f,
  WK_MQTT_RECEIVE_MAX = 0x21,
  WK_MQTT_TOPIC_ALIAS_MAX = 0x22,
  WK_MQTT_TOPIC_ALIAS = 0x23,
  WK_MQTT_MAX_QOS = 0x24,
  WK_MQTT_RETAIN_AVAILABLE = 0x25,
  WK_MQTT_USER_PROPERTY = 0x26,
  WK_MQTT_MAX_PACKET = 0x27,
  WK_MQTT_WILDCARD_AVAILABLE = 0x28,
  WK_MQTT_SUBSCRIPTION_ID_AVAILABLE = 0x29,
  WK_MQTT_SHARED_AVAILABLE = 0x2a
};

/*
 * One property. Its id says which member holds it: number, data (text or
 * binary), or both data (the name) and value for a user property.
 */
struct wk_mqtt_prop {
  enum wk_mqtt_property id;
  uint32_t number;
  struct wk_span data;
  struct wk_span value;
};

/*
 * Packets hold their properties as bytes, without the length before them; a
 * parsed packet's were checked. Takes the first one off rest; false at the
 * end.
 */
bool wk_mqtt_prop_next(struct wk_span *rest, struct wk_mqtt_prop *prop);

/* The first property with that id; false, and prop zeroed, without one. */
bool wk_mqtt_prop_find(const struct wk_span *props, enum wk_mqtt_property id,
                       struct wk_mqtt_prop *prop);

/* Appends one; an id that does not exist or a number that does not fit makes
 * the writer fail. Whether it suits the packet is checked there. */
void wk_mqtt_prop_write(struct wk_writer *w, const struct wk_mqtt_prop *prop);

/* ---- packets ----------------------------------------------------------- */

/*
 * Parsing takes a WHOLE frame of that type. Writing reads its own output back
 * before it returns: WK_ERR_ARGUMENT for what its parser would refuse,
 * WK_ERR_SPACE where the buffer or a length field cannot hold it; the writer
 * then stands where it stood. Properties, and reason codes other than
 * CONNACK's and SUBACK's, are not written in 3.1.1, which has none.
 *
 * What a client says can also be put: written, and not read back, for one that
 * says nothing of anybody else's. The writer fails where it is full; what the
 * parser would refuse it does not notice.
 */

struct wk_mqtt_connect {
  enum wk_mqtt_version version;
  bool clean; /* clean session, clean start */
  bool has_will;
  bool will_retain;
  bool has_username;
  bool has_password;
  uint8_t will_qos;
  uint16_t keep_alive; /* seconds, 0: off */
  struct wk_span props;
  struct wk_span client_id; /* empty: the server picks one, or refuses */
  struct wk_span will_props;
  struct wk_span will_topic;
  struct wk_span will_payload;
  struct wk_span username;
  struct wk_span password;
};

WK_MUST_CHECK enum wk_err
wk_mqtt_connect_parse(struct wk_mqtt_connect *out,
                      const struct wk_mqtt_frame *frame);
WK_MUST_CHECK enum wk_err
wk_mqtt_connect_write(struct wk_writer *w, const struct wk_mqtt_connect *in);
void wk_mqtt_connect_put(struct wk_writer *w,
                         const struct wk_mqtt_connect *in);

struct wk_mqtt_connack {
  bool session_present;
  uint8_t code; /* 3.1.1: return code 0..5; 5: reason code */
  struct wk_span props;
};

WK_MUST_CHECK enum wk_err
wk_mqtt_connack_parse(struct wk_mqtt_connack *out, enum wk_mqtt_version v,
                      const struct wk_mqtt_frame *frame);
WK_MUST_CHECK enum wk_err
wk_mqtt_connack_write(struct wk_writer *w, enum wk_mqtt_version v,
                      const struct wk_mqtt_connack *in);

struct wk_mqtt_publish {
  bool dup;
  bool retain;
  uint8_t qos;
  uint16_t id;          /* 0 when qos is 0, else 1..65535 */
  struct wk_span topic; /* MQTT 5: empty with a topic alias only */
  struct wk_span props;
  struct wk_span payload;
};

WK_MUST_CHECK enum wk_err
wk_mqtt_publish_parse(struct wk_mqtt_publish *out, enum wk_mqtt_version v,
                      const struct wk_mqtt_frame *frame);
WK_MUST_CHECK enum wk_err
wk_mqtt_publish_write(struct wk_writer *w, enum wk_mqtt_version v,
                      const struct wk_mqtt_publish *in);
void wk_mqtt_publish_put(struct wk_writer *w, enum wk_mqtt_version v,
                         const struct wk_mqtt_publish *in);

struct wk_mqtt_ack {      /* PUBACK, PUBREC, PUBREL, PUBCOMP */
  enum wk_mqtt_type type; /* which of the four */
  uint16_t id;
  uint8_t code;
  struct wk_span props;
};

WK_MUST_CHECK enum wk_err wk_mqtt_ack_parse(struct wk_mqtt_ack *out,
                                            enum wk_mqtt_version v,
                                            const struct wk_mqtt_frame *frame);
WK_MUST_CHECK enum wk_err wk_mqtt_ack_write(struct wk_writer *w,
                                            enum wk_mqtt_version v,
                                            const struct wk_mqtt_ack *in);
void wk_mqtt_ack_put(struct wk_writer *w, enum wk_mqtt_version v,
                     const struct wk_mqtt_ack *in);

struct wk_mqtt_filter {
  struct wk_span topic;
  uint8_t options; /* QoS in bits 0..1; MQTT 5: section 3.8.3.1 */
};

/* Takes the first filter off rest; false at the end. */
bool wk_mqtt_filter_next(struct wk_span *rest, struct wk_mqtt_filter *filter);
void wk_mqtt_filter_write(struct wk_writer *w,
                          const struct wk_mqtt_filter *filter);

struct wk_mqtt_subscribe {
  uint16_t id;
  struct wk_span props;
  struct wk_span filters; /* as wk_mqtt_filter_write() appends them */
};

WK_MUST_CHECK enum wk_err
wk_mqtt_subscribe_parse(struct wk_mqtt_subscribe *out, enum wk_mqtt_version v,
                        const struct wk_mqtt_frame *frame);
WK_MUST_CHECK enum wk_err
wk_mqtt_subscribe_write(struct wk_writer *w, enum wk_mqtt_version v,
                        const struct wk_mqtt_subscribe *in);
void wk_mqtt_subscribe_put(struct wk_writer *w, enum wk_mqtt_version v,
                           const struct wk_mqtt_subscribe *in);

struct wk_mqtt_suback {
  uint16_t id;
  struct wk_span props;
  struct wk_span codes; /* one byte for each filter */
};

WK_MUST_CHECK enum wk_err
wk_mqtt_suback_parse(struct wk_mqtt_suback *out, enum wk_mqtt_version v,
                     const struct wk_mqtt_frame *frame);
WK_MUST_CHECK enum wk_err
wk_mqtt_suback_write(struct wk_writer *w, enum wk_mqtt_version v,
                     const struct wk_mqtt_suback *in);

/*
 * PINGREQ, PINGRESP, DISCONNECT, AUTH: at most a reason and properties. An
 * AUTH of length 0 means success and names no method (section 3.15.2.1); every
 * other one has a method.
 */
#define WK_MQTT_CONTINUE 0x18u /* AUTH's code within a login */

struct wk_mqtt_notice {
  enum wk_mqtt_type type; /* which of the four */
  uint8_t code;           /* DISCONNECT, AUTH */
  struct wk_span props;
};

WK_MUST_CHECK enum wk_err
wk_mqtt_notice_parse(struct wk_mqtt_notice *out, enum wk_mqtt_version v,
                     const struct wk_mqtt_frame *frame);
WK_MUST_CHECK enum wk_err
wk_mqtt_notice_write(struct wk_writer *w, enum wk_mqtt_version v,
                     const struct wk_mqtt_notice *in);
void wk_mqtt_notice_put(struct wk_writer *w, enum wk_mqtt_version v,
                        const struct wk_mqtt_notice *in);

#endif
