#pragma once
// What texts about accounts say: SHOW CREATE USER's answer, and statements that change one.

#include "protocol/sql/classifier.hpp"

#include <string_view>

namespace pointsman::protocol::sql {

/// Does the account ask for TLS, by REQUIRE SSL, X509 or more? Text that can't be read does.
bool requires_tls(std::string_view create_user);

/// May the statement change how `user` itself logs in: its password, its name, its being there?
/// (Not GRANT and REVOKE.) An account of the same name and another host counts.
bool changes_login_of(std::string_view user, std::string_view text, const Dialect& dialect);

}  // namespace pointsman::protocol::sql
