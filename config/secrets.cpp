#include "config/secrets.hpp"

#include "config/fields.hpp"
#include "config/values.hpp"

namespace pointsman::config {
namespace {

/// A slot that takes any text and never shows it.
KeySlot text_slot(std::string key, std::string& out, Reading& reading)
{
    auto read = [&out, &reading](const YamlNode& node, const std::string& path) {
        if (node.kind == YamlKind::scalar) {
            out = node.text;
        } else {
            reading.add(path, "expected text, in quotes if it is empty; got " +
                                  std::string{name_of(node.kind)});
        }
    };
    return {std::move(key), false, read};
}

std::string first_line(const std::string& text)
{
    std::string line = text.substr(0, text.find('\n'));
    if (!line.empty() && line.back() == '\r') line.pop_back();
    return line;
}

void load_from_environment(const std::string& path, SecretSource& secret, Reading& reading,
                           const Surroundings& surroundings)
{
    const bool is_name =
        !secret.environment.empty() &&
        secret.environment.find_first_of(std::string{"=\0", 2}) == std::string::npos;
    const auto value = is_name ? surroundings.environment(secret.environment) : std::nullopt;
    if (value) {
        secret.value = *value;
    } else {
        reading.add(path, "the environment variable " + quoted(secret.environment) + " is not set");
    }
}

void load_from_file(const std::string& path, const std::string& folder, SecretSource& secret,
                    Reading& reading, const Surroundings& surroundings)
{
    secret.file = path_from(folder, secret.file);
    const FileText file = surroundings.read_file(secret.file);
    if (file.ok()) {
        secret.value = first_line(file.text);
    } else {
        reading.add(path, "cannot read " + quoted(secret.file) + ": " + file.error);
    }
}

}  // namespace

std::vector<KeySlot> secret_slots(std::string_view key, SecretSource& secret, Reading& reading)
{
    const SecretKeys keys{key};
    return {text_slot(keys.value, secret.value, reading),
            text_slot(keys.environment, secret.environment, reading),
            text_slot(keys.file, secret.file, reading)};
}

void load_secret(const std::string& section, std::string_view key, bool required,
                 const std::string& folder, SecretSource& secret, Reading& reading,
                 const Surroundings& surroundings)
{
    const SecretKeys keys{key};
    const std::string in_environment = join_path(section, keys.environment);
    const std::string in_file = join_path(section, keys.file);
    const bool has_environment = reading.has(in_environment), has_file = reading.has(in_file);
    const int given = reading.has(join_path(section, keys.value)) + has_environment + has_file;
    const std::string names = keys.value + ", " + keys.environment + " and " + keys.file;
    if (given > 1) {
        reading.add(section, "only one of " + names + " can be given");
    } else if (given == 0 && required) {
        reading.add(section, "one of " + names + " is missing");
    } else if (has_environment) {
        load_from_environment(in_environment, secret, reading, surroundings);
    } else if (has_file) {
        load_from_file(in_file, folder, secret, reading, surroundings);
    }
}

std::string path_from(const std::string& folder, const std::string& path)
{
    if (path.empty() || path.front() == '/' || folder.empty()) return path;
    return folder + "/" + path;
}

}  // namespace pointsman::config
