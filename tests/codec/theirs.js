// SPDX-License-Identifier: Apache-2.0
// npm mqtt-packet, and the packets that it and core's codec are compared with.
// Fields are JSON as in packet_json.h.
//   theirs.js draw SEED COUNT  "VERSION JSON HEX": packets by the standards,
//                              as mqtt-packet writes them; "-": it does not
//   theirs.js read             "VERSION HEX" from the standard input gives
//                              JSON, or "refused" and why
'use strict';

const fs = require('fs');
const packets = require('mqtt-packet');

const TYPES = [, 'connect', 'connack', 'publish', 'puback', 'pubrec',
  'pubrel', 'pubcomp', 'subscribe', 'suback', , , 'pingreq', 'pingresp',
  'disconnect', 'auth'];

// MQTT 5, section 2.2.2: id, mqtt-packet's name, form.
const PROPERTIES = {
  format: [1, 'payloadFormatIndicator', 'bit'],
  expiry: [2, 'messageExpiryInterval', 'long'],
  content: [3, 'contentType', 'text'],
  response: [8, 'responseTopic', 'topic'],
  correlation: [9, 'correlationData', 'data'],
  subscription: [11, 'subscriptionIdentifier', 'varint'],
  session: [17, 'sessionExpiryInterval', 'long'],
  assigned: [18, 'assignedClientIdentifier', 'text'],
  keep: [19, 'serverKeepAlive', 'short'],
  method: [21, 'authenticationMethod', 'text'],
  auth: [22, 'authenticationData', 'data'],
  problem: [23, 'requestProblemInformation', 'bit'],
  delay: [24, 'willDelayInterval', 'long'],
  request: [25, 'requestResponseInformation', 'bit'],
  information: [26, 'responseInformation', 'text'],
  server: [28, 'serverReference', 'text'],
  reason: [31, 'reasonString', 'text'],
  receive: [33, 'receiveMaximum', 'counter'],
  aliases: [34, 'topicAliasMaximum', 'short'],
  alias: [35, 'topicAlias', 'counter'],
  qos: [36, 'maximumQoS', 'qos'],
  retain: [37, 'retainAvailable', 'bit'],
  user: [38, 'userProperties', 'pair'],
  packet: [39, 'maximumPacketSize', 'size'],
  wildcard: [40, 'wildcardSubscriptionAvailable', 'bit'],
  identifiers: [41, 'subscriptionIdentifiersAvailable', 'bit'],
  shared: [42, 'sharedSubscriptionAvailable', 'bit'],
};

// Sections 3.1.2.11 to 3.15.2.2, packet by packet.
const words = (text) => text.split(' ');
const ALLOWED = {
  will: words('delay format expiry content response correlation user'),
  connect: words('session receive packet aliases request problem user method'
    + ' auth'),
  connack: words('session receive qos retain packet assigned aliases reason'
    + ' user wildcard identifiers shared keep information server method auth'),
  publish: words('format expiry alias response correlation user subscription'
    + ' content'),
  subscribe: words('subscription user'),
  disconnect: words('session reason user server'),
  auth: words('auth reason user'),
};
const RECEIPT = words('reason user');

// Sections 3.2.2.2, 3.4.2.1, 3.6.2.1, 3.9.3, 3.14.2.1 and 3.15.2.1.
const CODES = {
  connack: [0, 0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89,
    0x8a, 0x8c, 0x90, 0x95, 0x97, 0x99, 0x9a, 0x9b, 0x9c, 0x9d, 0x9f],
  puback: [0, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99],
  pubrel: [0, 0x92],
  suback: [0, 1, 2, 0x80, 0x83, 0x87, 0x8f, 0x91, 0x97, 0x9e, 0xa1, 0xa2],
  disconnect: [0, 4, 0x80, 0x81, 0x82, 0x83, 0x87, 0x89, 0x8b, 0x8d, 0x8e,
    0x8f, 0x90, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99, 0x9a, 0x9b, 0x9c,
    0x9d, 0x9e, 0x9f, 0xa0, 0xa1, 0xa2],
  auth: [0, 0x18, 0x19],
};
CODES.pubrec = CODES.puback;
CODES.pubcomp = CODES.pubrel;

