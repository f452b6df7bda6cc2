/* SPDX-License-Identifier: Apache-2.0 */
/*
 * options.h - the plugin_opt_ lines of mosquitto.conf. The broker takes the
 * prefix off; errors put it back, so that the reader finds the line.
 */
#ifndef WHITEKEY_PLUGIN_OPTIONS_H
#define WHITEKEY_PLUGIN_OPTIONS_H

#include <mosquitto.h>
#include <mosquitto_broker.h>
#include <mosquitto_plugin.h>

#include <whitekey/registry.h>

struct wk_options {
  const char *registry; /* the broker's own strings */
  const char *master_key_file;
  struct wk_policy policy;
  uint32_t sys_interval;    /* seconds; 0: no metrics on $SYS */
  const char *metrics_file; /* NULL: none */
  bool acl;                 /* roles decide about topics */
  bool many_sessions;       /* of one device at a time */
};

/*
 * Reads count options. WK_ERR_ARGUMENT: unknown, given twice, missing or out
 * of range; why names the option and, for an unknown one, the nearest that
 * exists.
 */
WK_MUST_CHECK enum wk_err wk_options_parse(struct wk_options *options,
                                           const struct mosquitto_opt *given,
                                           int count, struct wk_why *why);

#endif
