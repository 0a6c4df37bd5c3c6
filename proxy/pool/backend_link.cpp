#include "proxy/pool/backend_link.hpp"

#include "protocol/command.hpp"

namespace pointsman::proxy {

BackendLink::~BackendLink()
{
    counters.links_open.sub();
    if (broken || negotiated == 0) return;
    constexpr protocol::Byte quit[] = {1, 0, 0, 0,
                                       static_cast<protocol::Byte>(protocol::Command::quit)};
    stream->try_write(quit);
    stream->shut_down();
}

}  // namespace pointsman::proxy
