#include "proxy/net/silence_watch.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <chrono>

namespace pointsman::proxy::net {

bool SilenceWatch::is_lost(int fd, TimePoint now, Clock::duration limit)
{
    tcp_info info{};
    socklen_t size = sizeof info;
    bool is_tcp = ::getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) == 0;
    // Bytes sent again, which an end without room may have answered with "no room": that was not
    // silence, even if the next try is minutes away. Of questions for room only unanswered ones are
    // counted; a single one says nothing, as answers are no more frequent than two a second.
    bool repeats = info.tcpi_retransmits > 0 && info.tcpi_last_data_sent < info.tcpi_last_ack_recv;
    if (!is_tcp || !(repeats || info.tcpi_probes > 1)) {
        silent_since_.reset();
        return false;
    }
    // It may have answered since, and be silent again.
    std::chrono::milliseconds since_answer(info.tcpi_last_ack_recv);
    if (!silent_since_ || now - since_answer > *silent_since_) silent_since_ = now;
    return now - *silent_since_ >= limit;
}

}  // namespace pointsman::proxy::net
