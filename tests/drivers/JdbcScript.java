// MariaDB Connector/J by JDBC: text protocol, server-side statements, batches, streamed rows.

import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.nio.file.*;
import java.security.MessageDigest;
import java.sql.*;
import java.util.*;

public class JdbcScript {
    interface Work { void run() throws Exception; }
    interface WorkWith { void run(Connection connection) throws Exception; }

    static final String SERVER_SIDE = "&useServerPrepStmts=true";
    static final String SEVERAL = "&allowMultiQueries=true";

    static String env(String name) { return System.getenv("DRIVER_" + name); }

    static String digest(byte[] bytes) throws Exception {
        byte[] sum = MessageDigest.getInstance("SHA-256").digest(bytes);
        return HexFormat.of().formatHex(sum).substring(0, 16);
    }

    static String show(Object value) throws Exception {
        if (value == null) return "null";
        if (value instanceof byte[] bytes) {
            return bytes.length > 400 ? bytes.length + " bytes " + digest(bytes)
                : "0x" + HexFormat.of().formatHex(bytes);
        }
        String text = value.toString();
        if (text.length() > 400) {
            return text.length() + " characters " + digest(text.getBytes(StandardCharsets.UTF_8));
        }
        return value.getClass().getSimpleName() + " " + text.replace("\n", "\\n").replace("\0", "\\0");
    }

    static void say(Object... words) { 
        StringJoiner line = new StringJoiner(" ");
        for (Object word : words) line.add(String.valueOf(word));
        System.out.println(line);
    }

    /** The driver puts "(conn=N)" with the connection's number in front of the server's text. */
    static void sayError(SQLException error) {
        String text = String.valueOf(error.getMessage()).replaceAll("\\(conn[=:][0-9]+\\)", "(conn)")
            .replaceAll("\\(port=[0-9]+\\)", "(port)");
        say("error", error.getClass().getSimpleName(), error.getErrorCode(), error.getSQLState(), text);
    }

    static Connection connect(String user, String password, String schema, String options)
            throws SQLException {
        Properties login = new Properties();
        login.setProperty("user", user);
        login.setProperty("password", password);
        return DriverManager.getConnection("jdbc:mariadb://" + env("HOST") + ":" + env("PORT") + "/"
            + schema + "?allowPublicKeyRetrieval=true&serverTimezone=UTC" + options, login);
    }

    static Connection connect(String options) throws SQLException {
        return connect(env("USER"), env("PASSWORD"), env("SCHEMA"), options);
    }

    static void using(String options, WorkWith work) throws Exception {
        try (Connection connection = connect(options)) {
            work.run(connection);
        }
    }

    static void sayRows(ResultSet rows) throws Exception {
        ResultSetMetaData meta = rows.getMetaData();
        StringJoiner fields = new StringJoiner(", ", "[", "]");
        for (int i = 1; i <= meta.getColumnCount(); ++i) {
            fields.add(meta.getColumnLabel(i) + " " + meta.getColumnName(i) + " " + meta.getTableName(i)
                + " " + meta.getColumnTypeName(i) + " " + meta.isNullable(i) + " " + meta.getScale(i)
                + " " + meta.isAutoIncrement(i));
        }
        say(fields);
        while (rows.next()) {
            StringJoiner row = new StringJoiner(", ", "(", ")");
            for (int i = 1; i <= meta.getColumnCount(); ++i) row.add(cell(rows, i));
            say(row);
        }
    }

    static String cell(ResultSet rows, int column) throws Exception {
        try {
            return show(rows.getObject(column)) + " = " + show(rows.getString(column));
        } catch (SQLException error) {
            return "unreadable " + error.getMessage();
        }
    }

    static void sayResults(Statement statement, boolean hasRows) throws Exception {
        for (;;) {
            if (hasRows) {
                try (ResultSet rows = statement.getResultSet()) {
                    sayRows(rows);
                }
            } else if (statement.getUpdateCount() == -1) {
                break;
            } else {
                say("changed", statement.getUpdateCount());
                try (ResultSet keys = statement.getGeneratedKeys()) {
                    while (keys.next()) say("key", keys.getLong(1));
                }
            }
            hasRows = statement.getMoreResults();
        }
        for (SQLWarning one = statement.getWarnings(); one != null; one = one.getNextWarning()) {
            say("warning", one.getErrorCode(), one.getMessage());
        }
    }

    static void ask(Connection connection, String sql, Object... values) throws Exception {
        try (PreparedStatement statement = connection.prepareStatement(sql,
                Statement.RETURN_GENERATED_KEYS)) {
            for (int i = 0; i < values.length; ++i) statement.setObject(i + 1, values[i]);
            sayResults(statement, statement.execute());
        } catch (SQLException error) {
            sayError(error);
        }
    }

