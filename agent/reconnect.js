// SPDX-License-Identifier: Apache-2.0
// npm mqtt as it is, without credentials: after each connection it says what
// it hears of its own message. While the broker is away the agent refuses, and
// this client gives up for ever when refused, unless told otherwise.
// reconnect.js PORT VERSION
'use strict';

const mqtt = require('mqtt');

const [port, version] = process.argv.slice(2).map(Number);
const client = mqtt.connect({
  host: '127.0.0.1', port, protocolVersion: version, reconnectPeriod: 200,
  reconnectOnConnackError: true,
});
client.on('error', () => {}); // it tries again by itself
client.on('connect', () => {
  client.subscribe('t', { qos: 1 }, () => {
    client.publish('t', '1', { qos: 1 });
  });
});
client.on('message', (topic, payload) => console.log(`heard ${payload}`));
