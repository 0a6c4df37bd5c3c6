// The rules of architecture.md that a program can check, over the whole tree. Every violation is
// reported at once, with file and line.

#include "tests/tidy/checks.hpp"

#include <catch2/catch.hpp>

#include <iostream>

using namespace pointsman::tidy;

namespace {

const std::filesystem::path root = POINTSMAN_SOURCE_DIR;

const std::vector<Source>& tree()
{
    static const auto sources = read_tree(root);
    return sources;
}

const Layers& layers()
{
    static const auto rules = [] {
        std::ifstream in(root / "tests/tidy/layers.txt");
        return parse_layers(in);
    }();
    return rules;
}

void expect_none(const Violations& violations)
{
    // Not by INFO: Catch would break the lines.
    for (const auto& violation : violations)
        std::cerr << violation.path << ":" << violation.line << ": " << violation.what << "\n";
    CHECK(violations.empty());
}

template <class Check>
void check_each(Check check)
{
    Violations violations;
    for (const auto& source : tree()) check(source, violations);
    expect_none(violations);
}

}  // namespace

TEST_CASE("layers.txt is understood to the last line")
{
    CHECK(layers().unknown_lines == std::vector<std::string>{});
    CHECK(layers().layers.size() > 10);
    CHECK(tree().size() > 50);
}

TEST_CASE("a file includes only what its layer may")
{
    check_each(
        [](const Source& s, Violations& out) { check_own_includes(s, layers(), root, out); });
}

TEST_CASE("a third-party header is included only where it is allowed")
{
    check_each([](const Source& s, Violations& out) { check_library_includes(s, layers(), out); });
}

TEST_CASE("a source file includes its own header first, so each header compiles alone")
{
    check_each([](const Source& s, Violations& out) { check_own_header_first(s, root, out); });
}

TEST_CASE("files, functions and lines stay short")
{
    check_each(check_sizes);
}

TEST_CASE("names use the words of the field")
{
    check_each([](const Source& s, Violations& out) { check_words(s, layers(), out); });
}

TEST_CASE("clocks, sleeps, locks, chance and terminals are used only where they belong")
{
    check_each([](const Source& s, Violations& out) { check_calls(s, layers(), out); });
}

TEST_CASE("headers are guarded, nothing is switched off and nothing is left for later")
{
    check_each(check_leftovers);
}

TEST_CASE("no coroutine is a lambda that captures")
{
    check_each(check_coroutine_lambdas);
}

TEST_CASE("each source of the thinking folders has its tests")
{
    check_each([](const Source& s, Violations& out) { check_has_test(s, layers(), root, out); });
}
