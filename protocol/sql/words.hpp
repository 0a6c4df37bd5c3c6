#pragma once
// The words of SQL that a rule asks about. Not all keywords: what no rule needs is Word::other.

#include <cstdint>
#include <string_view>

namespace pointsman::protocol::sql {

// One list gives the enumerators and the table. A trailing underscore keeps C++ keywords apart.
// clang-format off
#define POINTSMAN_SQL_WORDS(X) \
    X(all) X(alter) X(analyze) X(analyse) X(and_) X(as) X(atomic) X(backup) X(begin) X(binary) \
    X(binlog) X(cache) X(call) X(case_) X(chain) X(change) X(character) X(charset) X(check) \
    X(checksum) X(clone) X(collation) X(columns) X(commit) X(connection) X(consistent) X(count) \
    X(create) X(current_role) X(data) X(database) X(databases) X(deallocate) X(default_) \
    X(delete_) X(desc) X(describe) X(diagnostics) X(do_) X(drop) X(else_) X(end) X(engine) \
    X(error_count) X(errors) X(event) X(events) X(except) X(execute) X(exists) X(explain) \
    X(export_) X(extended) X(false_) X(fields) X(flush) X(for_) X(format) X(from) X(full) \
    X(function) X(get) X(global) X(grant) X(grants) X(handler) X(help) X(identity) X(if_) \
    X(import) X(in) X(index) X(indexes) X(insert) X(install) X(instance) X(intersect) X(into) \
    X(key) X(keys) X(kill) X(last_insert_id) X(library) X(limit) X(load) X(logfile) X(local) \
    X(lock) X(loop) X(names) X(next) X(no) X(not_) X(of) X(off) X(offset) X(on) X(only) \
    X(optimize) X(or_) \
    X(package) X(partitions) X(password) X(persist) X(persist_only) X(prepare) X(previous) \
    X(privileges) X(procedure) X(processlist) X(profile) X(profiles) X(pseudo_thread_id) X(purge) \
    X(read) X(references) X(release) X(rename) X(repair) X(repeat) X(replace) X(reset) \
    X(resignal) X(resource) X(restart) X(revoke) X(role) X(rollback) X(row) X(savepoint) \
    X(schema) X(schemas) X(select) X(session) X(set) X(share) X(show) X(shutdown) X(signal) \
    X(snapshot) X(spatial) X(server) X(sql_calc_found_rows) X(start) X(statement) X(status) \
    X(stop) X(storage) X(table) X(tables) X(tablespace) X(temporary) X(then) X(to) X(transaction) \
    X(trigger) X(triggers) X(true_) X(truncate) X(uninstall) X(union_) X(unlock) X(update) X(use) \
    X(user) X(value) X(values) X(variables) X(view) X(warning_count) X(warnings) X(while_) \
    X(with) X(work) X(write) X(xa)
// clang-format on

enum class Word : std::uint8_t {
    other,
#define POINTSMAN_SQL_ENUMERATOR(word) word,
    POINTSMAN_SQL_WORDS(POINTSMAN_SQL_ENUMERATOR)
#undef POINTSMAN_SQL_ENUMERATOR
        count_of_words,
};

constexpr std::size_t word_count = static_cast<std::size_t>(Word::count_of_words);

}  // namespace pointsman::protocol::sql
