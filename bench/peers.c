/* SPDX-License-Identifier: Apache-2.0 */
#include "peers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include <whitekey/file.h>

#include "broker.h"

/* mosquitto_passwd hashes a file of plain passwords in place. */
bool peers_password_file(const char *folder) {
  char path[256];
  (void)snprintf(path, sizeof path, "%s/passwd", folder);
  FILE *file = fopen(path, "w");
  if (!file)
    return false;
  for (unsigned i = 0; i < PEER_USERS; i++)
    (void)fprintf(file, "user%u:%s\n", i, PEER_PASSWORD);
  (void)fclose(file);
  const char *const hash[] = {"mosquitto_passwd", "-U", path, NULL};
  return broker_command(hash);
}

/* Every client is the admin's entry under another name. */
static bool write_dynsec(const char *path) {
  char *text = NULL;
  size_t len = 0;
  if (wk_file_read(&text, &len, path, 1000000, NULL) != WK_OK)
    return false;
  cJSON *tree = cJSON_Parse(text);
  free(text);
  cJSON *clients = cJSON_GetObjectItem(tree, "clients");
  const cJSON *admin = cJSON_GetArrayItem(clients, 0);
  for (unsigned i = 0; admin && i < PEER_USERS; i++) {
    char name[24];
    cJSON *copy = cJSON_Duplicate(admin, 1);
    (void)snprintf(name, sizeof name, "user%u", i);
    cJSON_ReplaceItemInObject(copy, "username", cJSON_CreateString(name));
    cJSON_DeleteItemFromObject(copy, "roles");
    cJSON_AddItemToArray(clients, copy);
  }
  text = cJSON_PrintUnformatted(tree);
  cJSON_Delete(tree);
  const bool done =
      admin && wk_file_replace(path, text, strlen(text), 0600, NULL) == WK_OK;
  free(text);
  return done;
}

bool peers_dynsec(const char *folder) {
  char path[256];
  (void)snprintf(path, sizeof path, "%s/dynsec.json", folder);
  const char *const init[] = {"mosquitto_ctrl", "dynsec",      "init", path,
                              "admin",          PEER_PASSWORD, NULL};
  return broker_command(init) && write_dynsec(path);
}
