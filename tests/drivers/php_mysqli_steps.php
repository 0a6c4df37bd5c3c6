<?php
// The steps of php_mysqli.php.

function login(): void
{
    attempt();
    attempt(['schema' => null]);
    attempt(['password' => 'wrong']);
    attempt(['password' => '']);
    attempt(['schema' => 'no_such_schema']);
    attempt(['user' => env('OTHER_USER'), 'password' => env('OTHER_PASSWORD')]);
    attempt(['user' => 'driver_empty', 'password' => '']);
    attempt(['user' => 'driver_tls']);
    attempt(['settings' => [MYSQLI_INIT_COMMAND => 'SET @x = 1', MYSQLI_SET_CHARSET_NAME => 'latin1']]);
    $connection = connect();
    say(show([$connection->server_info, $connection->server_version, $connection->protocol_version,
        $connection->character_set_name(), $connection->get_charset()->collation]));
}

function tls(): void
{
    attempt(['ca' => env('CA')]);
    attempt(['ca' => env('WRONG_CA')]);
    attempt(['ca' => env('CA'), 'user' => 'driver_tls']);
    attempt(['ca' => env('CA'), 'password' => 'wrong']);
    attempt(['ca' => env('WRONG_CA'), 'flags' => MYSQLI_CLIENT_SSL_DONT_VERIFY_SERVER_CERT]);
}

function types_as_text(): void
{
    $connection = connect();
    foreach (['types', 'zero_dates', 'vectors'] as $table) {
        ask($connection, "SELECT * FROM $table ORDER BY id");
    }
    $connection->options(MYSQLI_OPT_INT_AND_FLOAT_NATIVE, 1);
    ask($connection, 'SELECT * FROM types ORDER BY id');
}

function types_binary(): void
{
    $connection = connect();
    foreach (['types', 'zero_dates', 'vectors'] as $table) {
        $statement = $connection->prepare("SELECT * FROM $table WHERE id > ? ORDER BY id");
        say(show([$statement->param_count, $statement->field_count,
            fields($statement->result_metadata())]));
        execute($statement, [0]);
        execute($statement, [1]);
        $statement->close();
    }
    $statement = $connection->prepare('SELECT word, n FROM numbers WHERE n < 4 ORDER BY n');
    $statement->execute();
    $statement->bind_result($word, $n);
    while ($statement->fetch()) {
        say(show([$word, $n]));
    }
    try {
        $connection->prepare('SELECT * FROM no_such_table');
    } catch (mysqli_sql_exception $error) {
        say('error', show([$error->getCode(), $error->getSqlState(), $error->getMessage()]));
    }
}

function parameters(): void
{
    $connection = connect();
    $insert = $connection->prepare('INSERT INTO items (name, amount, data, body) VALUES (?, ?, ?, ?)');
    $rows = [['i', 'a', 1, null, 'x'], ['d', 'b', 2.5, "\0\xff", ''], ['s', 'c', '3.25', '', "ü\n'"],
        ['i', 'd', -7, str_repeat('z', 300), null], ['s', 'e', null, "\\", '🐬']];
    foreach ($rows as [$type, $name, $amount, $data, $body]) {
        $insert->bind_param("s{$type}ss", $name, $amount, $data, $body);
        $insert->execute();
        say(show([$insert->affected_rows, $insert->insert_id]));
    }
    $name = 'a';
    $amount = 1;
    try {
        $insert->execute();  // the last values once more
    } catch (mysqli_sql_exception $error) {
        say('error', show([$error->getCode(), $error->getSqlState(), $error->getMessage()]));
    }
    execute($connection->prepare('SELECT name, amount, data, body FROM items ORDER BY id'));
}

/** One statement, executed with parameters of ever other types, between other commands. The length
 *  of a column that is a parameter depends on what a server executed before: it is not looked at. */
function changing_types(): void
{
    $connection = connect();
    $echo = $connection->prepare('SELECT ? AS a, ? AS b, ? IS NULL AS c');
    $values = [1, 'text', 2.5, null, PHP_INT_MAX, "\0\xff", '', -1, str_repeat('long', 200), true];
    for ($round = 0; $round < 30; ++$round) {
        $a = $values[$round % count($values)];
        $b = $values[($round * 7 + 3) % count($values)];
        $types = array_map(fn($v) => is_int($v) ? 'i' : (is_float($v) ? 'd' : 's'), [$a, $b, $a]);
        $echo->bind_param(implode('', $types), $a, $b, $a);
        execute($echo, null, false);
        if ($round % 3 == 0) {
            execute($echo, null, false);  // no types are sent this time
        }
        if ($round % 5 == 0) {
            ask($connection, "INSERT INTO items (name) VALUES ('between $round')");
        }
        if ($round % 7 == 0) {
            ask($connection, 'SELECT COUNT(*) FROM numbers');
        }
    }
    $echo->reset();
    execute($echo, null, false);
}

