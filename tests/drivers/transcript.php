<?php
// What the PHP scripts share: where to connect to, how values and errors are written.

function env(string $name): string
{
    return getenv("DRIVER_$name");
}

function show($value): string
{
    if (is_array($value)) {
        $parts = [];
        foreach ($value as $key => $item) {
            $parts[] = (is_int($key) ? '' : "$key: ") . show($item);
        }
        return '[' . implode(', ', $parts) . ']';
    }
    if (is_string($value) && strlen($value) > 400) {
        return 'string of ' . strlen($value) . ' bytes ' . substr(hash('sha256', $value), 0, 16);
    }
    if (is_string($value) && !preg_match('//u', $value)) {
        return '0x' . bin2hex($value);
    }
    return is_string($value) ? addcslashes("'$value'", "\0..\37") : var_export($value, true);
}

function say(...$words): void
{
    echo implode(' ', array_map(fn($word) => is_string($word) ? $word : show($word), $words)), "\n";
}

function statements(): array
{
    $lines = file(env('STATEMENTS'), FILE_IGNORE_NEW_LINES | FILE_SKIP_EMPTY_LINES);
    $lines = array_filter($lines, fn($line) => $line[0] != '#');
    return array_map(fn($line) => str_replace('{schema}', env('SCHEMA'), $line), $lines);
}

/** Each step is a function on its own connections: a step that fails harms no other. */
function run_steps(array $steps): void
{
    global $argv;
    set_error_handler(function ($level, $message) {
        say('warning', $message);
        return true;
    });
    foreach ($steps as $step) {
        if (count($argv) > 1 && !in_array($step, $argv)) {
            continue;
        }
        say('==', $step);
        try {
            $step();
        } catch (Throwable $error) {
            say('thrown', get_class($error), show([$error->getCode(), $error->getMessage()]));
        }
    }
}

/** Runs $work while another process sends what ends it, again and again until $work is done. */
function while_killing(callable $work, callable $connect, string $sql): void
{
    $killer = pcntl_fork();
    if ($killer == 0) {
        while (true) {  // a KILL that comes before the query does nothing
            usleep(200000);
            try {
                $other ??= $connect();
                $other->query($sql);
            } catch (Throwable $error) {
                fwrite(STDERR, $error->getMessage() . "\n");
            }
        }
    }
    try {
        $work();
    } finally {
        posix_kill($killer, SIGKILL);
        pcntl_waitpid($killer, $status);
    }
}
