// What it costs to know where a statement may run: the lexer and the rules over its tokens.

#include "protocol/sql/classifier.hpp"

#include <benchmark/benchmark.h>

#include <string>

using namespace pointsman::protocol::sql;

namespace {

struct Case {
    const char* name;
    std::string text;
};

std::string long_insert(int rows)
{
    std::string text = "INSERT INTO sbtest1 (id, k, c, pad) VALUES ";
    for (int i = 0; i < rows; ++i)
        text += std::string(i ? "," : "") + "(" + std::to_string(i) + ",4711,'" +
                std::string(120, 'c') + "','" + std::string(60, 'p') + "')";
    return text;
}

std::string long_list(int values)
{
    std::string text = "SELECT id, name FROM product WHERE id IN (0";
    for (int i = 1; i < values; ++i) text += ", " + std::to_string(i * 37);
    return text + ") ORDER BY name";
}

const Case cases[] = {
    {"point_select", "SELECT c FROM sbtest1 WHERE id=5017"},
    {"begin", "BEGIN"},
    {"range", "SELECT SUM(k) FROM sbtest1 WHERE id BETWEEN 5017 AND 5116"},
    {"update", "UPDATE sbtest1 SET k=k+1 WHERE id=5017"},
    {"orm_select",
     "SELECT `o`.`id` AS `o_id`, `o`.`created_at` AS `o_created_at`, COALESCE(`c`.`name`, 'none') "
     "FROM `orders` AS `o` LEFT OUTER JOIN `customers` AS `c` ON `c`.`id` = `o`.`customer_id` "
     "WHERE `o`.`status` IN ('paid', 'sent') AND `o`.`created_at` > '2024-01-01 00:00:00' "
     "ORDER BY `o`.`created_at` DESC LIMIT 50 OFFSET 100 /* app=shop, action=list */"},
    {"in_list_1000", long_list(1'000)},
    {"insert_100_rows", long_insert(100)},
};

void classify_statement(benchmark::State& state)
{
    const auto& one = cases[state.range(0)];
    state.SetLabel(one.name);
    for (auto _ : state) {
        auto statement = classify(one.text);
        benchmark::DoNotOptimize(statement);
    }
    state.SetItemsProcessed(state.iterations());
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(one.text.size()));
}
BENCHMARK(classify_statement)->DenseRange(0, std::size(cases) - 1);

}  // namespace

BENCHMARK_MAIN();
