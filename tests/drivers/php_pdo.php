<?php
// PHP's PDO on mysqlnd: the text protocol (emulated statements) and the binary one, by one interface.

require __DIR__ . '/transcript.php';

function connect(array $options = [], array $given = []): PDO
{
    $given += ['user' => env('USER'), 'password' => env('PASSWORD'), 'schema' => env('SCHEMA')];
    $source = 'mysql:host=' . env('HOST') . ';port=' . env('PORT') . ';charset=utf8mb4'
        . ($given['schema'] ? ";dbname={$given['schema']}" : '');
    return new PDO($source, $given['user'], $given['password'],
        $options + [PDO::ATTR_EMULATE_PREPARES => false, PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION]);
}

const EMULATED = [PDO::ATTR_EMULATE_PREPARES => true];

function say_error(PDOException $error): void
{
    say('error', show([$error->getCode(), $error->errorInfo, $error->getMessage()]));
}

/** Says every result of an executed statement. */
function say_results(PDOStatement $statement, bool $fields = true): void
{
    do {
        $columns = [];
        for ($i = 0; $fields && $i < $statement->columnCount(); ++$i) {
            $meta = $statement->getColumnMeta($i);
            unset($meta['len']);  // of a parameter it depends on what was executed before
            $columns[] = $meta;
        }
        say(show([$statement->rowCount(), $columns,
            $statement->columnCount() ? $statement->fetchAll(PDO::FETCH_NUM) : 'no rows']));
    } while ($statement->nextRowset());
}

function ask(PDO $connection, string $sql, ?array $values = null): void
{
    try {
        $statement = $values === null ? $connection->query($sql) : $connection->prepare($sql);
        if ($values !== null) {
            $statement->execute($values);
        }
        say_results($statement);
        say($connection->lastInsertId());
    } catch (PDOException $error) {
        say_error($error);
    }
}

function attempt(array $options = [], array $given = []): void
{
    try {
        ask(connect($options, $given), 'SELECT DATABASE(), CURRENT_USER(), USER()');
    } catch (PDOException $error) {
        say_error($error);
    }
}

function login(): void
{
    attempt();
    attempt([], ['schema' => null]);
    attempt([], ['password' => 'wrong']);
    attempt([], ['password' => '']);
    attempt([], ['schema' => 'no_such_schema']);
    attempt([], ['user' => env('OTHER_USER'), 'password' => env('OTHER_PASSWORD')]);
    attempt([], ['user' => 'driver_empty', 'password' => '']);
    attempt([], ['user' => 'driver_tls']);
    attempt([], ['user' => 'driver_locked']);
    attempt([PDO::MYSQL_ATTR_INIT_COMMAND => 'SET @from_init = 1']);
    attempt([PDO::MYSQL_ATTR_COMPRESS => true]);
    $connection = connect();
    say($connection->getAttribute(PDO::ATTR_SERVER_VERSION),
        strtok($connection->getAttribute(PDO::ATTR_SERVER_INFO), ':'));
}

function tls(): void
{
    attempt([PDO::MYSQL_ATTR_SSL_CA => env('CA')]);
    attempt([PDO::MYSQL_ATTR_SSL_CA => env('WRONG_CA')]);
    attempt([PDO::MYSQL_ATTR_SSL_CA => env('WRONG_CA'),
        PDO::MYSQL_ATTR_SSL_VERIFY_SERVER_CERT => false]);
    attempt([PDO::MYSQL_ATTR_SSL_CA => env('CA')], ['user' => 'driver_tls']);
    attempt([PDO::MYSQL_ATTR_SSL_CA => env('CA')], ['user' => 'driver_tls', 'password' => 'wrong']);
}

function column_types(): void
{
    foreach ([[], EMULATED, [PDO::ATTR_STRINGIFY_FETCHES => true]] as $options) {
        $connection = connect($options);
        foreach (['types', 'zero_dates', 'vectors'] as $table) {
            ask($connection, "SELECT * FROM $table ORDER BY id");
            ask($connection, "SELECT * FROM $table WHERE id > ? ORDER BY id", [1]);
        }
    }
}

/** One statement, executed with parameters of ever other types, between other commands. */
function changing_types(): void
{
    foreach ([[], EMULATED] as $options) {
        $connection = connect($options);
        $echo = $connection->prepare('SELECT ? AS a, ? AS b, ? IS NULL AS c');
        $values = [[1, PDO::PARAM_INT], ['text', PDO::PARAM_STR], [null, PDO::PARAM_NULL],
            [true, PDO::PARAM_BOOL], ["\0\xff", PDO::PARAM_LOB], ['2.5', PDO::PARAM_STR],
            [PHP_INT_MAX, PDO::PARAM_INT], [str_repeat('long', 200), PDO::PARAM_STR]];
        for ($round = 0; $round < 30; ++$round) {
            foreach ([1 => $round, 2 => $round * 3 + 1, 3 => $round] as $place => $number) {
                [$value, $type] = $values[$number % count($values)];
                $echo->bindValue($place, $value, $type);
            }
            $echo->execute();
            say_results($echo, false);
            if ($round % 5 == 0) {
                ask($connection, 'INSERT INTO items (amount) VALUES (?)', [$round]);
                ask($connection, 'SELECT COUNT(*) FROM items');
            }
        }
    }
}

