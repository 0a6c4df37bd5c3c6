#include "proxy/net/reactor.hpp"

#include "proxy/net/raw_io.hpp"
#include "proxy/net/ring.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

namespace pointsman::proxy::net {

namespace {

void check(int result, const char* what)
{
    if (result < 0) throw std::system_error(errno, std::generic_category(), what);
}

}  // namespace

Timer::Timer(Reactor& reactor, std::function<void()> expire)
    : reactor_(reactor), expire_(std::move(expire))
{
}

Timer::~Timer()
{
    disarm();
}

void Timer::disarm()
{
    if (armed_) reactor_.timers_.erase(place_);
    armed_ = false;
}

void Timer::set(TimePoint deadline)
{
    deadline_ = deadline;
    if (deadline == never) return;
    if (armed_ && place_->first <= deadline) return;  // it will be looked at early enough
    disarm();
    place_ = reactor_.timers_.emplace(deadline, this);
    armed_ = true;
}

IoHandle::IoHandle(Reactor& reactor, int fd)
    : reactor_(reactor), fd_(fd), timer_(reactor, [this] {
          timed_out_ = true;
          wake();
      })
{
    reactor_.add(*this);
}

IoHandle::~IoHandle()
{
    reactor_.remove(*this);
    ring_socket_.reset();  // what is queued goes out before the descriptor ends
    ::close(fd_);
}

void IoHandle::join_ring()
{
    // One that is full or ended needs what epoll has to say of it.
    if (!reactor_.ring_ || ring_socket_ || hung_up_ || !writable_) return;
    reactor_.remove(*this);
    readable_ = false;
    ring_socket_.reset(new RingSocket(*reactor_.ring_, *this));
}

void IoHandle::set_deadline(TimePoint deadline)
{
    timed_out_ = deadline <= reactor_.now();
    timer_.set(deadline);
}

void IoHandle::cancel()
{
    cancelled_ = true;
    wake();
}

void IoHandle::on_events(std::uint32_t events)
{
    if (events & (EPOLLHUP | EPOLLERR | EPOLLRDHUP)) hung_up_ = true;
    if (hung_up_ && on_hang_up_) std::exchange(on_hang_up_, nullptr)();
    if (events & (EPOLLIN | EPOLLHUP | EPOLLERR | EPOLLRDHUP)) readable_ = true;
    if (events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) writable_ = true;
    if (waiter_ && (waits_for_write_ ? writable_ : readable_)) wake();
}

void IoHandle::prefetch_warm() const
{
    constexpr std::size_t of_frame = 256;  // what resuming reads first
    if (waiter_) prefetch({waiter_.address(), of_frame});
    for (const auto& memory : warm_) prefetch(memory);
}

void IoHandle::wake()
{
    if (auto waiter = std::exchange(waiter_, {})) waiter.resume();
}

Signal::~Signal()
{
    notify_all();
}

Signal::Awaiter::Awaiter(Signal& signal, TimePoint deadline)
    : signal_(signal), deadline_(deadline), timer_(signal.reactor_, [this] {
          std::erase(signal_.waiting_, this);
          finish(Wait::timed_out);
      })
{
}

void Signal::Awaiter::await_suspend(std::coroutine_handle<> waiter)
{
    waiter_ = waiter;
    signal_.waiting_.push_back(this);
    timer_.set(deadline_);
}

void Signal::Awaiter::finish(Wait result)
{
    result_ = result;
    waiter_.resume();
}

void Signal::notify_all()
{
    auto woken = std::exchange(waiting_, {});
    for (auto* awaiter : woken) {
        awaiter->timer_.clear();
        awaiter->finish(Wait::ready);
    }
}

Reactor::Reactor() : now_(Clock::now())
{
    epoll_fd_ = ::epoll_create1(EPOLL_CLOEXEC);
    check(epoll_fd_, "epoll_create1");
    wake_fd_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    check(wake_fd_, "eventfd");
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = &wake_fd_;
    check(::epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, wake_fd_, &event), "epoll_ctl");
}

