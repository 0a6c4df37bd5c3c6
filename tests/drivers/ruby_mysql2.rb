# mysql2 for Ruby on MariaDB's C library: text protocol, prepared statements, streamed rows.
require "bigdecimal"
require "digest"
require "mysql2"

$stdout.sync = true

def env(name) = ENV.fetch("DRIVER_#{name}")

def show(value)
  case value
  when Array then "[#{value.map { |item| show(item) }.join(', ')}]"
  when Hash then "{#{value.map { |key, item| "#{show(key)}: #{show(item)}" }.join(', ')}}"
  when BigDecimal then "BigDecimal #{value.to_s('F')}"
  when Time then "Time #{value.utc.strftime('%F %T.%6N')}"
  when Date then "Date #{value}"
  when String
    bytes = value.b
    return "#{value.encoding} of #{bytes.size} bytes #{Digest::SHA256.hexdigest(bytes)[0, 16]}" if bytes.size > 400
    value.encoding == Encoding::BINARY ? "0x#{bytes.unpack1('H*')}" : value.inspect
  else value.inspect
  end
end

def say(*words) = puts(words.map { |word| word.is_a?(String) ? word : show(word) }.join(" "))

def say_error(error) = say("error", error.class.name, [error.errno, error.sql_state, error.message])

def connect(**options)
  Mysql2::Client.new({ host: env("HOST"), port: env("PORT").to_i, username: env("USER"),
                       password: env("PASSWORD"), database: env("SCHEMA"), encoding: "utf8mb4",
                       ssl_mode: :disabled, database_timezone: :utc,
                       application_timezone: :utc }.merge(options))
end

def using(**options)
  client = connect(**options)
  yield client
ensure
  client&.close
end

# Says one result, or what a statement without rows did.
def say_result(client, result)
  if result
    say(result.fields, result.respond_to?(:field_types) ? result.field_types : [],
        result.each(as: :array).to_a)
  else
    say(client.affected_rows, client.last_id, client.query_info_string)
  end
  say(client.warning_count)
end

def ask(client, sql, **options)
  result = client.query(sql, **options)
  say_result(client, result)
  while client.next_result
    say_result(client, client.store_result)
  end
rescue Mysql2::Error => error
  say_error(error)
end

# Executes a prepared statement and says its rows.
def execute(client, statement, *values)
  result = statement.execute(*values)
  if result
    say(result.fields, result.each(as: :array).to_a)
  else
    say(statement.affected_rows, statement.last_id)
  end
rescue Mysql2::Error => error
  say_error(error)
end

def prepare_and_execute(client, sql, *values)
  statement = client.prepare(sql)
  execute(client, statement, *values)
  statement.close
rescue Mysql2::Error => error
  say_error(error)
end

def attempt(**options)
  using(**options) { |client| ask(client, "SELECT DATABASE(), CURRENT_USER(), USER()") }
rescue Mysql2::Error => error
  say_error(error)
end

def login
  attempt
  attempt(database: nil)
  attempt(password: "wrong")
  attempt(password: "")
  attempt(database: "no_such_schema")
  attempt(username: env("OTHER_USER"), password: env("OTHER_PASSWORD"))
  attempt(username: "driver_empty", password: "")
  attempt(username: "driver_tls")
  attempt(username: "driver_locked")
  attempt(init_command: "SET @from_init = 1")
  attempt(connect_attrs: { "program_name" => "of this driver" })
  using { |client| say(client.server_info, client.ping, client.encoding) }
end

def tls
  attempt(ssl_mode: :required)
  attempt(ssl_mode: :verify_identity, sslca: env("CA"))
  attempt(ssl_mode: :verify_identity, sslca: env("WRONG_CA"))
  attempt(username: "driver_tls", ssl_mode: :required)
  attempt(username: "driver_tls", password: "wrong", ssl_mode: :required)
end

def column_types
  using do |client|
    ["types", "vectors", "zero_dates"].each do |table|
      sql = "SELECT * FROM #{table} ORDER BY id"
      ask(client, sql)
      ask(client, sql, cast: false)
      prepare_and_execute(client, sql) unless table == "zero_dates"
    end
  end
end

def changing_types
  values = [1, "text", 2.5, nil, 2**62, BigDecimal("3.25"), "", -1, "long" * 200, true,
            Date.new(2024, 2, 29), Time.utc(2024, 2, 29, 12, 34, 56)]
  using do |client|
    echo = client.prepare("SELECT ? AS a, ? AS b, ? IS NULL AS c")
    30.times do |round|
      a = values[round % values.size]
      b = values[(round * 5 + 2) % values.size]
      execute(client, echo, a, b, a)
      next unless (round % 5).zero?
      prepare_and_execute(client, "INSERT INTO items (name, amount) VALUES (?, ?)", "r#{round}", round)
      ask(client, "SELECT COUNT(*) FROM items")
    end
  end
end

def changing_table
  using do |client|
    read = client.prepare("SELECT * FROM changing")
    ["ALTER TABLE changing ADD b VARCHAR(10) DEFAULT 'new'", "ALTER TABLE changing DROP a",
     "SELECT 1", "DROP TABLE changing"].each do |sql|
      execute(client, read)
      ask(client, sql)
    end
    execute(client, read)
  end
