#pragma once
// A few threads for calls that block, as those of the C client library. Threads are made when they
// are needed and kept; jobs own nothing of the pool and post their results elsewhere.

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace pointsman::proxy {

class BlockingPool {
public:
    using Job = std::function<void()>;

    explicit BlockingPool(std::size_t max_threads);
    /// Waits for the jobs that run; those that wait are dropped.
    ~BlockingPool();
    BlockingPool(const BlockingPool&) = delete;
    BlockingPool& operator=(const BlockingPool&) = delete;

    /// False when too many jobs wait already: the job is not run. From any thread.
    [[nodiscard]] bool post(Job job);

    static constexpr std::size_t max_waiting = 1'024;

private:
    void run();

    const std::size_t max_threads_;
    std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<Job> waiting_;
    std::vector<std::thread> threads_;
    std::size_t idle_ = 0;
    bool stopping_ = false;
};

}  // namespace pointsman::proxy