    static void askPlain(Connection connection, String sql) throws Exception {
        try (Statement statement = connection.createStatement()) {
            sayResults(statement, statement.execute(sql, Statement.RETURN_GENERATED_KEYS));
        } catch (SQLException error) {
            sayError(error);
        }
    }

    static void attempt(String user, String password, String schema, String options) throws Exception {
        try (Connection connection = connect(user, password, schema, options)) {
            ask(connection, "SELECT DATABASE(), CURRENT_USER(), USER()");
        } catch (SQLException error) {
            sayError(error);
        }
    }

    static void login() throws Exception {
        String user = env("USER"), password = env("PASSWORD"), schema = env("SCHEMA");
        attempt(user, password, schema, "");
        attempt(user, password, "", "");
        attempt(user, "wrong", schema, "");
        attempt(user, password, "no_such_schema", "");
        attempt(env("OTHER_USER"), env("OTHER_PASSWORD"), schema, "");
        attempt("driver_empty", "", schema, "");
        attempt("driver_tls", password, schema, "");
        attempt(user, password, schema, "&useCompression=true");
        attempt(user, password, schema, "&sessionVariables=sql_mode='ANSI',time_zone='%2B02:00'");
        attempt(user, password, schema, "&connectionAttributes=program_name:jdbc,a:b");
        attempt(user, password, schema, "&usePipelineAuth=false&useBatchMultiSend=false");
        using("", connection -> {
            DatabaseMetaData meta = connection.getMetaData();
            say(meta.getDatabaseProductName(), meta.getDatabaseProductVersion());
            say(connection.getTransactionIsolation(), connection.getAutoCommit(), connection.getCatalog());
        });
    }

    static void tls() throws Exception {
        String user = env("USER"), password = env("PASSWORD"), schema = env("SCHEMA");
        attempt(user, password, schema, "&useSsl=true&serverSslCert=" + env("CA"));
        attempt(user, password, schema, "&useSsl=true&trustServerCertificate=true");
        attempt("driver_tls", password, schema, "&useSsl=true&serverSslCert=" + env("CA"));
        try (Connection wrong = connect("&useSsl=true&serverSslCert=" + env("WRONG_CA"))) {
            say("was not refused");
        } catch (SQLException error) {
            say("refused", error.getSQLState());
        }
    }

    static void columnTypes() throws Exception {
        for (String options : List.of("", SERVER_SIDE)) {
            using(options, connection -> {
                for (String table : List.of("types", "zero_dates", "vectors")) {
                    ask(connection, "SELECT * FROM " + table + " ORDER BY id");
                    ask(connection, "SELECT * FROM " + table + " WHERE id > ? ORDER BY id", 1);
                }
            });
        }
    }

    static void changingTypes() throws Exception {
        Object[] values = {1, "text", 2.5, null, Long.MAX_VALUE, "", -1,
            "long".repeat(200), true, new BigDecimal("3.25"), java.sql.Date.valueOf("2024-02-29"),
            Timestamp.valueOf("2024-02-29 12:34:56.789012")};
        for (String options : List.of("", SERVER_SIDE)) {
            using(options, connection -> {
                try (PreparedStatement echo = connection.prepareStatement(
                            "SELECT ? = ?, ? IS NULL FROM numbers WHERE n < ?");
                        // Sent in pieces, which go to the primary.
                        PreparedStatement bytes = connection.prepareStatement(
                            "SELECT HEX(?), ? IS NULL FROM numbers WHERE n < ?")) {
                    for (int round = 0; round < 30; ++round) {
                        echo.setObject(1, values[round % values.length]);
                        echo.setObject(2, values[(round * 5 + 2) % values.length]);
                        echo.setObject(3, values[round % values.length]);
                        echo.setInt(4, 3);
                        try {
                            sayResults(echo, echo.execute());
                        } catch (SQLException error) {
                            sayError(error);
                        }
                        bytes.setBytes(1, new byte[] {0, -1, (byte) round});
                        bytes.setBytes(2, round % 2 == 0 ? null : new byte[round]);
                        bytes.setInt(3, 3);
                        sayResults(bytes, bytes.execute());
                        if (round % 5 == 0) ask(connection, "INSERT INTO items (amount) VALUES (?)", round);
                    }
                }
            });
        }
    }