// ---- drawing --------------------------------------------------------------

let state = 0;

// 32 bits of a linear congruential generator's upper half (Knuth's MMIX).
function random(below) {
  state = (state * 6364136223846793005n + 1442695040888963407n)
    & 0xffffffffffffffffn;
  return Number((state >> 32n) * BigInt(below) >> 32n);
}

const chance = (n) => random(n) === 0;
const pick = (list) => list[random(list.length)];
const hex = (value) => Buffer.from(value).toString('hex');
const text = (value) => Buffer.from(value, 'hex').toString();

// Mostly short; sometimes where a length takes another byte.
function length(least) {
  if (chance(40)) return pick([126, 127, 128, 129, 255, 256, 16383, 16384]);
  return Math.max(least, random(12));
}

const CHARACTERS = ['a', 'Z', '0', ' ', '/', '$', '"', '\\', '\x01', '\x7f',
  '\u0080', 'ß', '\u07ff', '\u0800', '€', '\ud7ff', '\ue000', '\ufeff',
  '\ufffd', '\uffff', '\u{10000}', '😀', '\u{10ffff}'];

function string(least = 0) {
  let value = '';
  const count = length(least);
  for (let i = 0; i < count; i++) value += pick(CHARACTERS);
  return value;
}

function data() {
  const value = Buffer.alloc(length(0));
  for (let i = 0; i < value.length; i++) value[i] = random(256);
  return value;
}

const levels = (extra) => Array.from({ length: 1 + random(4) },
  () => pick(['', 'a', 'ß', '$x', '😀', ...extra]));

function topic() {
  const value = chance(4) ? string(1) : levels(['b']).join('/');
  return value || 'a';
}

function filter() {
  const value = levels(['+', '+']);
  if (chance(3)) value.push('#');
  return value.join('/') || '+';
}

const NUMBERS = {
  bit: () => random(2),
  qos: () => random(2),
  short: () => pick([0, 1, 255, 256, 65535, random(65536)]),
  counter: () => pick([1, 255, 256, 65535, 1 + random(65535)]),
  long: () => pick([0, 1, 65536, 4294967295, random(4294967296)]),
  size: () => pick([1, 65536, 4294967295, 1 + random(4294967295)]),
  varint: () => pick([1, 127, 128, 16383, 16384, 2097151, 2097152,
    268435455]),
};

function pairs() {
  const list = [];
  for (let i = random(4); i >= 0; i--) {
    const name = pick([string(), 'again', '']);
    // mqtt-packet forgets an empty value when its name comes again.
    const lost = list.some((pair) => pair[1] === hex(name) && !pair[2]);
    if (!lost) list.push([38, hex(name), hex(string())]);
  }
  return list;
}

function property(word, packet) {
  const [id, , form] = PROPERTIES[word];
  if (form === 'pair') return pairs();
  if (word === 'subscription' && packet === 'publish')
    return levels([]).map(() => [id, NUMBERS.varint()]);
  if (form in NUMBERS) return [[id, NUMBERS[form]()]];
  if (form === 'data') return [[id, hex(data())]];
  return [[id, hex(form === 'topic' ? topic() : string())]];
}

function props(packet, version, must = []) {
  if (version !== 5) return [];
  const often = 1 + random(8);
  const drawn = (ALLOWED[packet] || RECEIPT).filter(() => chance(often));
  const chosen = new Set([...must, ...drawn]);
  if (chosen.has('auth')) chosen.add('method'); // 3.1.2.11.10
  return [...chosen].flatMap((word) => property(word, packet));
}

const id = () => pick([1, 255, 256, 65535, 1 + random(65535)]);

