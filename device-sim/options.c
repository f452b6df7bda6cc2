/* SPDX-License-Identifier: Apache-2.0 */
#include "options.h"

#include <argp.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <whitekey/chain.h>
#include <whitekey/registry.h>

#include "attack.h"

#define DEVICES_MAX 50000.0
#define SEED_MAX 9007199254740991.0 /* what a JSON number holds exactly */
#define SECOND_NS 1e9

const char *argp_program_version = "whitekey-sim " WK_VERSION;

#define PORT 1883
#define PORT_TLS 8883
#define UNLIMITED "unlimited"

enum key {
  KEY_HOST = 'h',
  KEY_PORT = 'p',
  KEY_DEVICES = 'n',
  KEY_REGISTRY = 'r',
  KEY_MASTER = 'm',
  KEY_JSON = 'j',
  KEY_DURATION = 'd',
  KEY_COUNT = 'c',
  KEY_QUIET = 'q',
  KEY_SEED = 's',
  KEY_CONNRATE = 'R',
  KEY_BIND = 'A',
  KEY_PROTOCOL = 0x100,
  KEY_CAFILE,
  KEY_OS_CERTS,
  KEY_TIMEOUT,
  KEY_PROFILE,
  KEY_PROFILES,
  KEY_LENGTH,
  KEY_UPDATE,
  KEY_BROKER,
  KEY_TLS_PORT,
  KEY_HABIT = 0x200 /* the first of habits_all, the others behind it */
};

static const struct argp_option argp_options[] = {
    {0, 0, 0, 0, "Broker:", 1},
    {"host", KEY_HOST, "HOST", 0, "where the broker is (localhost)", 0},
    {"port", KEY_PORT, "PORT", 0, "its MQTT port (1883, or 8883 with TLS)", 0},
    {"protocol", KEY_PROTOCOL, "VERSION", 0,
     "5: enhanced authentication WHITEKEY, the broker's answer is checked "
     "within the same round trip; 3.1.1: password (5)",
     0},
    {"cafile", KEY_CAFILE, "FILE", 0,
     "TLS, with a broker whose certificate these authorities signed (PEM)", 0},
    {"tls-use-os-certs", KEY_OS_CERTS, 0, 0,
     "TLS, with this machine's authorities", 0},
    {"bind", KEY_BIND, "ADDRESS,...", 0,
     "connect from these addresses in turn: each has some 28000 ports", 0},
    {"timeout", KEY_TIMEOUT, "SECONDS", 0,
     "a broker that does not answer for so long is given up (10)", 0},
    {0, 0, 0, 0, "Registry that the devices are enrolled in:", 2},
    {"registry", KEY_REGISTRY, "FILE", 0,
     "$WHITEKEY_REGISTRY, else " WK_REGISTRY_DEFAULT, 0},
    {"master-key", KEY_MASTER, "FILE", 0,
     "$WHITEKEY_MASTER_KEY, else " WK_MASTER_DEFAULT, 0},
    {"length", KEY_LENGTH, "N", 0,
     "logins in each device's chain, 256..1048576 (1024)", 0},
    {"update", KEY_UPDATE, "WHEN", 0,
     "when a device changes its key: quarter (of its chain is left), session, "
     "never (quarter)",
     0},
    {0, 0, 0, 0, "Fleet:", 3},
    {"devices", KEY_DEVICES, "N", 0, "how many, sim-0001 .. (10)", 0},
    {"connrate", KEY_CONNRATE, "R", 0,
     "connections a second, or " UNLIMITED " (" UNLIMITED ")", 0},
    {"profile", KEY_PROFILE, "NAME", 0,
     "temperature, heart-rate, door, power, or mix (mix)", 0},
    {"profiles", KEY_PROFILES, "FILE", 0,
     "other profiles than these four, as JSON", 0},
    {"duration", KEY_DURATION, "SECONDS", 0, "end after so long", 0},
    {"count", KEY_COUNT, "N", 0,
     "end when every device has had so many readings acknowledged", 0},
    {"seed", KEY_SEED, "N", 0,
     "the same number gives the same devices, readings and decisions again "
     "(1)",
     0},
    {0, 0, 0, 0, "Each device, unless its profile says otherwise:", 4},
    {"rate", KEY_HABIT, "R", 0,
     "readings a second, 0 for none, or " UNLIMITED " (1)", 0},
    {"churn", KEY_HABIT + 1, "PERCENT", 0,
     "chance to leave without a word after a reading, and come back (0)", 0},
    {"sleep", KEY_HABIT + 2, "SECONDS", 0,
     "log out and sleep so long, give or take a half (0: never)", 0},
    {"awake", KEY_HABIT + 3, "N", 0, "sleep after so many readings (1)", 0},
    {"loss", KEY_HABIT + 4, "PERCENT", 0,
     "chance that a packet gets lost, either way, and its connection with it "
     "(0)",
     0},
    {"delay", KEY_HABIT + 5, "MS", 0,
     "what it sends leaves so much later, give or take a half (0)", 0},
    {"skew", KEY_HABIT + 6, "SECONDS", 0,
     "its clock is wrong by up to so much (0)", 0},
    {"drift", KEY_HABIT + 7, "PPM", 0,
     "its clock is fast or slow by up to so many millionths (0)", 0},
    {0, 0, 0, 0, "Attack:", 5},
    {"broker", KEY_BROKER, "FILE", 0,
     "start mosquitto with this configuration, which listens at --port, and "
     "end it; for attacks that restart their broker",
     0},
    {"tls-port", KEY_TLS_PORT, "PORT", 0,
     "where the broker listens with TLS; for attacks on that, with --cafile "
     "or --tls-use-os-certs",
     0},
    {0, 0, 0, 0, "Output:", 6},
    {"json", KEY_JSON, "FILE", 0,
     "write the summary, or the report of the attacks, there", 0},
    {"quiet", KEY_QUIET, 0, 0, "show nothing on the terminal", 0},
    {0, 0, 0, 0, "Help:", -1},
    {0},
};

