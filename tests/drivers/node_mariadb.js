// mariadb for Node: pipelines its commands, keeps statements prepared, streams rows.
'use strict';

const fs = require('fs');
const { createRequire } = require('module');
const path = require('path');
const { env, say, show, statements, runSteps } = require('./transcript.js');
const packages = createRequire(path.join(process.env.DRIVER_NODE_MODULES, '../script.js'));
const mariadb = packages('mariadb');

// The message ends with what the statement was and its parameters; "(conn:N, …)" holds the id.
const sayError = (error) => say('error', [error.errno, error.code, error.sqlState, error.fatal,
  error.sqlMessage]);

function connect(options = {}) {
  return mariadb.createConnection({
    host: env('HOST'), port: Number(env('PORT')), user: env('USER'), password: env('PASSWORD'),
    database: env('SCHEMA'), charset: 'utf8mb4', timezone: 'Z', rowsAsArray: true,
    allowPublicKeyRetrieval: true, multipleStatements: false, metaAsArray: false, ...options,
  });
}

const fieldsOf = (meta) => meta && [].concat(meta).map((field) => [field.name(), field.orgName(),
  field.table(), field.orgTable(), field.schema(), field.type, field.columnLength,
  field.collation && field.collation.name, field.flags, field.scale]);

function sayResult(result) {
  if (result && result.meta) say(show([...result]), fieldsOf(result.meta));
  else say(show(result));
}

// Runs a statement (method: query or execute) and says all that came of it.
async function ask(connection, sql, values, method = 'query') {
  try {
    const result = await connection[method](sql, values);
    const several = Array.isArray(result) && !result.meta && result.some((one) => one && one.meta);
    if (several) result.forEach(sayResult);
    else sayResult(result);
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
    await attempt({ user: 'driver_tls' });
    await attempt({ compress: true });
    await attempt({ initSql: ['SET @x = 1', 'SET @y = 2'], sessionVariables: { wait_timeout: 99 } });
    await using({}, (connection) => say(connection.serverVersion()));
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
      const values = [1, 'text', 2.5, null, 9223372036854775807n, Buffer.from([0, 255]), '', -1,
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
        await read.execute().then(sayResult, sayError);
        await ask(connection, sql);
      }
      await read.execute().then(sayResult, sayError);
      read.close();
      for (let round = 0; round < 50; ++round) {
        const statement = await connection.prepare(`SELECT ${round} + ?`);
        sayResult(await statement.execute([round]));
        statement.close();
      }
    });
  },
  // All are sent before the first is answered.
  async pipelined() {
    await using({ pipelining: true }, async (connection) => {
      const texts = ["INSERT INTO items (name) VALUES ('p1')", 'SELECT LAST_INSERT_ID() > 0',
        'SET @p = 7', 'SELECT @p', 'SELEC', "INSERT INTO items (name) VALUES ('p1')",
        'SELECT COUNT(*) FROM items', 'BEGIN', "UPDATE items SET amount = 4 WHERE name = 'p1'",
        'SELECT amount FROM items', 'ROLLBACK', 'SELECT amount FROM items'];
      const answers = texts.map((sql) => connection.query(sql).then(
        (result) => () => sayResult(result), (error) => () => sayError(error)));
      (await Promise.all(answers)).forEach((tell) => tell());
      try {
        sayResult(await connection.batch('INSERT INTO items (name, amount) VALUES (?, ?)',
          Array.from({ length: 100 }, (_, number) => [`batch ${number}`, number])));
      } catch (error) {
        sayError(error);
      }
      await ask(connection, "SELECT COUNT(*), SUM(amount) FROM items WHERE name LIKE 'batch%'");
    });
  },
  async transactions() {
    await using({}, async (connection) => {
      await connection.beginTransaction();
      await ask(connection, "INSERT INTO items (name) VALUES ('rolled back')");
      await connection.rollback();
      await connection.beginTransaction();
      await ask(connection, 'INSERT INTO items (name) VALUES (?)', ['committed'], 'execute');
      await ask(connection, "SELECT COUNT(*) FROM items WHERE name = 'committed'", [], 'execute');
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
  async streamed() {
    await using({}, async (connection) => {
      const rows = [];
      for await (const row of connection.queryStream('SELECT n, word FROM numbers ORDER BY n')) {
        rows.push(row);
      }
      say(rows);
      await ask(connection, "SELECT 'after the streamed'");
    });
  },
  async local_infile() {
    await using({ permitLocalInfile: true }, async (connection) => {
      for (const name of ['rows', 'empty', 'long', 'missing']) {
        await ask(connection, load(name));
      }
      await ask(connection, 'SELECT COUNT(*), SUM(amount) FROM loaded');
    });
    await using({}, (connection) => ask(connection, load('rows')));
  },
  async multi_results() {
    await using({ multipleStatements: true }, async (connection) => {
      await ask(connection, "SELECT 1; SELECT 2, 'b'; SELECT word FROM numbers WHERE n < 3");
      await ask(connection, 'SELECT 1; SELEC; SELECT 3');
      await ask(connection, 'CALL several(2)');
      await ask(connection, 'CALL several(?)', [3], 'execute');
      await ask(connection, 'CALL doubled(?, ?, ?)', [3, 0, 'in'], 'execute');
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
        await ask(connection, "SELECT name, data FROM items WHERE name LIKE 'big%' ORDER BY id", [],
          method);
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
  async change_user_and_reset() {
    await using({}, async (connection) => {
      await ask(connection, 'SET @x = 1');
      await connection.changeUser({ user: env('OTHER_USER'), password: env('OTHER_PASSWORD') });
      await ask(connection, 'SELECT CURRENT_USER(), DATABASE(), @x', [], 'execute');
      await ask(connection, "SET @x = 2, time_zone = '+03:00'");
      await connection.reset().catch(sayError);
      await ask(connection, 'SELECT CURRENT_USER(), DATABASE(), @x, @@time_zone');
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
