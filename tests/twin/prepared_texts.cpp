#include "tests/twin/texts.hpp"

namespace pointsman::twin {

namespace {

/// Many mean something else under another sql_mode, schema or character set than the one that they
/// were prepared under.
constexpr TextRow rows[] = {
    {4, "SELECT ?"},
    {3, "SELECT ? + ?, CONCAT(?, 'x')"},
    {5, "{hint}SELECT id, v, n FROM t1 WHERE id = ?"},
    {3, "SELECT id, v FROM {t} WHERE id > ? ORDER BY id"},
    {2, "SELECT id, v, n FROM t1 ORDER BY id LIMIT ?"},
    {3, "INSERT INTO t1 (v, n) VALUES (?, ?)"},
    {2, "UPDATE t1 SET v = ? WHERE id = ?"},
    {1, "DELETE FROM t1 WHERE id = ? AND id > 10"},
    {2, "SELECT @a, ?, @b"},
    {2, "SET @a = ?, @b = ?"},
    {2, "SELECT 'a' || ?"},
    {2, "SELECT \"v\" FROM t1 ORDER BY id LIMIT 2"},
    {2, "SELECT 'it\\'s', ?"},
    {2, "SELECT \xc3\xa9 FROM (SELECT ? AS `\xc3\xa9`) x"},
    {2, "SELECT DATABASE(), ?"},
    {2, "SELECT LAST_INSERT_ID(), ROW_COUNT(), FOUND_ROWS()"},
    {2, "SELECT {sys}, ?, {sys}"},
    {1, "SHOW WARNINGS"},
    {1, "SHOW VARIABLES LIKE {sysnames}"},
    {1, "COMMIT"},
    {1, "ROLLBACK"},
    {1, "DO ?"},
    {1, "SET {assign}"},
    {1, "SET time_zone = ?"},
    {1, "SET sql_mode = ?"},
    {1, "USE {db}"},
    {2, "CALL p_out(?, ?)"},
    {2, "CALL p_results(?)"},
    {1, "SELECT * FROM tmp1 WHERE id > ?"},
    {1, "CREATE TEMPORARY TABLE tmp1 (id INT, v VARCHAR(60), n INT)", hold_temporary},
    {1, "DROP TEMPORARY TABLE tmp1"},
    {1, "SELECT GET_LOCK(?, 0)", hold_user_locks},
    {1, "SELECT id FROM t1 WHERE id = ? FOR UPDATE"},
    {1, "SELECT SQL_CALC_FOUND_ROWS id FROM t1 ORDER BY id LIMIT ?", hold_once},
    {1, "SELECT f_set(?)"},
    {1, "SELECT 1; SELECT 2"},
    {1, "PREPARE p1 FROM 'SELECT 1'"},
    {1, "SELECT nosuch FROM t1"},
    {1, "BEGIN"},
};

}  // namespace

std::span<const TextRow> prepared_texts()
{
    return rows;
}

}  // namespace pointsman::twin