const DRAW = {
  connect(version) {
    const fields = { version, clean: chance(2), keep_alive: NUMBERS.short(),
      props: props('connect', version), client_id: hex(string()) };
    if (chance(2))
      fields.will = { qos: random(3), retain: chance(2),
        props: props('will', version), topic: hex(topic()),
        payload: hex(data()) };
    if (chance(2)) fields.username = hex(string());
    if (chance(2) && (version === 5 || 'username' in fields))
      fields.password = hex(data());
    return fields;
  },
  connack(version) {
    const code = version === 5 ? pick(CODES.connack) : random(6);
    return { session_present: code === 0 && chance(2), code,
      props: props('connack', version) };
  },
  publish(version) {
    const qos = random(3);
    const all = props('publish', version);
    const aliased = all.some((one) => one[0] === PROPERTIES.alias[0]);
    return { dup: qos > 0 && chance(2), retain: chance(2), qos,
      id: qos > 0 ? id() : 0,
      topic: aliased && chance(2) ? '' : hex(topic()),
      props: all, payload: hex(data()) };
  },
  subscribe(version) {
    const filters = levels([]).map(() => {
      if (version !== 5) return [hex(filter()), random(3)];
      const shared = chance(4);
      const options = random(3) | (shared ? 0 : random(2) << 2)
        | random(2) << 3 | random(3) << 4;
      return [hex(shared ? `$share/g/${filter()}` : filter()), options];
    });
    return { id: id(), props: props('subscribe', version), filters };
  },
  suback(version) {
    const codes = version === 5 ? CODES.suback : [0, 1, 2, 0x80];
    return { id: id(), props: props('suback', version),
      codes: hex(levels([]).map(() => pick(codes))) };
  },
  auth() {
    if (chance(8)) return { code: 0, props: [] }; // 3.15.2.1
    return { code: pick(CODES.auth), props: props('auth', 5, ['method']) };
  },
};

function acknowledge(packet, version) {
  return { id: id(), code: version === 5 ? pick(CODES[packet]) : 0,
    props: props(packet, version) };
}

function drawn(version) {
  let type;
  do type = 1 + random(15);
  while (!TYPES[type] || (TYPES[type] === 'auth' && version !== 5));
  const packet = TYPES[type];
  let fields = { code: 0, props: [] }; // PINGREQ, PINGRESP
  if (packet in DRAW) fields = DRAW[packet](version);
  else if (packet.startsWith('pub')) fields = acknowledge(packet, version);
  else if (packet === 'disconnect' && version === 5)
    fields = { code: pick(CODES.disconnect), props: props(packet, 5) };
  return { type, ...fields };
}

// ---- mqtt-packet's form ---------------------------------------------------

const WORD_OF = Object.fromEntries(
  Object.values(PROPERTIES).map((row) => [row[0], row]));

function value(form, given) {
  if (form === 'bit') return given === 1;
  if (form === 'data') return Buffer.from(given, 'hex');
  return typeof given === 'string' ? text(given) : given;
}

function add(to, name, given) {
  if (!(name in to)) to[name] = given;
  else to[name] = [].concat(to[name], [given]);
}

function theirProperties(list) {
  const out = {};
  for (const [number, first, second] of list) {
    const [, name, form] = WORD_OF[number];
    if (form === 'pair') {
      out[name] = out[name] || Object.create(null);
      add(out[name], text(first), text(second));
    } else {
      add(out, name, value(form, first));
    }
  }
  return out;
}

function theirWill(will) {
  return { qos: will.qos, retain: will.retain, topic: text(will.topic),
    payload: Buffer.from(will.payload, 'hex'),
    properties: theirProperties(will.props) };
}

function theirs(fields, version) {
  const packet = { cmd: TYPES[fields.type], protocolVersion: version,
    messageId: fields.id, reasonCode: fields.code, returnCode: fields.code,
    sessionPresent: fields.session_present, clean: fields.clean,
    keepalive: fields.keep_alive, dup: fields.dup, retain: fields.retain,
    qos: fields.qos };
  if (version === 5 && fields.props.length > 0)
    packet.properties = theirProperties(fields.props);
  if ('client_id' in fields) packet.clientId = text(fields.client_id);
  if ('will' in fields) packet.will = theirWill(fields.will);
  if ('username' in fields) packet.username = text(fields.username);
  for (const name of ['password', 'payload'])
    if (name in fields) packet[name] = Buffer.from(fields[name], 'hex');
  if ('topic' in fields) packet.topic = text(fields.topic);
  if ('codes' in fields)
    packet.granted = [...Buffer.from(fields.codes, 'hex')];
  if ('filters' in fields)
    packet.subscriptions = fields.filters.map(([name, options]) => ({
      topic: text(name), qos: options & 3, nl: (options & 4) !== 0,
      rap: (options & 8) !== 0, rh: options >> 4 }));
  return packet;
}

