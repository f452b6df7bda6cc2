/* SPDX-License-Identifier: Apache-2.0 */
/* Profiles from a JSON file. Errors name the file and the member. */
#include "profile.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <whitekey/file.h>
#include <whitekey/json.h>

#define FILE_MAX 65536u
#define PROFILES_MAX 32u
#define SHARE_MAX 1000u
#define EVERY_MAX 1000000u
#define NUMBER_MAX 1e6
#define WHERE_MAX 256u
/* {"time":, fraction and number of it, ,"seq": and its number, braces */
#define HEAD_MAX 48u
#define NUMBER_TEXT 12u /* "-1000000.000" */
#define BOOLEAN_TEXT 5u

/* Where in the file, for errors. */
struct place {
  char text[WHERE_MAX];
};

static struct place inside(const struct place *outer, const char *member) {
  struct place place;
  (void)snprintf(place.text, sizeof place.text, "%.*s.%s",
                 (int)(WHERE_MAX - NAME_MAX_LEN - 2), outer->text, member);
  return place;
}

static enum wk_err bad(const struct place *place, const char *key,
                       const char *what, struct wk_why *why) {
  return wk_fail(why, WK_ERR_MALFORMED, "%s: \"%s\": %s", place->text, key,
                 what);
}

static bool is_name(const char *text) {
  const size_t len = strlen(text);
  return len >= 1 && len <= NAME_MAX_LEN &&
         strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                      "0123456789._-") == len;
}

/* Printed into JSON as it is. */
static bool is_choice(const char *text) {
  const size_t len = strlen(text);
  for (size_t i = 0; i < len; i++) {
    if ((unsigned char)text[i] < ' ' || text[i] == '"' || text[i] == '\\')
      return false;
  }
  return len >= 1 && len <= NAME_MAX_LEN;
}

/* A member that may be left out: *out stays as it is. */
static enum wk_err take_u32(uint32_t *out, const cJSON *object,
                            const char *key, uint32_t min, uint32_t max,
                            const struct place *place, struct wk_why *why) {
  return cJSON_GetObjectItemCaseSensitive(object, key)
             ? wk_json_u32(out, object, key, min, max, place->text, why)
             : WK_OK;
}

static enum wk_err take_bool(bool *out, const cJSON *object, const char *key,
                             const struct place *place, struct wk_why *why) {
  const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
  if (item && !cJSON_IsBool(item))
    return bad(place, key, "neither true nor false", why);
  *out = cJSON_IsTrue(item);
  return WK_OK;
}

/* ---- fields ------------------------------------------------------------- */

/* In units of the last decimal. */
static enum wk_err take_units(int32_t *out, const cJSON *object,
                              const char *key, const struct field *field,
                              double min, const struct place *place,
                              struct wk_why *why) {
  const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
  if (!cJSON_IsNumber(item))
    return bad(place, key, item ? "not a number" : "missing", why);
  const double value = item->valuedouble;
  const double units = value * pow(10, field->decimals);
  if (!(value >= min && value <= NUMBER_MAX))
    return wk_fail(why, WK_ERR_MALFORMED, "%s: \"%s\": not within %.0f..%.0f",
                   place->text, key, min, NUMBER_MAX);
  if (fabs(units - round(units)) > 1e-6 * fmax(1, fabs(units)))
    return bad(place, key, "has more decimals than \"decimals\" says", why);
  *out = (int32_t)lround(units);
  return WK_OK;
}

static enum wk_err take_number(struct field *field, const cJSON *object,
                               const struct place *place, struct wk_why *why) {
  static const char *const names[] = {"type",     "every", "min",  "max",
                                      "decimals", "step",  "falls"};
  uint32_t decimals = 0;
  enum wk_err err = wk_json_only(object, names, sizeof names / sizeof *names,
                                 place->text, why);
  if (err == WK_OK)
    err = take_u32(&decimals, object, "decimals", 0, DECIMALS_MAX, place, why);
  field->decimals = (uint8_t)decimals;
  if (err == WK_OK)
    err =
        take_units(&field->min, object, "min", field, -NUMBER_MAX, place, why);
  if (err == WK_OK)
    err =
        take_units(&field->max, object, "max", field, -NUMBER_MAX, place, why);
  if (err == WK_OK)
    err = take_units(&field->step, object, "step", field, 0, place, why);
  if (err == WK_OK)
    err = take_bool(&field->falls, object, "falls", place, why);
  if (err == WK_OK && field->max < field->min)
    err = bad(place, "max", "less than \"min\"", why);
  return err;
}

