// What the drivers for Node do alike: steps on promises, for a driver whose `ask(connection, sql,
// values, method)` runs a statement and says all that came of it.
'use strict';

const fs = require('fs');
const { env, say, statements } = require('./transcript.js');

const ca = (name) => ({ ssl: { ca: fs.readFileSync(env(name)) } });
const load = (name) => `LOAD DATA LOCAL INFILE '${env('FILES')}/${name}.csv' INTO TABLE loaded`
  + " CHARACTER SET utf8mb4 FIELDS TERMINATED BY ',' (id, name, amount)";

module.exports = function nodeSteps({ connect, ask, sayError, longest }) {
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

  const steps = {
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
      await attempt({ ...ca('CA'), user: 'driver_tls', password: 'wrong' });
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
        const values = [1, 'text', 2.5, null, longest, Buffer.from([0, 255]), '', -1,
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
        const insert = 'INSERT INTO items (name, data) VALUES (?, ?)';
        await ask(connection, insert, ['big', data]);
        await ask(connection, insert, ['big 2', data], 'execute');
        for (const method of ['query', 'execute']) {
          await ask(connection, "SELECT name, data FROM items WHERE name LIKE 'big%' ORDER BY id",
            [], method);
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
    async timeouts() {
      await using({}, async (connection) => {
        await ask(connection, 'SELECT /*+ MAX_EXECUTION_TIME(100) */ SLEEP(30) FROM numbers');
        await ask(connection, "SELECT 'still there'");
      });
    },
  };
  return { using, attempt, ca, load, steps };
};