static double number(struct argp_state *state, const char *what,
                     const char *text, double min, double max, bool whole) {
  char *end = NULL;
  errno = 0;
  const double value = strtod(text, &end);
  if (end == text || *end != '\0' || errno || !(value >= min) ||
      !(value <= max) || (whole && floor(value) != value))
    argp_error(state, "--%s %s: must be a%s number within %.10g..%.17g", what,
               text, whole ? " whole" : "", min, max);
  return value;
}

/* The same, where it may be without end. */
static double rate(struct argp_state *state, const char *what,
                   const char *text, double min, double max) {
  return strcmp(text, UNLIMITED) == 0
             ? INFINITY
             : number(state, what, text, min, max, false);
}

static void set_habit(struct options *o, const struct habit *habit,
                      const char *text, struct argp_state *state) {
  const double value =
      habit == &habits_all[0]
          ? rate(state, habit->name, text, habit->min, habit->max)
          : number(state, habit->name, text, habit->min, habit->max,
                   habit->whole);
  (void)habit_set(&o->habits, habit, value); /* within its range it fits */
}

static void set_protocol(struct options *o, const char *text,
                         struct argp_state *state) {
  if (strcmp(text, "3.1.1") == 0)
    o->version = WK_MQTT_311;
  else if (strcmp(text, "5") == 0)
    o->version = WK_MQTT_5;
  else
    argp_error(state, "--protocol %s: must be 3.1.1 or 5", text);
}

static void set_update(struct options *o, const char *text,
                       struct argp_state *state) {
  if (wk_update_when_parse(&o->update, text) != WK_OK)
    argp_error(state, "--update %s: must be quarter, session or never", text);
}

static void set_argument(struct options *o, char *text,
                         struct argp_state *state) {
  if (state->arg_num == 0 && strcmp(text, "attack") == 0)
    return;
  if (state->arg_num != 1)
    argp_error(state, "%s: unexpected", text);
  if (!attack_find(text) && strcmp(text, "all") != 0 &&
      strcmp(text, "list") != 0)
    argp_error(state,
               "attack %s: there is none of that name; `attack list` shows "
               "them",
               text);
  o->attack = text;
}

static void check_attack(const struct options *o, struct argp_state *state) {
  const struct attack *attack = o->attack ? attack_find(o->attack) : NULL;
  if (state->arg_num == 1)
    argp_error(state, "attack: which one? `attack list` shows them");
  if (o->broker && !o->attack)
    argp_error(state, "--broker: belongs to attacks");
  if (o->port_tls && !o->attack)
    argp_error(state, "--tls-port: belongs to attacks");
  if (o->attack && o->tls != (o->port_tls != 0))
    argp_error(state, "--tls-port: goes with --cafile or --tls-use-os-certs");
  if (attack && attack_lacks(attack, o))
    argp_error(state, "attack %s: %s", o->attack, attack_lacks(attack, o));
}

static void check(struct options *o, struct argp_state *state) {
  if (o->cafile && o->tls)
    argp_error(state, "--cafile and --tls-use-os-certs: one of them");
  o->tls = o->tls || o->cafile;
  check_attack(o, state);
  if (o->port == 0)
    o->port = o->tls && !o->attack ? PORT_TLS : PORT;
  if (o->count && o->duration_ns)
    argp_error(state, "--count and --duration: one of them, not both");
  if (o->count && !o->profiles && o->habits.rate <= 0)
    argp_error(state, "--count: never ends with --rate 0");
}