    static void changingTable() throws Exception {
        using(SERVER_SIDE, connection -> {
            try (PreparedStatement read = connection.prepareStatement("SELECT * FROM changing")) {
                for (String sql : List.of("ALTER TABLE changing ADD b VARCHAR(10) DEFAULT 'new'",
                        "SELECT 1", "ALTER TABLE changing DROP a", "DROP TABLE changing", "SELECT 2")) {
                    try {
                        sayResults(read, read.execute());
                    } catch (SQLException error) {
                        sayError(error);
                    }
                    askPlain(connection, sql);
                }
            }
        });
    }

    static void batches() throws Exception {
        for (String options : List.of("", SERVER_SIDE, "&rewriteBatchedStatements=true",
                "&useBatchMultiSend=true")) {
            using(options, connection -> {
                askPlain(connection, "DELETE FROM items");
                try (PreparedStatement insert = connection.prepareStatement(
                        "INSERT INTO items (name, amount) VALUES (?, ?)",
                        Statement.RETURN_GENERATED_KEYS)) {
                    for (int i = 0; i < 50; ++i) {
                        insert.setString(1, "batch " + (i == 40 ? 7 : i));  // one is there twice
                        insert.setInt(2, i);
                        insert.addBatch();
                    }
                    say(Arrays.toString(insert.executeBatch()));
                } catch (BatchUpdateException error) {
                    say(error.getUpdateCounts().length);
                    sayError(error);
                }
                try (Statement several = connection.createStatement()) {
                    several.addBatch("UPDATE items SET amount = amount + 1");
                    several.addBatch("DELETE FROM items WHERE amount > 20");
                    several.addBatch("SET @b = 3");
                    say(Arrays.toString(several.executeBatch()));
                }
                ask(connection, "SELECT COUNT(*), SUM(amount), @b FROM items");
            });
        }
    }

    static void transactions() throws Exception {
        using(SERVER_SIDE, connection -> {
            connection.setAutoCommit(false);
            ask(connection, "INSERT INTO items (name) VALUES (?)", "one");
            connection.rollback();
            ask(connection, "SELECT COUNT(*) FROM items WHERE name = 'one'");
            ask(connection, "INSERT INTO items (name) VALUES (?)", "two");
            Savepoint point = connection.setSavepoint("s");
            ask(connection, "INSERT INTO items (name) VALUES (?)", "three");
            connection.rollback(point);
            connection.commit();
            connection.setAutoCommit(true);
            connection.setTransactionIsolation(Connection.TRANSACTION_SERIALIZABLE);
            say(connection.getTransactionIsolation());
            connection.setReadOnly(true);
            ask(connection, "SELECT name FROM items WHERE name IN ('one', 'two', 'three')");
            connection.setReadOnly(false);
            connection.setCatalog("information_schema");
            ask(connection, "SELECT DATABASE()");
            say(connection.isValid(5));
        });
    }

    static void statements() throws Exception {
        using("", connection -> {
            for (String line : Files.readAllLines(Path.of(env("STATEMENTS")))) {
                if (line.isEmpty() || line.startsWith("#")) continue;
                String sql = line.replace("{schema}", env("SCHEMA"));
                say(sql);
                askPlain(connection, sql);
            }
        });
    }

    static void streamed() throws Exception {
        for (String options : List.of("", SERVER_SIDE)) {
            using(options, connection -> {
                try (PreparedStatement read = connection.prepareStatement(
                        "SELECT n, word FROM numbers ORDER BY n")) {
                    read.setFetchSize(3);
                    try (ResultSet rows = read.executeQuery()) {
                        rows.next();
                        say(rows.getInt(1));
                        ask(connection, "SELECT 'while rows are unread'");
                        sayRows(rows);
                    }
                }
            });
        }
    }

    static void localInfile() throws Exception {
        String load = " INTO TABLE loaded CHARACTER SET utf8mb4 FIELDS TERMINATED BY ','"
            + " (id, name, amount)";
        for (String allowed : List.of("true", "false")) {
            using("&allowLocalInfile=" + allowed, connection -> {
                for (String name : List.of("rows", "empty", "long", "missing")) {
                    askPlain(connection, "LOAD DATA LOCAL INFILE '" + env("FILES") + "/" + name + ".csv'"
                        + load);
                }
                ask(connection, "SELECT COUNT(*), SUM(amount) FROM loaded");
            });
        }
    }

