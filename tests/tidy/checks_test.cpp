// The rules themselves, tried on small texts: a rule that never fires would pass over any tree.

#include "tests/tidy/checks.hpp"

#include <catch2/catch.hpp>

#include <sstream>

using namespace pointsman::tidy;

namespace {

Layers example_layers()
{
    std::istringstream in(
        "# comment\n"
        "layer words/ :\n"
        "layer words/deep/ :\n"
        "layer acts/ : words/ other/one.hpp\n"
        "layer other/ :\n"
        "library openssl/* : words/auth/*.cpp\n"
        "library thread : acts/*\n"
        "call ::now( : acts/clock.hpp\n"
        "call rand( :\n"
        "word manager :\n");
    return parse_layers(in);
}

std::vector<std::size_t> lines_of(const Violations& violations)
{
    std::vector<std::size_t> lines;
    for (const auto& violation : violations) lines.push_back(violation.line);
    return lines;
}

template <class Check, class... More>
std::vector<std::size_t> found(Check check, std::string path, std::string_view text, More&&... more)
{
    Violations out;
    check(make_source(std::move(path), text), more..., out);
    return lines_of(out);
}

using Lines = std::vector<std::size_t>;

std::string repeated(std::string_view line, int times)
{
    std::string text;
    for (int i = 0; i < times; ++i) text += line;
    return text;
}

}  // namespace

TEST_CASE("tidy: comments, strings, raw strings and digit separators are told from code")
{
    auto source = make_source("a.cpp",
                              "int a = 10'000; // rand(\n"
                              "auto s = \"rand( \\\" rand(\"; f('\"', \"x\");\n"
                              "auto r = R\"x(rand( )\" )x\"; /* rand(\n"
                              "rand( */ int z;\n");
    for (const auto& line : source.code) CHECK(line.find("rand") == line.npos);
    CHECK(source.code[0].starts_with("int a = 10'000;"));
    CHECK(source.code[3].ends_with("int z;"));
    CHECK(source.comments[0].find("rand(") != std::string::npos);
}

TEST_CASE("tidy: an include is judged by the longest folder that fits")
{
    auto layers = example_layers();
    CHECK(may_include(*layers.layer_of("acts/a.cpp"), "words/a.hpp", layers));
    CHECK(may_include(*layers.layer_of("acts/a.cpp"), "acts/b.hpp", layers));
    CHECK(may_include(*layers.layer_of("acts/a.cpp"), "other/one.hpp", layers));
    CHECK_FALSE(may_include(*layers.layer_of("acts/a.cpp"), "other/two.hpp", layers));
    CHECK_FALSE(may_include(*layers.layer_of("acts/a.cpp"), "words/deep/a.hpp", layers));
    CHECK_FALSE(may_include(*layers.layer_of("words/a.cpp"), "acts/a.hpp", layers));
    CHECK_FALSE(may_include(*layers.layer_of("words/deep/a.cpp"), "words/a.hpp", layers));
    CHECK(layers.layer_of("elsewhere/a.cpp") == nullptr);
}

TEST_CASE("tidy: a library stays in its files, and an unknown one is refused")
{
    auto layers = example_layers();
    auto text =
        "#include <vector>\n#include <openssl/evp.h>\n#include <thread>\n#include <x/y.h>\n";
    CHECK(found(check_library_includes, "words/a.cpp", text, layers) == Lines{2, 3, 4});
    CHECK(found(check_library_includes, "words/auth/a.cpp", text, layers) == Lines{3, 4});
    CHECK(found(check_library_includes, "acts/a.cpp", text, layers) == Lines{2, 4});
}

TEST_CASE("tidy: a rule line that is not understood is kept for the report")
{
    std::istringstream in("layer a/ : b/\nlayre c/ : d/\nlayer e/\n");
    CHECK(parse_layers(in).unknown_lines.size() == 2);
}

