#include "proxy/pool/backend_link.hpp"

#include "protocol/command.hpp"
#include "protocol/messages/statement.hpp"
#include "protocol/packet.hpp"

#include <algorithm>

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

bool reset_forgets_foreign_keys(const BackendLink& link)
{
    constexpr std::uint32_t first_that_logs_cascades = 90600;
    return !link.is_mariadb && link.server_version >= first_that_logs_cascades;
}

void forget_statement(BackendLink& link, const PreparedKey* key)
{
    auto known = link.statements.find(key);
    if (known == link.statements.end()) return;
    auto close = protocol::encode_statement_close(known->second.backend_id);
    protocol::append_message(link.to_send_first, close, 0);
    link.statements.erase(known);
}

LinkStatement& remember_statement(BackendLink& link, PreparedKeyPtr key, std::uint32_t backend_id,
                                  std::size_t most)
{
    forget_statement(link, key.get());
    if (link.statements.size() >= most) {
        auto older = [](const auto& a, const auto& b) {
            return a.second.last_use < b.second.last_use;
        };
        auto oldest = std::min_element(link.statements.begin(), link.statements.end(), older);
        if (oldest != link.statements.end()) forget_statement(link, oldest->first);
    }
    auto* name = key.get();
    LinkStatement statement{std::move(key), backend_id, ++link.statement_uses};
    return link.statements.insert_or_assign(name, std::move(statement)).first->second;
}

}  // namespace pointsman::proxy
