// SPDX-License-Identifier: Apache-2.0
// Logs in with npm mqtt and says what happened, one JSON line per event:
//
//   login.js once PORT VERSION CREDENTIAL PASSWORD
//     one attempt with the password as it is
//   login.js enhanced PORT CREDENTIAL PASSWORD
//     the same by MQTT 5 enhanced authentication
//   login.js challenge PORT CREDENTIAL INDEX [replay]
//     by enhanced authentication in two steps, with password number INDEX;
//     replay: sealed for another challenge than the server's
//   login.js stay PORT VERSION CREDENTIAL [stale]
//     a login with a fresh password, and another whenever the connection
//     ends; stale keeps the first password, as the library does by itself
'use strict';

const mqtt = require('mqtt');
const whitekey = require('./whitekey.js');

function say(event) {
  process.stdout.write(JSON.stringify(event) + '\n');
}

function open(port, version, settings) {
  const client = mqtt.connect({
    host: '127.0.0.1', port: Number(port), protocolVersion: Number(version),
    reconnectPeriod: 0, ...settings,
  });
  client.on('error', (error) => say({ event: 'refused', code: error.code }));
  return client;
}

function deviceName(credential) {
  return JSON.parse(require('node:fs').readFileSync(credential)).d_id;
}

// The server's proof of a password login comes on the device's own topic.
function awaitX4(client, text, credential) {
  const topic = `whitekey/v1/${deviceName(credential)}/x4`;
  client.on('message', (from, payload) => {
    const x4 = Buffer.from(payload.toString(), 'base64url');
    say({ event: 'x4', ...whitekey.openX4(x4, text, credential) });
  });
  // The event comes before the write, and DISCONNECT must not overtake it.
  client.on('packetsend', (packet) => {
    if (packet.cmd === 'puback') {
      setImmediate(() => client.end());
    }
  });
  client.subscribe(topic, { qos: 1 });
}

function once(port, version, credential, text) {
  const client = open(port, version, {
    username: deviceName(credential), password: text,
  });
  client.on('connect', () => {
    say({ event: 'connected' });
    awaitX4(client, text, credential);
  });
}

function enhanced(port, credential, text) {
  const data = whitekey.authenticationData(deviceName(credential), text);
  const client = open(port, 5, {
    properties: {
      authenticationMethod: 'WHITEKEY', authenticationData: data,
    },
  });
  client.on('connect', (connack) => {
    const x4 = connack.properties.authenticationData;
    say({ event: 'connected', method: connack.properties.authenticationMethod,
          ...whitekey.openX4(x4, text, credential) });
    client.end();
  });
}

function challenge(port, credential, index, replay) {
  const client = open(port, 5, {
    properties: {
      authenticationMethod: 'WHITEKEY-CHALLENGE',
      authenticationData: whitekey.lv(deviceName(credential)),
    },
  });
  let asked;
  let x1;
  client.handleAuth = (packet, callback) => {
    asked = packet.properties.authenticationData;
    x1 = whitekey.answerChallenge(
      credential, Number(index), replay ? Buffer.alloc(16) : asked);
    callback(null, {
      cmd: 'auth', reasonCode: 0x18,
      properties: {
        authenticationMethod: 'WHITEKEY-CHALLENGE', authenticationData: x1,
      },
    });
  };
  client.on('connect', (connack) => {
    const x4 = connack.properties.authenticationData;
    say({ event: 'connected',
          ...whitekey.openAnswer(x4, x1, asked, credential) });
    client.end();
  });
}

function stay(port, version, credential, stale) {
  const client = open(port, version, {
    username: deviceName(credential),
    password: whitekey.password(credential),
    reconnectPeriod: 50,
  });
  // While no broker answers the connection closes again and again; only a
  // password that a broker has seen is spent and needs a successor.
  let spent = false;
  client.on('connect', () => {
    spent = true;
    say({ event: 'connected' });
  });
  client.on('error', (error) => {
    spent = spent || typeof error.code === 'number';
  });
  client.on('close', () => {
    if (spent && !stale) {
      client.options.password = whitekey.password(credential);
      spent = false;
    }
  });
}

const [command, ...args] = process.argv.slice(2);
({ once, enhanced, challenge, stay })[command](...args);
