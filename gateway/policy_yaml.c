/* SPDX-License-Identifier: Apache-2.0 */
/* The policy's YAML: mappings of known keys, each mistake with its line. */
#include "policy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <yaml.h>

#include <whitekey/file.h>
#include <whitekey/nearest.h>
#include <whitekey/utf8.h>

#include "topic.h"

struct reader {
  yaml_document_t *document;
  const char *where;
  struct wk_why *why;
};

static unsigned line_of(const yaml_node_t *node) {
  return (unsigned)node->start_mark.line + 1;
}

#define BAD(reader, node, ...) bad((reader), line_of(node), __VA_ARGS__)

static enum wk_err bad(const struct reader *r, unsigned line, const char *what,
                       const char *word, const char *more) {
  return wk_fail(r->why, WK_ERR_MALFORMED, "%s:%u: %s%s%s%s%s", r->where, line,
                 what, *word ? " \"" : "", word, *word ? "\"" : "", more);
}

static const char *text_of(const yaml_node_t *node) {
  return (const char *)node->data.scalar.value;
}

/* A scalar without NUL; empty ones are refused where they are used. */
static bool is_text(const yaml_node_t *node) {
  return node->type == YAML_SCALAR_NODE &&
         strlen(text_of(node)) == node->data.scalar.length;
}

static enum wk_err check_key(const struct reader *r, const yaml_node_t *map,
                             const yaml_node_t *key, const char *const *names,
                             size_t count) {
  if (!is_text(key))
    return BAD(r, key, "a key must be a word", "", "");
  size_t i = 0;
  while (i < count && strcmp(names[i], text_of(key)) != 0)
    i++;
  if (i == count) {
    char more[64];
    (void)snprintf(more, sizeof more, ", did you mean \"%s\"?",
                   wk_nearest(text_of(key), names, count));
    return BAD(r, key, "unknown key", text_of(key), more);
  }
  for (const yaml_node_pair_t *p = map->data.mapping.pairs.start;
       p < map->data.mapping.pairs.top; p++) {
    const yaml_node_t *other = yaml_document_get_node(r->document, p->key);
    if (other == key)
      return WK_OK;
    if (is_text(other) && strcmp(text_of(other), text_of(key)) == 0)
      return BAD(r, key, "the key", text_of(key), " stands there twice");
  }
  return WK_OK;
}

/* node must be a mapping with none but the named keys, each once. */
static enum wk_err check_keys(const struct reader *r, const yaml_node_t *map,
                              const char *what, const char *const *names,
                              size_t count) {
  if (map->type != YAML_MAPPING_NODE)
    return BAD(r, map, what, "", " must be keys with values");
  for (const yaml_node_pair_t *p = map->data.mapping.pairs.start;
       p < map->data.mapping.pairs.top; p++) {
    const enum wk_err err = check_key(
        r, map, yaml_document_get_node(r->document, p->key), names, count);
    if (err != WK_OK)
      return err;
  }
  return WK_OK;
}

static const yaml_node_t *find(const struct reader *r, const yaml_node_t *map,
                               const char *name) {
  for (const yaml_node_pair_t *p = map->data.mapping.pairs.start;
       p < map->data.mapping.pairs.top; p++) {
    const yaml_node_t *key = yaml_document_get_node(r->document, p->key);
    if (strcmp(text_of(key), name) == 0)
      return yaml_document_get_node(r->document, p->value);
  }
  return NULL;
}

static enum wk_err copy_text(const struct reader *r, char **out,
                             const yaml_node_t *map, const char *name) {
  const yaml_node_t *node = find(r, map, name);
  if (!node)
    return BAD(r, map, "this rule needs the key", name, "");
  if (!is_text(node) || *text_of(node) == '\0')
    return BAD(r, node, "the value of", name, " must be a text");
  *out = strdup(text_of(node));
  return *out ? WK_OK : wk_fail(r->why, WK_ERR_MEMORY, "out of memory");
}