Reactor::~Reactor()
{
    ::close(wake_fd_);
    ::close(epoll_fd_);
}

void Reactor::add(IoHandle& handle)
{
    epoll_event event{};
    event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
    event.data.ptr = &handle;
    check(::epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, handle.fd(), &event), "epoll_ctl");
}

void Reactor::remove(IoHandle& handle)
{
    ::epoll_ctl(epoll_fd_, EPOLL_CTL_DEL, handle.fd(), nullptr);
    // Its event may still wait in the batch under way: it must not reach a dead handle.
    for (int i = batch_left_begin_; i < batch_left_end_; ++i)
        if (batch_[static_cast<std::size_t>(i)].data.ptr == &handle)
            batch_[static_cast<std::size_t>(i)].data.ptr = nullptr;
}

std::string Reactor::open_ring()
{
    std::string problem;
    ring_ = Ring::open(problem);
    if (ring_) ring_->watch(epoll_fd_);
    return problem;
}

void Reactor::run()
{
    now_ = Clock::now();
    if (ring_) ring_->begin_run();
    while (!stopping_.load(std::memory_order_acquire)) {
        run_turn();
        run_timers();
    }
    if (ring_) ring_->end_run();
}

void Reactor::run_turn()
{
    if (!ring_) {
        run_epoll(timeout_ms());
        return;
    }
    ring_->wait(timeout_ms());
    now_ = Clock::now();
    if (!ring_->run_completions()) return;
    // It is told again only of what comes from now on.
    while (run_epoll(0) == batch_size) {
    }
}

int Reactor::run_epoll(int timeout_ms)
{
    int count = raw_epoll_wait(epoll_fd_, batch_.data(), batch_size, timeout_ms);
    now_ = Clock::now();
    if (count < 0 && errno != EINTR) check(count, "epoll_wait");
    batch_left_end_ = std::max(count, 0);
    for (batch_left_begin_ = 0; batch_left_begin_ < batch_left_end_;) {
        auto event = batch_[static_cast<std::size_t>(batch_left_begin_++)];
        if (event.data.ptr == &wake_fd_)
            run_posted();
        else if (event.data.ptr)
            static_cast<IoHandle*>(event.data.ptr)->on_events(event.events);
    }
    return count;
}

void Reactor::stop()
{
    stopping_.store(true, std::memory_order_release);
    post([] {});
}

void Reactor::post(std::function<void()> work)
{
    {
        std::lock_guard lock(posted_mutex_);
        posted_.push_back(std::move(work));
    }
    std::uint64_t one = 1;
    [[maybe_unused]] auto written = ::write(wake_fd_, &one, sizeof one);
}

void Reactor::run_posted()
{
    std::uint64_t count = 0;
    [[maybe_unused]] auto got = ::read(wake_fd_, &count, sizeof count);
    std::vector<std::function<void()>> work;
    {
        std::lock_guard lock(posted_mutex_);
        work.swap(posted_);
    }
    for (auto& item : work) item();
}

void Reactor::run_timers()
{
    while (!timers_.empty() && timers_.begin()->first <= now_) {
        Timer& timer = *timers_.begin()->second;
        timer.disarm();
        if (timer.deadline_ > now_) {
            timer.set(timer.deadline_);  // moved later since, or cleared
            continue;
        }
        timer.deadline_ = never;
        timer.expire_();
    }
}

int Reactor::timeout_ms() const
{
    if (timers_.empty()) return -1;
    // A turn is short: reading the clock again would cost more than the timer gains.
    auto left = timers_.begin()->first - now_;
    auto ms = std::chrono::ceil<std::chrono::milliseconds>(left).count();
    return static_cast<int>(std::clamp<decltype(ms)>(ms, 0, 60'000));
}

}  // namespace pointsman::proxy::net