static enum wk_err take_boolean(struct field *field, const cJSON *object,
                                const struct place *place,
                                struct wk_why *why) {
  static const char *const names[] = {"type", "every"};
  (void)field;
  return wk_json_only(object, names, 2, place->text, why);
}

static enum wk_err take_choice(struct field *field, const cJSON *object,
                               const struct place *place, struct wk_why *why) {
  static const char *const names[] = {"type", "every", "of"};
  enum wk_err err = wk_json_only(object, names, 3, place->text, why);
  if (err != WK_OK)
    return err;
  const cJSON *of = cJSON_GetObjectItemCaseSensitive(object, "of");
  const int count = cJSON_GetArraySize(of);
  if (!cJSON_IsArray(of) || count < 1 || count > (int)CHOICES_MAX)
    return bad(place, "of", "not a list of 1 to 16 texts", why);
  const cJSON *item = NULL;
  cJSON_ArrayForEach(item, of) {
    if (!cJSON_IsString(item) || !is_choice(item->valuestring))
      return bad(place, "of", "not texts of 1 to 32 bytes without \" and \\",
                 why);
    field->choice[field->choices++] = item->valuestring;
  }
  return WK_OK;
}

static enum wk_err take_field(struct field *field, const cJSON *object,
                              const struct place *place, struct wk_why *why) {
  const char *type = NULL;
  if (!cJSON_IsObject(object))
    return wk_fail(why, WK_ERR_MALFORMED, "%s: not an object", place->text);
  field->name = object->string;
  if (!is_name(field->name) || strcmp(field->name, "time") == 0 ||
      strcmp(field->name, "seq") == 0)
    return wk_fail(why, WK_ERR_MALFORMED,
                   "%s: a field has a name of 1 to 32 letters, digits, . _ - "
                   "other than time and seq",
                   place->text);
  enum wk_err err = wk_json_text(&type, object, "type", place->text, why);
  if (err != WK_OK)
    return err;
  field->every = strcmp(type, "choice") == 0 ? 0 : 1;
  err = take_u32(&field->every, object, "every", 1, EVERY_MAX, place, why);
  if (err != WK_OK)
    return err;
  if (strcmp(type, "number") == 0)
    return take_number(field, object, place, why);
  field->kind = FIELD_BOOLEAN;
  if (strcmp(type, "boolean") == 0)
    return take_boolean(field, object, place, why);
  field->kind = FIELD_CHOICE;
  if (strcmp(type, "choice") == 0)
    return take_choice(field, object, place, why);
  return bad(place, "type", "must be number, boolean or choice", why);
}

static size_t longest(const struct field *field) {
  size_t text = field->kind == FIELD_NUMBER ? NUMBER_TEXT : BOOLEAN_TEXT;
  for (size_t i = 0; i < field->choices; i++) {
    const size_t len = strlen(field->choice[i]) + 2;
    text = len > text ? len : text;
  }
  return strlen(field->name) + 4 + text;
}

static enum wk_err take_fields(struct profile *profile, const cJSON *object,
                               const struct place *outer, struct wk_why *why) {
  const cJSON *fields = NULL;
  const cJSON *item = NULL;
  size_t text = HEAD_MAX;
  enum wk_err err =
      wk_json_object(&fields, object, "fields", outer->text, why);
  if (err != WK_OK)
    return err;
  cJSON_ArrayForEach(item, fields) {
    struct place place = inside(outer, "fields");
    if (profile->fields == FIELDS_MAX)
      return bad(outer, "fields", "more than 12", why);
    if (cJSON_GetObjectItemCaseSensitive(fields, item->string) != item)
      return bad(&place, item->string, "stands there twice", why);
    place = inside(&place, item->string);
    struct field *field = &profile->field[profile->fields++];
    err = take_field(field, item, &place, why);
    if (err != WK_OK)
      return err;
    text += longest(field);
  }
  if (text < READING_MAX)
    return WK_OK;
  return wk_fail(why, WK_ERR_MALFORMED,
                 "%s: \"fields\": a reading may take %zu bytes, at most %u "
                 "are sent",
                 outer->text, text, READING_MAX - 1);
}

