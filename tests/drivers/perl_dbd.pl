#!/usr/bin/perl
# DBD::mysql on MariaDB's C library: text protocol, and the binary one with mysql_server_prepare.
use strict;
use warnings;
use utf8;
use DBI qw(:sql_types);
use Digest::SHA qw(sha256_hex);
use Encode qw(encode_utf8);

$| = 1;
binmode STDOUT, ':raw';
my %env = map { $_ => $ENV{"DRIVER_$_"} } qw(HOST PORT USER PASSWORD OTHER_USER OTHER_PASSWORD
    SCHEMA CA WRONG_CA FILES STATEMENTS);

sub show {
    my ($value) = @_;
    return 'undef' unless defined $value;
    return '[' . join(', ', map { show($_) } @$value) . ']' if ref $value eq 'ARRAY';
    my $bytes = utf8::is_utf8($value) ? encode_utf8($value) : $value;
    return length($bytes) . ' bytes ' . substr(sha256_hex($bytes), 0, 16) if length $bytes > 400;
    $bytes =~ s/([^\x20-\x7e])/sprintf('\\x%02x', ord $1)/ge;
    return "'$bytes'";
}

sub say_all { print join(' ', map { ref $_ ? show($_) : $_ } @_), "\n" }

sub connect_to {
    my ($options, %given) = @_;
    my $schema = $given{schema} // $env{SCHEMA};
    return DBI->connect("DBI:mysql:database=$schema;host=$env{HOST};port=$env{PORT};$options",
        $given{user} // $env{USER}, $given{password} // $env{PASSWORD},
        { RaiseError => 1, PrintError => 0, AutoCommit => 1, mysql_enable_utf8mb4 => 1 });
}

# Runs a statement and says all that came of it.
sub ask {
    my ($dbh, $sql, @values) = @_;
    eval {
        my $statement = $dbh->prepare($sql);
        execute($statement, @values);
        1;
    } or say_all('error', [$dbh->err, $dbh->state, $dbh->errstr]);
}

sub execute {
    my ($statement, @values) = @_;
    my $affected = $statement->execute(@values);
    do {
        if ($statement->{NUM_OF_FIELDS}) {
            # Copied first: the driver can't tell them any more once all rows are fetched.
            my @fields = @$statement{qw(NAME mysql_type mysql_length NULLABLE)};
            say_all(@fields, $statement->fetchall_arrayref);
        } else {
            say_all([$affected, $statement->{mysql_insertid}, $statement->{mysql_warning_count}]);
        }
    } while ($statement->more_results);
}

sub attempt {
    my ($options, %given) = @_;
    my $dbh = eval { connect_to($options, %given) };
    return say_all('error', [$DBI::err, $DBI::errstr]) unless $dbh;
    ask($dbh, 'SELECT DATABASE(), CURRENT_USER(), USER()');
    $dbh->disconnect;
}

