// SPDX-License-Identifier: Apache-2.0
// What a Node program needs beside npm mqtt: the next password from the
// whitekey command, and a second opinion on the server's answer X4, written
// from docs/protocol.md and not from our C.
'use strict';

const crypto = require('node:crypto');
const fs = require('node:fs');
const { execFileSync } = require('node:child_process');

const WHITEKEY = process.env.WHITEKEY || 'whitekey';
const X1_LEN = 70;
const HEADER_LEN = 18;
const TAG_LEN = 16;

function password(credential) {
  const options = { encoding: 'ascii', stdio: ['ignore', 'pipe', 'inherit'] };
  return execFileSync(
    WHITEKEY, ['otp', '--credential', credential], options).trim();
}

function be32(number) {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(number);
  return bytes;
}

// One length byte, then the name (lv in the protocol).
function lv(did) {
  return Buffer.concat([Buffer.from([did.length]), Buffer.from(did)]);
}

// Authentication data of CONNECT with the method WHITEKEY (section 5).
function authenticationData(did, text) {
  const messages = text.split('.').map((m) => Buffer.from(m, 'base64url'));
  return Buffer.concat([lv(did), ...messages]);
}

function kx(credential, epoch) {
  const text = Buffer.concat([
    Buffer.from('whitekey/1/msg'),
    Buffer.from(credential.realm, 'base64url'), be32(epoch),
    Buffer.from(credential.bio_id, 'base64url'), lv(credential.d_id),
  ]);
  const ks = Buffer.from(credential.ks, 'base64url');
  return crypto.createHmac('sha256', ks).update(text).digest().subarray(0, 16);
}

// Opens the X4 (bytes) that answers the password `text`; throws when it is
// not the server's answer to exactly that (section 3).
function openX4(x4, text, credentialFile) {
  const credential = JSON.parse(fs.readFileSync(credentialFile, 'utf8'));
  const x1 = Buffer.from(text.split('.')[0], 'base64url');
  if (x1.length !== X1_LEN || x4[0] !== 1 || x4[1] !== 4) {
    throw new Error('not an X1 and its X4');
  }
  const header = x4.subarray(0, HEADER_LEN);
  const nonce = Buffer.concat([header.subarray(1, 2), header.subarray(6)]);
  const key = kx(credential, header.readUInt32BE(2));
  const ccm = crypto.createDecipheriv(
    'aes-128-ccm', key, nonce, { authTagLength: TAG_LEN });
  const sealed = x4.subarray(HEADER_LEN, x4.length - TAG_LEN);
  ccm.setAuthTag(x4.subarray(x4.length - TAG_LEN));
  ccm.setAAD(Buffer.concat([
    Buffer.from('whitekey/1/aad'),
    Buffer.from(credential.realm, 'base64url'), lv(credential.d_id), header,
  ]), { plaintextLength: sealed.length });
  const body = ccm.update(sealed);
  ccm.final();
  const asked = crypto.createHash('sha256').update(x1).digest();
  if (!body.subarray(14).equals(asked.subarray(0, 16))) {
    throw new Error('an X4 for another message');
  }
  return {
    status: body[0], role: String.fromCharCode(body[1]),
    epoch: body.readUInt32BE(2), index: body.readUInt32BE(6),
  };
}

module.exports = { password, authenticationData, openX4 };
