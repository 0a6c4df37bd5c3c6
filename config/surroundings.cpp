#include "config/surroundings.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <system_error>

namespace pointsman::config {
namespace {

constexpr std::size_t max_file = 1 << 20;

class OpenFile {
public:
    explicit OpenFile(const std::string& path)
        : descriptor_(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC))
    {
    }
    ~OpenFile()
    {
        if (descriptor_ >= 0) ::close(descriptor_);
    }
    OpenFile(const OpenFile&) = delete;
    OpenFile& operator=(const OpenFile&) = delete;

    bool is_open() const { return descriptor_ >= 0; }
    bool is_regular() const
    {
        struct stat facts {};
        return ::fstat(descriptor_, &facts) == 0 && S_ISREG(facts.st_mode);
    }
    ssize_t read_some(char* to, std::size_t size) const
    {
        ssize_t got = 0;
        do {
            got = ::read(descriptor_, to, size);
        } while (got < 0 && errno == EINTR);
        return got;
    }

private:
    int descriptor_;
};

FileText failed_with(int error)
{
    return {{}, std::generic_category().message(error)};
}

}  // namespace

FileText read_text_file(const std::string& path)
{
    const OpenFile file{path};
    if (!file.is_open()) return failed_with(errno);
    if (!file.is_regular()) return {{}, "not a regular file"};
    FileText result;
    char block[16'384];
    for (;;) {
        const ssize_t got = file.read_some(block, sizeof block);
        if (got < 0) return failed_with(errno);
        if (got == 0) return result;
        result.text.append(block, static_cast<std::size_t>(got));
        if (result.text.size() > max_file) return {{}, "larger than 1 MiB"};
    }
}

Surroundings real_surroundings()
{
    auto environment = [](const std::string& name) -> std::optional<std::string> {
        const char* value = std::getenv(name.c_str());
        if (!value) return std::nullopt;
        return value;
    };
    return {environment, read_text_file};
}

}  // namespace pointsman::config
