#pragma once
// Writes transactions that a server has and the primary lacks to a file, as mysqlbinlog decodes
// them, before anything is done to the server. Blocking: for the threads of the blocking pool.

#include "failover/errant.hpp"

#include <atomic>

namespace pointsman::proxy {

class ErrantSaver {
public:
    /// The file's name says whose and which they are: those that are saved already are only read.
    failover::SavedErrant save(const failover::SaveErrant& wanted) const;
    /// Ends what runs.
    void stop() { stopping_ = true; }

private:
    std::atomic<bool> stopping_ = false;
};

}  // namespace pointsman::proxy