function changing_table(): void
{
    $connection = connect();
    $read = $connection->prepare('SELECT * FROM changing');
    foreach (["ALTER TABLE changing ADD b VARCHAR(10) DEFAULT 'new'", 'SELECT 1',
        'ALTER TABLE changing DROP b', 'DROP TABLE changing', 'SELECT 2'] as $sql) {
        try {
            $read->execute();
            say_results($read);
        } catch (PDOException $error) {
            say_error($error);
        }
        ask($connection, $sql);
    }
}

function transactions(): void
{
    $connection = connect();
    $connection->beginTransaction();
    ask($connection, 'INSERT INTO items (name) VALUES (?)', ['one']);
    say(show($connection->inTransaction()));
    $connection->rollBack();
    ask($connection, 'SELECT COUNT(*) FROM items');
    $connection->beginTransaction();
    ask($connection, 'INSERT INTO items (name) VALUES (?)', ['two']);
    ask($connection, 'CREATE TABLE IF NOT EXISTS numbers (n INT)');  // commits
    say(show($connection->inTransaction()));
    $connection->setAttribute(PDO::ATTR_AUTOCOMMIT, false);
    ask($connection, "UPDATE items SET amount = 1 WHERE name = 'two'");
    $connection->commit();
    $connection->setAttribute(PDO::ATTR_AUTOCOMMIT, true);
    ask($connection, 'SELECT name, amount FROM items');
}

function many_statements(): void
{
    foreach ([EMULATED, []] as $options) {
        $connection = connect($options);
        foreach (statements() as $sql) {
            say($sql);
            ask($connection, $sql);
        }
    }
}

function unbuffered(): void
{
    $connection = connect([PDO::MYSQL_ATTR_USE_BUFFERED_QUERY => false]);
    foreach (['SELECT n, word FROM numbers ORDER BY n', 'SELECT n FROM numbers WHERE n > ?'] as $sql) {
        $statement = $connection->prepare($sql);
        $statement->execute(str_contains($sql, '?') ? [3] : []);
        say(show([$statement->fetch(PDO::FETCH_NUM), $statement->fetch(PDO::FETCH_ASSOC)]));
        ask($connection, 'SELECT 1');  // while rows are unread
        $statement->closeCursor();
        unset($statement);
        ask($connection, "SELECT 'after the unread'");
    }
}

function local_infile(): void
{
    $load = " INTO TABLE loaded CHARACTER SET utf8mb4 FIELDS TERMINATED BY ',' (id, name, amount)";
    foreach ([true, false] as $allowed) {
        $connection = connect([PDO::MYSQL_ATTR_LOCAL_INFILE => $allowed]);
        foreach (['rows', 'rows', 'empty', 'long', 'missing'] as $name) {
            ask($connection, "LOAD DATA LOCAL INFILE '" . env('FILES') . "/$name.csv'" . $load);
        }
        ask($connection, 'SELECT COUNT(*), SUM(amount) FROM loaded');
    }
}

function multi_results(): void
{
    foreach ([EMULATED, []] as $options) {
        $connection = connect($options);
        ask($connection, "SELECT 1; SELECT 2, 'b'; SELECT word FROM numbers WHERE n < 3");
        ask($connection, 'SELECT 1; SELEC; SELECT 3');
        ask($connection, 'CALL several(?)', [2]);
        ask($connection, 'CALL fails_late()');
        ask($connection, 'CALL fails_late()', []);
        ask($connection, 'CALL doubled(?, @o, @t)', [21]);
        ask($connection, 'SELECT @o, @t');
        ask($connection, "SELECT 'still there'");
    }
    ask(connect([PDO::MYSQL_ATTR_MULTI_STATEMENTS => false] + EMULATED), 'SELECT 1; SELECT 2');
}

function big_values(): void
{
    $data = str_repeat(implode('', array_map('chr', range(0, 255))), 20 * 4096);
    foreach ([EMULATED, []] as $number => $options) {
        $connection = connect($options);
        ask($connection, 'INSERT INTO items (name, data) VALUES (?, ?)', ["big $number", $data]);
        ask($connection, 'SELECT name, data FROM items WHERE name LIKE ? ORDER BY id', ['big%']);
    }
}

function kill_query(): void
{
    $victim = connect();
    $id = $victim->query('SELECT CONNECTION_ID()')->fetchColumn();
    foreach (['SELECT SLEEP(60) FROM numbers', 'SELECT SLEEP(60) FROM numbers WHERE n > ?'] as $sql) {
        $values = str_contains($sql, '?') ? [0] : null;
        while_killing(fn() => ask($victim, $sql, $values), 'connect', "KILL QUERY $id");
        ask($victim, "SELECT 'still there'");
    }
}

function timeouts(): void
{
    $connection = connect();
    ask($connection, 'SELECT /*+ MAX_EXECUTION_TIME(100) */ SLEEP(30) FROM numbers');
    ask($connection, 'SET SESSION max_execution_time = 100');
    ask($connection, 'SELECT SLEEP(?) FROM numbers', [30]);
    ask($connection, "SELECT 'still there'");
    ask($connection, 'SET SESSION wait_timeout = 1');
    sleep(3);
    ask($connection, 'SELECT 1');
}

run_steps(['login', 'tls', 'column_types', 'changing_types', 'changing_table', 'transactions',
    'many_statements', 'unbuffered', 'local_infile', 'multi_results', 'big_values', 'kill_query',
    'timeouts']);