/* "a" or "a.b": no empty name, nothing that JSON would have to escape. */
static bool field_valid(const char *field) {
  size_t names = 1;
  if (!wk_utf8_valid(field, strlen(field)) || strpbrk(field, "\"\\"))
    return false;
  for (const char *c = field; *c != '\0'; c++) {
    if ((unsigned char)*c < 0x20)
      return false;
    if (*c == '.') {
      names++;
      if (c == field || c[1] == '.' || c[1] == '\0')
        return false;
    }
  }
  return *field != '\0' && names <= WK_RELEASE_DEPTH_MAX;
}

static enum wk_err read_field(const struct reader *r, struct wk_rule *rule,
                              const yaml_node_t *node) {
  if (!is_text(node) || !field_valid(text_of(node)))
    return BAD(r, node, "not a field name or a.b path:",
               is_text(node) ? text_of(node) : "?", "");
  for (size_t i = 0; i < rule->release_count; i++) {
    if (strcmp(rule->release[i], text_of(node)) == 0)
      return BAD(r, node, "the field", text_of(node), " stands there twice");
  }
  if (rule->release_count == WK_RELEASE_MAX)
    return BAD(r, node, "more than 64 fields in one rule", "", "");
  char *field = strdup(text_of(node));
  if (!field)
    return wk_fail(r->why, WK_ERR_MEMORY, "out of memory");
  rule->release[rule->release_count++] = field;
  return WK_OK;
}

static enum wk_err read_release(const struct reader *r, struct wk_rule *rule,
                                const yaml_node_t *map) {
  const yaml_node_t *list = find(r, map, "release");
  if (!list)
    return BAD(r, map, "this rule needs the key", "release", "");
  if (list->type != YAML_SEQUENCE_NODE ||
      list->data.sequence.items.start == list->data.sequence.items.top)
    return BAD(r, list, "the value of", "release",
               " must be a list of field names");
  for (const yaml_node_item_t *i = list->data.sequence.items.start;
       i < list->data.sequence.items.top; i++) {
    const enum wk_err err =
        read_field(r, rule, yaml_document_get_node(r->document, *i));
    if (err != WK_OK)
      return err;
  }
  return WK_OK;
}

/* {topic} only as the last level or levels, so that the topics a rule
 * publishes on can be told from its text alone. */
static bool destination_valid(const char *to) {
  const char *brace = strpbrk(to, "{}");
  if (!wk_topic_valid(to) || to[0] == '$')
    return false;
  return !brace ||
         (strcmp(brace, "{topic}") == 0 && brace != to && brace[-1] == '/');
}

static enum wk_err read_rule(const struct reader *r, struct wk_rule *rule,
                             const yaml_node_t *map) {
  static const char *const names[] = {"topic", "release", "to"};
  rule->line = line_of(map);
  enum wk_err err = check_keys(r, map, "a rule", names, 3);
  if (err == WK_OK)
    err = copy_text(r, &rule->topic, map, "topic");
  if (err == WK_OK)
    err = copy_text(r, &rule->to, map, "to");
  if (err == WK_OK)
    err = read_release(r, rule, map);
  if (err != WK_OK)
    return err;
  if (!wk_filter_valid(rule->topic))
    return BAD(r, find(r, map, "topic"), "not a topic filter:", rule->topic,
               "");
  if (!destination_valid(rule->to))
    return BAD(r, find(r, map, "to"),
               "not a topic, or PREFIX/{topic}:", rule->to, "");
  return WK_OK;
}