    static void multiResults() throws Exception {
        using(SEVERAL, connection -> {
            askPlain(connection, "SELECT 1; SELECT 2, 'b'; SELECT word FROM numbers WHERE n < 3");
            askPlain(connection, "SELECT 1; SELEC; SELECT 3");
            askPlain(connection, "CALL several(2)");
            askPlain(connection, "CALL fails_late()");
            askPlain(connection, "SELECT 'still there'");
        });
        for (String options : List.of("", SERVER_SIDE)) {
            using(options, connection -> {
                askPlain(connection, "SELECT 1; SELECT 2");
                try (CallableStatement call = connection.prepareCall("{CALL doubled(?, ?, ?)}")) {
                    call.setInt(1, 21);
                    call.registerOutParameter(2, Types.INTEGER);
                    call.setString(3, "in");
                    call.registerOutParameter(3, Types.VARCHAR);
                    call.execute();
                    say(call.getInt(2), call.getString(3));
                }
                try (CallableStatement call = connection.prepareCall("{? = CALL plus_one(?)}")) {
                    call.registerOutParameter(1, Types.INTEGER);
                    call.setInt(2, 41);
                    call.execute();
                    say(call.getInt(1));
                }
            });
        }
    }

    static void bigValues() throws Exception {
        byte[] data = new byte[20 << 20];
        for (int i = 0; i < data.length; ++i) data[i] = (byte) i;
        for (String options : List.of("", SERVER_SIDE)) {
            using(options, connection -> {
                ask(connection, "INSERT INTO items (name, data) VALUES (?, ?)", "big" + options, data);
                ask(connection, "SELECT name, LENGTH(data), SHA2(data, 256) FROM items WHERE name = ?",
                    "big" + options);
                try (PreparedStatement read = connection.prepareStatement(
                        "SELECT data FROM items WHERE name = ?")) {
                    read.setString(1, "big" + options);
                    try (ResultSet rows = read.executeQuery()) {
                        rows.next();
                        say(show(rows.getBytes(1)));
                    }
                }
            });
        }
    }

    static void killQuery() throws Exception {
        using("", victim -> {
            Statement sleeper = victim.createStatement();
            boolean[] done = {false};
            Thread killer = new Thread(() -> {
                while (!done[0]) {  // one that comes before the query does nothing
                    try {
                        Thread.sleep(200);
                        sleeper.cancel();  // by a connection of its own and KILL QUERY
                    } catch (InterruptedException | SQLException ignored) {
                        return;
                    }
                }
            });
            killer.start();
            try (ResultSet rows = sleeper.executeQuery("SELECT SLEEP(60) FROM numbers")) {
                sayRows(rows);
            } catch (SQLException error) {
                sayError(error);
            }
            done[0] = true;
            killer.join();
            askPlain(victim, "DO 0");  // a late one may still hit this
            askPlain(victim, "SELECT 'still there'");
            try (PreparedStatement slow = victim.prepareStatement("SELECT SLEEP(60) FROM numbers")) {
                slow.setQueryTimeout(1);
                sayResults(slow, slow.execute());
            } catch (SQLException error) {
                sayError(error);
            }
            askPlain(victim, "SELECT 'still there'");
        });
    }

    static void timeouts() throws Exception {
        using("&socketTimeout=1000", connection -> askPlain(connection, "SELECT SLEEP(30)"));
        using("", connection -> {
            askPlain(connection, "SELECT /*+ MAX_EXECUTION_TIME(100) */ SLEEP(30) FROM numbers");
            askPlain(connection, "SET SESSION wait_timeout = 1");
            Thread.sleep(3000);
            askPlain(connection, "SELECT 1");
        });
    }

    static final Map<String, Work> STEPS = new LinkedHashMap<>();
    static {
        STEPS.put("login", JdbcScript::login);
        STEPS.put("tls", JdbcScript::tls);
        STEPS.put("columnTypes", JdbcScript::columnTypes);
        STEPS.put("changingTypes", JdbcScript::changingTypes);
        STEPS.put("changingTable", JdbcScript::changingTable);
        STEPS.put("batches", JdbcScript::batches);
        STEPS.put("transactions", JdbcScript::transactions);
        STEPS.put("statements", JdbcScript::statements);
        STEPS.put("streamed", JdbcScript::streamed);
        STEPS.put("localInfile", JdbcScript::localInfile);
        STEPS.put("multiResults", JdbcScript::multiResults);
        STEPS.put("bigValues", JdbcScript::bigValues);
        STEPS.put("killQuery", JdbcScript::killQuery);
        STEPS.put("timeouts", JdbcScript::timeouts);
    }

    public static void main(String[] chosen) {
        System.setOut(new java.io.PrintStream(System.out, true, StandardCharsets.UTF_8));
        for (Map.Entry<String, Work> step : STEPS.entrySet()) {
            if (chosen.length > 0 && !List.of(chosen).contains(step.getKey())) continue;
            say("==", step.getKey());
            try {
                step.getValue().run();
            } catch (SQLException error) {
                sayError(error);
            } catch (Exception error) {
                say("thrown", error.getClass().getSimpleName(), error.getMessage());
            }
        }
        System.exit(0);  // the driver's timers would keep it alive
    }
}