end

def transactions
  using do |client|
    ["BEGIN", "INSERT INTO items (name) VALUES ('one')", "SELECT COUNT(*) FROM items", "ROLLBACK",
     "SELECT COUNT(*) FROM items", "SET autocommit = 0", "INSERT INTO items (name) VALUES ('two')",
     "SAVEPOINT s", "INSERT INTO items (name) VALUES ('three')", "ROLLBACK TO s", "COMMIT",
     "SET autocommit = 1", "SELECT name FROM items"].each { |sql| ask(client, sql) }
    prepare_and_execute(client, "SELECT name FROM items WHERE name > ? FOR UPDATE", "a")
  end
end

def statements
  lines = File.readlines(env("STATEMENTS"), chomp: true).reject { |line| line.empty? || line.start_with?("#") }
  using do |client|
    lines.each do |line|
      sql = line.gsub("{schema}", env("SCHEMA"))
      say(sql)
      ask(client, sql)
    end
  end
end

def streamed
  using do |client|
    result = client.query("SELECT n, word FROM numbers ORDER BY n", stream: true, cache_rows: false)
    say(result.each(as: :array).to_a)
    ask(client, "SELECT 'after the streamed'")
    read = client.prepare("SELECT n, word FROM numbers WHERE n > ? ORDER BY n")
    say(read.execute(4, stream: true, cache_rows: false, as: :array).to_a)
    ask(client, "SELECT 'after the streamed'")
  end
end

def local_infile
  load = " INTO TABLE loaded CHARACTER SET utf8mb4 FIELDS TERMINATED BY ',' (id, name, amount)"
  [true, false].each do |allowed|
    using(local_infile: allowed) do |client|
      ["rows", "rows", "empty", "long", "missing"].each do |name|
        ask(client, "LOAD DATA LOCAL INFILE '#{env('FILES')}/#{name}.csv'" + load)
      end
      ask(client, "SELECT COUNT(*), SUM(amount) FROM loaded")
    end
  end
end

def multi_results
  using(flags: Mysql2::Client::MULTI_STATEMENTS) do |client|
    ask(client, "SELECT 1; SELECT 2, 'b'; SELECT word FROM numbers WHERE n < 3")
    ask(client, "INSERT INTO items (name) VALUES ('m'); SELECT name FROM items WHERE name = 'm'")
    ask(client, "SELECT 1; SELEC; SELECT 3")
    ask(client, "CALL several(2)")
    ask(client, "CALL fails_late()")
    client.set_server_option(Mysql2::Client::OPTION_MULTI_STATEMENTS_OFF)
    ask(client, "SELECT 1; SELECT 2")
    client.set_server_option(Mysql2::Client::OPTION_MULTI_STATEMENTS_ON)
    ask(client, "SELECT 1; SELECT 2")
  end
  using { |client| ask(client, "SELECT 1; SELECT 2") }
end

def big_values
  data = (0..255).to_a.pack("C*") * (20 * 4096)
  using do |client|
    ask(client, "INSERT INTO items (name, data) VALUES ('big', x'#{data[0, 10 << 20].unpack1('H*')}')")
    prepare_and_execute(client, "INSERT INTO items (name, data) VALUES (?, ?)", "big 2", data)
    ask(client, "SELECT name, data FROM items WHERE name LIKE 'big%' ORDER BY id")
    prepare_and_execute(client, "SELECT name, data FROM items WHERE name LIKE ? ORDER BY id", "big%")
  end
end

def kill_query
  using do |victim|
    using do |other|
      done = false
      killer = Thread.new do
        until done  # one that comes before the query does nothing
          sleep 0.2
          other.query("KILL QUERY #{victim.thread_id}")
        end
      end
      ask(victim, "SELECT SLEEP(60) FROM numbers")
      done = true
      killer.join
      ask(victim, "SELECT 'still there'")
    end
  end
end

def small_commands
  using do |client|
    client.select_db("information_schema")
    ask(client, "SELECT DATABASE()")
    begin
      client.select_db("no_such_schema")
    rescue Mysql2::Error => error
      say_error(error)
    end
    say(client.query("SELECT CONNECTION_ID() AS id").first["id"] == client.thread_id)
    say(client.escape("it's"), client.ping)
  end
end

def timeouts
  begin
    using(read_timeout: 1) { |client| ask(client, "SELECT SLEEP(30)") }
  rescue Mysql2::Error => error
    say_error(error)
  end
  using do |client|
    ask(client, "SELECT /*+ MAX_EXECUTION_TIME(100) */ SLEEP(30) FROM numbers")
    ask(client, "SELECT 'still there'")
    ask(client, "SET SESSION wait_timeout = 1")
    sleep 3
    ask(client, "SELECT 1")
  end
end

STEPS = [:login, :tls, :column_types, :changing_types, :changing_table, :transactions, :statements,
         :streamed, :local_infile, :multi_results, :big_values, :kill_query, :small_commands,
         :timeouts].freeze

STEPS.each do |step|
  next unless ARGV.empty? || ARGV.include?(step.to_s)
  say("==", step.to_s)
  begin
    send(step)
  rescue StandardError => error
    say("thrown", error.class.name, error.message)
  end
end
