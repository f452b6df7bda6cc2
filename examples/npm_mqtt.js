// SPDX-License-Identifier: Apache-2.0
// npm mqtt that reconnects by itself with a fresh password, which comes from
// the whitekey command:
//
//   node npm_mqtt.js 1883 thermo-1.json
//
// It publishes a reading whenever it is connected and says what happens, one
// word a line.
'use strict';

const fs = require('node:fs');
const { execFileSync } = require('node:child_process');
const mqtt = require('mqtt');

const [port, credential] = process.argv.slice(2);
const name = JSON.parse(fs.readFileSync(credential)).d_id;

// A broker that crashed refuses up to 64 passwords, which may have been spent:
// how many to go on by after so many refusals in a row.
const skips = [1, 1, 2, 4, 8, 16, 32, 64];
const unavailable = 3; // that is no refusal
let refusals = 0;

function password() {
  const command = ['otp', '--credential', credential,
                   '--count', String(skips[refusals] || 1)];
  return execFileSync('whitekey', command, { encoding: 'ascii' })
    .trim().split('\n').pop();
}

const client = mqtt.connect({
  host: 'localhost', port: Number(port), clientId: name,
  username: name, password: password(), reconnectPeriod: 1000,
  reconnectOnConnackError: true, // a refusal is not the end
});

// Once a broker has seen a password it is spent; while none answers, the old
// one is still good, for two minutes.
let spent = false;
let drawn = Date.now();

client.on('connect', () => {
  spent = true;
  refusals = 0;
  console.log('connected');
  client.publish(`sensors/${name}/temperature`, '21.5', { qos: 1 });
});
client.on('error', (error) => {
  if (typeof error.code === 'number') { // of CONNACK
    spent = true;
    refusals += error.code === unavailable ? 0 : 1;
  }
});
client.on('close', () => {
  if (spent || Date.now() - drawn > 60000) {
    client.options.password = password();
    spent = false;
    drawn = Date.now();
  }
});