function changing_table(): void
{
    $connection = connect();
    $read = $connection->prepare('SELECT * FROM changing');
    $write = $connection->prepare('INSERT INTO changing (id, a) VALUES (?, ?)');
    execute($read);
    execute($write, [2, 20]);
    ask($connection, "ALTER TABLE changing ADD b VARCHAR(10) DEFAULT 'new'");
    execute($read);
    execute($write, [3, 30]);
    execute($read);
    ask($connection, 'ALTER TABLE changing MODIFY a VARCHAR(20)');
    execute($read);
    ask($connection, 'DROP TABLE changing');
    execute($read);
    execute($write, [4, 40]);
    ask($connection, 'CREATE TABLE changing (other DOUBLE)');
    execute($read);
}

function transactions(): void
{
    $connection = connect();
    $connection->autocommit(false);
    $insert = $connection->prepare('INSERT INTO items (name) VALUES (?)');
    execute($insert, ['one']);
    ask($connection, 'SELECT COUNT(*) FROM items');
    $connection->rollback();
    ask($connection, 'SELECT COUNT(*) FROM items');
    execute($insert, ['two']);
    $connection->savepoint('s');
    execute($insert, ['three']);
    ask($connection, 'ROLLBACK TO s');
    $connection->commit();
    $connection->autocommit(true);
    ask($connection, 'SELECT name FROM items');
    $connection->begin_transaction(MYSQLI_TRANS_START_READ_ONLY);
    execute($insert, ['four']);
    $connection->commit();
    $connection->begin_transaction(MYSQLI_TRANS_START_WITH_CONSISTENT_SNAPSHOT);
    execute($connection->prepare('SELECT name FROM items FOR UPDATE'));
    $connection->rollback();
}

function many_statements(): void
{
    $connection = connect();
    foreach (statements() as $sql) {
        say($sql);
        ask($connection, $sql);
    }
}

function server_cursor(): void
{
    $connection = connect();
    $statement = $connection->prepare('SELECT n, word FROM numbers ORDER BY n');
    $statement->attr_set(MYSQLI_STMT_ATTR_CURSOR_TYPE, MYSQLI_CURSOR_TYPE_READ_ONLY);
    for ($round = 0; $round < 2; ++$round) {
        $statement->execute();
        $statement->bind_result($n, $word);
        for ($row = 0; $statement->fetch(); ++$row) {
            say(show([$n, $word]));
            if ($row % 3 == 0) {
                ask($connection, 'SELECT ' . $row);  // while the cursor is open
            }
            if ($row == 5) {
                ask($connection, "INSERT INTO items (name) VALUES ('by cursor $round')");
            }
        }
    }
    $statement->execute();
    $statement->fetch();
    $statement->reset();
    ask($connection, "SELECT 'after an unread cursor'");
    $other = $connection->prepare('SELECT word FROM numbers WHERE n > ? ORDER BY n');
    $other->attr_set(MYSQLI_STMT_ATTR_CURSOR_TYPE, MYSQLI_CURSOR_TYPE_READ_ONLY);
    $from = 7;
    $other->bind_param('i', $from);
    $other->execute();
    $statement->execute();  // two cursors at once
    $other->bind_result($word);
    $statement->bind_result($n, $text);
    while ($other->fetch() && $statement->fetch()) {
        say(show([$word, $n, $text]));
    }
    $other->close();
    $statement->close();
    ask($connection, "SELECT 'closed'");
}

function long_data(): void
{
    $connection = connect();
    $insert = $connection->prepare('INSERT INTO items (name, data) VALUES (?, ?)');
    $name = 'long';
    $data = null;
    $insert->bind_param('sb', $name, $data);
    for ($piece = 0; $piece < 30; ++$piece) {
        $insert->send_long_data(1, str_repeat(chr(65 + $piece % 26), 100000));
    }
    say(show($insert->execute()));
    $name = 'none';
    $insert->send_long_data(1, 'thrown away');
    $insert->reset();
    say(show($insert->execute()));
    $read = $connection->prepare('SELECT ? = data, LENGTH(data), SHA2(data, 256), name FROM items');
    $read->bind_param('b', $data);
    $read->send_long_data(0, 'AB');
    execute($read);
    $insert->send_long_data(1, 'before a text query');
    ask($connection, 'SELECT 1');
    $name = 'later';
    say(show($insert->execute()));
    ask($connection, 'SELECT name, LENGTH(data) FROM items');
}

function unbuffered(): void
{
    $connection = connect();
    $result = $connection->query('SELECT n, word FROM numbers ORDER BY n', MYSQLI_USE_RESULT);
    say(show([$result->fetch_row(), $result->fetch_assoc()]));
    ask($connection, 'SELECT 1');  // commands out of sync
    $result->free();
    ask($connection, "SELECT 'after the unread'");
}

