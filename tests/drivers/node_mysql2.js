// mysql2 for Node: both protocols, statements kept prepared, changeUser, local infile by a stream.
'use strict';

const fs = require('fs');
const path = require('path');
const { env, say, statements, runSteps } = require('./transcript.js');
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

async function using(options, work) {
  const connection = await connect(options);
  connection.on('error', () => {});  // of a connection that is closed later on
  try {
    await work(connection);
  } finally {
    connection.destroy();
  }
}

async function attempt(options) {
  try {
    await using(options, (connection) => ask(connection, 'SELECT DATABASE(), USER()'));
  } catch (error) {
    sayError(error);
  }
}

const ca = (name) => ({ ssl: { ca: fs.readFileSync(env(name)) } });
const load = (name) => `LOAD DATA LOCAL INFILE '${env('FILES')}/${name}.csv' INTO TABLE loaded`
  + " CHARACTER SET utf8mb4 FIELDS TERMINATED BY ',' (id, name, amount)";

runSteps({
  async login() {
    await attempt({});
    await attempt({ password: 'wrong' });
    await attempt({ database: 'no_such_schema' });
    await attempt({ user: env('OTHER_USER'), password: env('OTHER_PASSWORD') });
    await attempt({ user: 'driver_empty', password: '' });
  },
  async tls() {
    await attempt(ca('CA'));
    await attempt(ca('WRONG_CA'));
    await attempt({ ...ca('CA'), user: 'driver_tls' });
  },
  async types() {
    await using({ dateStrings: true }, async (connection) => {
      for (const method of ['query', 'execute']) {
        for (const table of ['types', 'zero_dates', 'vectors']) {
          await ask(connection, `SELECT * FROM ${table} ORDER BY id`, [], method);
        }
      }
    });
  },
  async changing_types() {
    await using({}, async (connection) => {
      const values = [1, 'text', 2.5, null, '9223372036854775807', Buffer.from([0, 255]), '', -1,
        'l'.repeat(900), new Date(Date.UTC(2024, 1, 29)), true, { key: 'json' }];
      for (let round = 0; round < 30; ++round) {
        const a = values[round % values.length];
        const b = values[(round * 5 + 2) % values.length];
        await ask(connection, 'SELECT ? = ? FROM numbers WHERE n < ?', [a, b, 3], 'execute');
        if (round % 5 === 0) {
          await ask(connection, 'INSERT INTO items (name, amount, data) VALUES (?, ?, ?)',
            [`round ${round}`, round, Buffer.alloc(round)], 'execute');
        }
      }
    });
  },
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
  async transactions() {
    await using({}, async (connection) => {
      await connection.beginTransaction();
      await ask(connection, "INSERT INTO items (name) VALUES ('rolled back')");
      await connection.rollback();
      await connection.beginTransaction();
      await ask(connection, 'INSERT INTO items (name) VALUES (?)', ['committed'], 'execute');
      await ask(connection, 'SELECT COUNT(*) FROM items', [], 'execute');
      await connection.commit();
    });
  },
  async statements() {
    await using({}, async (connection) => {
      for (const sql of statements()) {
        say(sql);
        await ask(connection, sql);
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
  async multi_results() {
    await using({ multipleStatements: true }, async (connection) => {
      await ask(connection, "SELECT 1; SELECT 2, 'b'; SELECT word FROM numbers WHERE n < 3");
      await ask(connection, 'SELECT 1; SELEC; SELECT 3');
      await ask(connection, 'CALL several(2)');
      await ask(connection, 'CALL several(?)', [3], 'execute');
      await ask(connection, 'CALL fails_late()');
      await ask(connection, "SELECT 'still there'");
    });
    await using({}, (connection) => ask(connection, 'SELECT 1; SELECT 2'));
  },
  async big_values() {
    await using({}, async (connection) => {
      const data = Buffer.alloc(20 << 20, Buffer.from([...Array(256).keys()]));
      await ask(connection, 'INSERT INTO items (name, data) VALUES (?, ?)', ['big', data]);
      await ask(connection, 'INSERT INTO items (name, data) VALUES (?, ?)', ['big 2', data],
        'execute');
      for (const method of ['query', 'execute']) {
        await ask(connection, "SELECT name, data FROM items WHERE name LIKE 'big%'", [], method);
      }
    });
  },
  async kill_query() {
    await using({}, (victim) => using({}, async (other) => {
      const id = victim.threadId;
      const killer = setInterval(() => other.query(`KILL QUERY ${id}`).catch(() => {}), 200);
      await ask(victim, 'SELECT SLEEP(60) FROM numbers');
      clearInterval(killer);
      await ask(victim, "SELECT 'still there'");
    }));
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
  async timeouts() {
    await using({}, async (connection) => {
      await ask(connection, 'SELECT /*+ MAX_EXECUTION_TIME(100) */ SLEEP(30) FROM numbers');
      await ask(connection, "SELECT 'still there'");
    });
  },
}, sayError);
