// mariadb for Node: pipelines its commands, keeps statements prepared, streams rows.
'use strict';

const { createRequire } = require('module');
const path = require('path');
const { env, say, show, runSteps } = require('./transcript.js');
const nodeSteps = require('./node_steps.js');
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

const { using, attempt, load, steps } = nodeSteps({
  connect, ask, sayError, longest: 9223372036854775807n,
});

runSteps({
  ...steps,
  async login() {
    await steps.login();
    await attempt({ user: 'driver_tls' });
    await attempt({ compress: true });
    await attempt({ initSql: ['SET @x = 1', 'SET @y = 2'], sessionVariables: { wait_timeout: 99 } });
    await using({}, (connection) => say(connection.serverVersion()));
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
  async out_parameters() {
    await using({}, (connection) => ask(connection, 'CALL doubled(?, ?, ?)', [3, 0, 'in'],
      'execute'));
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
}, sayError);
