#pragma once
// What is wrong in a configuration file, and where. A reading collects mistakes and goes on, so
// that an operator sees all of them at once.

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace pointsman::config {

/// A position in the file, counted from 1; 0: not known.
struct Place {
    std::uint32_t line = 0;
    std::uint32_t column = 0;
};

struct Mistake {
    std::string file;
    std::uint32_t line = 0;
    std::uint32_t column = 0;
    std::string path;     // "servers[1].weight"; empty: the file as a whole
    std::string message;  // what is wrong and what was expected. Never a secret
};

/// "file:line:column: path: message", without the parts that are not known.
std::string to_text(const Mistake& mistake);
/// One line for each, each with its line end.
std::string to_text(const std::vector<Mistake>& mistakes);

/// One reading of one file: where each key stands, and the mistakes so far. The list is bounded:
/// beyond `max_mistakes` one last entry says that there are more.
class Reading {
public:
    static constexpr std::size_t max_mistakes = 200;

    explicit Reading(std::string file) : file_(std::move(file)) {}

    void put_place(std::string path, Place place) { places_.emplace(std::move(path), place); }
    bool has(std::string_view path) const { return places_.find(path) != places_.end(); }
    /// Where `path` stands, else the section it would stand in.
    Place place_of(std::string_view path) const;

    void add(std::string path, std::string message);
    void add(Place place, std::string path, std::string message);

    /// Whether something about exactly this path was already said.
    bool complains_about(std::string_view path) const;
    bool is_full() const { return mistakes_.size() > max_mistakes; }
    const std::string& file() const { return file_; }
    const std::vector<Mistake>& mistakes() const { return mistakes_; }
    void clear_mistakes() { mistakes_.clear(); }
    std::vector<Mistake> take_mistakes() { return std::move(mistakes_); }

private:
    std::string file_;
    std::map<std::string, Place, std::less<>> places_;
    std::vector<Mistake> mistakes_;
};

}  // namespace pointsman::config