function ourProperties(given) {
  const out = [];
  for (const [name, values] of Object.entries(given || {})) {
    const [number, , form] = Object.values(PROPERTIES)
      .find((row) => row[1] === name);
    if (form === 'pair') {
      for (const [key, list] of Object.entries(values))
        for (const one of [].concat(list))
          out.push([number, hex(key), hex(one)]);
    } else {
      for (const one of [].concat(values))
        out.push([number, typeof one === 'boolean' ? Number(one)
          : typeof one === 'number' ? one : hex(one)]);
    }
  }
  return out;
}

const OURS = {
  connect(packet) {
    const fields = { version: packet.protocolVersion, clean: packet.clean,
      keep_alive: packet.keepalive, client_id: hex(packet.clientId) };
    if (packet.will) {
      const { qos, retain, topic: name, payload, properties } = packet.will;
      fields.will = { qos, retain, props: ourProperties(properties),
        topic: hex(name), payload: hex(payload) };
    }
    if (packet.username != null) fields.username = hex(packet.username);
    if (packet.password != null) fields.password = hex(packet.password);
    return fields;
  },
  connack: (packet, code) => ({ session_present: packet.sessionPresent,
    code }),
  publish: ({ dup, retain, qos, messageId, topic: name, payload }) => ({ dup,
    retain, qos, id: qos > 0 ? messageId : 0, topic: hex(name),
    payload: hex(payload) }),
  subscribe: (packet) => ({ id: packet.messageId,
    filters: packet.subscriptions.map((one) => [hex(one.topic),
      one.qos | one.nl << 2 | one.rap << 3 | one.rh << 4]) }),
  suback: (packet) => ({ id: packet.messageId, codes: hex(packet.granted) }),
};

function ours(packet) {
  const code = packet.reasonCode || packet.returnCode || 0;
  const common = { type: TYPES.indexOf(packet.cmd),
    props: ourProperties(packet.properties) };
  if (packet.cmd in OURS)
    return { ...common, ...OURS[packet.cmd](packet, code) };
  if (packet.cmd.startsWith('pub')) common.id = packet.messageId;
  return { ...common, code };
}

// ---- verbs ----------------------------------------------------------------

function written(fields, version) {
  // mqtt-packet's form of an AUTH without a method is no packet: 3.15.2.1.
  if (TYPES[fields.type] === 'auth' && fields.props.length === 0) return '-';
  try {
    return packets.generate(theirs(fields, version),
      { protocolVersion: version }).toString('hex');
  } catch (error) {
    return '-';
  }
}

function draw(seed, count) {
  state = BigInt(seed);
  for (let i = 0; i < 16; i++) random(2);
  return Array.from({ length: count }, (_, i) => {
    const version = 4 + i % 2;
    const fields = drawn(version);
    return `${version} ${JSON.stringify(fields)} ${written(fields, version)}`;
  });
}

function understood(version, bytes) {
  const parser = packets.parser({ protocolVersion: version });
  let answer = 'refused: not one packet';
  let failed = false;
  parser.on('packet', (packet) => {
    if (!failed) answer = JSON.stringify(ours(packet));
  });
  parser.on('error', (error) => {
    failed = true;
    answer = `refused: ${error.message}`;
  });
  try {
    if (parser.parse(bytes) > 0 && !failed) return 'refused: bytes are left';
  } catch (error) {
    return `refused: ${error.message}`;
  }
  return answer;
}

const read = () => fs.readFileSync(0, 'latin1').split('\n').filter(Boolean)
  .map((line) => understood(+line[0], Buffer.from(line.slice(2), 'hex')));

const [verb, seed, count] = process.argv.slice(2);
const lines = verb === 'draw' ? draw(seed, Number(count)) : read();
fs.writeFileSync(1, lines.map((line) => `${line}\n`).join(''));
