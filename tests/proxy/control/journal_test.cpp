#include "proxy/control/journal_file.hpp"
#include "proxy/control/journal_line.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <filesystem>
#include <fstream>

using namespace pointsman;
using namespace pointsman::proxy;
using failover::Keeping;

namespace {

/// A folder of its own, gone at the end.
class Folder {
public:
    Folder()
    {
        std::string pattern = (std::filesystem::temp_directory_path() / "journalXXXXXX").string();
        path = ::mkdtemp(pattern.data());
    }
    ~Folder() { std::filesystem::remove_all(path); }
    std::string file() const { return path + "/takeovers.jsonl"; }
    std::string path;
};

JournalLine full_line()
{
    JournalLine line{std::chrono::milliseconds{1'795'376'404'123}, {}};
    auto& entry = line.entry;
    entry.kind = failover::JournalKind::began;
    entry.text = "switchover from db1 to \"db2\"";
    entry.took = std::chrono::milliseconds{12};
    entry.takeover = 7;
    entry.cause = "switchover";
    entry.step = "fence";
    entry.from = {"db1", "00000000-0000-0000-0000-000000000001"};
    entry.to = {"db2", "00000000-0000-0000-0000-000000000002"};
    entry.gtids = "00000000-0000-0000-0000-000000000001:1-5";
    entry.survey.emplace();
    entry.survey->known = entry.survey->semi_sync_source = entry.survey->semi_sync_lossless = true;
    entry.survey->acks_wanted = 2;
    return line;
}

using Lines = std::vector<std::string>;

/// Longer than any disk takes.
constexpr std::chrono::milliseconds patience = std::chrono::minutes{1};

/// Complaints come from another thread.
struct Complaints {
    std::atomic<int> count = 0, of_no_folder = 0;
    auto sink()
    {
        return [this](const std::string& what) {
            ++count;
            if (what.find("No such file") != std::string::npos) ++of_no_folder;
        };
    }
};

}  // namespace

TEST_CASE("an entry comes back from its line as it was")
{
    auto line = full_line();
    CHECK(journal_line(to_json(line)) == line);
    CHECK(to_json(line).find("\"time\":\"2026-11-22T19:40:04.123Z\"") != std::string::npos);
    JournalLine bare;
    CHECK(journal_line(to_json(bare)) == bare);
}

TEST_CASE("half a line, or something else, is no entry")
{
    auto text = to_json(full_line());
    for (std::size_t length = 0; length + 2 < text.size(); ++length)
        CHECK_FALSE(journal_line(text.substr(0, length)));
    CHECK_FALSE(journal_line("[1]"));
    CHECK_FALSE(journal_line("{\"kind\":\"nonsense\"}"));
}

TEST_CASE("lines that must be kept are in the file when write returns")
{
    Folder folder;
    Complaints complaints;
    JournalFile file(folder.file(), 1'000'000, complaints.sink(), patience);
    file.write("one\n", Keeping::at_leisure);
    file.write("two\n", Keeping::before_the_next);
    CHECK(JournalFile::last_lines(folder.file(), 10) == Lines{"one", "two"});
    CHECK(JournalFile::last_lines(folder.file(), 1) == Lines{"two"});
    CHECK(complaints.count == 0);
}

TEST_CASE("a slow disk is not waited for longer than the patience lasts, and gets every line")
{
    Folder folder;
    Complaints complaints;
    {
        JournalFile file(folder.file(), 1'000'000, complaints.sink(), std::chrono::milliseconds{0});
        file.write("one\n", Keeping::before_the_next);
        file.write("two\n", Keeping::before_the_next);
    }
    CHECK(JournalFile::last_lines(folder.file(), 10) == Lines{"one", "two"});
}

TEST_CASE("a file that is full is begun anew, and the one before it is kept")
{
    Folder folder;
    Complaints complaints;
    {
        JournalFile file(folder.file(), 20, complaints.sink(), patience);
        for (char c = 'a'; c <= 'e'; ++c)
            file.write(std::string(9, c) + "\n", Keeping::before_the_next);
    }
    CHECK(std::filesystem::file_size(folder.file()) == 10);
    CHECK(std::filesystem::file_size(folder.file() + ".1") == 20);
    CHECK(JournalFile::last_lines(folder.file(), 10) ==
          Lines{"ccccccccc", "ddddddddd", "eeeeeeeee"});
    CHECK(complaints.count == 0);
}

TEST_CASE("after a process that died in the middle of a line the next one begins a new line")
{
    Folder folder;
    std::ofstream(folder.file()) << "whole\nhal";
    Complaints complaints;
    {
        JournalFile file(folder.file(), 1'000'000, complaints.sink(), patience);
        file.write("next\n", Keeping::at_leisure);
    }
    CHECK(JournalFile::last_lines(folder.file(), 10) == Lines{"whole", "hal", "next"});
}

TEST_CASE("what cannot be written is said, and written again once it can be")
{
    Folder folder;
    Complaints complaints;
    auto place = folder.path + "/later";
    JournalFile file(place + "/file", 1'000'000, complaints.sink(), patience);
    file.write("lost\n", Keeping::before_the_next);
    CHECK(complaints.of_no_folder == 1);
    std::filesystem::create_directory(place);
    file.write("kept\n", Keeping::before_the_next);
    CHECK(complaints.count == 1);
    CHECK(JournalFile::last_lines(place + "/file", 10) == Lines{"kept"});
}
