#pragma once
// What discovery found, on disk (state_directory/found-servers), for a start at which no listed
// server answers.

#include "proxy/control/blocking_pool.hpp"

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

namespace pointsman::proxy {

class FoundFile {
public:
    explicit FoundFile(const std::string& state_directory);

    /// Empty: there is none. `error`: why it cannot be read, a sentence.
    std::string read(std::string& error) const;
    /// In the background, whole or not at all; the last one asked for stays. Empty: none is left.
    void write(std::string text, BlockingPool& pool);

private:
    struct Written {
        std::mutex mutex;
        std::uint64_t number = 0;
    };

    std::string path_;
    std::uint64_t last_number_ = 0;
    std::shared_ptr<Written> written_ = std::make_shared<Written>();
};

}  // namespace pointsman::proxy
