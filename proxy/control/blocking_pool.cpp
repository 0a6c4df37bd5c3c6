#include "proxy/control/blocking_pool.hpp"

#include "health/mysql_client.hpp"

#include <utility>

namespace pointsman::proxy {

BlockingPool::BlockingPool(std::size_t max_threads) : max_threads_(max_threads) {}

BlockingPool::~BlockingPool()
{
    {
        std::lock_guard lock(mutex_);
        stopping_ = true;
        waiting_.clear();
    }
    wake_.notify_all();
    for (auto& thread : threads_) thread.join();
}

bool BlockingPool::post(Job job)
{
    {
        std::lock_guard lock(mutex_);
        if (stopping_ || waiting_.size() >= max_waiting) return false;
        waiting_.push_back(std::move(job));
        if (waiting_.size() > idle_ && threads_.size() < max_threads_) {
            threads_.emplace_back([this] { run(); });
            return true;
        }
    }
    wake_.notify_one();
    return true;
}

void BlockingPool::run()
{
    health::ClientLibraryThread library;
    std::unique_lock lock(mutex_);
    for (;;) {
        ++idle_;
        wake_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
        --idle_;
        if (stopping_) return;
        auto job = std::move(waiting_.front());
        waiting_.pop_front();
        lock.unlock();
        job();
        job = nullptr;  // what it captured dies here, not under the lock
        lock.lock();
    }
}

}  // namespace pointsman::proxy
