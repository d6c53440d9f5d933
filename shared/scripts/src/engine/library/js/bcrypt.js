// `bcrypt` and `bcryptjs`. https://github.com/kelektiv/node.bcrypt.js#readme
(function (exports, module, require, host) {
  'use strict';
  const { Buffer } = require('buffer');
  const { randomBytes } = require('crypto');
  const { answer } = require('internal/callbacks');
  // bcrypt has its own base64 alphabet.
  const STANDARD = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
  const OWN = './ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

  function text(value, what) {
    if (typeof value === 'string' || Buffer.isBuffer(value)) return value.toString();
    throw new Error(`${what} must be a string`);
  }

  function genSaltSync(rounds = 10) {
    const salt = randomBytes(16).toString('base64').slice(0, 22);
    return `$2b$${String(rounds).padStart(2, '0')}$${salt.replace(/./g, (digit) => OWN[STANDARD.indexOf(digit)])}`;
  }

  function hashSync(data, saltOrRounds = 10) {
    if (typeof saltOrRounds === 'number') return host.hash(text(data, 'data'), saltOrRounds);
    const [, cost, salt] = /^\$2[abxy]\$(\d\d)\$([./A-Za-z0-9]{22})/.exec(text(saltOrRounds, 'salt')) ?? [];
    if (salt === undefined) throw new Error('Invalid salt. Salt must be in the form of: $Vers$log2(NumRounds)$saltvalue');
    return host.hash(text(data, 'data'), Number(cost), salt);
  }

  const compareSync = (data, hash) => host.compare(text(data, 'data'), text(hash, 'hash'));

  Object.assign(exports, {
    genSaltSync, hashSync, compareSync,
    getRounds: (hash) => Number(/^\$2[abxy]\$(\d\d)\$/.exec(hash)[1]),
    genSalt(rounds, minor, callback) {
      callback = [rounds, minor, callback].find((argument) => typeof argument === 'function');
      return answer(() => genSaltSync(typeof rounds === 'number' ? rounds : undefined), callback);
    },
    hash: (data, saltOrRounds, callback) => answer(() => hashSync(data, saltOrRounds), callback),
    compare: (data, hash, callback) => answer(() => compareSync(data, hash), callback),
  });
})
