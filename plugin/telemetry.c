/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Metrics on their way out: retained under $SYS/broker/whitekey/, and a file
 * for node_exporter's textfile collector. Neither waits for a disk.
 */
#include "plugin.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <whitekey/log.h>
#include <whitekey/steady.h>

#define ROOT "$SYS/broker/whitekey/"

char *wk_metrics_text(void *context) {
  struct wk_plugin *plugin = context;
  const struct wk_metrics_of of = {plugin->server, plugin->audit};
  return wk_metrics_print(plugin->metrics, &of);
}

/* logins/ok, login_duration_bucket/0.001, store_healthy .. */
static void publish(void *context, const char *family, const char *label,
                    double value) {
  char topic[128];
  char text[32];
  (void)context;
  (void)snprintf(topic, sizeof topic, ROOT "%s%s%s", family,
                 label[0] == '\0' ? "" : "/",
                 strcmp(label, "+Inf") == 0 ? "Inf" : label);
  (void)snprintf(text, sizeof text, "%.17g", value);
  (void)mosquitto_broker_publish_copy(NULL, topic, (int)strlen(text), text, 0,
                                      true, NULL);
}

static int write_text(const char *path, const char *text) {
  const int fd =
      open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
  if (fd < 0)
    return errno;
  const size_t len = strlen(text);
  const ssize_t written = write(fd, text, len);
  int err = written < 0 ? errno : 0;
  if (err == 0 && (size_t)written != len)
    err = ENOSPC;
  if (close(fd) != 0 && err == 0)
    err = errno;
  return err;
}

/*
 * A reader sees the old numbers or the new ones. The collector reads *.prom
 * alone, so it never sees the file in the making.
 */
static int replace_file(const char *path, const char *text) {
  char temp[PATH_MAX];
  const int need = snprintf(temp, sizeof temp, "%s.new", path);
  if (need < 0 || (size_t)need >= sizeof temp)
    return ENAMETOOLONG;
  int err = write_text(temp, text);
  if (err == 0 && rename(temp, path) != 0)
    err = errno;
  if (err != 0)
    (void)unlink(temp);
  return err;
}

/* A failure is told when it begins and when it is over. */
static void write_file(struct wk_plugin *plugin) {
  const char *path = plugin->options.metrics_file;
  char *text = wk_metrics_text(plugin);
  const int err = text ? replace_file(path, text) : ENOMEM;
  free(text);
  if (err != 0 && err != plugin->metrics_trouble)
    wk_log(WK_LOG_ERROR, "plugin_opt_metrics_file: %s: %s", path,
           strerror(err));
  if (err == 0 && plugin->metrics_trouble != 0)
    wk_log(WK_LOG_NOTICE, "plugin_opt_metrics_file: %s: written again", path);
  plugin->metrics_trouble = err;
}

void wk_telemetry(struct wk_plugin *plugin) {
  const int64_t now = wk_steady_ms();
  const int64_t interval = (int64_t)plugin->options.sys_interval * 1000;
  if (interval == 0 ||
      (plugin->told_at != 0 && now - plugin->told_at < interval))
    return;
  plugin->told_at = now;
  const struct wk_metrics_of of = {plugin->server, plugin->audit};
  wk_metrics_walk(plugin->metrics, &of, publish, NULL);
  if (plugin->options.metrics_file)
    write_file(plugin);
}
