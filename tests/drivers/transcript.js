// What the scripts for Node share: where to connect to, how values are written.
'use strict';

const crypto = require('crypto');
const fs = require('fs');

const env = (name) => process.env[`DRIVER_${name}`];

function show(value) {
  if (value === undefined) return 'undefined';
  if (Array.isArray(value)) return `[${value.map(show).join(', ')}]`;
  if (Buffer.isBuffer(value) || (typeof value === 'string' && value.length > 400)) {
    const digest = crypto.createHash('sha256').update(value).digest('hex').slice(0, 16);
    return value.length > 400 ? `${value.length} ${digest}` : `0x${value.toString('hex')}`;
  }
  if (value instanceof Date) return `Date ${isNaN(value) ? 'none' : value.toISOString()}`;
  if (typeof value === 'bigint') return `${value}n`;
  if (value && typeof value === 'object') {
    return `{${Object.entries(value).map(([key, item]) => `${key}: ${show(item)}`).join(', ')}}`;
  }
  return JSON.stringify(value);
}

const say = (...words) => console.log(
  words.map((word) => (typeof word === 'string' ? word : show(word))).join(' '));

function statements() {
  const lines = fs.readFileSync(env('STATEMENTS'), 'utf8').split('\n');
  return lines.filter((text) => text && !text.startsWith('#'))
    .map((line) => line.replaceAll('{schema}', env('SCHEMA')));
}

// Each step is a function on its own connections: a step that fails harms no other.
async function runSteps(steps, sayError) {
  const chosen = process.argv.slice(2);
  for (const [name, step] of Object.entries(steps)) {
    if (chosen.length && !chosen.includes(name)) continue;
    say('==', name);
    try {
      await step();
    } catch (error) {
      say('thrown', error.name);
      sayError(error);
    }
  }
}

module.exports = { env, say, show, statements, runSteps };
