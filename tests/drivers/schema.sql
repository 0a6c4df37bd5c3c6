-- What every driver finds in its schema, made anew before each run.
CREATE TABLE types (
    id INT PRIMARY KEY AUTO_INCREMENT,
    c_tinyint TINYINT, c_tinyint_u TINYINT UNSIGNED, c_bool BOOL,
    c_smallint SMALLINT, c_smallint_u SMALLINT UNSIGNED,
    c_mediumint MEDIUMINT, c_mediumint_u MEDIUMINT UNSIGNED,
    c_int INT, c_int_u INT UNSIGNED,
    c_bigint BIGINT, c_bigint_u BIGINT UNSIGNED,
    c_float FLOAT, c_double DOUBLE, c_decimal DECIMAL(65, 30), c_numeric NUMERIC(10, 0),
    c_bit BIT(1), c_bits BIT(64),
    c_year YEAR, c_date DATE, c_time TIME, c_time6 TIME(6),
    c_datetime DATETIME, c_datetime6 DATETIME(6), c_timestamp TIMESTAMP NULL,
    c_timestamp6 TIMESTAMP(6) NULL,
    c_char CHAR(10) CHARACTER SET utf8mb4, c_varchar VARCHAR(200) CHARACTER SET utf8mb4,
    c_latin1 VARCHAR(20) CHARACTER SET latin1,
    c_binary BINARY(4), c_varbinary VARBINARY(200),
    c_tinytext TINYTEXT, c_text TEXT, c_mediumtext MEDIUMTEXT, c_longtext LONGTEXT,
    c_tinyblob TINYBLOB, c_blob BLOB, c_mediumblob MEDIUMBLOB, c_longblob LONGBLOB,
    c_enum ENUM('a', 'b', 'ü'), c_set SET('x', 'y', 'z'),
    c_json JSON, c_point POINT
) CHARACTER SET utf8mb4;
INSERT INTO types VALUES
    (1, -128, 0, TRUE, -32768, 0, -8388608, 0, -2147483648, 0, -9223372036854775808, 0,
     -1.5, -1.7976931348623157e308,
     '-99999999999999999999999999999999999.123456789012345678901234567891',
     -9999999999, b'0', 0, 1901, '1000-01-01', '-838:59:59', '-838:59:58.999999',
     '1000-01-01 00:00:00', '1000-01-01 00:00:00.000001', '1970-01-02 00:00:01',
     '1970-01-02 00:00:01.000001', '', '', '', '', '', '', '', '', '', '', '', '', '',
     'a', '', 'null', ST_GeomFromText('POINT(0 0)')),
    (2, 127, 255, FALSE, 32767, 65535, 8388607, 16777215, 2147483647, 4294967295,
     9223372036854775807, 18446744073709551615, 3.25, 2.2250738585072014e-308,
     '99999999999999999999999999999999999.999999999999999999999999999999', 9999999999,
     b'1', 0xFFFFFFFFFFFFFFFF, 2155, '9999-12-31', '838:59:59', '838:59:58.999999',
     '9999-12-31 23:59:59', '9999-12-31 23:59:59.999999', '2038-01-19 03:14:07',
     '2038-01-19 03:14:07.999999', 'zehn Zeich', 'Grüße, 世界, 🐬', 'café', 0x00FF0A27,
     0x00010203FF, 'tiny', REPEAT('t', 300), REPEAT('m', 70000), 'long \\ '' " \n \0 end',
     0x00, REPEAT(0xFF, 300), REPEAT(0x00, 70000), 0xDEADBEEF, 'ü', 'x,y,z',
     '{"key": [1, 2.5, "t", null, true], "ü": {}}', ST_GeomFromText('POINT(1.5 -2.5)')),
    (3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
     NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
     NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);

CREATE TABLE vectors (id INT PRIMARY KEY, v VECTOR(3));
INSERT INTO vectors VALUES (1, STRING_TO_VECTOR('[1, 2.5, -3]')), (2, NULL);

CREATE TABLE zero_dates (id INT PRIMARY KEY, d DATE, t DATETIME);
SET sql_mode = '';
INSERT INTO zero_dates VALUES (1, '0000-00-00', '0000-00-00 00:00:00'), (2, '2024-00-00', NULL);
SET sql_mode = DEFAULT;

CREATE TABLE numbers (n INT PRIMARY KEY, word VARCHAR(20));
INSERT INTO numbers VALUES (1, 'one'), (2, 'two'), (3, 'three'), (4, 'four'), (5, 'five'),
    (6, 'six'), (7, 'seven'), (8, 'eight'), (9, 'nine'), (10, 'ten');

CREATE TABLE items (
    id INT PRIMARY KEY AUTO_INCREMENT, name VARCHAR(50), amount DECIMAL(10, 2), data LONGBLOB,
    body LONGTEXT, UNIQUE KEY by_name (name)
) CHARACTER SET utf8mb4;
CREATE TABLE loaded (id INT PRIMARY KEY, name VARCHAR(50), amount INT) CHARACTER SET utf8mb4;
CREATE TABLE changing (id INT PRIMARY KEY, a INT);
INSERT INTO changing VALUES (1, 10);

CREATE PROCEDURE several(IN n INT) BEGIN
    SELECT n AS first; SELECT word FROM numbers WHERE numbers.n <= n ORDER BY numbers.n;
    INSERT INTO items (name) VALUES (CONCAT('by several ', n));
    SELECT 'last' AS third, n * 2 AS twice;
END;
CREATE PROCEDURE doubled(IN n INT, OUT twice INT, INOUT text VARCHAR(50)) BEGIN
    SET twice = n * 2; SET text = CONCAT(text, ' and more');
END;
CREATE PROCEDURE fails_late() BEGIN
    SELECT 1 AS before_it;
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'on purpose', MYSQL_ERRNO = 30001;
END;
CREATE FUNCTION plus_one(n INT) RETURNS INT DETERMINISTIC RETURN n + 1;
