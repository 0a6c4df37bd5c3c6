#pragma once
// What a configuration points at outside of itself: environment variables and files. Tests give
// their own.

#include <functional>
#include <optional>
#include <string>

namespace pointsman::config {

/// A file's text, or why it could not be read ("No such file or directory").
struct FileText {
    std::string text;
    std::string error;
    bool ok() const { return error.empty(); }
};

/// Reads a regular file of at most 1 MiB. Never waits (as opening a named pipe would).
FileText read_text_file(const std::string& path);

struct Surroundings {
    std::function<std::optional<std::string>(const std::string& name)> environment;
    std::function<FileText(const std::string& path)> read_file;
};

/// The process's environment and the real files.
Surroundings real_surroundings();

}  // namespace pointsman::config