/* ---- profiles ----------------------------------------------------------- */

static enum wk_err take_habit(struct habits *habits, const cJSON *object,
                              const struct habit *habit,
                              const struct place *place, struct wk_why *why) {
  const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, habit->name);
  double value = NAN;
  if (!item)
    return WK_OK;
  if (cJSON_IsNumber(item))
    value = item->valuedouble;
  else if (cJSON_IsString(item) && strcmp(item->valuestring, "unlimited") == 0)
    value = INFINITY;
  if (habit_set(habits, habit, value))
    return WK_OK;
  return wk_fail(why, WK_ERR_MALFORMED,
                 "%s: \"%s\": not a%s number within %.10g..%.10g", place->text,
                 habit->name, habit->whole ? " whole" : "", habit->min,
                 habit->max);
}

static enum wk_err check_names(const cJSON *object, const struct place *place,
                               struct wk_why *why) {
  const char *names[HABITS + 3] = {"name", "share", "fields"};
  for (size_t i = 0; i < HABITS; i++)
    names[3 + i] = habits_all[i].name;
  if (!cJSON_IsObject(object))
    return wk_fail(why, WK_ERR_MALFORMED, "%s: not an object", place->text);
  return wk_json_only(object, names, HABITS + 3, place->text, why);
}

static enum wk_err take_profile(struct profile *profile, const cJSON *object,
                                const struct place *place,
                                struct wk_why *why) {
  enum wk_err err = check_names(object, place, why);
  if (err == WK_OK)
    err = wk_json_text(&profile->name, object, "name", place->text, why);
  if (err != WK_OK)
    return err;
  if (!is_name(profile->name))
    return bad(place, "name", "not 1 to 32 letters, digits, . _ -", why);
  profile->share = 1;
  err = take_u32(&profile->share, object, "share", 1, SHARE_MAX, place, why);
  for (size_t i = 0; i < HABITS && err == WK_OK; i++)
    err = take_habit(&profile->habits, object, &habits_all[i], place, why);
  return err == WK_OK ? take_fields(profile, object, place, why) : err;
}

static enum wk_err take_profiles(struct profiles *profiles, const char *path,
                                 const struct habits *habits,
                                 struct wk_why *why) {
  static const char *const names[] = {"profiles"};
  const cJSON *list =
      cJSON_GetObjectItemCaseSensitive(profiles->tree, names[0]);
  const int count = cJSON_GetArraySize(list);
  const cJSON *item = NULL;
  enum wk_err err = wk_json_only(profiles->tree, names, 1, path, why);
  if (err != WK_OK)
    return err;
  if (!cJSON_IsArray(list) || count < 1 || count > (int)PROFILES_MAX)
    return wk_fail(why, WK_ERR_MALFORMED,
                   "%s: \"profiles\": not a list of 1 to 32 profiles", path);
  profiles->all = calloc((size_t)count, sizeof *profiles->all);
  if (!profiles->all)
    return wk_fail(why, WK_ERR_MEMORY, "out of memory");
  cJSON_ArrayForEach(item, list) {
    struct place place;
    struct profile *profile = &profiles->all[profiles->count];
    (void)snprintf(place.text, sizeof place.text, "%.*s: profiles[%zu]",
                   (int)(WHERE_MAX / 2), path, profiles->count);
    profile->habits = *habits;
    err = take_profile(profile, item, &place, why);
    if (err != WK_OK)
      return err;
    if (profiles_find(profiles, profile->name))
      return bad(&place, "name", "another profile has it", why);
    profiles->count++;
  }
  return WK_OK;
}

enum wk_err profiles_parse(struct profiles *profiles, const char *text,
                           size_t len, const char *path,
                           const struct habits *habits, struct wk_why *why) {
  const enum wk_err err = wk_json_parse(&profiles->tree, text, len, path, why);
  return err == WK_OK ? take_profiles(profiles, path, habits, why) : err;
}

enum wk_err profiles_read(struct profiles *profiles, const char *path,
                          const struct habits *habits, struct wk_why *why) {
  char *text = NULL;
  size_t len = 0;
  enum wk_err err = wk_file_read(&text, &len, path, FILE_MAX, why);
  if (err == WK_OK)
    err = profiles_parse(profiles, text, len, path, habits, why);
  free(text);
  return err;
}