my $tls = "mysql_ssl=1;mysql_ssl_verify_server_cert=1;mysql_ssl_ca_file";
my @steps = (
    login => sub {
        attempt('');
        attempt('', password => 'wrong');
        attempt('', schema => 'no_such_schema');
        attempt('', user => $env{OTHER_USER}, password => $env{OTHER_PASSWORD});
        attempt('', user => 'driver_empty', password => '');
        my $dbh = connect_to('');
        say_all([$dbh->{mysql_serverinfo}, $dbh->{mysql_protoinfo}, $dbh->ping]);
    },
    tls => sub {
        attempt("$tls=$env{CA}");
        attempt("$tls=$env{CA}", user => 'driver_tls');
        attempt("$tls=$env{CA}", password => 'wrong');
    },
    types => sub {
        for my $binary (0, 1) {
            my $dbh = connect_to("mysql_server_prepare=$binary");
            for my $column (@{ $dbh->selectcol_arrayref(
                'SELECT column_name FROM information_schema.columns WHERE table_schema = ?'
                . " AND table_name = 'types' ORDER BY ordinal_position", {}, $env{SCHEMA}) }) {
                ask($dbh, "SELECT $column FROM types WHERE id > ? ORDER BY id", 0);
            }
            ask($dbh, 'SELECT * FROM zero_dates');
        }
    },
    changing_types => sub {
        for my $binary (0, 1) {
            my $dbh = connect_to("mysql_server_prepare=$binary");
            my $echo = $dbh->prepare('SELECT ? = ?, ? IS NULL FROM numbers WHERE n < 3');
            my @values = (1, 'text', 2.5, undef, '9223372036854775807', "\0\x7f", '', -1, 'l' x 900);
            for my $round (0 .. 30) {
                my ($a, $b) = ($values[$round % @values], $values[($round * 5 + 2) % @values]);
                if ($round % 2) {
                    $echo->bind_param(1, $a, SQL_INTEGER) if defined $a && $a =~ /^-?\d+$/;
                }
                execute($echo, $a, $b, $a);
                ask($dbh, 'INSERT INTO items (name, amount) VALUES (?, ?)', "$binary $round", $round)
                    if $round % 5 == 0;
            }
        }
    },
    transactions => sub {
        my $dbh = connect_to('mysql_server_prepare=1');
        $dbh->begin_work;
        ask($dbh, 'INSERT INTO items (name) VALUES (?)', 'rolled back');
        $dbh->rollback;
        $dbh->begin_work;
        ask($dbh, 'INSERT INTO items (name) VALUES (?)', 'committed');
        ask($dbh, 'SELECT COUNT(*) FROM items WHERE name = ?', 'rolled back');
        $dbh->commit;
        $dbh->{AutoCommit} = 0;
        ask($dbh, 'DELETE FROM items');
        $dbh->rollback;
        $dbh->{AutoCommit} = 1;
        ask($dbh, 'SELECT COUNT(*) FROM items');
    },
    statements => sub {
        my $dbh = connect_to('mysql_server_prepare=0');
        open my $file, '<', $env{STATEMENTS} or die;
        while (my $sql = <$file>) {
            chomp $sql;
            next if $sql =~ /^#/ || !length $sql;
            $sql =~ s/\{schema\}/$env{SCHEMA}/g;
            say_all($sql);
            ask($dbh, $sql);
        }
    },
    unbuffered => sub {
        my $dbh = connect_to('mysql_use_result=1');
        my $statement = $dbh->prepare('SELECT n, word FROM numbers ORDER BY n');
        $statement->execute;
        say_all($statement->fetchrow_arrayref) for 1 .. 3;
        $statement->finish;
        ask($dbh, "SELECT 'after the unread'");
    },
    local_infile => sub {
        my $load = " INTO TABLE loaded CHARACTER SET utf8mb4 FIELDS TERMINATED BY ','"
            . ' (id, name, amount)';
        for my $allowed (1, 0) {
            my $dbh = connect_to("mysql_local_infile=$allowed");
            ask($dbh, "LOAD DATA LOCAL INFILE '$env{FILES}/$_.csv'$load")
                for qw(rows rows empty long missing);
            ask($dbh, 'SELECT COUNT(*), SUM(amount) FROM loaded');
        }
    },
    multi_results => sub {
        my $dbh = connect_to('mysql_multi_statements=1');
        ask($dbh, "SELECT 1; SELECT 2, 'b'; SELECT word FROM numbers WHERE n < 3");
        ask($dbh, 'SELECT 1; SELEC; SELECT 3');
        ask($dbh, 'CALL several(?)', 2);
        ask($dbh, 'CALL fails_late()');
        ask($dbh, "SELECT 'still there'");
        ask(connect_to(''), 'SELECT 1; SELECT 2');
    },
    big_values => sub {
        my $data = join('', map { chr } 0 .. 255) x (20 * 4096);
        for my $binary (0, 1) {
            my $dbh = connect_to("mysql_server_prepare=$binary");
            my $insert = $dbh->prepare('INSERT INTO items (name, data) VALUES (?, ?)');
            $insert->bind_param(1, "big $binary");
            $insert->bind_param(2, $data, SQL_BLOB);
            say_all([$insert->execute]);
            ask($dbh, 'SELECT name, data FROM items WHERE name = ?', "big $binary");
        }
    },
    kill_query => sub {
        my $victim = connect_to('');
        my $id = $victim->{mysql_thread_id};
        my $sleep = $victim->prepare('SELECT SLEEP(60) FROM numbers', { async => 1 });
        $sleep->execute;
        my $other = connect_to('');
        until ($sleep->mysql_async_ready) {  # a KILL that comes before the query does nothing
            select(undef, undef, undef, 0.2);
            $other->do("KILL QUERY $id");
        }
        eval { $sleep->mysql_async_result; 1 }
            or say_all('error', [$victim->err, $victim->errstr]);
        ask($victim, "SELECT 'still there'");
    },
    timeouts => sub {
        ask(connect_to('mysql_read_timeout=1'), 'SELECT SLEEP(30)');
        ask(connect_to(''), 'SELECT /*+ MAX_EXECUTION_TIME(100) */ SLEEP(30) FROM numbers');
    },
);

while (my ($name, $step) = splice @steps, 0, 2) {
    next if @ARGV && !grep { $_ eq $name } @ARGV;
    say_all('==', $name);
    eval { $step->(); 1 } or say_all('died', [$@ =~ s/ at \S+ line.*//sr]);
}
