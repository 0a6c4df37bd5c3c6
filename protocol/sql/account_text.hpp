#pragma once
// What a server tells of an account in the text of SHOW CREATE USER.

#include <string_view>

namespace pointsman::protocol::sql {

/// Does the account ask for TLS, by REQUIRE SSL, X509 or more? Text that can't be read does.
bool requires_tls(std::string_view create_user);

}  // namespace pointsman::protocol::sql