static error_t parse_number(int key, char *arg, struct argp_state *state) {
  struct options *o = state->input;
  switch (key) {
  case KEY_PORT:
    o->port = (uint16_t)number(state, "port", arg, 1, 65535, true);
    return 0;
  case KEY_TLS_PORT:
    o->port_tls = (uint16_t)number(state, "tls-port", arg, 1, 65535, true);
    return 0;
  case KEY_DEVICES:
    o->devices = (uint32_t)number(state, "devices", arg, 1, DEVICES_MAX, true);
    return 0;
  case KEY_LENGTH:
    o->length = (uint32_t)number(state, "length", arg, WK_CHAIN_ENROL_MIN,
                                 WK_CHAIN_LEN_MAX, true);
    return 0;
  case KEY_CONNRATE:
    o->connrate = rate(state, "connrate", arg, 0.01, 1e6);
    return 0;
  case KEY_TIMEOUT:
    o->timeout_ns = (uint64_t)(SECOND_NS * number(state, "timeout", arg, 0.1,
                                                  3600, false));
    return 0;
  case KEY_DURATION:
    o->duration_ns = (uint64_t)(SECOND_NS * number(state, "duration", arg,
                                                   0.001, 1e9, false));
    return 0;
  case KEY_COUNT:
    o->count = (uint32_t)number(state, "count", arg, 1, 1e9, true);
    return 0;
  case KEY_SEED:
    o->seed = (uint64_t)number(state, "seed", arg, 0, SEED_MAX, true);
    return 0;
  default:
    return ARGP_ERR_UNKNOWN;
  }
}

static error_t parse_word(int key, char *arg, struct argp_state *state) {
  struct options *o = state->input;
  switch (key) {
  case KEY_PROTOCOL:
    set_protocol(o, arg, state);
    return 0;
  case KEY_UPDATE:
    set_update(o, arg, state);
    return 0;
  default:
    if (key >= KEY_HABIT && key < (int)(KEY_HABIT + HABITS)) {
      set_habit(o, &habits_all[key - KEY_HABIT], arg, state);
      return 0;
    }
    return parse_number(key, arg, state);
  }
}

/* Taken as it is. */
static const char **text_of(struct options *o, int key) {
  switch (key) {
  case KEY_HOST:
    return &o->host;
  case KEY_CAFILE:
    return &o->cafile;
  case KEY_BIND:
    return &o->bind;
  case KEY_REGISTRY:
    return &o->registry;
  case KEY_MASTER:
    return &o->master;
  case KEY_PROFILE:
    return &o->profile;
  case KEY_PROFILES:
    return &o->profiles;
  case KEY_JSON:
    return &o->json;
  case KEY_BROKER:
    return &o->broker;
  default:
    return NULL;
  }
}

static error_t parse(int key, char *arg, struct argp_state *state) {
  struct options *o = state->input;
  const char **text = text_of(o, key);
  if (text) {
    *text = arg;
    return 0;
  }
  switch (key) {
  case KEY_OS_CERTS:
    o->tls = true;
    return 0;
  case KEY_QUIET:
    o->quiet = true;
    return 0;
  case ARGP_KEY_ARG:
    set_argument(o, arg, state);
    return 0;
  case ARGP_KEY_END:
    check(o, state);
    return 0;
  default:
    return parse_word(key, arg, state);
  }
}

static const char doc[] =
    "Plays a fleet of WhiteKey sensors against a real broker, or attacks it.\n"
    "\v"
    "The devices are enrolled in the registry that the broker uses; running "
    "again enrols the same names again. Until --duration, --count or Ctrl-C "
    "each logs in with a fresh one-time password, publishes readings to "
    "sensors/NAME/PROFILE (QoS 1) and logs in again whenever the connection "
    "is lost. The summary is JSON.\n\n"
    "  whitekey-sim --devices 20 --rate 2 --duration 10\n"
    "  whitekey-sim --protocol 3.1.1 --profile door --count 5\n"
    "  whitekey-sim attack all      try every attack\n"
    "  whitekey-sim attack replay   send a login again, byte for byte\n"
    "  whitekey-sim attack list     what there is, and what is claimed\n\n"
    "Exit status: 0 all went well, or the design's claims held; 1 not; "
    "2 wrong usage.";

static const char *from_env(const char *name, const char *otherwise) {
  const char *value = getenv(name);
  return value && *value ? value : otherwise;
}

void options_parse(struct options *options, int argc, char **argv) {
  const struct argp argp = {
      argp_options, parse, "[attack NAME|all|list]", doc, NULL, NULL, NULL};
  *options = (struct options){
      .host = "localhost",
      .version = WK_MQTT_5,
      .devices = 10,
      .length = 1024,
      .connrate = INFINITY,
      .timeout_ns = (uint64_t)(10 * SECOND_NS),
      .habits = {.rate = 1, .awake = 1},
      .profile = PROFILE_MIX,
      .seed = 1,
      .registry = from_env("WHITEKEY_REGISTRY", WK_REGISTRY_DEFAULT),
      .master = from_env("WHITEKEY_MASTER_KEY", WK_MASTER_DEFAULT),
  };
  argp_err_exit_status = 2;
  (void)argp_parse(&argp, argc, argv, 0, NULL, options);
}
