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

function read(credentialFile) {
  return JSON.parse(fs.readFileSync(credentialFile, 'utf8'));
}

// AES-128-CCM with the key, nonce and additional data of a header (section 3).
function ccm(make, credential, header, challenge) {
  const nonce = Buffer.concat([header.subarray(1, 2), header.subarray(6)]);
  const key = kx(credential, header.readUInt32BE(2));
  const cipher = make('aes-128-ccm', key, nonce, { authTagLength: TAG_LEN });
  const aad = Buffer.concat([
    Buffer.from('whitekey/1/aad'), Buffer.from(credential.realm, 'base64url'),
    lv(credential.d_id), header, challenge,
  ]);
  return { cipher, setAAD: (length) =>
    cipher.setAAD(aad, { plaintextLength: length }) };
}

function sha256(...parts) {
  return crypto.createHash('sha256').update(Buffer.concat(parts)).digest();
}

// x[index] of chain C's first epoch (section 2).
function value(credential, index) {
  const { n, seed } = credential.chains.C;
  const salt = sha256(
    Buffer.from('whitekey/1/salt'), Buffer.from(credential.realm, 'base64url'),
    Buffer.from('C'), be32(0), lv(credential.d_id)).subarray(0, 16);
  let x = sha256(Buffer.from([2]), salt, be32(n),
                 Buffer.from(seed, 'base64url'));
  for (let at = n - 1; at >= index; at--) {
    x = sha256(Buffer.from([1]), salt, be32(at), x);
  }
  return x;
}

// X1 number `index`, sealed with the server's challenge (section 5).
function answerChallenge(credentialFile, index, challenge) {
  const credential = read(credentialFile);
  const header = Buffer.concat([
    Buffer.from([1, 1]), be32(0), be32(index), crypto.randomBytes(8)]);
  const body = Buffer.concat([
    be32(Math.floor(Date.now() / 1000)), value(credential, index)]);
  const { cipher, setAAD } = ccm(
    crypto.createCipheriv, credential, header, challenge);
  setAAD(body.length);
  const sealed = Buffer.concat([cipher.update(body), cipher.final()]);
  return Buffer.concat([header, sealed, cipher.getAuthTag()]);
}

// Opens the X4 (bytes) that answers a password; throws when it is not the
// server's answer to exactly that (section 3).
function openX4(x4, text, credentialFile) {
  return openAnswer(x4, Buffer.from(text.split('.')[0], 'base64url'),
                    Buffer.alloc(0), credentialFile);
}

// The same for X1 in bytes and the challenge that it answered.
function openAnswer(x4, x1, challenge, credentialFile) {
  const credential = read(credentialFile);
  if (x1.length !== X1_LEN || x4[0] !== 1 || x4[1] !== 4) {
    throw new Error('not an X1 and its X4');
  }
  const header = x4.subarray(0, HEADER_LEN);
  const { cipher, setAAD } = ccm(
    crypto.createDecipheriv, credential, header, challenge);
  const sealed = x4.subarray(HEADER_LEN, x4.length - TAG_LEN);
  cipher.setAuthTag(x4.subarray(x4.length - TAG_LEN));
  setAAD(sealed.length);
  const body = cipher.update(sealed);
  cipher.final();
  if (!body.subarray(14).equals(sha256(x1).subarray(0, 16))) {
    throw new Error('an X4 for another message');
  }
  return {
    status: body[0], role: String.fromCharCode(body[1]),
    epoch: body.readUInt32BE(2), index: body.readUInt32BE(6),
  };
}

module.exports = {
  password, authenticationData, lv, answerChallenge, openX4, openAnswer,
};