TEST_CASE("tidy: function lengths are measured whatever the function looks like")
{
    auto head = GENERATE(
        "int f(int a)\n{\n", "Foo::Foo() : a_{1}, b_(2), c_{}\n{\n",
        "template <class T> requires (sizeof(T) > 1) auto f(T x) noexcept -> std::vector<T> {\n",
        "bool operator==(const A& a, const A& b) {\n", "struct A {\n    int f() const {\n",
        "namespace a::b {\nnamespace {\nint g(int x = {}, std::vector<int> y = {1}) {\n");
    auto closing =
        repeated("}\n", static_cast<int>(std::ranges::count(std::string_view(head), '{')));
    auto short_one = make_source("a.cpp", head + repeated("if (x) { y(); }\n", 60) + closing);
    auto long_one = make_source("a.cpp", head + repeated("if (x) { y(); }\n", 75) + closing);
    INFO(head);
    auto longest = [](const Source& source) {
        std::size_t lines = 0;
        for (const auto& f : FunctionFinder{}.find(source.code)) lines = std::max(lines, f.lines());
        return lines;
    };
    CHECK(longest(short_one) > 60);
    CHECK(longest(short_one) <= max_function_lines);
    CHECK(longest(long_one) > max_function_lines);
}

TEST_CASE("tidy: a long table, class or namespace is no long function")
{
    auto head = GENERATE(
        "constexpr Row rows[] = {\n", "constexpr auto rows = make({\n", "enum class E : int {\n",
        "class A final : public B<int(int)> {\npublic:\n", "std::array<Row, f(3)> rows = {{\n");
    auto source = make_source("a.cpp", head + repeated("  {1, 2},\n", 100) + "};\nvoid f() {}\n");
    for (const auto& function : FunctionFinder{}.find(source.code))
        CHECK(function.lines() <= max_function_lines);
}

TEST_CASE("tidy: long files and lines are found, long literals and addresses are not")
{
    CHECK(found(check_sizes, "a.py", repeated("x\n", 501)) == Lines{501});
    CHECK(found(check_sizes, "a.cpp", repeated("x;\n", 500)).empty());
    CHECK(found(check_sizes, "a.cpp", "int " + std::string(97, 'a') + ";\n") == Lines{1});
    CHECK(found(check_sizes, "a.cpp", "f(\"" + std::string(120, 'a') + "\");\n").empty());
    CHECK(found(check_sizes, "a.cpp", "// https://" + std::string(120, 'a') + "\n").empty());
    CHECK(found(check_sizes, "a.cpp", "// " + repeated("µ", 90) + "\n").empty());
}

TEST_CASE("tidy: banned words are found inside names, not inside other words or texts")
{
    auto layers = example_layers();
    auto text =
        "int managers_of_x;\nclass PoolManager;\nint manageress;\nf(\"manager\");  // manager\n";
    CHECK(found(check_words, "a.cpp", text, layers) == Lines{1, 2});
    CHECK(found(check_words, "pool_manager.cpp", "", layers) == Lines{1});
}

TEST_CASE("tidy: banned calls are found in code only, and not as the tail of a longer name")
{
    auto layers = example_layers();
    auto text = "auto t = Clock::now();\nint x = rand();\nint y = my_rand();\n// rand()\n";
    CHECK(found(check_calls, "a.cpp", text, layers) == Lines{1, 2});
    CHECK(found(check_calls, "acts/clock.hpp", text, layers) == Lines{2});
}

TEST_CASE("tidy: unguarded headers, switched-off code and loose ends are found")
{
    CHECK(found(check_leftovers, "a.hpp", "int x;\n") == Lines{1});
    CHECK(found(check_leftovers, "a.hpp", "#pragma once\nint x;\n").empty());
    CHECK(found(check_leftovers, "a.cpp", "#if 0\n#endif\n") == Lines{1});
    CHECK(found(check_leftovers, "a.cpp", "// TODO: later\n// TODO(#12): later\n") == Lines{1});
    CHECK(found(check_leftovers, "a.cpp", "// old_call(a, b);\n// x = y;\n// return 1;\n") ==
          Lines{1, 2, 3});
    CHECK(found(check_leftovers, "a.cpp", "// Ends a sentence (and so on);\n// a; b\n").empty());
}

TEST_CASE("tidy: a coroutine lambda that captures is found")
{
    auto check = [](std::string_view text) {
        return found(check_coroutine_lambdas, "a.cpp", text);
    };
    CHECK(check("co_spawn(io, [this]() -> awaitable<void> { co_await f(); }, detached);\n") ==
          Lines{1});
    CHECK(check("auto f = \n  [&x] { co_return; };\n") == Lines{2});
    CHECK(check("co_spawn(io, []() -> awaitable<void> { co_await f(); }, detached);\n").empty());
    CHECK(
        check("auto f = [this](int a) { return a; }; Task<> g() { co_await h(v[1]); }\n").empty());
    CHECK(check("[[nodiscard]] Task<int> f() { co_return a[i]; }\n").empty());
}