static enum wk_err read_rules(const struct reader *r,
                              struct wk_policy_rules *policy,
                              const yaml_node_t *list) {
  if (list->type != YAML_SEQUENCE_NODE ||
      list->data.sequence.items.start == list->data.sequence.items.top)
    return BAD(r, list, "the value of", "rules", " must be a list of rules");
  const size_t count = (size_t)(list->data.sequence.items.top -
                                list->data.sequence.items.start);
  policy->rules = calloc(count + 1, sizeof *policy->rules);
  if (!policy->rules)
    return wk_fail(r->why, WK_ERR_MEMORY, "out of memory");
  for (size_t i = 0; i < count; i++) {
    policy->count = i + 1;
    const enum wk_err err =
        read_rule(r, &policy->rules[i],
                  yaml_document_get_node(r->document,
                                         list->data.sequence.items.start[i]));
    if (err != WK_OK)
      return err;
  }
  return WK_OK;
}

static enum wk_err read_policy(const struct reader *r,
                               struct wk_policy_rules *policy) {
  static const char *const names[] = {"version", "default", "rules"};
  const yaml_node_t *root = yaml_document_get_root_node(r->document);
  if (!root)
    return bad(r, 1, "empty: a policy begins with", "version: 1", "");
  const enum wk_err err = check_keys(r, root, "a policy", names, 3);
  if (err != WK_OK)
    return err;
  const yaml_node_t *version = find(r, root, "version");
  if (!version || !is_text(version) || strcmp(text_of(version), "1") != 0)
    return BAD(r, version ? version : root, "this program needs", "version: 1",
               "");
  const yaml_node_t *fallback = find(r, root, "default");
  if (fallback &&
      (!is_text(fallback) || strcmp(text_of(fallback), "private") != 0))
    return BAD(r, fallback, "the value of", "default", " can only be private");
  const yaml_node_t *rules = find(r, root, "rules");
  return rules ? read_rules(r, policy, rules) : WK_OK;
}

/* A second document would be a policy that nobody applies. */
static enum wk_err check_end(const struct reader *r, yaml_parser_t *parser) {
  yaml_document_t next;
  if (!yaml_parser_load(parser, &next))
    return bad(r, (unsigned)parser->problem_mark.line + 1, "not valid YAML",
               "", "");
  const yaml_node_t *root = yaml_document_get_root_node(&next);
  const enum wk_err err =
      root ? BAD(r, root, "a second document begins here", "", "") : WK_OK;
  yaml_document_delete(&next);
  return err;
}

static enum wk_err load(struct wk_policy_rules *policy, yaml_parser_t *parser,
                        const char *where, struct wk_why *why) {
  yaml_document_t document;
  if (!yaml_parser_load(parser, &document))
    return wk_fail(why, WK_ERR_MALFORMED, "%s:%u: not valid YAML: %s", where,
                   (unsigned)parser->problem_mark.line + 1,
                   parser->problem ? parser->problem : "unreadable");
  const struct reader r = {.document = &document, .where = where, .why = why};
  enum wk_err err = read_policy(&r, policy);
  if (err == WK_OK)
    err = check_end(&r, parser);
  yaml_document_delete(&document);
  return err;
}

enum wk_err wk_policy_parse(struct wk_policy_rules **out, const char *text,
                            size_t len, const char *where,
                            struct wk_why *why) {
  yaml_parser_t parser;
  *out = NULL;
  struct wk_policy_rules *policy = calloc(1, sizeof *policy);
  if (!policy || !yaml_parser_initialize(&parser)) {
    free(policy);
    return wk_fail(why, WK_ERR_MEMORY, "out of memory");
  }
  yaml_parser_set_input_string(&parser, (const unsigned char *)text, len);
  const enum wk_err err = load(policy, &parser, where, why);
  yaml_parser_delete(&parser);
  if (err != WK_OK) {
    wk_policy_free(policy);
    return err;
  }
  *out = policy;
  return WK_OK;
}

enum wk_err wk_policy_read(struct wk_policy_rules **policy, const char *path,
                           struct wk_why *why) {
  char *text = NULL;
  size_t len = 0;
  *policy = NULL;
  enum wk_err err = wk_file_read(&text, &len, path, WK_POLICY_FILE_MAX, why);
  if (err == WK_OK)
    err = wk_policy_parse(policy, text, len, path, why);
  free(text);
  return err;
}
