#include "proxy/net/task.hpp"

namespace pointsman::proxy::net {

detail::Detached spawn(Task<void> task) { co_await std::move(task); }

}  // namespace pointsman::proxy::net