function local_infile(): void
{
    $load = " INTO TABLE loaded CHARACTER SET utf8mb4 FIELDS TERMINATED BY ',' (id, name, amount)";
    $connection = connect(['settings' => [MYSQLI_OPT_LOCAL_INFILE => true]]);
    foreach (['rows', 'rows', 'empty', 'long', 'missing'] as $name) {
        ask($connection, "LOAD DATA LOCAL INFILE '" . env('FILES') . "/$name.csv'" . $load);
    }
    ask($connection, 'SELECT COUNT(*), SUM(amount) FROM loaded');
    $connection = connect(['settings' => [MYSQLI_OPT_LOCAL_INFILE => false]]);
    ask($connection, "LOAD DATA LOCAL INFILE '" . env('FILES') . "/rows.csv'" . $load);
    ask($connection, "SELECT 'still there'");
}

function multi_results(): void
{
    $connection = connect();
    ask($connection, "SELECT 1; SELECT 2, 'b'; SELECT word FROM numbers WHERE n < 3");
    ask($connection, "INSERT INTO items (name) VALUES ('m'); UPDATE items SET amount = 1;"
        . ' SELECT name, amount FROM items');
    ask($connection, 'SELECT 1; SELEC; SELECT 3');
    ask($connection, 'CALL several(2)');
    ask($connection, 'CALL fails_late()');
    execute($connection->prepare('CALL several(?)'), [3]);
    execute($connection->prepare('CALL fails_late()'));
    execute($connection->prepare('SET @t = ?'), ['in']);
    execute($connection->prepare('CALL doubled(?, @o, @t)'), [21]);
    ask($connection, 'SELECT @o, @t');
    say(show($connection->query("SELECT 'plain query'")->fetch_row()));
    $connection->query('SELECT 1; SELECT 2');
}

function big_values(): void
{
    $connection = connect();
    $data = str_repeat(implode('', array_map('chr', range(0, 255))), 20 * 4096);
    $insert = $connection->prepare('INSERT INTO items (name, data, body) VALUES (?, ?, ?)');
    execute($insert, ['big', $data, null]);
    execute($insert, ['text', null, str_repeat('ü', 10 << 20)]);
    $read = $connection->prepare('SELECT name, data, body FROM items WHERE name = ?');
    execute($read, ['big']);
    execute($read, ['text']);
    ask($connection, "SELECT name, data, body FROM items WHERE name IN ('big', 'text')");
    ask($connection, "SELECT REPEAT('x', 16777210), REPEAT('y', 16777216)");
}

function kill_query(): void
{
    $victim = connect();
    $id = $victim->thread_id;
    while_killing(fn() => ask($victim, 'SELECT SLEEP(60) FROM numbers'), 'connect', "KILL QUERY $id");
    ask($victim, "SELECT 'still there'");
    $prepared = $victim->prepare('SELECT SLEEP(?) FROM numbers');
    while_killing(fn() => execute($prepared, [60]), 'connect', "KILL QUERY $id");
    ask($victim, "SELECT 'still there'");
}

function change_user(): void
{
    $connection = connect();
    ask($connection, "SET @x = 1, time_zone = '+03:00'");
    $prepared = $connection->prepare('SELECT 1');
    $connection->change_user(env('OTHER_USER'), env('OTHER_PASSWORD'), env('SCHEMA'));
    ask($connection, 'SELECT CURRENT_USER(), USER(), DATABASE(), @x, @@time_zone');
    execute($prepared);
    $connection->change_user('driver_empty', '', '');
    ask($connection, 'SELECT CURRENT_USER(), USER(), DATABASE()');
    $connection->change_user(env('USER'), 'wrong', env('SCHEMA'));
}

function small_commands(): void
{
    $connection = connect();
    say(show($connection->ping()), strtok($connection->stat(), ':'));
    say(show($connection->select_db('information_schema')));
    ask($connection, 'SELECT DATABASE()');
    say(show($connection->set_charset('latin1')), show($connection->refresh(MYSQLI_REFRESH_TABLES)));
}

function timeouts(): void
{
    ask(connect(['settings' => [MYSQLI_OPT_READ_TIMEOUT => 1]]), 'SELECT SLEEP(30)');
    $connection = connect();
    ask($connection, 'SELECT /*+ MAX_EXECUTION_TIME(100) */ SLEEP(30) FROM numbers');
    ask($connection, 'SET SESSION max_execution_time = 100');
    execute($connection->prepare('SELECT SLEEP(?) FROM numbers'), [30]);
    ask($connection, "SELECT 'still there'");
    ask($connection, 'SET SESSION wait_timeout = 1');
    sleep(3);
    ask($connection, 'SELECT 1');
}
