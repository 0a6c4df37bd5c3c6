// mysql2 for Node: both protocols, statements kept prepared, changeUser, local infile by a stream.
'use strict';

const fs = require('fs');
const path = require('path');
const { env, say, runSteps } = require('./transcript.js');
const nodeSteps = require('./node_steps.js');
const mysql = require(path.join(process.env.DRIVER_NODE_MODULES, 'mysql2/promise'));

const sayError = (error) => say('error', [error.errno, error.code, error.sqlState, error.message]);

function connect(options = {}) {
  return mysql.createConnection({
    host: env('HOST'), port: Number(env('PORT')), user: env('USER'), password: env('PASSWORD'),
    database: env('SCHEMA'), charset: 'utf8mb4', supportBigNumbers: true, bigNumberStrings: true,
    ...options,
  });
}

// What a statement without rows did; without state changes: GTIDs differ from run to run, and which
// of them are told depends on the server's settings (see README.md). Whether it was slow (longer
// than long_query_time) is the machine's affair.
const sessionStateChanged = 0x4000;
const queryWasSlow = 0x0800;
function withoutTracking(rows) {
  if (Array.isArray(rows)) return rows.map(withoutTracking);
  if (!rows || rows.serverStatus === undefined) return rows;
  const { stateChanges, ...others } = rows;
  return { ...others, serverStatus: rows.serverStatus & ~(sessionStateChanged | queryWasSlow) };
}

const fieldsOf = (fields) => (fields || []).map((field) => (Array.isArray(field) ? fieldsOf(field)
  : field && [field.name, field.orgName, field.orgTable, field.columnType, field.columnLength,
    field.characterSet, field.flags, field.decimals]));

// Runs a statement (method: query or execute) and says all that came of it.
async function ask(connection, sql, values, method = 'query') {
  try {
    const [rows, fields] = await connection[method]({ sql, values, rowsAsArray: true });
    say(withoutTracking(rows), fieldsOf(fields));
  } catch (error) {
    sayError(error);
  }
}

const { using, load, steps } = nodeSteps({
  connect, ask, sayError, longest: '9223372036854775807',
});

runSteps({
  ...steps,
  async prepared() {
    await using({}, async (connection) => {
      const read = await connection.prepare('SELECT * FROM changing');
      for (const sql of ["ALTER TABLE changing ADD b VARCHAR(10) DEFAULT 'new'",
        'ALTER TABLE changing DROP a', 'SELECT 1', 'DROP TABLE changing']) {
        try {
          say((await read.execute())[0]);
        } catch (error) {
          sayError(error);
        }
        await ask(connection, sql);
      }
      await read.execute().catch(sayError);
      await read.close();
      for (let round = 0; round < 50; ++round) {
        const statement = await connection.prepare(`SELECT ${round} + ?`);
        say((await statement.execute([round]))[0]);
        await statement.close();
      }
    });
  },
  async local_infile() {
    const streams = { infileStreamFactory: (name) => fs.createReadStream(name) };
    await using(streams, async (connection) => {
      for (const name of ['rows', 'empty', 'long']) {
        await ask(connection, load(name));
      }
      await ask(connection, 'SELECT COUNT(*), SUM(amount) FROM loaded');
    });
  },
  async change_user() {
    await using({}, async (connection) => {
      await ask(connection, 'SET @x = 1');
      await connection.changeUser({ user: env('OTHER_USER'), password: env('OTHER_PASSWORD') });
      await ask(connection, 'SELECT CURRENT_USER(), DATABASE(), @x', [], 'execute');
      await connection.changeUser({ user: 'driver_empty', password: '' });
      await ask(connection, 'SELECT CURRENT_USER(), DATABASE(), @x', [], 'execute');
      await connection.ping();
      await connection.changeUser({ user: env('USER'), password: 'wrong' }).catch(sayError);
    });
  },
}, sayError);
