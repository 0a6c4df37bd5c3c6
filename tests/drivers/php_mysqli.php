<?php
// PHP's mysqli on mysqlnd: both protocols, server cursors, long data, change_user.

require __DIR__ . '/transcript.php';
require __DIR__ . '/php_mysqli_steps.php';

function connect(array $options = []): mysqli
{
    $given = $options + ['user' => env('USER'), 'password' => env('PASSWORD'),
        'schema' => env('SCHEMA'), 'flags' => 0, 'ca' => null, 'settings' => []];
    $connection = mysqli_init();
    foreach ($given['settings'] as $setting => $value) {
        $connection->options($setting, $value);
    }
    if ($given['ca']) {
        $connection->ssl_set(null, null, $given['ca'], null, null);
    }
    $connection->real_connect(env('HOST'), $given['user'], $given['password'], $given['schema'],
        (int) env('PORT'), null, $given['flags'] | ($given['ca'] ? MYSQLI_CLIENT_SSL : 0));
    return $connection;
}

function say_error($from): void
{
    say('error', show([$from->errno, $from->sqlstate ?? null, $from->error]));
}

function fields($result): array
{
    return array_map(fn($f) => [$f->name, $f->orgname, $f->table, $f->orgtable, $f->type, $f->flags,
        $f->length, $f->charsetnr, $f->decimals, $f->max_length], $result->fetch_fields());
}

/** Says all that came of a statement. */
function ask(mysqli $connection, string $sql): void
{
    try {
        if (!$connection->multi_query($sql)) {
            say_error($connection);
            return;
        }
        do {
            $result = $connection->store_result();
            if ($result) {
                say(show([fields($result), $result->fetch_all()]));
                $result->free();
            } else {
                say(show([$connection->affected_rows, $connection->insert_id, $connection->info,
                    $connection->warning_count]));
            }
        } while ($connection->more_results() && $connection->next_result());
        if ($connection->errno) {
            say_error($connection);
        }
    } catch (mysqli_sql_exception $error) {
        say('error', show([$error->getCode(), $error->getSqlState(), $error->getMessage()]));
    }
}

/** Executes a prepared statement and says its rows. */
function execute(mysqli_stmt $statement, ?array $values = null, bool $fields = true): void
{
    try {
        $statement->execute($values);
        do {
            $result = $statement->get_result();
            say(show($result ? [$fields ? fields($result) : '', $result->fetch_all()]
                : [$statement->affected_rows, $statement->insert_id]));
        } while ($statement->more_results() && $statement->next_result());
    } catch (mysqli_sql_exception $error) {
        say('error', show([$error->getCode(), $error->getSqlState(), $error->getMessage()]));
    }
}

function attempt(array $options = []): void
{
    try {
        ask(connect($options), 'SELECT DATABASE(), CURRENT_USER(), USER()');
    } catch (mysqli_sql_exception $error) {
        say('error', show([$error->getCode(), $error->getMessage()]));
    }
}

mysqli_report(MYSQLI_REPORT_ERROR | MYSQLI_REPORT_STRICT);
run_steps(['login', 'tls', 'types_as_text', 'types_binary', 'parameters', 'changing_types',
    'changing_table', 'transactions', 'many_statements', 'server_cursor', 'long_data',
    'unbuffered', 'local_infile', 'multi_results', 'big_values', 'kill_query', 'change_user',
    'small_commands', 'timeouts']);
